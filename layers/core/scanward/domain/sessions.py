"""Sessions: what a login opens, and how a refresh token that rotates gives its thief away."""

from dataclasses import dataclass, replace
from enum import Enum

GRACE_SECONDS = 30  # an answer that was lost may be asked for again


@dataclass(frozen=True, slots=True)
class Session:
    """One login. Times in Unix seconds. `current`, `previous`: ids of rotated refresh tokens, None before the first."""

    id: str
    created: int
    ends: int
    current: str | None = None
    previous: str | None = None
    rotated: int = 0


class Refresh(Enum):
    """What a refresh token that was shown means."""

    GOOD = "good"
    LOST_ANSWER = "its successor was issued just now, and may not have arrived"
    REUSED = "its successor is in use: one of the two holders is not the owner"


def judge(session: Session, token_id: str, now: int) -> Refresh:
    """What it means that the refresh token with this id is shown at `now`."""
    if session.current in (None, token_id):
        return Refresh.GOOD
    if token_id == session.previous and now - session.rotated <= GRACE_SECONDS:
        return Refresh.LOST_ANSWER
    return Refresh.REUSED


def rotate(session: Session, shown: str, successor: str, now: int) -> Session:
    """The session after its refresh token was replaced."""
    return replace(session, current=successor, previous=shown, rotated=now)
