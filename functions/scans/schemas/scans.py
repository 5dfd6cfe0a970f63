"""Scans and tasks as contract B shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from functions.scans.schemas.uploads import Flag
from scanward.domain.ids import to_uuid
from scanward.domain.orders import ScanType
from scanward.domain.pagination import PageRequest
from scanward.domain.scans import Scan
from scanward.domain.tasks import FAILURE_TEXTS, Task, status_report
from scanward.web.fields import Body, Cursor, Line, Out


class ListQuery(Body):
    """Which part of a list."""

    limit: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: Cursor | None = None

    def page_request(self) -> PageRequest:
        """Return the part that is meant."""
        return PageRequest(self.limit, self.cursor)


class ScansQuery(ListQuery):
    """`patient_id`: whose scans, when they are not one's own."""

    patient_id: Line | None = None


class ImageQuery(Body):
    """`original`: the file as it was uploaded. `deidentified`: a DICOM file's copy that says nothing of a person.

    `text`: `blanked` for the copy with what looks like burned-in text blanked, `kept` for its pixels as they were.
    """

    original: Flag = False
    deidentified: Flag = False
    text: Literal["blanked", "kept"] = "blanked"


class CancelledOut(Out):
    """`POST /tasks/cancel/{task_id}`."""

    task_id: UUID
    status: str
    message: str


class FailureOut(Out):
    """Why a task failed: a reason from a closed list, and a sentence that says what is wrong with the image."""

    reason: str
    message: str

    @classmethod
    def of_scan(cls, scan: Scan) -> "FailureOut | None":
        if scan.failure is None:
            return None
        return cls(reason=scan.failure, message=scan.failure_message or FAILURE_TEXTS[scan.failure])  # older rows: none


class ScanOut(Out):
    """A scan. `result` once it is COMPLETED, `failure` once it is FAILED.

    `scan_type` is that of the document's own sample until a caller or the image itself says another.
    """

    id: int
    patient_id: int
    scan_type: str
    status: str
    result: dict[str, Any] | None
    failure: FailureOut | None
    created_at: datetime
    completed_at: datetime | None
    task_id: UUID

    @classmethod
    def from_domain(cls, scan: Scan) -> "ScanOut":
        return cls.model_construct(
            id=scan.id,
            patient_id=scan.patient_id,
            scan_type=scan.scan_type or ScanType.XRAY,
            status=scan.status.value,
            result=dict(scan.result) if scan.result is not None else None,
            failure=FailureOut.of_scan(scan),
            created_at=scan.created_at,
            completed_at=scan.completed_at,
            task_id=to_uuid(scan.task_id),
        )


class TaskResultOut(Out):
    """What a finished task found."""

    type: Literal["analysis"]
    data: dict[str, Any]


class TaskOut(Out):
    """Where a task is. `version` grows with each change; pushes carry it too."""

    task_id: UUID
    scan_id: UUID
    status: str
    progress: int
    message: str
    version: int
    result: TaskResultOut | None
    failure: FailureOut | None = None

    @classmethod
    def from_domain(cls, task: Task) -> "TaskOut":
        return cls(task_id=to_uuid(task.id), scan_id=to_uuid(task.scan_id), **status_report(task))
