"""The profile of each role, in contract E's columns and what else somebody says of themselves."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from functions.auth.schemas.columns import UserOut
from scanward.domain.accounts import Account, Role


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
    """The profile of an account, with the fields of its role. `image`: an address of its picture."""
    return _PROFILES[account.role].of(account, image)
