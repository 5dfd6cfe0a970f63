"""The task machine: PENDING → IN_PROGRESS → COMPLETED | FAILED | CANCELLED, and the last three are final.

With it: why a task fails (a closed list), why it refuses a transition, and what poll and push both say of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from scanward.domain.object_keys import upload_key
from scanward.domain.orders import Order
from scanward.domain.results import without_knowledge
from scanward.errors import Conflict


class FailureReason(StrEnum):
    """The closed list of why a task failed. None of them says anything about a person."""

    BAD_INPUT = "BAD_INPUT"
    TOO_LARGE = "TOO_LARGE"
    UNSUPPORTED = "UNSUPPORTED"
    STORAGE = "STORAGE"
    MODEL = "MODEL"
    UPLOAD_EXPIRED = "UPLOAD_EXPIRED"
    RETRIES_EXHAUSTED = "RETRIES_EXHAUSTED"
    TIMED_OUT = "TIMED_OUT"


FAILURE_TEXTS = MappingProxyType(
    {
        FailureReason.BAD_INPUT: "The image cannot be read",
        FailureReason.TOO_LARGE: "The image is too large",
        FailureReason.UNSUPPORTED: "The image is of a kind that is not accepted",
        FailureReason.STORAGE: "The image could not be fetched or its results not kept",
        FailureReason.MODEL: "The model could not be run",
        FailureReason.UPLOAD_EXPIRED: "The upload never came",
        FailureReason.RETRIES_EXHAUSTED: "The analysis did not succeed after several tries",
        FailureReason.TIMED_OUT: "The analysis was not finished in time",
    }
)


class TaskClosed(Conflict):
    """The task has reached a final state, and which."""

    message = "The task is finished"

    def __init__(self, status: str) -> None:
        super().__init__()
        self.details = {"status": status}


class TaskLeased(Conflict):
    """Another worker holds the task."""

    message = "The task is being worked on"


class TaskNotStarted(Conflict):
    """No worker holds the task."""

    message = "The task is not being worked on"


class TaskNotFinished(Conflict):
    """What was asked for needs a finished task."""

    message = "The task is not finished"


class TaskStatus(StrEnum):
    """Where a task is."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


FINAL_STATES = frozenset({TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED})
DEFAULT_ORDER = Order()
MAX_ATTEMPTS = 3
LEASE = timedelta(seconds=90)  # above the inference function's timeout, so a live worker never loses it
FIRST_CHECK = timedelta(minutes=2)  # an event that has not come by then is looked for
UPLOAD_WINDOW = timedelta(minutes=15)  # how long a presigned upload may be begun
DEADLINE = timedelta(hours=1)  # an accepted object is final by then, whatever happens


@dataclass(frozen=True, slots=True)
class Task:
    """One analysis of one scan, the first with its upload and others later.

    `requested_by`: who asked for it. `object_key`: where the image lies. `version` grows by one with each transition,
    whatever a clock says. `attempt` is the token of the worker that holds the lease until `leased_until`; `attempts`
    how often it was claimed. `due_at`: when the sweeper looks at it; None once it is final.
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
    requested_by: int
    object_key: str
    order: Order = DEFAULT_ORDER
    is_first: bool = True
    attempt: str | None = None
    leased_until: datetime | None = None
    attempts: int = 0
    object_version: str | None = None
    result: Mapping[str, Any] | None = None
    failure: FailureReason | None = None
    finished_at: datetime | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_STATES


def create(
    id: int,
    scan_id: int,
    patient_id: int,
    now: datetime,
    order: Order = DEFAULT_ORDER,
    *,
    requested_by: int | None = None,
    object_key: str | None = None,
) -> Task:
    """Return a task that waits for its image, asked for by the patient unless `requested_by` says otherwise.

    Its image lies under its own key unless `object_key` says otherwise.
    """
    return Task(
        id=id,
        scan_id=scan_id,
        patient_id=patient_id,
        status=TaskStatus.PENDING,
        progress=0,
        message="Waiting for the image",
        version=1,
        created_at=now,
        due_at=now + FIRST_CHECK,
        requested_by=patient_id if requested_by is None else requested_by,
        object_key=object_key or upload_key(order.priority, scan_id, id),
        order=order,
    )


def create_reanalysis(id: int, of: Task, requested_by: int, order: Order, now: datetime) -> Task:
    """Return another analysis of the image that `of` read, the very version of it. Raises TaskNotFinished.

    What `of` was told of the image holds for this one too, unless its order says otherwise.
    """
    if not of.is_final:
        raise TaskNotFinished
    same = replace(order, scan_type=of.order.scan_type, model=order.model or of.order.model)
    next_order = order if order.scan_type else same
    fresh = create(
        id=id,
        scan_id=of.scan_id,
        patient_id=of.patient_id,
        now=now,
        order=next_order,
        requested_by=requested_by,
        object_key=of.object_key,
    )
    return replace(fresh, object_version=of.object_version, is_first=False)


class Arrival(StrEnum):
    """What an object that has come is to its task."""

    FIRST = "first"
    ANNOUNCED_AGAIN = "announced again"
    LEFTOVER = "leftover"
    REFUSED = "refused"
    NOTHING_TO_DO = "nothing to do"


def judge_arrival(task: Task, object_version: str | None) -> Arrival:
    """Return what a version of a task's object is to it. A leftover is what it does not read and never will."""
    if object_version != task.object_version and (task.object_version or (task.is_final and not task.attempts)):
        return Arrival.LEFTOVER
    if task.status is not TaskStatus.PENDING:
        return Arrival.NOTHING_TO_DO
    return Arrival.ANNOUNCED_AGAIN if task.object_version else Arrival.FIRST


