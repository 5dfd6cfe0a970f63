"""Bodies and answers of the scan, task and file routes, as contract B spells them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from scanward.domain.failures import FAILURE_TEXTS
from scanward.domain.ids import to_uuid
from scanward.domain.scans import Scan
from scanward.domain.tasks import Task, report
from scanward.stores.objects import PresignedPost
from scanward.web.fields import Body, Line, Out


class Upload(Body):
    """The fields beside the file of `POST /scans/`: none yet are documented there."""


class UploadStart(Body):
    """`POST /scans/uploads`. The name is for the uploader's own use: it is neither kept nor made part of a key."""

    filename: Line
    content_type: Literal["image/jpeg", "image/png", "application/dicom"]


class UploadOut(Out):
    """A new scan, its task, and the token that stands for the task."""

    scan_id: UUID
    task_id: UUID
    task_token: str


class FormOut(Out):
    """A form for S3: send `fields`, then the file as `file`, to `url`."""

    url: str
    fields: dict[str, str]


class UploadStartOut(UploadOut):
    """The same, with where to send the file."""

    upload: FormOut

    @classmethod
    def of(cls, scan_id: int, task_id: int, task_token: str, form: PresignedPost) -> "UploadStartOut":
        return cls(
            scan_id=to_uuid(scan_id),
            task_id=to_uuid(task_id),
            task_token=task_token,
            upload=FormOut(url=form.url, fields=form.fields),
        )


class FailureOut(Out):
    """Why a task failed: a reason from a closed list, and its text."""

    reason: str
    message: str


class ScanOut(Out):
    """A scan. `result` once it is COMPLETED, `failure` once it is FAILED."""

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
    def of(cls, scan: Scan) -> "ScanOut":
        failure = FailureOut(reason=scan.failure, message=FAILURE_TEXTS[scan.failure]) if scan.failure else None
        return cls.model_construct(
            id=scan.id,
            patient_id=scan.patient_id,
            scan_type=scan.scan_type.value,
            status=scan.status.value,
            result=dict(scan.result) if scan.result is not None else None,
            failure=failure,
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
    status: str
    progress: int
    message: str
    version: int
    result: TaskResultOut | None
    failure: FailureOut | None = None

    @classmethod
    def of(cls, task: Task) -> "TaskOut":
        return cls(task_id=to_uuid(task.id), **report(task))
