"""Scans: one uploaded image, whose it is, where it lies, and what its newest finished task says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from scanward.domain.failures import FailureReason
from scanward.domain.tasks import TaskStatus


class Lane(StrEnum):
    """The queue an upload waits in; it is part of the object key, so S3 itself routes it."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


_LANES = frozenset(lane.value for lane in Lane)


class ScanType(StrEnum):
    """The kind of study, when the uploader said it."""

    XRAY = "XRAY"
    CT = "CT"
    MRI = "MRI"


@dataclass(frozen=True, slots=True)
class Scan:
    """One upload. `status`, `result`, `failure` and `completed_at` mirror its task, in the task's own transaction."""

    id: int
    patient_id: int
    uploaded_by: int
    task_id: int
    lane: Lane
    scan_type: ScanType
    status: TaskStatus
    created_at: datetime
    completed_at: datetime | None = None
    result: Mapping[str, Any] | None = None
    failure: FailureReason | None = None

    @property
    def object_key(self) -> str:
        return upload_key(self.lane, self.id, self.task_id)


def upload_key(lane: Lane, scan_id: int, task_id: int) -> str:
    """Where the original lies. Made of our own ids, never of a client's file name."""
    return f"uploads/{lane}/{scan_id}/{task_id}"


def parse_upload_key(key: str) -> tuple[Lane, int, int] | None:
    """(lane, scan id, task id) of a key that `upload_key` made, else None."""
    parts = key.split("/")
    if len(parts) != 4 or parts[0] != "uploads" or parts[1] not in _LANES:
        return None
    if not all(p.isascii() and p.isdigit() and len(p) <= 16 for p in parts[2:]):
        return None
    return Lane(parts[1]), int(parts[2]), int(parts[3])


def preview_key(scan_id: int) -> str:
    """The JPEG that people look at."""
    return f"derived/{scan_id}/preview.jpg"


def heatmap_key(scan_id: int, task_id: int) -> str:
    """The PNG that shows where the model looked in one task."""
    return f"derived/{scan_id}/{task_id}/heatmap.png"
