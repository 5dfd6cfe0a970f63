"""Scans and tasks over DynamoDB: one writer wins, and a lost answer is no failure."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from scanward.domain import tasks
from scanward.domain.orders import ScanType
from scanward.domain.scans import Reading, Scan
from scanward.domain.tasks import FailureReason, Task, TaskStatus
from scanward.errors import Conflict, Unavailable
from scanward.stores.dynamo import connection
from scanward.stores.keys import DUE_SHARDS
from scanward.stores.scans import ScanListStore, ScanStore
from tests.faults.injection import conflicts, failing, lost_answer

NOW = datetime(2026, 5, 8, 10, tzinfo=UTC)
RESULT = {"pathologies": ["effusion"], "confidence": 0.95, "findings": [{"score": 0.1}], "image": {"view": None}}


@pytest.fixture
def store(aws: None) -> ScanStore:
    return ScanStore("ScansTable")


@pytest.fixture
def task(store: ScanStore) -> Task:
    return added(store, 1, 2)


def added(store: ScanStore, scan_id: int, task_id: int, now: datetime = NOW) -> Task:
    task = tasks.create(task_id, scan_id, 3, now)
    scan = Scan(
        id=scan_id,
        patient_id=3,
        uploaded_by=3,
        task_id=task_id,
        object_key=task.object_key,
        scan_type=ScanType.XRAY,
        status=task.status,
        created_at=now,
    )
    store.add(scan, task)
    assert store.get(scan_id) == scan
    assert store.task(task_id) == task
    return task


def test_a_moved_task_takes_its_scan_along(store: ScanStore, task: Task) -> None:
    held = store.write_transition(task, tasks.claim(task, "one", "v1", NOW))
    scan = store.get(1)
    assert scan
    assert scan.status is TaskStatus.IN_PROGRESS
    on = store.write_transition(held, tasks.advance(held, 45, "Processing the image", NOW))
    done = store.write_transition(on, tasks.complete(on, RESULT, NOW + timedelta(seconds=1)))
    scan = store.get(1)
    assert store.task(2) == done
    assert scan
    assert (scan.status, scan.result, scan.completed_at) == (TaskStatus.COMPLETED, RESULT, NOW + timedelta(seconds=1))


def test_a_failure_and_its_reason_reach_the_scan(store: ScanStore, task: Task) -> None:
    store.write_transition(task, tasks.fail(task, FailureReason.UPLOAD_EXPIRED, NOW))
    scan = store.get(1)
    assert scan
    assert (scan.status, scan.failure, scan.result) == (TaskStatus.FAILED, FailureReason.UPLOAD_EXPIRED, None)


def test_an_id_in_use_is_refused_and_leaves_nothing(store: ScanStore, task: Task) -> None:
    other = tasks.create(2, 9, 3, NOW)
    with pytest.raises(Conflict):
        store.add(
            Scan(
                id=9,
                patient_id=3,
                uploaded_by=3,
                task_id=2,
                object_key=other.object_key,
                scan_type=ScanType.CT,
                status=other.status,
                created_at=NOW,
            ),
            other,
        )
    assert store.get(9) is None


def test_of_writers_over_the_same_version_one_wins(store: ScanStore, task: Task) -> None:
    first = store.write_transition(task, tasks.claim(task, "first", None, NOW))
    for late in (tasks.claim(task, "late", None, NOW), tasks.fail(task, FailureReason.TIMED_OUT, NOW)):
        with pytest.raises(Conflict):
            store.write_transition(task, late)
    assert store.task(2) == first
    done = store.write_transition(first, tasks.complete(first, RESULT, NOW))
    for late in (tasks.advance(first, 90, "Late", NOW), tasks.fail(first, FailureReason.TIMED_OUT, NOW)):
        with pytest.raises(Conflict):
            store.write_transition(first, late)
    assert store.task(2) == done


@pytest.mark.parametrize("operation", ["PutItem", "TransactWriteItems"])
def test_a_write_whose_answer_is_lost_has_succeeded(store: ScanStore, task: Task, operation: str) -> None:
    held = tasks.claim(task, "one", "v1", NOW)
    if operation == "PutItem":
        before = store.write_transition(task, held)
        after = tasks.advance(before, 45, "Processing the image", NOW)
    else:
        before, after = task, held
    with lost_answer(connection().client, f"dynamodb.{operation}") as lost:
        assert store.write_transition(before, after) == after
    assert lost == [f"dynamodb.{operation}"]
    assert store.task(2) == after


def test_when_dynamodb_does_not_answer_it_is_unavailable(store: ScanStore, task: Task) -> None:
    with failing(connection().client, "dynamodb", 500), pytest.raises(Unavailable):
        store.task(2)


def test_tasks_that_are_due_are_found_and_final_ones_are_not(store: ScanStore) -> None:
    added_tasks = [added(store, 100 + n, 200 + n) for n in range(20)]
    store.write_transition(added_tasks[0], tasks.fail(added_tasks[0], FailureReason.TIMED_OUT, NOW))

    def due(at: datetime) -> set[int]:
        return {task_id for shard in range(DUE_SHARDS) for task_id in store.due_tasks(shard, at, 50)}

    assert due(NOW) == set()
    assert due(NOW + tasks.FIRST_CHECK) == {200 + n for n in range(1, 20)}


@pytest.mark.parametrize("operation", ["PutItem", "TransactWriteItems"])
def test_a_write_that_meets_another_transaction_waits_for_it(store: ScanStore, task: Task, operation: str) -> None:
    held = tasks.claim(task, "one", "v1", NOW)
    before, after = task, held
    if operation == "PutItem":
        before = store.write_transition(task, held)
        after = tasks.advance(before, 45, "Processing the image", NOW)
    with conflicts(connection().client, f"dynamodb.{operation}", times=2) as met:
        assert store.write_transition(before, after) == after
    assert met == [operation, operation]
    assert store.task(2) == after


def test_a_write_that_never_gets_through_is_unavailable_and_not_lost(store: ScanStore, task: Task) -> None:
    with (
        conflicts(connection().client, "dynamodb.TransactWriteItems", times=100),
        pytest.raises(Unavailable),
    ):
        store.write_transition(task, tasks.claim(task, "one", "v1", NOW))
    assert store.task(2) == task


def test_the_index_is_known_whichever_model_of_the_table_comes_first() -> None:
    orders = """
from scanward.stores.dynamo import connection
from scanward.stores.notifications import NotificationStore
from scanward.stores.scans import ScanListStore, ScanStore
for store in ({}):
    store("ScansTable")
print(sorted(index["IndexName"] for index in connection().get_meta_table("ScansTable").data["GlobalSecondaryIndexes"]))
"""
    # In processes of their own: a process binds a model to its table once.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    one, other = (
        subprocess.check_output([sys.executable, "-c", orders.format(order)], env=environment, text=True)  # noqa: S603
        for order in ("NotificationStore, ScanStore", "ScanStore, NotificationStore")
    )
    assert "due" in one
    assert one == other


def test_readings_of_one_millisecond_are_all_kept(store: ScanStore, task: Task) -> None:
    texts = [f"reading {number}" for number in range(40)]
    for text in texts:
        store.set_reading(task.scan_id, Reading(text, 7, NOW))
    readings = ScanListStore("ScansTable").readings_of(task.scan_id)
    assert sorted(reading.text for reading in readings) == sorted(texts)
