"""Creating a thing once for each Idempotency-Key."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from functions.records.usecases.dependencies import RecordDeps
from scanward.domain.idempotency import IdempotencyKey
from scanward.errors import AlreadyTaken, Conflict

T = TypeVar("T")
TRIES = 3


def create_once(
    deps: RecordDeps,
    once: IdempotencyKey | None,
    make: Callable[[int, datetime], T],
    again: Callable[[int], T],
    tries: int = TRIES,
) -> T:
    """Return what `make` makes with a fresh id; for a key that was used for it, what `again` finds of that time.

    Raises IdempotencyKeyReused, AlreadyTaken as `make` does, and Conflict when no free id was found: one chance in
    4,096 for two in the same millisecond.
    """
    for attempt in range(tries):
        now = deps.now()
        record = deps.idempotency.find(once, now) if once else None
        if record:
            return again(int(record.answer["id"]))
        try:
            return make(deps.fresh_id(now), now)
        except AlreadyTaken:  # by the same request, it may be, that came twice at once
            if once is None or deps.idempotency.find(once, now) is None:
                raise
        except Conflict:
            if attempt == tries - 1:
                raise
    raise Conflict
