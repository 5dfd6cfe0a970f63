"""The sweeper: finds tasks that nothing moves any more and ends or restarts each of them.

It reads only the index of tasks that are due, shard by shard, so its cost is that of what is stuck.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from scanward.domain import tasks
from scanward.domain.tasks import FailureReason, Task, TaskStatus
from scanward.errors import Conflict, Unavailable
from scanward.stores.keys import DUE_SHARDS
from scanward.stores.queues import PriorityQueues
from scanward.stores.s3 import ObjectStore
from scanward.stores.scans import ScanStore

PER_SHARD = 50
SWEEP_TIME = timedelta(seconds=35)  # of the function's fifty


def _ignore_failure(reason: FailureReason) -> None:
    """Ignore a failure."""


@dataclass(frozen=True, slots=True)
class SweepDeps:
    """What a sweep works with. `arrivals`: where it tells of images that have come. `on_failure` is told why it failed
    a task.
    """

    scans: ScanStore
    objects: ObjectStore
    lanes: PriorityQueues
    arrivals: PriorityQueues
    now: Callable[[], datetime]
    on_failure: Callable[[FailureReason], None] = _ignore_failure


def sweep(deps: SweepDeps) -> dict[str, int]:
    """Look at due tasks, all of them if time allows; counts those announced again, failed, left waiting and untouched.

    What is untouched the next sweep finds again; the others do not wait for it. `unread`: shards whose index did not
    answer.
    """
    counts, start = {"announced": 0, "failed": 0, "waiting": 0, "untouched": 0, "unread": 0}, deps.now()
    shards, seen_ids = set(range(DUE_SHARDS)), set[int]()
    while shards and deps.now() - start < SWEEP_TIME:
        for shard in sorted(shards):
            try:
                due_ids = deps.scans.due_tasks(shard, deps.now(), PER_SHARD)
            except Unavailable:
                counts["unread"] += 1
                due_ids = []
            ids = [task_id for task_id in due_ids if task_id not in seen_ids]
            if not ids:
                shards.discard(shard)
            seen_ids.update(ids)
            for task_id in ids:
                outcome = _check_task(deps, task_id)
                if outcome:
                    counts[outcome] += 1
    return counts


def _check_task(deps: SweepDeps, task_id: int) -> str | None:
    try:
        task = deps.scans.task(task_id)
        # The index is behind the table: a worker may have taken the task since.
        if task is None or task.due_at is None or task.due_at > deps.now():
            return None
        return _settle(deps, task)
    except Conflict:
        return None  # a worker moved it meanwhile, which is all that was wanted
    except (Unavailable, ValueError, TypeError, KeyError):  # the last ones of an item that cannot be read
        return "untouched"


def _settle(deps: SweepDeps, task: Task) -> str:
    now = deps.now()
    if now - task.created_at >= tasks.DEADLINE:
        return _fail(deps, task, FailureReason.TIMED_OUT, now)
    if task.attempts >= tasks.MAX_ATTEMPTS:
        return _fail(deps, task, FailureReason.RETRIES_EXHAUSTED, now)
    if task.status is TaskStatus.IN_PROGRESS or deps.objects.exists(task.object_key):
        # Its worker is dead or its event was lost. Nothing is in its way: a lease that is over lets the next one in.
        announced_to = deps.lanes if task.attempts or task.object_version else deps.arrivals
        announced_to.enqueue(task)
        deps.scans.write_transition(task, tasks.postpone(task, now))
        return "announced"
    if now - task.created_at > tasks.UPLOAD_WINDOW + tasks.FIRST_CHECK:
        return _fail(deps, task, FailureReason.UPLOAD_EXPIRED, now)
    deps.scans.write_transition(task, tasks.await_upload(task, now))
    return "waiting"


def _fail(deps: SweepDeps, task: Task, reason: FailureReason, now: datetime) -> str:
    deps.scans.write_transition(task, tasks.fail(task, reason, now))
    deps.on_failure(reason)
    return "failed"
