"""Where time and randomness enter the system; the domain is given both."""

import secrets
from datetime import UTC, datetime

from scanward.domain.ids import RANDOM_BITS, new_id


def now() -> datetime:
    """Return the time in UTC, in whole milliseconds: what stores keep."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def fresh_id(when: datetime) -> int:
    """Return a new id made at `when`."""
    return new_id(round(when.timestamp() * 1000), secrets.randbits(RANDOM_BITS))


def fresh_token() -> str:
    """Return a name that cannot be guessed, for a session or a token: 96 random bits."""
    return secrets.token_urlsafe(12)
