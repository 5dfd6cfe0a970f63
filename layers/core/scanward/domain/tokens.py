"""Tokens and sessions: what a token says, which keys sign it, what a login opens, and how a refresh token rotates."""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, StrEnum

MAX_TOKEN_LENGTH = 2048  # characters, of cursors as well


class TokenType(StrEnum):
    """What a token is for."""

    ACCESS = "access"
    REFRESH = "refresh"
    TASK = "task"
    RESET = "reset"


LIFETIMES = {
    TokenType.ACCESS: timedelta(minutes=15),
    TokenType.REFRESH: timedelta(days=30),
    TokenType.TASK: timedelta(days=1),
    TokenType.RESET: timedelta(minutes=30),
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. `id` is the token's own; `task_id` only in task tokens.

    `session_id`: the login that it belongs to; in reset tokens, the mark of the password that it replaces.
    """

    account_id: int
    session_id: str
    id: str
    task_id: int | None = None


def password_fingerprint(password_hash: str, email: str | None) -> str:
    """Return what a reset token is good for: this password of this address. Any other password or address ends it."""
    return hashlib.blake2b(f"{password_hash} {email}".encode(), digest_size=16).hexdigest()


ANNOUNCEMENT_SECONDS = 300  # processes read the keys anew within this time
RETENTION_SECONDS = 31 * 24 * 3600  # a refresh token's life, and a day


class NoSigningKey(LookupError):
    """None of the keys signs yet."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key. It signs from `signs_from` until a later one does, and verifies until `verifies_until`, if set."""

    id: str
    key: str
    signs_from: int = 0
    verifies_until: int | None = None


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """All keys of a deployment."""

    keys: tuple[SigningKey, ...]

    def signing(self, now: int) -> SigningKey:
        """Return the key that signs at `now`. Raises NoSigningKey."""
        usable = [key for key in self.keys if key.signs_from <= now]
        if not usable:
            raise NoSigningKey
        return max(usable, key=lambda key: key.signs_from)

    def verifying(self, key_id: object, now: int) -> str | None:
        """Return the key of this id, if it still verifies."""
        for key in self.keys:
            if key.id == key_id and (key.verifies_until is None or now < key.verifies_until):
                return key.key
        return None


def rotate_token_keys(keys: TokenKeys, fresh: SigningKey, now: int) -> TokenKeys:
    """Return the keys with a fresh one that signs after the notice; the others retire then, and those that have are
    dropped.
    """
    begins = now + ANNOUNCEMENT_SECONDS
    retired_keys = tuple(
        key if key.verifies_until is not None else replace(key, verifies_until=begins + RETENTION_SECONDS)
        for key in keys.keys
        if key.verifies_until is None or now < key.verifies_until
    )
    return TokenKeys((*retired_keys, replace(fresh, signs_from=begins)))


GRACE_SECONDS = 30  # an answer that was lost may be asked for again


@dataclass(frozen=True, slots=True)
class Session:
    """One login. Times in Unix seconds. `current`, `previous`: ids of rotated refresh tokens, None before the first."""

    id: str
    created_at: int
    ends: int
    current: str | None = None
    previous: str | None = None
    rotated_at: int = 0


class Refresh(Enum):
    """What a refresh token that was shown means."""

    GOOD = "good"
    LOST_ANSWER = "its successor was issued just now, and may not have arrived"
    REUSED = "its successor is in use: one of the two holders is not the owner"


def check_refresh(session: Session, token_id: str, now: int) -> Refresh:
    """Return what it means that the refresh token with this id is shown at `now`."""
    if session.current in (None, token_id):
        return Refresh.GOOD
    if token_id == session.previous and now - session.rotated_at <= GRACE_SECONDS:
        return Refresh.LOST_ANSWER
    return Refresh.REUSED


def rotate_refresh(session: Session, token_id: str, successor: str, now: int) -> Session:
    """Return the session after its refresh token was replaced."""
    return replace(session, current=successor, previous=token_id, rotated_at=now)
