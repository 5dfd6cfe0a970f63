"""Fault R4: a cancel and a result at the same moment. One of them wins, and the other is told so."""

import random
from collections.abc import Iterator
from functools import partial

import pytest

from functions.inference.analysis import Lease, LeaseLost
from functions.scans.usecases.tasks import cancel
from scanward.clock import fresh_id
from scanward.domain import tasks
from scanward.domain.scans import Scan
from scanward.domain.tasks import Task, TaskClosed, TaskStatus
from scanward.stores.dynamo import connection
from scanward.web.families import status_of
from tests.faults.one_at_a_time import at_once, serialised
from tests.faults.size import sized
from tests.support.workers import ADA, MINUTE, Workers

RACES = sized(5_000, 50)
RESULT = {"pathologies": ["effusion"]}


@pytest.fixture(autouse=True)
def one_call_at_a_time(workers: Workers) -> Iterator[None]:
    with serialised([connection().client]):
        yield


def held(workers: Workers) -> Task:
    """Return a task in a worker's hands."""
    workers.clock.ahead += MINUTE
    now = workers.clock.now()
    task = tasks.create(fresh_id(now), fresh_id(now), ADA.account_id, now)
    scan = Scan(
        id=task.scan_id,
        patient_id=ADA.account_id,
        uploaded_by=ADA.account_id,
        task_id=task.id,
        object_key=task.object_key,
        scan_type=None,
        status=task.status,
        created_at=now,
    )
    workers.scans.add(scan, task)
    return workers.scans.write_transition(task, tasks.claim(task, "one", None, now))


def call_off(workers: Workers, task: Task, looks: int) -> Task:
    """Return some calls later, so that now one is first and now the other."""
    for _ in range(looks):
        workers.task(task)
    return cancel(workers.imaging, ADA, str(task.id))


def finish(workers: Workers, task: Task, looks: int) -> None:
    for _ in range(looks):
        workers.task(task)
    Lease(workers.scans, task, workers.clock.now).complete(RESULT)


def forget(workers: Workers, scan: Scan) -> None:
    """moto copies its whole table for each transaction."""
    workers.imaging.lists.remove_tasks([workers.task(scan.task_id)])
    workers.imaging.lists.remove_scan(scan, workers.clock.now())


def test_a_cancel_and_a_result_never_both_win(workers: Workers) -> None:
    won, chance = set(), random.Random(4)
    for _ in range(RACES):
        task = held(workers)
        called, finished = at_once(
            partial(call_off, workers, task, chance.randrange(4)), partial(finish, workers, task, chance.randrange(7))
        )
        left, scan = workers.task(task), workers.scans.get(task.scan_id)
        assert scan
        assert (scan.status, scan.result) == (left.status, left.result), "the scan says what its task says"
        won.add(left.status)
        if left.status is TaskStatus.CANCELLED:
            assert isinstance(finished, LeaseLost)
            assert (called, left.result) == (left, None)
        else:
            assert left.status is TaskStatus.COMPLETED
            assert (finished, left.result) == (None, RESULT)
            assert isinstance(called, TaskClosed)
            assert (status_of(called).envelope, called.details) == (409, {"status": "COMPLETED"})
        forget(workers, scan)
    assert won == {TaskStatus.CANCELLED, TaskStatus.COMPLETED}, "each of them won some race"
