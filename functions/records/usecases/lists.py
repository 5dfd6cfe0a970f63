"""Pages of lists with signed cursors, and creating a thing once for each Idempotency-Key."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from functions.records.usecases.dependencies import RecordDeps
from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.pagination import PageRequest
from scanward.errors import AlreadyTaken, Conflict
from scanward.stores.lists import PageRange

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


def part(deps: RecordDeps, window: PageRequest, scope: str) -> PageRange:
    """Return the part of a list that a window shows. `scope` names the list. Raises InvalidCursor."""
    before = deps.tokens.read_cursor(window.cursor, scope) if window.cursor else None
    return PageRange(window.skip, window.limit, before)


def cursor(deps: RecordDeps, last: int | None, scope: str) -> str | None:
    """Return where the next part begins, if there is one."""
    return deps.tokens.cursor(last, scope) if last is not None else None
