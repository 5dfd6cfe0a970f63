"""What people take along of their own: an export is asked for, packed in the background, and fetched within a day."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scanward.domain.tasks import TaskStatus

RETENTION = timedelta(hours=20)  # S3 removes the file after a day at the earliest
ABANDONED_AFTER = timedelta(hours=1)  # a packing that has not ended by then has died
REPEAT_AFTER = timedelta(minutes=10)  # before another one is packed
MESSAGES = {
    TaskStatus.PENDING: "Waiting to be packed",
    TaskStatus.IN_PROGRESS: "Packing",
    TaskStatus.COMPLETED: "Ready to be fetched",
    TaskStatus.FAILED: "It could not be begun; ask again",
}


@dataclass(frozen=True, slots=True)
class Export:
    """One ZIP of one person's data. `changed_at`: of its last progress. FAILED: what was to pack it was never told.

    `packer`: the call that packs it; an earlier one that is still at it can write nothing here any more. `checkpoint`:
    the call that left off last, whose checkpoint the next one goes on from.
    """

    account_id: int
    id: int
    status: TaskStatus
    progress: int
    requested_at: datetime
    changed_at: datetime
    packer: str | None = None
    checkpoint: str | None = None

    @property
    def message(self) -> str:
        return MESSAGES[self.status]

    @property
    def is_ready(self) -> bool:
        return self.status is TaskStatus.COMPLETED

    @property
    def is_over(self) -> bool:
        """Tell whether nothing will come of it but what is there."""
        return self.status in {TaskStatus.COMPLETED, TaskStatus.FAILED}

    @property
    def ends_at(self) -> datetime:
        return self.changed_at + (RETENTION if self.is_ready else ABANDONED_AFTER)

    def stands(self, now: datetime) -> bool:
        """Tell whether it is there to be fetched, or may still come to be."""
        return now < self.ends_at and self.status is not TaskStatus.FAILED

    def is_replaceable(self, now: datetime) -> bool:
        """Tell whether another one may be packed in its stead."""
        return not self.stands(now) or (self.is_ready and now - self.changed_at >= REPEAT_AFTER)


def request_export(account_id: int, id: int, now: datetime) -> Export:
    """Return an export that waits to be packed."""
    return Export(account_id=account_id, id=id, status=TaskStatus.PENDING, progress=0, requested_at=now, changed_at=now)


def begin_packing(export: Export, packer: str, now: datetime) -> Export:
    """Return the export in the hands of a call, which goes on from the last checkpoint, if there is one."""
    return replace(advance_export(export, 0, now), packer=packer)


def leave_packing(export: Export, now: datetime) -> Export:
    """Return the export that the next call goes on with where this one left off."""
    return replace(export, checkpoint=export.packer, changed_at=now)


def restart_packing(export: Export, now: datetime) -> Export:
    """Return the export that the next call packs from the start."""
    return replace(export, checkpoint=None, changed_at=now)


def advance_export(export: Export, progress: int, now: datetime) -> Export:
    """Return the export packed so far, in percent."""
    return replace(export, status=TaskStatus.IN_PROGRESS, progress=max(export.progress, progress), changed_at=now)


def fail_export(export: Export, now: datetime) -> Export:
    """Return the export FAILED; the next who asks has another one packed."""
    return replace(export, status=TaskStatus.FAILED, changed_at=now)


def complete_export(export: Export, now: datetime) -> Export:
    """Return the export COMPLETED."""
    return replace(export, status=TaskStatus.COMPLETED, progress=100, checkpoint=None, changed_at=now)
