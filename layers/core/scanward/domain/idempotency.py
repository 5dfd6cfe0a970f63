"""Doing a thing once, however often it is asked for with the same Idempotency-Key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

RETENTION = timedelta(hours=24)
REQUEST_TIMEOUT = timedelta(seconds=30)  # the longest that a request may take; after that its maker is dead


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A key, hashed, of one account, and the fingerprint of the request that it came with; for how long it holds."""

    account_id: int
    key: str
    fingerprint: str
    retention: timedelta = RETENTION


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """What was made for a key. `done`: all of it, so that a replay has nothing left to do."""

    answer: Mapping[str, str]
    begun_at: datetime
    is_complete: bool

    def is_in_progress(self, now: datetime) -> bool:
        """Tell whether the first request may still be at it."""
        return not self.is_complete and now - self.begun_at < REQUEST_TIMEOUT
