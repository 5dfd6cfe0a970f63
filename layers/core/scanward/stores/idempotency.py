"""What was made for which Idempotency-Key; the mark is written in the transaction that makes the thing."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from scanward.domain.idempotency import IdempotencyKey, IdempotencyRecord
from scanward.errors import AlreadyTaken, Conflict, IdempotencyKeyReused
from scanward.stores import keys
from scanward.stores.dynamo import JSONText, TableItem, bind_table, from_ms, get_item, sdk_errors_mapped, to_ms

T = TypeVar("T")
CREATE_TRIES = 3


class IdempotencyItem(TableItem):
    """ONCE#account / hash of the key."""

    fingerprint = UnicodeAttribute()
    made = JSONText()
    begun_ms = NumberAttribute()
    done = BooleanAttribute()
    expires_at = NumberAttribute()


class IdempotencyStore:
    """Marks in one table: that of the things which they are about. Raises Unavailable."""

    def __init__(self, table: str) -> None:
        bind_table(IdempotencyItem, table)

    def find(self, idempotency_key: IdempotencyKey, now: datetime) -> IdempotencyRecord | None:
        """Return what was made for the key, strongly consistent, or None.

        Raises IdempotencyKeyReused for another request's key.
        """
        item = get_item(IdempotencyItem, keys.idempotency(idempotency_key.account_id), idempotency_key.key)
        if item is None:
            return None
        if item.expires_at <= now.timestamp():
            return None
        if item.fingerprint != idempotency_key.fingerprint:
            raise IdempotencyKeyReused
        return IdempotencyRecord(item.made, from_ms(item.begun_ms), item.done)

    def finish(self, idempotency_key: IdempotencyKey) -> None:
        """Mark the thing as made, all of it."""
        with sdk_errors_mapped():
            IdempotencyItem(keys.idempotency(idempotency_key.account_id), idempotency_key.key).update(
                [IdempotencyItem.done.set(True)]
            )


def put_record(
    write: TransactWrite, idempotency_key: IdempotencyKey, answer: Mapping[str, str], now: datetime, *, is_done: bool
) -> None:
    """Add the mark to a transaction, which fails when there is one that has not expired."""
    fresh = IdempotencyItem.pk.does_not_exist() | (IdempotencyItem.expires_at <= int(now.timestamp()))
    item = IdempotencyItem(
        keys.idempotency(idempotency_key.account_id),
        idempotency_key.key,
        fingerprint=idempotency_key.fingerprint,
        made=dict(answer),
        begun_ms=to_ms(now),
        done=is_done,
        expires_at=int((now + idempotency_key.retention).timestamp()),
    )
    write.save(item, condition=fresh)


def create_once(
    store: IdempotencyStore,
    key: IdempotencyKey | None,
    now: Callable[[], datetime],
    create: Callable[[datetime], T],
    replay: Callable[[IdempotencyRecord], T],
    *,
    looks_up_first: bool = True,
    tries: int = CREATE_TRIES,
) -> T:
    """Return what `create` makes with fresh ids; for a key that was used for it, what `replay` makes of its record.

    Without `looks_up_first` the key's record is read only after a conflict, so that a new key costs no round trip.
    Raises IdempotencyKeyReused, what the two raise, and Conflict when each try came upon an id in use: one chance in
    4,096 for two ids of the same millisecond.
    """
    for attempt in range(tries):
        at = now()
        record = store.find(key, at) if key and (looks_up_first or attempt) else None
        if record:
            return replay(record)
        try:
            return create(at)
        except AlreadyTaken:  # perhaps by the same request, sent twice at once
            if key is None or store.find(key, at) is None:
                raise
        except Conflict:  # the key has its record, or an id is in use
            if attempt == tries - 1:
                raise
    raise Conflict
