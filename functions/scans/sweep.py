"""The sweeper: finds tasks that nothing moves any more and ends or restarts each of them.

It reads only the index of tasks that are due, shard by shard, so its cost is that of what is stuck.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from scanward.domain import tasks
from scanward.domain.failures import FailureReason
from scanward.domain.tasks import Task, TaskStatus
from scanward.errors import Conflict, Unavailable
from scanward.stores.keys import DUE_SHARDS
from scanward.stores.lanes import LaneQueues
from scanward.stores.objects import ObjectStore
from scanward.stores.scans import ScanStore

PER_SHARD = 50


def _untold(reason: FailureReason) -> None:
    """Nobody is told of failures."""


@dataclass(frozen=True, slots=True)
class Sweeper:
    """What a sweep works with. `failed` is told why it failed a task."""

    scans: ScanStore
    objects: ObjectStore
    lanes: LaneQueues
    now: Callable[[], datetime]
    failed: Callable[[FailureReason], None] = _untold


def sweep(sweeper: Sweeper) -> dict[str, int]:
    """Looks at every due task once; counts those announced again, failed, left waiting, and not got to grips with."""
    counts = {"announced": 0, "failed": 0, "waiting": 0, "untouched": 0}
    for task in _due(sweeper):
        try:
            counts[_settle(sweeper, task)] += 1
        except Conflict:
            continue  # somebody moved it meanwhile, which is all that was wanted
        except Unavailable:
            counts["untouched"] += 1  # the next sweep finds it again, and the others do not wait for it
    return counts


def _due(sweeper: Sweeper) -> Iterator[Task]:
    for shard in range(DUE_SHARDS):
        for task_id in sweeper.scans.due(shard, sweeper.now(), PER_SHARD):
            task = sweeper.scans.task(task_id)
            # The index is behind the table: a worker may have taken the task since.
            if task and task.due_at and task.due_at <= sweeper.now():
                yield task


def _settle(sweeper: Sweeper, task: Task) -> str:
    now = sweeper.now()
    if now - task.created_at >= tasks.DEADLINE:
        return _fail(sweeper, task, FailureReason.TIMED_OUT, now)
    if task.attempts >= tasks.MAX_ATTEMPTS:
        return _fail(sweeper, task, FailureReason.RETRIES_EXHAUSTED, now)
    if task.status is TaskStatus.IN_PROGRESS or sweeper.objects.exists(task.object_key):
        # Its worker is dead or its event was lost. Nobody is in its way: a lease that is over lets the next one in.
        sweeper.lanes.announce(task)
        sweeper.scans.move(task, tasks.postpone(task, now))
        return "announced"
    if now - task.created_at > tasks.UPLOAD_WINDOW + tasks.FIRST_CHECK:
        return _fail(sweeper, task, FailureReason.UPLOAD_EXPIRED, now)
    sweeper.scans.move(task, tasks.wait(task, now))
    return "waiting"


def _fail(sweeper: Sweeper, task: Task, reason: FailureReason, now: datetime) -> str:
    sweeper.scans.move(task, tasks.fail(task, reason, now))
    sweeper.failed(reason)
    return "failed"
