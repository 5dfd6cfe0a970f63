"""What was made for which Idempotency-Key; the mark is written in the transaction that makes the thing."""

from collections.abc import Mapping
from datetime import datetime

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scanward.domain.idempotency import Made, Once
from scanward.errors import KeyReused
from scanward.stores import keys
from scanward.stores.dynamo import JSONText, bind, from_ms, to_ms, translated


class OnceItem(Model):
    """ONCE#account / hash of the key."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    fingerprint = UnicodeAttribute()
    made = JSONText()
    begun_ms = NumberAttribute()
    done = BooleanAttribute()
    expires_at = NumberAttribute()


class OnceStore:
    """Marks in one table: that of the things which they are about. Raises Unavailable."""

    def __init__(self, table: str) -> None:
        bind(OnceItem, table)

    def find(self, once: Once, now: datetime) -> Made | None:
        """What was made for the key, strongly consistent, or None. Raises KeyReused for another request's key."""
        with translated():
            try:
                item = OnceItem.get(keys.once(once.account_id), once.key, consistent_read=True)
            except OnceItem.DoesNotExist:
                return None
        if item.expires_at <= now.timestamp():
            return None
        if item.fingerprint != once.fingerprint:
            raise KeyReused
        return Made(item.made, from_ms(item.begun_ms), item.done)

    def finish(self, once: Once) -> None:
        """Marks the thing as made, all of it."""
        with translated():
            OnceItem(keys.once(once.account_id), once.key).update([OnceItem.done.set(True)])


def mark(write: TransactWrite, once: Once, made: Mapping[str, str], now: datetime, *, done: bool) -> None:
    """Adds the mark to a transaction, which fails when there is one that has not expired."""
    fresh = OnceItem.pk.does_not_exist() | (OnceItem.expires_at <= int(now.timestamp()))
    item = OnceItem(
        keys.once(once.account_id),
        once.key,
        fingerprint=once.fingerprint,
        made=dict(made),
        begun_ms=to_ms(now),
        done=done,
        expires_at=int((now + once.kept).timestamp()),
    )
    write.save(item, condition=fresh)
