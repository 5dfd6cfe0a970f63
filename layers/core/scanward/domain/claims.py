"""What tokens are for, how long they hold, and what they say."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class TokenType(StrEnum):
    """What a token is for."""

    ACCESS = "access"
    REFRESH = "refresh"
    TASK = "task"


LIFETIMES = {
    TokenType.ACCESS: timedelta(minutes=15),
    TokenType.REFRESH: timedelta(days=30),
    TokenType.TASK: timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. `id` is the token's own; `task_id` only in task tokens."""

    account_id: int
    session_id: str
    id: str
    task_id: int | None = None
