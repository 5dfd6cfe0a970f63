"""Care: what lets a professional at a patient's data, and the log of who was there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from scanward.domain.accounts import Role
from scanward.domain.departments import Membership
from scanward.domain.policy import Relation

GLASS_OPEN = timedelta(minutes=60)  # how long a broken glass lets a doctor look


@dataclass(frozen=True, slots=True)
class CareLink:
    """A patient let a professional in. `ends_at`: None when it has no end but the patient's word."""

    patient_id: int
    professional_id: int
    since: datetime
    ends_at: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        return self.ends_at is None or now < self.ends_at


@dataclass(frozen=True, slots=True)
class ConnectToken:
    """What a professional hands a patient to be let in with, once. `hashed`: it cannot be read from the store."""

    token_hash: str
    professional_id: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Glass:
    """A doctor without a link looks all the same, for a reason that the patient can read."""

    patient_id: int
    doctor_id: int
    reason: str
    opened_at: datetime

    @property
    def ends_at(self) -> datetime:
        return self.opened_at + GLASS_OPEN


@dataclass(frozen=True, slots=True)
class OpenAccess:
    """All that opens a patient's data at one moment. `refused_ids`: whom no department opens them to."""

    links: tuple[CareLink, ...]
    memberships: tuple[Membership, ...]
    glasses: tuple[Glass, ...]
    refused_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Grant:
    """What opens a patient's data to an actor.

    `department_id` where it is a shared department, `reason` where a doctor broke the glass.
    """

    patient_id: int
    professional_id: int
    relation: Relation
    department_id: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """One read or change of another person's data. `reason` where a doctor broke the glass.

    `change`: what of an account changed, as `accounts.describe_change` says it; no value of a person.
    """

    patient_id: int
    at: datetime
    actor_id: int
    actor_role: Role
    action: str
    resource: str
    resource_id: int
    reason: str | None = None
    change: str | None = None
