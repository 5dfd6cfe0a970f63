"""Bodies and answers of contract C for hospitals and labs, which it gives a person's profile."""

from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from functions.auth.schemas.fields import Address, Email, Identifier, NewPassword, Phone
from functions.auth.schemas.people_answers import PersonOut
from functions.auth.usecases.registration import Registration
from functions.auth.usecases.sessions import SignedIn
from scanward.domain.accounts import Account, Names, Profile, Role
from scanward.domain.ids import to_uuid
from scanward.web.fields import Body, Called, Out


class OrganisationProfileBody(Body):
    """How an organisation is known and signs in."""

    carte_id: Identifier
    email: Email
    password: NewPassword


class OrganisationBody(Body):
    """What hospitals and labs register with alike."""

    profile: OrganisationProfileBody
    name: Called | None = None

    def registration(self, role: Role, phone: str | None, address: str | None) -> Registration:
        names = Names(email=self.profile.email, carte_id=self.profile.carte_id)
        said = Profile(name=self.name, phone=phone, practice_address=address)
        return Registration(role, names, said, self.profile.password)


class HospitalBody(OrganisationBody):
    """`POST /api/hospital/register`."""

    hospital_number: Phone | None = None
    hospital_address: Address | None = None

    def wanted(self) -> Registration:
        return self.registration(Role.HOSPITAL, self.hospital_number, self.hospital_address)


class LaboBody(OrganisationBody):
    """`POST /api/labo/register`."""

    labo_number: Phone | None = None
    labo_address: Address | None = None
    is_labo: Literal[True] = Field(default=True, alias="isLabo")

    def wanted(self) -> Registration:
        return self.registration(Role.LAB, self.labo_number, self.labo_address)


class OrganisationOut(Out):
    """What hospitals and labs are shown by alike, with the tokens of the first session."""

    profile: PersonOut
    id: UUID
    name: str | None
    refresh: str
    access: str
    is_approved: bool


class HospitalOut(OrganisationOut):
    """A hospital."""

    hospital_address: str | None
    hospital_number: str | None
    is_hospital: Literal[True] = Field(default=True, serialization_alias="isHospital")

    @classmethod
    def opened(cls, opened: SignedIn) -> Self:
        said = opened.account.profile
        shared = _shared(opened, "Hospital Profile")
        return cls(hospital_address=said.practice_address, hospital_number=said.phone, **shared)


class LaboOut(OrganisationOut):
    """A lab. `isLabOorRad` is the document's spelling."""

    labo_address: str | None
    labo_number: str | None
    is_labo: Literal[True] = Field(default=True, serialization_alias="isLabo")
    is_labo_or_radiology: Literal[True] = Field(default=True, serialization_alias="isLabOorRad")

    @classmethod
    def opened(cls, opened: SignedIn) -> Self:
        said = opened.account.profile
        return cls(labo_address=said.practice_address, labo_number=said.phone, **_shared(opened, "Labo Profile"))


def _shared(opened: SignedIn, label: str) -> dict[str, Any]:
    account = opened.account
    return {
        "profile": _as_person(account, label),
        "id": to_uuid(account.id),
        "name": account.profile.name,
        "refresh": opened.refresh,
        "access": opened.access,
        "is_approved": account.is_approved,
    }


def _as_person(account: Account, label: str) -> PersonOut:
    return PersonOut(
        id=to_uuid(account.id),
        carte_id=account.names.carte_id,
        email=account.names.email,
        first_name=account.profile.name,
        last_name=label,
    )
