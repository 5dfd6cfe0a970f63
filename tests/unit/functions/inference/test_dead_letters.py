"""The end of the line."""

import pytest

from functions.inference.analysis import AnalysisDeps
from functions.inference.dead_letters import DeadLetterDeps, DeadLetterOutcome, fail_dead_letter
from functions.inference.ingest import UploadedObject
from functions.inference.worker import process
from scanward.domain import tasks
from scanward.domain.tasks import FailureReason, TaskLeased
from scanward.stores.idempotency import IdempotencyStore
from tests.support.clock import Clock
from tests.unit.functions.inference.conftest import SAMPLES, Upload


@pytest.fixture
def dead(inference: AnalysisDeps) -> DeadLetterDeps:
    return DeadLetterDeps(inference.scans, IdempotencyStore("ScansTable"), inference.objects, inference.now)


def test_a_dead_letter_fails_its_task_once(dead: DeadLetterDeps, uploaded: Upload) -> None:
    task, arrival = uploaded(b"anything")
    assert fail_dead_letter(dead, arrival) is DeadLetterOutcome.TASK_FAILED
    failed = dead.scans.task(task.id)
    assert failed
    assert failed.failure is FailureReason.RETRIES_EXHAUSTED
    assert fail_dead_letter(dead, arrival) is DeadLetterOutcome.NOTHING_TO_DO
    assert dead.scans.task(task.id) == failed


def test_a_finished_task_stays_as_it_is(dead: DeadLetterDeps, inference: AnalysisDeps, uploaded: Upload) -> None:
    task, arrival = uploaded((SAMPLES / "clear-1.png").read_bytes())
    process(inference, arrival)
    done = dead.scans.task(task.id)
    assert fail_dead_letter(dead, arrival) is DeadLetterOutcome.NOTHING_TO_DO
    assert dead.scans.task(task.id) == done


def test_a_task_that_is_held_is_left_until_its_lease_is_over(
    dead: DeadLetterDeps, inference: AnalysisDeps, uploaded: Upload, time: Clock
) -> None:
    task, arrival = uploaded(b"anything")
    inference.scans.write_transition(task, tasks.claim(task, "another", None, inference.now()))
    with pytest.raises(TaskLeased):
        fail_dead_letter(dead, arrival)
    time.ahead = tasks.LEASE
    assert fail_dead_letter(dead, arrival) is DeadLetterOutcome.TASK_FAILED


def test_a_letter_for_no_task_is_no_error(dead: DeadLetterDeps) -> None:
    assert fail_dead_letter(dead, UploadedObject(1, 2, "uploads/high/1/2")) is DeadLetterOutcome.NOTHING_TO_DO


def test_a_letter_about_a_version_that_is_not_read_leaves_the_task_alone(
    dead: DeadLetterDeps, uploaded: Upload
) -> None:
    task, arrival = uploaded(b"anything")
    pinned = dead.scans.write_transition(task, tasks.pin(task, "another", dead.now()))
    assert fail_dead_letter(dead, arrival) is DeadLetterOutcome.NOTHING_TO_DO
    assert dead.scans.task(task.id) == pinned
