"""The end of the line: what the lanes gave up on becomes a FAILED task."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from functions.inference.ingest import ExternalUpload, IncomingMessage, UploadedObject, find_accepted, quarantine
from scanward.domain import tasks
from scanward.domain.tasks import Arrival, FailureReason, Task, TaskLeased
from scanward.stores.idempotency import IdempotencyStore
from scanward.stores.s3 import ObjectStore
from scanward.stores.scans import ScanStore


@dataclass(frozen=True, slots=True)
class DeadLetterDeps:
    """What the use-case works with."""

    scans: ScanStore
    idempotency: IdempotencyStore
    objects: ObjectStore
    now: Callable[[], datetime]


class DeadLetterOutcome(StrEnum):
    """What became of a dead letter."""

    TASK_FAILED = "buried"
    SET_ASIDE = "set aside"
    NOTHING_TO_DO = "nothing to do"


def fail_dead_letter(deps: DeadLetterDeps, message: IncomingMessage) -> DeadLetterOutcome:
    """Fail the task of a dead letter, unless it has ended; an object that never became one is set aside.

    Raises TaskLeased while a worker that another announcement started holds its lease: the letter is looked at again.
    Raises Conflict when it was moved meanwhile, for the same end.
    """
    now = deps.now()
    arrival = find_accepted(deps.idempotency, message, now) if isinstance(message, ExternalUpload) else message
    if arrival is None and message.key:
        quarantine(deps.objects, message.key, message.version)
        return DeadLetterOutcome.SET_ASIDE
    task = deps.scans.task(arrival.task_id) if isinstance(arrival, UploadedObject) else None
    if task is None or task.is_final or _is_leftover(message, task):
        return DeadLetterOutcome.NOTHING_TO_DO
    if tasks.is_leased(task, now):
        raise TaskLeased
    deps.scans.write_transition(task, tasks.fail(task, FailureReason.RETRIES_EXHAUSTED, now))
    return DeadLetterOutcome.TASK_FAILED


def _is_leftover(message: IncomingMessage, task: Task) -> bool:
    """Tell whether the letter is about a version that the task does not read."""
    return message.version is not None and tasks.judge_arrival(task, message.version) is Arrival.LEFTOVER
