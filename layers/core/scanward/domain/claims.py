"""What tokens are for, how long they hold, and what they say."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

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


def password_mark(password_hash: str, email: str | None) -> str:
    """What a reset token is good for: this password of this address. Any other password or address ends it."""
    return hashlib.blake2b(f"{password_hash} {email}".encode(), digest_size=16).hexdigest()
