"""Answers of contract C's logins: each says which kind of account came in."""

from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from functions.auth.usecases.sessions import SignedIn
from scanward.domain.ids import to_uuid
from scanward.web.fields import Out


class RoleLoginOut(Out):
    """The tokens of a new session."""

    access: str
    refresh: str
    id: UUID

    @classmethod
    def opened(cls, opened: SignedIn) -> Self:
        return cls(access=opened.access, refresh=opened.refresh, id=to_uuid(opened.account.id))


class PatientLoginOut(RoleLoginOut):
    """A patient's."""

    is_patient: Literal[True] = Field(default=True, serialization_alias="isPatient")


class DoctorLoginOut(RoleLoginOut):
    """A doctor's."""

    is_doctor: Literal[True] = Field(default=True, serialization_alias="isDoctor")


class HospitalLoginOut(RoleLoginOut):
    """A hospital's."""

    is_hospital: Literal[True] = Field(default=True, serialization_alias="isHospital")


class LaboLoginOut(RoleLoginOut):
    """A lab's. `isLabOorRad` is the document's spelling."""

    is_labo: Literal[True] = Field(default=True, serialization_alias="isLabo")
    is_labo_or_radiology: Literal[True] = Field(default=True, serialization_alias="isLabOorRad")
