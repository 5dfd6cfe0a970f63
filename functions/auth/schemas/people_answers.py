"""Answers of contract C for people: patients, and doctors with a profile nested."""

from datetime import date
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from functions.auth.usecases.sessions import SignedIn
from scanward.domain.accounts import Account
from scanward.domain.ids import to_uuid
from scanward.web.fields import Out


class PersonOut(Out):
    """A person, as C shows it; absent answers are null, never invented."""

    id: UUID
    carte_id: str | None
    email: str | None
    first_name: str | None
    last_name: str | None
    birth_date: date | None = None
    numero_tel: str | None = None
    address: str | None = None
    blood_type: str | None = None
    gender: str | None = None
    image: str | None = None
    emergency_numbers: tuple[str, ...] = ()

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls(**person(account))


class PatientOut(PersonOut):
    """A patient and the tokens of the first session."""

    access: str
    refresh: str
    is_patient: Literal[True] = Field(default=True, serialization_alias="isPatient")

    @classmethod
    def opened(cls, opened: SignedIn) -> Self:
        return cls(access=opened.access, refresh=opened.refresh, **person(opened.account))


class DoctorOut(Out):
    """A doctor and the tokens of the first session."""

    profile: PersonOut
    id: UUID
    is_doctor: Literal[True] = Field(default=True, serialization_alias="isDoctor")
    refresh: str
    access: str
    specialite: str | None
    bio: str | None
    is_approved: bool
    doctor_address: str | None

    @classmethod
    def opened(cls, opened: SignedIn) -> Self:
        account = opened.account
        return cls(
            profile=PersonOut.of(account),
            id=to_uuid(account.id),
            refresh=opened.refresh,
            access=opened.access,
            specialite=account.profile.specialty,
            bio=account.profile.bio,
            is_approved=account.is_approved,
            doctor_address=account.profile.practice_address,
        )


def person(account: Account) -> dict[str, Any]:
    """A person in C's words."""
    names, said = account.names, account.profile
    return {
        "id": to_uuid(account.id),
        "carte_id": names.carte_id,
        "email": names.email,
        "first_name": said.first_name,
        "last_name": said.last_name,
        "birth_date": said.birth_date,
        "numero_tel": said.phone,
        "address": said.address,
        "blood_type": said.blood_type,
        "gender": said.gender.capitalize() if said.gender else None,
        "emergency_numbers": said.emergency_numbers,
    }
