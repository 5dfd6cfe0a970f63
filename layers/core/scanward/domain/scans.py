"""Scans: one uploaded image, whose it is, where it lies, and what its newest finished task says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scanward.domain.orders import ScanType
from scanward.domain.tasks import FailureReason, TaskStatus


@dataclass(frozen=True, slots=True)
class UploadDescription:
    """What the uploader says of an image: its name, what it shows, of which part."""

    name: str
    description: str | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a doctor reads in an image; kept beside what a model does."""

    text: str
    doctor_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Scan:
    """One upload.

    `status`, `result`, `failure` with its message and `completed_at` mirror the task `task_id`, in that task's own
    transaction: the one that came with the upload, then each later one as it completes. `scan_type`: as the uploader
    said, else as the image itself does once it was read. `object_version`: that which was read or is to be; None while
    it is not known.
    """

    id: int
    patient_id: int
    uploaded_by: int
    task_id: int
    object_key: str
    scan_type: ScanType | None
    status: TaskStatus
    created_at: datetime
    completed_at: datetime | None = None
    result: Mapping[str, Any] | None = None
    failure: FailureReason | None = None
    failure_message: str | None = None
    object_version: str | None = None
    description: UploadDescription | None = None
    reading: Reading | None = None
