"""Bodies and answers of care links."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, Field

from functions.records.usecases.care import Doctor, HandedOut
from scanward.web.fields import Body, Out


class ConnectTokenBody(Body):
    """`POST /patients/create-connect-token`. A week at most."""

    expires_in_minutes: Annotated[int, Field(ge=1, le=10_080)] = 60


class ConnectTokenOut(Out):
    """A token to hand to a patient; it is shown this once."""

    token: str
    expires_at: datetime
    doctor_id: int

    @classmethod
    def of(cls, made: HandedOut) -> Self:
        return cls(token=made.token, expires_at=made.kept.expires_at, doctor_id=made.kept.professional_id)


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
    def of(cls, doctor: Doctor) -> Self:
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
