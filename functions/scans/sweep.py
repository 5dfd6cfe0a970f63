"""The sweeper: finds tasks that nothing moves any more and ends or restarts each of them.

It reads only the index of tasks that are due, shard by shard, so its cost is that of what is stuck.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from scanward.domain import tasks
from scanward.domain.scans import Scan
from scanward.domain.tasks import FailureReason, Task, TaskStatus
from scanward.errors import Conflict
from scanward.stores.keys import DUE_SHARDS
from scanward.stores.lanes import LaneQueues
from scanward.stores.objects import ObjectStore
from scanward.stores.scans import ScanStore

PER_SHARD = 50


@dataclass(frozen=True, slots=True)
class Sweeper:
    """What a sweep works with."""

    scans: ScanStore
    objects: ObjectStore
    lanes: LaneQueues
    now: Callable[[], datetime]


def sweep(sweeper: Sweeper) -> dict[str, int]:
    """Looks at every due task once; gives back how many were announced again, failed, or left waiting."""
    counts = {"announced": 0, "failed": 0, "waiting": 0}
    for task in _due(sweeper):
        try:
            counts[_settle(sweeper, task)] += 1
        except Conflict:
            continue  # somebody moved it meanwhile, which is all that was wanted
    return counts


def _due(sweeper: Sweeper) -> Iterator[Task]:
    for shard in range(DUE_SHARDS):
        for task_id in sweeper.scans.due(shard, sweeper.now(), PER_SHARD):
            task = sweeper.scans.task(task_id)
            if task and not task.is_final:
                yield task


def _settle(sweeper: Sweeper, task: Task) -> str:
    now = sweeper.now()
    scan = sweeper.scans.get(task.scan_id)
    if scan is None or now - task.created_at >= tasks.DEADLINE:
        return _fail(sweeper, task, FailureReason.TIMED_OUT, now)
    if task.attempts >= tasks.MAX_ATTEMPTS:
        return _fail(sweeper, task, FailureReason.RETRIES_EXHAUSTED, now)
    if task.status is TaskStatus.IN_PROGRESS or sweeper.objects.exists(scan.object_key):
        return _announce(sweeper, task, scan, now)
    if now - task.created_at > tasks.UPLOAD_WINDOW + tasks.FIRST_CHECK:
        return _fail(sweeper, task, FailureReason.UPLOAD_EXPIRED, now)
    sweeper.scans.move(task, tasks.postpone(task, now))
    return "waiting"


def _announce(sweeper: Sweeper, task: Task, scan: Scan, now: datetime) -> str:
    # Its worker is dead or its event was lost. Claiming works once the lease is over, so the task is left as it is.
    sweeper.lanes.announce(scan.lane, scan.object_key)
    if task.status is TaskStatus.PENDING:
        sweeper.scans.move(task, tasks.postpone(task, now))
    return "announced"


def _fail(sweeper: Sweeper, task: Task, reason: FailureReason, now: datetime) -> str:
    sweeper.scans.move(task, tasks.fail(task, reason, now))
    return "failed"
