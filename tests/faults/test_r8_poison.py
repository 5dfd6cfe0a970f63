"""Fault R8: files made to harm whoever reads them."""

from datetime import timedelta

from scanward.domain.tasks import FailureReason, TaskStatus
from tests.faults.poison import poison
from tests.faults.size import sized
from tests.faults.worker_processes import WorkerProcesses
from tests.support.workers import Workers

FILES = sized(200, 24)
MEMORY_MB = 1024
ABOUT_THE_INPUT = {FailureReason.BAD_INPUT, FailureReason.TOO_LARGE, FailureReason.UNSUPPORTED}


def test_poison_fails_at_the_first_attempt_and_the_worker_lives_on(workers: Workers, ours: WorkerProcesses) -> None:
    with workers.queues.notified(lost=True):
        bad = [workers.upload(content=content) for content in poison(FILES)]
        good = workers.upload()
    worked = ours.work(workers.queues.events, timedelta())
    assert (worked.code, list(worked.outcomes)) == (0, ["failed"] * FILES + ["finished"])
    assert 0 < worked.peak_mb < MEMORY_MB
    failed = [workers.task(of) for of in bad]
    assert {task.attempts for task in failed} == {1}
    assert {task.failure for task in failed} <= ABOUT_THE_INPUT
    assert sum(task.failure is FailureReason.BAD_INPUT for task in failed) > FILES // 2
    assert workers.task(good).status is TaskStatus.COMPLETED
