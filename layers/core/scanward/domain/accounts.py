"""Accounts: who a person is, whichever contract they registered through."""

import unicodedata
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from scanward.errors import Conflict, TooManyRequests


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
    `refused_since`: of an approval that ended a refusal, when that had begun.
    """

    by: int
    at: datetime
    reason: str | None = None
    since: datetime | None = None
    refused_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class EarlierAddress:
    """An email that an account had when its email or password was changed, and that it can be brought back to.

    `since`: when it was last so. `ends`: until when it can be. `change`: the last change that its inbox is told of.
    `one_time_password_since`: since when logins had needed one at the first of these changes; None if they did not.
    """

    id: int
    email: str
    since: datetime
    ends: datetime
    change: int
    one_time_password_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One person or organisation. `is_approved`: professionals wait for an administrator; `decision`: the last one.

    `earlier_addresses`: the oldest first. None of two is the same.
    """

    id: int
    role: Role
    names: Names
    profile: Profile
    is_active: bool
    is_approved: bool
    created_at: datetime
    updated_at: datetime
    decision: Decision | None = None
    earlier_addresses: tuple[EarlierAddress, ...] = ()

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
    def is_approved_again(self) -> bool:
        """Tell whether a professional was refused before the approval that holds."""
        return self.is_approved and self.decision is not None and self.decision.refused_since is not None

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
    approve. `has_one_time_password`: whether logins need one.
    """

    account_id: int
    role: Role
    is_approved: bool
    session_id: str
    departments: frozenset[int] = frozenset()
    is_refused: bool = False
    has_one_time_password: bool = False

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
    is_same = last is not None and account.is_approved == is_approved
    since = (last.since or last.at) if last and is_same else decision.at
    refused_since = (last.refused_since if last and is_same else account.refused_since) if is_approved else None
    decision = replace(decision, since=since, refused_since=refused_since)
    return replace(account, is_approved=is_approved, decision=decision, updated_at=decision.at)


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


UNDO_PERIOD = timedelta(days=7)
MAX_UNDO_PERIOD = timedelta(days=30)
MAX_EARLIER_ADDRESSES = 5


def remember_address(
    old: Account, new: Account, change: int, now: datetime, *, one_time_password_since: datetime | None = None
) -> Account:
    """Return the `new` account so that it can be brought back to the email that it had when it was `old`.

    An address keeps its place in the order of age: none comes before one that the account had earlier.
    `one_time_password_since`: since when logins needed one before the change.
    Raises TooManyRequests while there are too many, since no change goes without one.
    """
    if old.names.email is None:
        return new
    addresses = {fold(address.email): address for address in _renew(old.earlier_addresses, now)}
    entry = addresses.get(fold(old.names.email))
    if entry is None and len(addresses) >= MAX_EARLIER_ADDRESSES:
        first_end = min(address.ends for address in old.earlier_addresses if address.ends > now)
        raise TooManyRequests(int((first_end - now).total_seconds()) + 1)
    addresses[fold(old.names.email)] = EarlierAddress(
        id=entry.id if entry else change,
        email=old.names.email,
        since=now,
        ends=now + UNDO_PERIOD,
        change=change,
        one_time_password_since=entry.one_time_password_since if entry else one_time_password_since,
    )
    return replace(new, earlier_addresses=tuple(addresses.values()))


def restore_address(account: Account, address_id: int, now: datetime) -> Account | None:
    """Return the account with an earlier address again; None when it has none of this id any more.

    Younger ones go: whoever changed the account since must not have a way back. Older ones have their time anew.
    """
    live = _renew(account.earlier_addresses, now)
    for place, address in enumerate(live):
        if address.id == address_id:
            names = replace(account.names, email=address.email)
            return replace(account, names=names, earlier_addresses=live[:place], updated_at=now)
    return None


def _renew(addresses: tuple[EarlierAddress, ...], now: datetime) -> tuple[EarlierAddress, ...]:
    """Return those that have not ended. Each change gives them time anew: a younger one does not outlive an older."""
    return tuple(
        replace(address, ends=max(address.ends, min(now + UNDO_PERIOD, address.since + MAX_UNDO_PERIOD)))
        for address in addresses
        if address.ends > now
    )
