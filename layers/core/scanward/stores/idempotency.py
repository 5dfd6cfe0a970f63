"""What was made for which Idempotency-Key; the mark is written in the transaction that makes the thing."""

from collections.abc import Mapping
from datetime import datetime

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from scanward.domain.idempotency import IdempotencyKey, IdempotencyRecord
from scanward.errors import IdempotencyKeyReused
from scanward.stores import keys
from scanward.stores.dynamo import JSONText, TableItem, bind_table, from_ms, get_item, sdk_errors_mapped, to_ms


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

    def find(self, once: IdempotencyKey, now: datetime) -> IdempotencyRecord | None:
        """Return what was made for the key, strongly consistent, or None.

        Raises IdempotencyKeyReused for another request's key.
        """
        item = get_item(IdempotencyItem, keys.idempotency(once.account_id), once.key)
        if item is None:
            return None
        if item.expires_at <= now.timestamp():
            return None
        if item.fingerprint != once.fingerprint:
            raise IdempotencyKeyReused
        return IdempotencyRecord(item.made, from_ms(item.begun_ms), item.done)

    def finish(self, once: IdempotencyKey) -> None:
        """Mark the thing as made, all of it."""
        with sdk_errors_mapped():
            IdempotencyItem(keys.idempotency(once.account_id), once.key).update([IdempotencyItem.done.set(True)])


def put_record(
    write: TransactWrite, once: IdempotencyKey, answer: Mapping[str, str], now: datetime, *, is_done: bool
) -> None:
    """Add the mark to a transaction, which fails when there is one that has not expired."""
    fresh = IdempotencyItem.pk.does_not_exist() | (IdempotencyItem.expires_at <= int(now.timestamp()))
    item = IdempotencyItem(
        keys.idempotency(once.account_id),
        once.key,
        fingerprint=once.fingerprint,
        made=dict(answer),
        begun_ms=to_ms(now),
        done=is_done,
        expires_at=int((now + once.retention).timestamp()),
    )
    write.save(item, condition=fresh)
