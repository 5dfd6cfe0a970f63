"""Versions of uploaded objects that no task reads: removed as they come, and here where their event was lost.

Keys hold ids, which sort by the time they were made: a run reads the objects of some hours, however many there are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scanward.domain import tasks
from scanward.domain.ids import MAX_ID, first_id
from scanward.domain.object_keys import parse_upload_key, upload_prefix
from scanward.domain.orders import Priority
from scanward.domain.tasks import Arrival
from scanward.stores.s3 import ObjectStore, ObjectVersion, Purger
from scanward.stores.scans import ScanListStore

# The task has ended and no form is open any more.
MIN_AGE = tasks.DEADLINE + tasks.UPLOAD_WINDOW + timedelta(minutes=45)
# Twice the time between two runs: what one could not remove, the next one does.
MAX_AGE = MIN_AGE + timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class LeftoverDeps:
    """What the use-case works with."""

    lists: ScanListStore
    objects: ObjectStore
    purger: Purger
    now: Callable[[], datetime]


def purge_leftovers(deps: LeftoverDeps) -> dict[str, int]:
    """Remove the leftovers of the last half day; counts versions that were looked at, and those that were removed."""
    counts, now = {"read": 0, "purged": 0}, deps.now()
    begin, end = first_id(now - MAX_AGE), first_id(now - MIN_AGE)
    for lane in Priority:
        prefix = upload_prefix(lane)
        for page in deps.objects.versions_after(f"{prefix}{begin}", prefix):
            ids = [_ids(version) for version in page]
            due = [version for version, (scan_id, _) in zip(page, ids, strict=True) if begin <= scan_id < end]
            leftovers = _leftovers(deps, due)
            deps.purger.purge_versions(leftovers)
            counts["read"] += len(due)
            counts["purged"] += len(leftovers)
            if ids and ids[-1][0] >= end:
                break
    return counts


def _leftovers(deps: LeftoverDeps, versions: Sequence[ObjectVersion]) -> list[ObjectVersion]:
    tasks_by_id = {task.id: task for task in deps.lists.tasks(sorted({_ids(version)[1] for version in versions}))}
    pairs = [(version, tasks_by_id.get(_ids(version)[1])) for version in versions]
    # Without a task its scan was removed, and this came later.
    return [
        version
        for version, task in pairs
        if task is None or tasks.judge_arrival(task, version.version) is Arrival.LEFTOVER
    ]


def _ids(version: ObjectVersion) -> tuple[int, int]:
    """Return the ids of scan and task; what is none of ours sorts behind all that are."""
    place = parse_upload_key(version.key)
    return (place[1], place[2]) if place else (MAX_ID, MAX_ID)
