"""Bodies and answers of contract E: the columns of its Users table, and the profile of each role."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from functions.auth.schemas.fields import (
    Address,
    BirthDate,
    BloodType,
    Email,
    EmergencyNumbers,
    NewPassword,
    Paragraph,
    Phone,
)
from functions.auth.usecases.registration import Registration
from scanward.domain.accounts import Account, Names, Profile, Role
from scanward.errors import InvalidFields
from scanward.web.fields import NOT_KNOWN, AnyGender, Body, NameText, Out


class UserBody(Body):
    """`POST /api/register` with a `usertype`."""

    full_name: NameText
    email: Email
    phone: Phone | None = None
    usertype: Literal["patient", "doctor"]
    password: NewPassword

    def to_command(self) -> Registration:
        profile = Profile(full_name=self.full_name, phone=self.phone)
        return Registration(Role(self.usertype.upper()), Names(email=self.email), profile, self.password)


class UserOut(Out):
    """An account in E's columns. `usertype` is also hospital, lab or admin."""

    id: int
    full_name: str | None
    email: str | None
    phone: str | None
    usertype: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_domain(cls, account: Account, image: str | None = None) -> Self:
        """Return the columns. `image`: an address of the account's picture; only profiles show it."""
        payload: dict[str, Any] = {**asdict(account.profile), **asdict(account.names)}
        payload |= {"id": account.id, "full_name": account.full_name, "usertype": account.role.value.lower()}
        payload |= {"created_at": account.created_at, "updated_at": account.updated_at}
        payload |= {"age": account.age_on(datetime.now(UTC).date()), "is_approved": account.is_approved}
        payload["image"] = image
        return cls(**{name: payload[name] for name in cls.model_fields})


_PERSON = {"first_name", "last_name", "full_name", "gender", "birth_date", "age", "address", "blood_type"}
_PERSON |= {"emergency_numbers", "married", "image"}
_CONTACT = {"email", "phone"}
EDITABLE: Mapping[Role, frozenset[str]] = MappingProxyType(
    {
        Role.PATIENT: frozenset(_CONTACT | _PERSON),
        Role.DOCTOR: frozenset(_CONTACT | _PERSON | {"bio", "specialty", "is_private", "practice_address"}),
        Role.HOSPITAL: frozenset(_CONTACT | {"name", "practice_address", "image"}),
        Role.LAB: frozenset(_CONTACT | {"name", "practice_address", "image"}),
        Role.ADMIN: frozenset(_CONTACT | {"full_name", "first_name", "last_name"}),
    }
)
_IMAGE = {"nullable": True, "description": "null clears it; a picture comes as a file of a form"}


class ProfileBody(Body):
    """`PATCH /api/profile`: what is given is changed, null clears it. Each role has its own fields."""

    email: Email | None = None
    phone: Phone | None = None
    full_name: NameText | None = None
    first_name: NameText | None = None
    last_name: NameText | None = None
    name: NameText | None = None
    gender: AnyGender | None = None
    birth_date: BirthDate | None = None
    age: Annotated[int, Field(ge=0, le=150)] | None = None
    address: Address | None = None
    blood_type: BloodType | None = None
    emergency_numbers: EmergencyNumbers | None = None
    married: bool | None = None
    bio: Paragraph | None = None
    specialty: NameText | None = None
    is_private: bool | None = None
    practice_address: Address | None = None
    image: Annotated[None, WithJsonSchema(_IMAGE)] = None

    @field_validator("emergency_numbers", mode="before")
    @classmethod
    def _of_a_form(cls, value: object, info: ValidationInfo) -> object:
        # The field of a form is one text: the JSON list.
        if isinstance(value, str) and info.mode == "python":
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                return value
        return tuple(value) if isinstance(value, list) else value

    @field_validator("email")
    @classmethod
    def _stays(cls, email: str | None) -> str | None:
        if email is None:
            raise PydanticCustomError("cleared", "This field may not be null.")
        return email

    def change(self, role: Role) -> Callable[[Profile], Profile]:
        """Return the change that is wanted of a profile. Raises InvalidFields for fields of other roles."""
        values = {name: getattr(self, name) for name in self.model_fields_set}
        if foreign := foreign_fields(role, values):
            raise InvalidFields(foreign)
        if "emergency_numbers" in values:
            values["emergency_numbers"] = values["emergency_numbers"] or ()
        values.pop("email", None)
        return lambda profile: replace(profile, **values)


def foreign_fields(role: Role, body: Any) -> dict[str, list[str]]:
    """Return field → text, of those that are another role's."""
    own_fields = ProfileBody.model_fields.keys() - EDITABLE[role]
    return {name: [NOT_KNOWN] for name in body if name in own_fields} if isinstance(body, dict) else {}


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
    image: str | None


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
    image: str | None


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


def profile_of(account: Account, image: str | None) -> ProfileOut:
    """Return the profile of an account, with the fields of its role. `image`: an address of its picture."""
    return _PROFILES[account.role].from_domain(account, image)
