"""Accounts: who a person is, whichever contract they registered through."""

import unicodedata
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from scanward.errors import Conflict


class Role(StrEnum):
    """What an account is for."""

    PATIENT = "PATIENT"
    DOCTOR = "DOCTOR"
    HOSPITAL = "HOSPITAL"
    LAB = "LAB"
    ADMIN = "ADMIN"


PROFESSIONALS = frozenset({Role.DOCTOR, Role.HOSPITAL, Role.LAB})


class Gender(StrEnum):
    """As documents spell it, in any case."""

    MALE = "MALE"
    FEMALE = "FEMALE"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Profile:
    """What people say of themselves. None where nothing was said: nothing is invented.

    `name`: an organisation's. `practice_address`: where a professional works. `image`: the key of a picture.
    """

    full_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    name: str | None = None
    phone: str | None = None
    gender: Gender | None = None
    birth_date: date | None = None
    age: int | None = None
    address: str | None = None
    blood_type: str | None = None
    emergency_numbers: tuple[str, ...] = ()
    married: bool | None = None
    bio: str | None = None
    specialty: str | None = None
    is_private: bool | None = None
    practice_address: str | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """What is unique to one account. Texts as they were given; `fold` spells the form in which they are unique."""

    email: str | None = None
    username: str | None = None
    carte_id: str | None = None
    registration_id: str | None = None

    def unique_forms(self) -> dict[str, str]:
        """Return field → unique form, of those that were given."""
        values = {"email": self.email, "username": self.username}
        values |= {"carte_id": self.carte_id, "registration_id": self.registration_id}
        return {name: fold(value) for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Decision:
    """Which administrator approved a professional, or refused, when, and why in their words.

    `since`: from when on it is so; a decision that is made again changes nothing of that. None in what is older.
    """

    by: int
    at: datetime
    reason: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One person or organisation. `is_approved`: professionals wait for an administrator; `decision`: the last one."""

    id: int
    role: Role
    names: Names
    profile: Profile
    is_active: bool
    is_approved: bool
    created_at: datetime
    updated_at: datetime
    decision: Decision | None = None

    @property
    def is_superuser(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def is_refused(self) -> bool:
        """Tell whether an administrator looked at a professional and did not approve of them, or no longer does."""
        return self.role in PROFESSIONALS and not self.is_approved and self.decision is not None

    @property
    def refused_since(self) -> datetime | None:
        """Return from when on a professional is refused; None for all others."""
        if self.decision is None or not self.is_refused:
            return None
        return self.decision.since or self.decision.at

    @property
    def full_name(self) -> str | None:
        """As given; else first and last; else an organisation's; else the user name; else the email's local part."""
        profile = self.profile
        both = " ".join(part for part in (profile.first_name, profile.last_name) if part)
        local = self.names.email.rpartition("@")[0] if self.names.email else None
        return profile.full_name or both or profile.name or self.names.username or local

    def age_on(self, day: date) -> int | None:
        """Return the age in whole years by the birth date; else as given."""
        born = self.profile.birth_date
        if born is None:
            return self.profile.age
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is calling, as the gate knows them now (not as a token remembers them).

    `departments`: those that a doctor works in. `is_refused`: an administrator looked at a professional, and did not
    approve.
    """

    account_id: int
    role: Role
    is_approved: bool
    session_id: str
    departments: frozenset[int] = frozenset()
    is_refused: bool = False

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def is_professional(self) -> bool:
        return self.role in PROFESSIONALS


def register(id: int, role: Role, names: Names, profile: Profile, now: datetime) -> Account:
    """Return a new account. Professionals wait for an administrator's approval, others need none."""
    return Account(
        id=id,
        role=role,
        names=names,
        profile=profile,
        is_active=True,
        is_approved=role not in PROFESSIONALS,
        created_at=now,
        updated_at=now,
    )


def decide(account: Account, decision: Decision, *, is_approved: bool) -> Account:
    """Return the account of a professional as an administrator decided.

    Raises Conflict for those who need no approval.
    """
    if account.role not in PROFESSIONALS:
        raise Conflict("Only professionals are approved")
    last = account.decision
    since = (last.since or last.at) if last and account.is_approved == is_approved else decision.at
    return replace(account, is_approved=is_approved, decision=replace(decision, since=since), updated_at=decision.at)


REMOVAL = "removed"


def describe_change(before: Account, after: Account) -> str | None:
    """Return what the log says of a change: `approved`, `refused`, `deactivated`, `reactivated`, or the names of the
    fields that differ, never what is in them; None where nothing differs.
    """
    words = []
    if after.decision != before.decision:
        words.append("approved" if after.is_approved else "refused")
    if after.is_active != before.is_active:
        words.append("reactivated" if after.is_active else "deactivated")
    was, will = _fields(before), _fields(after)
    return ", ".join([*words, *(name for name in will if will[name] != was[name])]) or None


def _fields(account: Account) -> dict[str, object]:
    return {"role": account.role} | asdict(account.names) | asdict(account.profile)


MAX_FOLDED_BYTES = 1000  # some characters fold to many, and DynamoDB takes 2,048 bytes of a key


def fold(text: str) -> str:
    """Return the form in which a name is unique: compatibility forms and case are one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()
