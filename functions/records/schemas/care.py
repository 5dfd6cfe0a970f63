"""Bodies and answers of care links and patients."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from functions.records.schemas.fields import Age, Prose
from functions.records.usecases.care import (
    AccessOverview,
    DepartmentAccess,
    GlassAccess,
    LinkedDoctor,
    LinkedPatient,
    NewConnectToken,
    PatientChart,
)
from scanward.domain.accounts import Account
from scanward.domain.care import Glass, is_in_words
from scanward.domain.patient_chart import ChartVersion
from scanward.web.fields import AnyGender, Body, NameText, NotBlank, Out, Printable


class ConnectTokenBody(Body):
    """`POST /patients/create-connect-token`. A week at most."""

    expires_in_minutes: Annotated[int, Field(ge=1, le=10_080)] = 60


class ConnectTokenOut(Out):
    """A token to hand to a patient; it is shown this once."""

    token: str
    expires_at: datetime
    doctor_id: int

    @classmethod
    def from_domain(cls, connect_token: NewConnectToken) -> Self:
        return cls(
            token=connect_token.token,
            expires_at=connect_token.connect_token.expires_at,
            doctor_id=connect_token.connect_token.professional_id,
        )


class ConnectBody(Body):
    """`POST /patients/connect-doctor/{connect_token}`: nothing, or the day until which the professional is let in."""

    ends_at: AwareDatetime | None = None


class LetInDoctorOut(Out):
    """A professional whom the patient let in."""

    id: int
    role: str
    is_active: bool
    email: str | None
    name: str | None
    since: datetime
    ends_at: datetime | None

    @classmethod
    def from_domain(cls, doctor: LinkedDoctor) -> Self:
        account, link = doctor.account, doctor.link
        return cls(
            id=account.id,
            role=account.role.value,
            is_active=account.is_active,
            email=account.names.email,
            name=account.full_name,
            since=link.since,
            ends_at=link.ends_at,
        )


class ViewerOut(Out):
    """Who can see a patient's data."""

    id: int
    role: str
    name: str | None

    @classmethod
    def from_domain(cls, account: Account) -> Self:
        return cls(id=account.id, role=account.role.value, name=account.full_name)


class DepartmentAccessOut(Out):
    """A department that the caller is in, and the doctors of it who see their data for that."""

    id: int
    name: str
    since: datetime
    doctors: list[ViewerOut]

    @classmethod
    def from_domain(cls, access: DepartmentAccess) -> Self:
        doctors = [ViewerOut.from_domain(one) for one in access.doctors]
        return cls(id=access.department.id, name=access.department.name, since=access.since, doctors=doctors)


class GlassAccessOut(Out):
    """A doctor who looks without having been let in, why, and until when."""

    doctor: ViewerOut
    reason: str
    since: datetime
    ends_at: datetime

    @classmethod
    def from_domain(cls, access: GlassAccess) -> Self:
        glass = access.glass
        return cls(
            doctor=ViewerOut.from_domain(access.account),
            reason=glass.reason,
            since=glass.opened_at,
            ends_at=glass.ends_at,
        )


class AccessOverviewOut(Out):
    """Everyone who can see the caller's data now, and why. Administrators can see everything."""

    doctors: list[LetInDoctorOut]
    departments: list[DepartmentAccessOut]
    broken_glass: list[GlassAccessOut]
    administrators: list[ViewerOut]

    @classmethod
    def from_domain(cls, overview: AccessOverview) -> Self:
        return cls(
            doctors=[LetInDoctorOut.from_domain(one) for one in overview.doctors],
            departments=[DepartmentAccessOut.from_domain(one) for one in overview.departments],
            broken_glass=[GlassAccessOut.from_domain(one) for one in overview.glasses],
            administrators=[ViewerOut.from_domain(one) for one in overview.administrators],
        )


class WithdrawnOut(Out):
    """What was done, and who can see the caller's data all the same."""

    message: str
    still_open: AccessOverviewOut


class ListedOut(Out):
    """A patient who let the caller in."""

    id: int
    role: str
    is_active: bool
    name: str | None
    since: datetime
    ends_at: datetime | None

    @classmethod
    def from_domain(cls, patient: LinkedPatient) -> Self:
        account, link = patient.account, patient.link
        return cls(
            id=account.id,
            role=account.role.value,
            is_active=account.is_active,
            name=account.full_name,
            since=link.since,
            ends_at=link.ends_at,
        )


class SheetBody(Body):
    """`PUT /patients/{patient_id}`: one field or more; `null` clears what was written."""

    name: NameText | None = None
    age: Age | None = None
    gender: AnyGender | None = None
    diagnosis: Prose | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("empty", "Give at least one of name, age, gender and diagnosis.")
        return self

    def fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}


class SheetOut(Out):
    """Who wrote the sheet last, and when."""

    version: int
    author_id: int
    at: datetime

    @classmethod
    def from_domain(cls, chart_version: ChartVersion) -> Self:
        return cls(version=chart_version.version, author_id=chart_version.author_id, at=chart_version.at)


class PatientSheetOut(Out):
    """A patient: what professionals keep of them, else what they say of themselves."""

    id: int
    role: str
    is_active: bool
    name: str | None
    age: int | None
    gender: str | None
    diagnosis: str | None
    sheet: SheetOut | None

    @classmethod
    def from_domain(cls, patient: PatientChart) -> Self:
        account, chart = patient.account, patient.chart
        age = chart.age if chart else None
        return cls(
            id=account.id,
            role=account.role.value,
            is_active=account.is_active,
            name=(chart.name if chart else None) or account.full_name,
            age=age if age is not None else account.age_on(datetime.now(UTC).date()),
            gender=(chart.gender if chart else None) or account.profile.gender,
            diagnosis=chart.diagnosis if chart and patient.shows_diagnosis else None,
            sheet=SheetOut.from_domain(chart) if chart else None,
        )


def in_words(text: str) -> str:
    """Return a text that says something, in any script."""
    if not is_in_words(text):
        raise PydanticCustomError("no_words", "Say in words why: two words and ten characters, or more.")
    return text


class GlassBody(Body):
    """`POST /patients/{patient_id}/break-glass`. The patient can read the reason.

    It is two words or more, ten characters in all; of Chinese, Japanese and Korean, four.
    """

    reason: Annotated[
        str, StringConstraints(min_length=4, max_length=500), Printable, NotBlank, AfterValidator(in_words)
    ]


class GlassOut(Out):
    """Until when a doctor without a link may look."""

    patient_id: int
    ends_at: datetime

    @classmethod
    def from_domain(cls, glass: Glass) -> Self:
        return cls(patient_id=glass.patient_id, ends_at=glass.ends_at)
