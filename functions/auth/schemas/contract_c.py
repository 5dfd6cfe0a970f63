"""Bodies and answers of contract C: patients and doctors, hospitals and labs, and their logins."""

from dataclasses import replace
from datetime import date
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from functions.auth.schemas.fields import (
    Address,
    BirthDate,
    BloodType,
    Email,
    EmergencyNumbers,
    Identifier,
    NewPassword,
    Paragraph,
    Phone,
    RecoveryCodesLeft,
    ShownCode,
    ShownName,
    ShownPassword,
)
from functions.auth.usecases.registration import Registration
from functions.auth.usecases.sessions import Login, SignedIn
from scanward.domain.accounts import Account, Names, Profile, Role
from scanward.domain.ids import to_uuid
from scanward.web.fields import AnyGender, Body, NameText, Out


class PersonBody(Body):
    """`POST /api/user/register`, and the profile of a doctor's."""

    carte_id: Identifier
    email: Email
    password: NewPassword
    first_name: NameText
    last_name: NameText
    birth_date: BirthDate | None = None
    numero_tel: Phone | None = None
    address: Address | None = None
    blood_type: BloodType | None = None
    gender: AnyGender | None = None
    emergency_numbers: EmergencyNumbers | None = None
    married: bool | None = None

    def to_command(self) -> Registration:
        return Registration(Role.PATIENT, self.names(), self.to_profile(), self.password)

    def names(self) -> Names:
        return Names(email=self.email, carte_id=self.carte_id)

    def to_profile(self) -> Profile:
        return Profile(
            first_name=self.first_name,
            last_name=self.last_name,
            phone=self.numero_tel,
            gender=self.gender,
            birth_date=self.birth_date,
            address=self.address,
            blood_type=self.blood_type,
            emergency_numbers=self.emergency_numbers or (),
            married=self.married,
        )


class DoctorBody(Body):
    """`POST /api/doctor/register`. `address` is where the doctor works."""

    profile: PersonBody
    bio: Paragraph | None = None
    specialite: NameText | None = None
    is_private: bool | None = Field(default=None, alias="isPrivee")
    address: Address | None = None

    def to_command(self) -> Registration:
        profile = replace(
            self.profile.to_profile(),
            bio=self.bio,
            specialty=self.specialite,
            is_private=self.is_private,
            practice_address=self.address,
        )
        return Registration(Role.DOCTOR, self.profile.names(), profile, self.profile.password)


class RoleLoginBody(Body):
    """`POST /api/{user,doctor,hospital,labo}/login`. `one_time_password`: or a recovery code."""

    email: ShownName
    password: ShownPassword
    one_time_password: ShownCode | None = None

    def to_login(self, role: Role) -> Login:
        return Login("email", self.email, self.password, role=role, approved=True, code=self.one_time_password)


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
    def from_domain(cls, account: Account) -> Self:
        return cls(**person(account))


class PatientOut(PersonOut):
    """A patient and the tokens of the first session."""

    access: str
    refresh: str
    is_patient: Literal[True] = Field(default=True, serialization_alias="isPatient")

    @classmethod
    def from_sign_in(cls, signed_in_account: SignedIn) -> Self:
        account = signed_in_account.account
        return cls(access=signed_in_account.access, refresh=signed_in_account.refresh, **person(account))


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
    def from_sign_in(cls, signed_in_account: SignedIn) -> Self:
        account = signed_in_account.account
        return cls(
            profile=PersonOut.from_domain(account),
            id=to_uuid(account.id),
            refresh=signed_in_account.refresh,
            access=signed_in_account.access,
            specialite=account.profile.specialty,
            bio=account.profile.bio,
            is_approved=account.is_approved,
            doctor_address=account.profile.practice_address,
        )


def person(account: Account) -> dict[str, Any]:
    """Return a person in C's words."""
    names, profile = account.names, account.profile
    return {
        "id": to_uuid(account.id),
        "carte_id": names.carte_id,
        "email": names.email,
        "first_name": profile.first_name,
        "last_name": profile.last_name,
        "birth_date": profile.birth_date,
        "numero_tel": profile.phone,
        "address": profile.address,
        "blood_type": profile.blood_type,
        "gender": profile.gender.capitalize() if profile.gender else None,
        "emergency_numbers": profile.emergency_numbers,
    }


class OrganisationProfileBody(Body):
    """How an organisation is known and signs in."""

    carte_id: Identifier
    email: Email
    password: NewPassword


class OrganisationBody(Body):
    """What hospitals and labs register with alike."""

    profile: OrganisationProfileBody
    name: NameText | None = None

    def registration(self, role: Role, phone: str | None, address: str | None) -> Registration:
        names = Names(email=self.profile.email, carte_id=self.profile.carte_id)
        profile = Profile(name=self.name, phone=phone, practice_address=address)
        return Registration(role, names, profile, self.profile.password)


class HospitalBody(OrganisationBody):
    """`POST /api/hospital/register`."""

    hospital_number: Phone | None = None
    hospital_address: Address | None = None

    def to_command(self) -> Registration:
        return self.registration(Role.HOSPITAL, self.hospital_number, self.hospital_address)


class LaboBody(OrganisationBody):
    """`POST /api/labo/register`."""

    labo_number: Phone | None = None
    labo_address: Address | None = None
    is_labo: Literal[True] = Field(default=True, alias="isLabo")

    def to_command(self) -> Registration:
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
    def from_sign_in(cls, signed_in_account: SignedIn) -> Self:
        profile = signed_in_account.account.profile
        common_fields = _common_fields(signed_in_account, "Hospital Profile")
        return cls(hospital_address=profile.practice_address, hospital_number=profile.phone, **common_fields)


class LaboOut(OrganisationOut):
    """A lab. `isLabOorRad` is the document's spelling."""

    labo_address: str | None
    labo_number: str | None
    is_labo: Literal[True] = Field(default=True, serialization_alias="isLabo")
    is_labo_or_radiology: Literal[True] = Field(default=True, serialization_alias="isLabOorRad")

    @classmethod
    def from_sign_in(cls, signed_in_account: SignedIn) -> Self:
        profile = signed_in_account.account.profile
        common_fields = _common_fields(signed_in_account, "Labo Profile")
        return cls(labo_address=profile.practice_address, labo_number=profile.phone, **common_fields)


def _common_fields(signed_in_account: SignedIn, label: str) -> dict[str, Any]:
    account = signed_in_account.account
    return {
        "profile": _as_person(account, label),
        "id": to_uuid(account.id),
        "name": account.profile.name,
        "refresh": signed_in_account.refresh,
        "access": signed_in_account.access,
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


class RoleLoginOut(Out):
    """The tokens of a new session. `recovery_codes_left`: only when one of them opened it."""

    access: str
    refresh: str
    id: UUID
    recovery_codes_left: RecoveryCodesLeft = None

    @classmethod
    def from_sign_in(cls, login: SignedIn) -> Self:
        left = login.recovery_codes_left
        return cls(access=login.access, refresh=login.refresh, id=to_uuid(login.account.id), recovery_codes_left=left)


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
