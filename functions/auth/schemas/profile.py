"""The profile of each role, in contract E's columns and what else somebody says of themselves."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from functions.auth.schemas.columns import UserOut
from functions.auth.schemas.fields import (
    Address,
    AnyGender,
    BirthDate,
    BloodType,
    Called,
    Email,
    EmergencyNumbers,
    Paragraph,
    Phone,
)
from scanward.domain.accounts import Account, Profile, Role
from scanward.errors import InvalidFields
from scanward.web.fields import NOT_KNOWN, Body

_PERSON = {"first_name", "last_name", "full_name", "gender", "birth_date", "age", "address", "blood_type"}
_PERSON |= {"emergency_numbers", "married"}
_CONTACT = {"email", "phone"}
EDITABLE: Mapping[Role, frozenset[str]] = MappingProxyType(
    {
        Role.PATIENT: frozenset(_CONTACT | _PERSON),
        Role.DOCTOR: frozenset(_CONTACT | _PERSON | {"bio", "specialty", "is_private", "practice_address"}),
        Role.HOSPITAL: frozenset(_CONTACT | {"name", "practice_address"}),
        Role.LAB: frozenset(_CONTACT | {"name", "practice_address"}),
        Role.ADMIN: frozenset(_CONTACT | {"full_name", "first_name", "last_name"}),
    }
)


class ProfileBody(Body):
    """`PATCH /api/profile`: what is given is changed, null clears it. Each role has its own fields."""

    email: Email | None = None
    phone: Phone | None = None
    full_name: Called | None = None
    first_name: Called | None = None
    last_name: Called | None = None
    name: Called | None = None
    gender: AnyGender | None = None
    birth_date: BirthDate | None = None
    age: Annotated[int, Field(ge=0, le=150)] | None = None
    address: Address | None = None
    blood_type: BloodType | None = None
    emergency_numbers: EmergencyNumbers | None = None
    married: bool | None = None
    bio: Paragraph | None = None
    specialty: Called | None = None
    is_private: bool | None = None
    practice_address: Address | None = None

    @field_validator("email")
    @classmethod
    def _stays(cls, email: str | None) -> str | None:
        if email is None:
            raise PydanticCustomError("cleared", "This field may not be null.")
        return email

    def change(self, role: Role) -> Callable[[Profile], Profile]:
        """The change that is wanted of a profile. Raises InvalidFields for fields of other roles."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if foreign := foreign_fields(role, given):
            raise InvalidFields(foreign)
        if "emergency_numbers" in given:
            given["emergency_numbers"] = given["emergency_numbers"] or ()
        given.pop("email", None)
        return lambda profile: replace(profile, **given)


def foreign_fields(role: Role, sent: Any) -> dict[str, list[str]]:
    """Field → text, of those that are another role's."""
    known = ProfileBody.model_fields.keys() - EDITABLE[role]
    return {name: [NOT_KNOWN] for name in sent if name in known} if isinstance(sent, dict) else {}


class AdministratorProfileOut(UserOut):
    """An administrator's profile."""

    username: str | None
    first_name: str | None
    last_name: str | None


class PatientProfileOut(AdministratorProfileOut):
    """A patient's profile."""

    carte_id: str | None
    registration_id: str | None
    gender: str | None
    birth_date: date | None
    age: int | None
    address: str | None
    blood_type: str | None
    emergency_numbers: tuple[str, ...]
    married: bool | None


class DoctorProfileOut(PatientProfileOut):
    """A doctor's profile."""

    bio: str | None
    specialty: str | None
    is_private: bool | None
    practice_address: str | None
    is_approved: bool


class OrganisationProfileOut(UserOut):
    """A hospital's or lab's profile."""

    name: str | None
    carte_id: str | None
    practice_address: str | None
    is_approved: bool


ProfileOut = AdministratorProfileOut | PatientProfileOut | DoctorProfileOut | OrganisationProfileOut
_PROFILES: Mapping[Role, type[ProfileOut]] = MappingProxyType(
    {
        Role.PATIENT: PatientProfileOut,
        Role.DOCTOR: DoctorProfileOut,
        Role.HOSPITAL: OrganisationProfileOut,
        Role.LAB: OrganisationProfileOut,
        Role.ADMIN: AdministratorProfileOut,
    }
)


def profile_of(account: Account) -> ProfileOut:
    """The profile of an account, with the fields of its role."""
    return _PROFILES[account.role].of(account)
