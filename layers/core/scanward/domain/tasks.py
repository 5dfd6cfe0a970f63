"""The task machine: PENDING → IN_PROGRESS → COMPLETED | FAILED | CANCELLED, and the last three are final.

Every function here is pure: it takes a task and the time and gives the next task, or refuses. Stores write the next
task on the condition that the version they read is still there, so of two transitions one wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from scanward.domain.failures import FAILURE_TEXTS, FailureReason
from scanward.errors import Conflict

MAX_ATTEMPTS = 3
LEASE = timedelta(seconds=90)  # above the inference function's timeout, so a live worker never loses it
FIRST_CHECK = timedelta(minutes=2)  # an event that has not come by then is looked for
UPLOAD_WINDOW = timedelta(minutes=15)  # how long a presigned upload may be begun
DEADLINE = timedelta(hours=1)  # an accepted object is final by then, whatever happens


class TaskStatus(StrEnum):
    """Where a task is."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


FINAL = frozenset({TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED})


class TaskClosed(Conflict):
    """The task has reached a final state."""

    message = "The task is finished"


class TaskLeased(Conflict):
    """Another worker holds the task."""

    message = "The task is being worked on"


class TaskNotStarted(Conflict):
    """Nobody holds the task."""

    message = "The task is not being worked on"


@dataclass(frozen=True, slots=True)
class Task:
    """One analysis of one scan.

    `version` grows by one with each transition, whatever a clock says. `attempt` is the token of the worker that holds
    the lease until `leased_until`; `attempts` how often it was claimed. `due_at`: when the sweeper looks at it; None
    once it is final.
    """

    id: int
    scan_id: int
    patient_id: int
    status: TaskStatus
    progress: int
    message: str
    version: int
    created_at: datetime
    due_at: datetime | None
    attempt: str | None = None
    leased_until: datetime | None = None
    attempts: int = 0
    object_version: str | None = None
    result: Mapping[str, Any] | None = None
    failure: FailureReason | None = None
    finished_at: datetime | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


def create(id: int, scan_id: int, patient_id: int, now: datetime) -> Task:
    """A task that waits for its image."""
    return Task(id, scan_id, patient_id, TaskStatus.PENDING, 0, "Waiting for the image", 1, now, now + FIRST_CHECK)


def claim(task: Task, attempt: str, object_version: str | None, now: datetime) -> Task:
    """The task in the hands of one worker, for the length of a lease.

    The object's version is pinned at the first claim and kept by later ones. Raises TaskClosed or TaskLeased.
    """
    _require_open(task)
    if is_leased(task, now):
        raise TaskLeased
    if task.attempts >= MAX_ATTEMPTS:
        return fail(task, FailureReason.RETRIES_EXHAUSTED, now)
    return replace(
        task,
        status=TaskStatus.IN_PROGRESS,
        progress=max(task.progress, 10),
        message="Reading the image",
        version=task.version + 1,
        attempt=attempt,
        attempts=task.attempts + 1,
        object_version=task.object_version or object_version,
        leased_until=now + LEASE,
        due_at=now + LEASE,
    )


def advance(task: Task, progress: int, message: str, now: datetime) -> Task:
    """Further along, with the lease renewed."""
    _require_running(task)
    return replace(
        task,
        progress=max(task.progress, progress),
        message=message,
        version=task.version + 1,
        leased_until=now + LEASE,
        due_at=now + LEASE,
    )


def complete(task: Task, result: Mapping[str, Any], now: datetime) -> Task:
    """Done, with its result."""
    _require_running(task)
    return _finish(task, TaskStatus.COMPLETED, "Analysis complete", now, progress=100, result=dict(result))


def fail(task: Task, reason: FailureReason, now: datetime) -> Task:
    """Over, with a reason from the closed list."""
    return _finish(task, TaskStatus.FAILED, FAILURE_TEXTS[reason], now, failure=reason)


def release(task: Task, now: datetime) -> Task:
    """Given back by its worker: the next may claim it at once."""
    _require_running(task)
    return replace(task, message="Waiting for another try", version=task.version + 1, leased_until=now, due_at=now)


def postpone(task: Task, now: datetime) -> Task:
    """Looked at and left as it is; the next look comes later each time, so that a backlog is not doubled."""
    _require_open(task)
    later = now + max(FIRST_CHECK, now - task.created_at)
    deadline = max(task.created_at + DEADLINE, now + FIRST_CHECK)
    return replace(task, due_at=min(later, deadline), version=task.version + 1)


def is_leased(task: Task, now: datetime) -> bool:
    """Whether a worker holds the task."""
    return task.status is TaskStatus.IN_PROGRESS and task.leased_until is not None and now < task.leased_until


def report(task: Task) -> dict[str, Any]:
    """What poll and push both say of a task, apart from how its id is spelled."""
    said: dict[str, Any] = {
        "status": task.status.value,
        "progress": task.progress,
        "message": task.message,
        "version": task.version,
        "result": {"type": "analysis", "data": task.result} if task.result is not None else None,
    }
    if task.failure:
        said["failure"] = {"reason": task.failure.value, "message": FAILURE_TEXTS[task.failure]}
    return said


def _require_open(task: Task) -> None:
    if task.is_final:
        raise TaskClosed


def _require_running(task: Task) -> None:
    _require_open(task)
    if task.status is not TaskStatus.IN_PROGRESS:
        raise TaskNotStarted


def _finish(task: Task, status: TaskStatus, message: str, now: datetime, **rest: Any) -> Task:
    _require_open(task)
    return replace(task, status=status, message=message, version=task.version + 1, due_at=None, finished_at=now, **rest)
