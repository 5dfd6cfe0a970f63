"""What a caller orders when an image is to be analysed."""

from dataclasses import dataclass
from enum import StrEnum


class Priority(StrEnum):
    """The queue an upload waits in; it is part of the object key, so S3 itself routes it."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ScanType(StrEnum):
    """The kind of study, when the uploader said it."""

    XRAY = "XRAY"
    CT = "CT"
    MRI = "MRI"


class ReportStyle(StrEnum):
    """Whom the result speaks to: a patient, or a radiologist."""

    FRIENDLY = "friendly"
    EXPERT = "expert"


@dataclass(frozen=True, slots=True)
class Order:
    """How an image is to be read. None where nothing was said; `model` names one of those at hand.

    `include_suggestions`: whether a friendly reading says what clinicians consider for what was found.
    """

    priority: Priority = Priority.MEDIUM
    report_style: ReportStyle | None = None
    scan_type: ScanType | None = None
    model: str | None = None
    additional_notes: str | None = None
    include_suggestions: bool = True
