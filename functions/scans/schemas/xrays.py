"""X-rays as contract E's table has them, and treatment suggestions as contract B spells them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from functions.scans.schemas.scans import FailureOut, ListQuery
from functions.scans.schemas.uploads import ContentType, FormOut, Id, OrderBody, PriorityText, priority_of
from functions.scans.usecases.orders import AcceptedOrder
from functions.scans.usecases.treatment import Advice, TreatmentCase
from functions.scans.usecases.uploads import UploadCommand
from scanward.domain.accounts import Actor, Role
from scanward.domain.ids import parse_id, to_uuid
from scanward.domain.scans import Reading, Scan, UploadDescription
from scanward.errors import InvalidFields
from scanward.stores.s3 import PresignedPost
from scanward.web.fields import Body, Line, Out, Printable


class TreatmentBody(Body):
    """`POST /xray/suggest-treatment`. What is not said of the person is not guessed."""

    analysis_task_id: Annotated[str, StringConstraints(min_length=1, max_length=2048), Printable]
    symptoms: Annotated[str, StringConstraints(max_length=4000), Printable] | None = None
    patient_age: Annotated[int, Field(ge=0, le=150)] | None = None
    patient_gender: Annotated[str, StringConstraints(max_length=40), Printable] | None = None

    def to_command(self) -> TreatmentCase:
        """Return the case that is meant."""
        return TreatmentCase(self.analysis_task_id, self.symptoms, self.patient_age, self.patient_gender)


class SourceOut(Out):
    """Where a suggestion is taken from."""

    title: str
    publisher: str
    year: int
    identifier: str
    url: str


class SuggestionOut(Out):
    """What clinicians consider for one finding. `confidence`: the model's score, in 0…1."""

    condition: str
    confidence: float
    treatment: str
    precautions: str
    sources: list[SourceOut]
    red_flags: list[str]


class TreatmentOut(Out):
    """Suggestions, the most likely finding first. `red_flags`: what the symptoms alone call for.

    `reason`: why there are no suggestions, if there are none.
    """

    suggestions: list[SuggestionOut]
    disclaimer: str
    red_flags: list[str]
    reason: str | None

    @classmethod
    def from_domain(cls, advice: Advice) -> "TreatmentOut":
        suggestions = [SuggestionOut.model_validate(suggestion.to_dict()) for suggestion in advice.suggestions]
        return cls(
            suggestions=suggestions,
            disclaimer=advice.disclaimer,
            red_flags=list(advice.red_flags),
            reason=advice.reason,
        )


Text = Annotated[str, StringConstraints(max_length=10_000), Printable]


class XrayBody(OrderBody):
    """`POST /api/xrays`: the table's fields, and what every way of uploading takes. The image is the form's file.

    `user_id`: the table's name of `patient_id`.
    """

    name_of_xray: Line
    description_of_xray: Text | None = None
    type_of_xray: Line | None = None
    result_of_xray: Text | None = None
    user_id: Id | None = None
    patient_id: Id | None = None

    def to_command(self, actor: Actor) -> UploadCommand:
        """Return what the uploader says.

        Raises InvalidFields for a reading that is no doctor's and for two patients, NotFound for an unknown id.
        """
        errors = {}
        if self.result_of_xray and actor.role is not Role.DOCTOR:
            errors["result_of_xray"] = ["Only a doctor may say what an X-ray shows."]
        ids = [name for name in (self.user_id, self.patient_id) if name]
        if len(set(map(parse_id, ids))) > 1:
            errors["patient_id"] = ["This is not whom user_id names."]
        if errors:
            raise InvalidFields(errors)
        about = UploadDescription(self.name_of_xray, self.description_of_xray, self.type_of_xray)
        return UploadCommand(self.to_order(), next(iter(ids), None), about, self.result_of_xray or None)


class XrayStart(XrayBody):
    """The same, for an image that is sent straight to S3."""

    content_type: ContentType


class ReadingBody(Body):
    """`PUT /api/unique_xray/{id}`."""

    result_of_xray: Annotated[str, StringConstraints(min_length=1, max_length=10_000), Printable]


class XraysQuery(ListQuery):
    """Which part of a patient's X-rays: descriptions and readings are long, and an answer may not be."""

    limit: Annotated[int, Field(ge=1, le=25)] = 25


class ReadingOut(Out):
    """What a doctor read in an X-ray, and when."""

    result_of_xray: str
    doctor_id: int
    created_at: datetime

    @classmethod
    def from_domain(cls, reading: Reading) -> "ReadingOut":
        return cls(result_of_xray=reading.text, doctor_id=reading.doctor_id, created_at=reading.at)


class XrayOut(Out):
    """One row of the table, and where the model's analysis is.

    `result_of_xray`: what a doctor reads in it, None until one does. `analysis`: what the model does, once it is done;
    `failure`: why it is not.
    `image_of_xray`: the path of the image, below the API's root.
    """

    id: int
    name_of_xray: str | None
    description_of_xray: str | None
    result_of_xray: str | None
    type_of_xray: str | None
    image_of_xray: str
    user_id: int
    created_at: datetime
    updated_at: datetime
    doctor_id: int | None
    status: str
    task_id: UUID
    analysis: dict[str, Any] | None
    failure: FailureOut | None

    @classmethod
    def from_domain(cls, scan: Scan) -> "XrayOut":
        return cls(**_columns(scan))


class XrayOrderOut(XrayOut):
    """A new row. `priority`: what its analysis got. `priority_reduced`: the day's orders of priority HIGH are used up,
    and it is MEDIUM.
    """

    priority: PriorityText
    priority_reduced: bool

    @classmethod
    def from_order(cls, scan: Scan, accepted_order: AcceptedOrder[Scan]) -> "XrayOrderOut":
        return cls(**_columns(scan), **priority_of(accepted_order))


class XrayStartOut(XrayOrderOut):
    """The same, with where to send the image."""

    task_token: str
    upload: FormOut = Field(description="a form for S3")

    @classmethod
    def from_upload(cls, scan: Scan, accepted_order: AcceptedOrder[Scan], form: PresignedPost) -> "XrayStartOut":
        return cls(
            **_columns(scan),
            **priority_of(accepted_order),
            task_token=accepted_order.task_token,
            upload=FormOut.from_domain(form),
        )


def _columns(scan: Scan) -> dict[str, Any]:
    about, reading = scan.description, scan.reading
    times = [scan.created_at, scan.completed_at, reading.at if reading else None]
    return {
        "id": scan.id,
        "name_of_xray": about.name if about else None,
        "description_of_xray": about.description if about else None,
        "result_of_xray": reading.text if reading else None,
        "type_of_xray": about.part if about else None,
        "image_of_xray": f"/files/images/{scan.id}",
        "user_id": scan.patient_id,
        "created_at": scan.created_at,
        "updated_at": max(time for time in times if time),
        "doctor_id": reading.doctor_id if reading else None,
        "status": scan.status.value,
        "task_id": to_uuid(scan.task_id),
        "analysis": dict(scan.result) if scan.result is not None else None,
        "failure": FailureOut.of_scan(scan),
    }
