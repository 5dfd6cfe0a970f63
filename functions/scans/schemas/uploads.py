"""What every way of uploading takes beside the image, and what each answers."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

from functions.scans.usecases.orders import AcceptedOrder
from functions.scans.usecases.uploads import UploadCommand
from scanward.domain.ids import to_uuid
from scanward.domain.image_formats import explain_content_type, normalise_content_type
from scanward.domain.orders import Order, Priority, ReportStyle, ScanType
from scanward.stores.s3 import PresignedPost
from scanward.web.fields import Body, Line, Out, Printable


def _to_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _to_flag(value: Any) -> Any:
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


Id = Annotated[Line, BeforeValidator(_to_text)]
"""An id in either spelling."""


def _to_content_type(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if sentence := explain_content_type(value):
        raise PydanticCustomError("content_type", "{sentence}", {"sentence": sentence})
    return normalise_content_type(value)


ContentType = Annotated[Literal["image/jpeg", "image/png", "application/dicom"], BeforeValidator(_to_content_type)]
"""Of a file that is sent straight to S3; upper case, parameters and `image/jpg` mean what they do elsewhere."""

Flag = Annotated[bool, BeforeValidator(_to_flag)]
Notes = Annotated[str, StringConstraints(max_length=4000), Printable]
PriorityText = Literal["LOW", "MEDIUM", "HIGH"]


class OrderBody(Body):
    """`analysis`: whom the result speaks to. `model`: one of those that GET /models lists."""

    analysis: Literal["friendly", "expert"] | None = None
    priority: PriorityText = "MEDIUM"
    additional_notes: Notes | None = None
    include_suggestions: Flag = True
    scan_type: Literal["XRAY", "CT", "MRI"] | None = None
    model: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")] | None = None

    def to_order(self) -> Order:
        """Return the order that is meant."""
        return Order(
            priority=Priority[self.priority],
            report_style=ReportStyle(self.analysis) if self.analysis else None,
            scan_type=ScanType(self.scan_type) if self.scan_type else None,
            model=self.model,
            additional_notes=self.additional_notes or None,
            include_suggestions=self.include_suggestions,
        )


class UploadBody(OrderBody):
    """`patient_id`: whose image it is, when it is not the uploader's."""

    patient_id: Id | None = None

    def to_command(self, *, estimates_time: bool = False) -> UploadCommand:
        """Return what the uploader says, and whether the answer tells how long it may take."""
        return UploadCommand(self.to_order(), self.patient_id, estimates_time=estimates_time)


class FriendlyBody(UploadBody):
    """`POST /xray/friendly-analysis`."""

    analysis: Literal["friendly"] = "friendly"


class ExpertBody(UploadBody):
    """`POST /xray/expert-analysis`."""

    analysis: Literal["expert"] = "expert"


class UploadStart(UploadBody):
    """`POST /scans/uploads`. The name is for the uploader's own use: it is neither kept nor made part of a key."""

    filename: Line
    content_type: ContentType


def priority_of(accepted_order: AcceptedOrder[Any]) -> dict[str, Any]:
    """Return what an answer says of the priority that an order got."""
    return {"priority": accepted_order.priority.name, "priority_reduced": accepted_order.is_reduced}


class UploadOut(Out):
    """A new scan, its task, and the token that stands for the task.

    `priority`: what it got. `priority_reduced`: it is MEDIUM, since the day's orders of priority HIGH are used up.
    """

    scan_id: UUID
    task_id: UUID
    task_token: str
    priority: PriorityText
    priority_reduced: bool

    @classmethod
    def from_domain(cls, accepted_order: AcceptedOrder[Any], **more: Any) -> Self:
        ids = {"scan_id": to_uuid(accepted_order.scan_id), "task_id": to_uuid(accepted_order.task_id)}
        return cls(**ids, task_token=accepted_order.task_token, **priority_of(accepted_order), **more)


class FormOut(Out):
    """A form for S3: send `fields`, then the file as `file`, to `url`."""

    url: str
    fields: dict[str, str]

    @classmethod
    def from_domain(cls, form: PresignedPost) -> "FormOut":
        return cls(url=form.url, fields=form.fields)


class UploadStartOut(UploadOut):
    """The same, with where to send the file."""

    upload: FormOut


class FriendlyOut(UploadOut):
    """`POST /xray/friendly-analysis`."""

    estimated_time: str


class ExpertOut(UploadOut):
    """`POST /xray/expert-analysis`."""

    estimated_time: str


class AgainOut(UploadOut):
    """`POST /scans/{scan_id}/analyses`."""

    estimated_time: str
