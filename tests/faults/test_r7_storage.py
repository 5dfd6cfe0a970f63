"""Fault R7: S3 answers 500 or 503, too late, or with half of an object."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from scanward.domain.orders import Priority
from scanward.domain.tasks import FailureReason, TaskStatus
from scanward.stores.clients import s3
from scanward.stores.sdk import MAX_TRIES
from tests.faults.injection import answered, http_answer, retried_at_once
from tests.support.workers import PNG, Workers

RETRIES = 2


def too_late(request: Any) -> Any:
    raise ReadTimeoutError(endpoint_url=request.url)


FAULTS: dict[str, Callable[[Any], Any]] = {
    "500": lambda request: http_answer(request.url, 500),
    "503": lambda request: http_answer(request.url, 503),
    "slow": too_late,
    "truncated": lambda request: http_answer(request.url, 200, PNG[:99], content_length=str(len(PNG))),
}


def queued(workers: Workers) -> int:
    with workers.queues.notified():
        return workers.upload().task_id


@pytest.mark.parametrize("fault", FAULTS)
def test_an_image_that_storage_does_not_give_is_asked_for_again_twice_and_fails(workers: Workers, fault: str) -> None:
    task_id = queued(workers)
    before = workers.models.runs
    with answered(s3(), "s3.GetObject", FAULTS[fault]), retried_at_once(s3()) as tries:
        raised = workers.work()
    failed = workers.task(task_id)
    assert (failed.status, failed.failure) == (TaskStatus.FAILED, FailureReason.STORAGE)
    assert (failed.attempts, len(raised)) == (1 + RETRIES, RETRIES)
    sdk_tries = 1 if fault == "truncated" else MAX_TRIES
    assert tries.count("GetObject") == (1 + RETRIES) * sdk_tries, "and the SDK's own tries end too"
    assert workers.models.runs == before
    assert not any(workers.queues.waiting(url) for url in (*workers.queues.lanes.values(), workers.queues.dead))


@pytest.mark.parametrize("fault", FAULTS)
def test_an_image_that_storage_gives_the_second_time_is_read(workers: Workers, fault: str) -> None:
    task_id = queued(workers)
    workers.queues.read(workers.queues.arrivals[Priority.HIGH], workers.take_in)
    with retried_at_once(s3()), answered(s3(), "s3.GetObject", FAULTS[fault]):
        workers.queues.read(next(iter(workers.queues.lanes.values())), workers.analyse)
    assert workers.task(task_id).status is TaskStatus.IN_PROGRESS
    workers.work()
    assert (workers.task(task_id).status, workers.task(task_id).attempts) == (TaskStatus.COMPLETED, 2)


@pytest.mark.parametrize("fault", ["500", "503", "slow"])
def test_a_picture_that_storage_does_not_take_fails_its_task_after_three_attempts(workers: Workers, fault: str) -> None:
    task_id = queued(workers)
    with retried_at_once(s3()), answered(s3(), "s3.PutObject", FAULTS[fault]):
        raised = workers.work()
    failed = workers.task(task_id)
    assert (failed.failure, failed.attempts, len(raised)) == (FailureReason.STORAGE, 1 + RETRIES, RETRIES)