def pin(task: Task, object_version: str | None, now: datetime) -> Task:
    """Return the task whose image has come, bound to this version of it: what comes later is not read."""
    _require_open(task)
    return replace(
        task,
        message="Waiting for its turn",
        version=task.version + 1,
        object_version=object_version,
        due_at=now + FIRST_CHECK,
    )


def claim(task: Task, attempt: str, object_version: str | None, now: datetime) -> Task:
    """Return the task in the hands of one worker, for the length of a lease.

    A version that was pinned before is kept. Raises TaskClosed or TaskLeased.
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


def advance(task: Task, progress: int, message: str, now: datetime, object_version: str | None = None) -> Task:
    """Return the task further along, with the lease renewed, and the object's version pinned where no event had named
    it.
    """
    _require_running(task)
    return replace(
        task,
        progress=max(task.progress, progress),
        message=message,
        version=task.version + 1,
        object_version=task.object_version or object_version,
        leased_until=now + LEASE,
        due_at=now + LEASE,
    )


def complete(task: Task, result: Mapping[str, Any], now: datetime) -> Task:
    """Return the task COMPLETED, with its result."""
    _require_running(task)
    return _finish(task, TaskStatus.COMPLETED, "Analysis complete", now, progress=100, result=dict(result))


def fail(task: Task, reason: FailureReason, now: datetime, message: str | None = None) -> Task:
    """Return the task FAILED, with a reason from the closed list, and the sentence of its reader (docs/refusals.md)."""
    return _finish(task, TaskStatus.FAILED, message or FAILURE_TEXTS[reason], now, failure=reason)


def cancel(task: Task, now: datetime) -> Task:
    """Return the task CANCELLED; an image that comes later is not read. Raises TaskClosed once it is final."""
    return _finish(task, TaskStatus.CANCELLED, "Task cancelled successfully", now)


def release(task: Task, now: datetime) -> Task:
    """Return the task without a lease, given back by its worker: the next may claim it at once."""
    _require_running(task)
    return replace(task, message="Waiting for another try", version=task.version + 1, leased_until=now, due_at=now)


def postpone(task: Task, now: datetime) -> Task:
    """Return the task as it is, to be checked again later; the next look comes later each time, so that a backlog is
    not doubled.
    """
    _require_open(task)
    later = now + max(FIRST_CHECK, now - task.created_at)
    deadline = max(task.created_at + DEADLINE, now + FIRST_CHECK)
    return replace(task, due_at=min(later, deadline), version=task.version + 1)


def await_upload(task: Task, now: datetime) -> Task:
    """Return the task whose image has not come, to be checked again soon, in case that it comes without its event."""
    _require_open(task)
    return replace(task, due_at=now + FIRST_CHECK, version=task.version + 1)


def is_leased(task: Task, now: datetime) -> bool:
    """Tell whether a worker holds the task."""
    return task.status is TaskStatus.IN_PROGRESS and task.leased_until is not None and now < task.leased_until


def _require_open(task: Task) -> None:
    if task.is_final:
        raise TaskClosed(task.status.value)


def _require_running(task: Task) -> None:
    _require_open(task)
    if task.status is not TaskStatus.IN_PROGRESS:
        raise TaskNotStarted


def _finish(task: Task, status: TaskStatus, message: str, now: datetime, **rest: Any) -> Task:
    _require_open(task)
    return replace(task, status=status, message=message, version=task.version + 1, due_at=None, finished_at=now, **rest)


def status_report(task: Task) -> dict[str, Any]:
    """Return the state, and the result or the failure once there is one."""
    payload: dict[str, Any] = {
        "status": task.status.value,
        "progress": task.progress,
        "message": task.message,
        "version": task.version,
        "result": {"type": "analysis", "data": without_knowledge(task.result)} if task.result is not None else None,
    }
    if task.failure:
        payload["failure"] = {"reason": task.failure.value, "message": task.message}
    return payload
