"""Fault R2: every event comes ten times, to eight threads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.inference.ingest import UploadedObject, parse_message
from functions.inference.worker import Outcome
from scanward.domain.orders import Priority
from scanward.domain.tasks import TaskStatus
from scanward.stores.clients import s3, sqs
from scanward.stores.dynamo import connection
from tests.faults.one_at_a_time import at_once, serialised
from tests.faults.size import sized
from tests.support.workers import Workers

UPLOADS = sized(200, 8)
TIMES, THREADS = 10, 8


@pytest.fixture(autouse=True)
def one_call_at_a_time(workers: Workers) -> Iterator[None]:
    with serialised([connection().client, s3(), sqs()]):
        yield


def test_ten_of_each_event_over_eight_threads_make_one_result(workers: Workers) -> None:
    with workers.queues.notified(lost=True):
        made = [workers.upload() for _ in range(UPLOADS)]
    before, bodies = workers.models.runs, list[str]()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(workers.take_in, [event for event in workers.queues.events for _ in range(TIMES)]))
        while workers.queues.waiting(workers.queues.lanes[Priority.HIGH]):
            workers.queues.read(workers.queues.lanes[Priority.HIGH], bodies.append)
        list(pool.map(workers.analyse, [body for body in bodies for _ in range(TIMES)]))
    done = [workers.task(of) for of in made]
    assert {(task.status, task.attempts) for task in done} == {(TaskStatus.COMPLETED, 1)}
    assert workers.models.runs - before == UPLOADS, "one run for each lease"
    for event in workers.queues.events:
        workers.take_in(event)
    assert workers.queues.waiting(workers.queues.lanes[Priority.HIGH]) == 0
    assert [workers.task(of) for of in made] == done
    assert workers.models.runs - before == UPLOADS


def test_of_eight_workers_that_are_told_at_once_one_works(workers: Workers) -> None:
    with workers.queues.notified(lost=True):
        for _ in range(UPLOADS):
            workers.upload()
    before = workers.models.runs

    for event in workers.queues.events:
        [arrival] = parse_message(event, "images")
        assert isinstance(arrival, UploadedObject)
        outcomes = at_once(*[lambda: workers.outcome(arrival)] * THREADS)  # noqa: B023 - each is over before the next
        assert sorted(map(str, outcomes)) == sorted([Outcome.FINISHED, *[Outcome.NOTHING_TO_DO] * (THREADS - 1)])
    assert workers.models.runs - before == UPLOADS
