"""Care: what lets a professional at a patient's data, the log of who was there, and what patients are told of it."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

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


class AccessChange(StrEnum):
    """What changed in who may see a patient's data, without the patient's doing."""

    BREAK_GLASS = "BREAK_GLASS"
    ACCESS_ENDED = "ACCESS_ENDED"
    ACCESS_RESTORED = "ACCESS_RESTORED"


@dataclass(frozen=True, slots=True)
class AccessNotification:
    """A professional looks without having been let in (`ends_at`: until when), can no longer see the patient, or again.

    Why is not said: the access log has a doctor's reason, and an administrator's is not the patient's.
    """

    account_id: int
    change: AccessChange
    professional_id: int
    at: datetime
    ends_at: datetime | None = None


def notification_of_glass(glass: Glass) -> AccessNotification:
    """Return what a patient is told of a broken glass."""
    return AccessNotification(
        glass.patient_id, AccessChange.BREAK_GLASS, glass.doctor_id, glass.opened_at, ends_at=glass.ends_at
    )


MIN_WORDS = 2
MIN_LETTERS = 7
MIN_LENGTH = 10
_WIDE_WORTH = 3  # letters of an alphabet that a Chinese, Japanese or Korean character stands for
_WIDE_OF_WORD = 2
_SCRIPTS_WITHOUT_SPACES = frozenset(
    {"THAI", "LAO", "KHMER", "MYANMAR", "JAVANESE", "BALINESE"}
)  # as Unicode names their letters
_LETTERS_OF_WORD = 4


def is_in_words(text: str) -> bool:
    """Tell whether a text says something: two different words or more, in any script, and of some length.

    Dots, digits and one letter over and over are no words. Where words are written without spaces between them, so many
    different characters count as one.
    """
    text = unicodedata.normalize("NFKC", " ".join(text.split())).casefold()
    runs = {kind: ["".join(run) for of, run in groupby(text, _kind) if of == kind] for kind in ("wide", "narrow")}
    wide, narrow = set("".join(runs["wide"])), set(runs["narrow"])
    words = len(wide) // _WIDE_OF_WORD + sum(map(_count_words, narrow))
    letters = sum(_worth(char) for char in text if _kind(char))
    return words >= MIN_WORDS and letters >= MIN_LETTERS and sum(map(_worth, text)) >= MIN_LENGTH


def _kind(char: str) -> str | None:
    """Return whether a letter, or a mark on one, is as wide as a Chinese character; None of all else."""
    if unicodedata.category(char)[0] not in "LM":
        return None
    return "wide" if unicodedata.east_asian_width(char) == "W" else "narrow"


def _worth(char: str) -> int:
    return _WIDE_WORTH if _kind(char) == "wide" else 1


def _count_words(run: str) -> int:
    """Return how many words letters without a space between them are. One letter, however often, is none."""
    different = len(set(run))
    if unicodedata.name(run[0], "").partition(" ")[0] in _SCRIPTS_WITHOUT_SPACES:
        return different // _LETTERS_OF_WORD
    return int(different > 1)
