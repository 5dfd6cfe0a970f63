"""Accounts: who somebody is, whichever contract they registered through."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What an account is for."""

    PATIENT = "PATIENT"
    DOCTOR = "DOCTOR"
    HOSPITAL = "HOSPITAL"
    LAB = "LAB"
    ADMIN = "ADMIN"


PROFESSIONALS = frozenset({Role.DOCTOR, Role.HOSPITAL, Role.LAB})


@dataclass(frozen=True, slots=True)
class Account:
    """One person or organisation. `email` as it was given; `fold` spells its unique form."""

    id: int
    email: str
    role: Role
    is_active: bool
    is_approved: bool
    created_at: datetime
    updated_at: datetime

    @property
    def is_superuser(self) -> bool:
        return self.role is Role.ADMIN


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is calling, as the gate knows them now (not as a token remembers them)."""

    account_id: int
    role: Role
    is_approved: bool
    session_id: str

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN


def register(id: int, email: str, role: Role, now: datetime) -> Account:
    """A new account. Professionals wait for an administrator's approval, others need none."""
    approved = role not in PROFESSIONALS
    return Account(id, email, role, True, approved, created_at=now, updated_at=now)


MAX_NAME = 254  # characters of a folded name: some characters fold to many


def fold(text: str) -> str:
    """The form in which an email or a user name is unique: compatibility forms and case are one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()
