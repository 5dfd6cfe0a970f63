"""A worker's hold on one task: each step is written over the version that the worker last wrote, or not at all."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from scanward.domain import tasks
from scanward.domain.failures import FailureReason
from scanward.domain.tasks import Task
from scanward.errors import Conflict, ScanwardError
from scanward.stores.scans import ScanStore


class LeaseLost(ScanwardError):
    """The task was cancelled, or given to another worker, while this one was at it."""

    message = "The task was taken from this worker"


class Lease:
    """Every method raises LeaseLost when the task is no longer this worker's."""

    def __init__(self, scans: ScanStore, task: Task, now: Callable[[], datetime]) -> None:
        self._scans = scans
        self._now = now
        self.task = task

    def advance(self, progress: int, message: str, object_version: str | None = None) -> None:
        """Further along; the lease starts anew."""
        self._move(tasks.advance(self.task, progress, message, self._now(), object_version))

    def complete(self, result: Mapping[str, Any]) -> None:
        """Done."""
        self._move(tasks.complete(self.task, result, self._now()))

    def fail(self, reason: FailureReason) -> None:
        """Over."""
        self._move(tasks.fail(self.task, reason, self._now()))

    def release(self) -> None:
        """Given back at once, for another try."""
        self._move(tasks.release(self.task, self._now()))

    def _move(self, after: Task) -> None:
        try:
            self.task = self._scans.move(self.task, after)
        except Conflict as lost:
            raise LeaseLost from lost
