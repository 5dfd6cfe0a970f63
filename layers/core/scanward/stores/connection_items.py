"""How sockets, their slots and their subscriptions are spelled as DynamoDB items."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, NumberSetAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from scanward.domain.watching import Connection, Slot, Subscription
from scanward.stores import keys
from scanward.stores.dynamo import from_ms, to_ms

KEPT = timedelta(hours=1)  # after the end, in case nobody came to sweep


class DueIndex(GlobalSecondaryIndex["ConnectionItem"]):  # type: ignore[no-untyped-call]
    """`due`: sockets by shard and the time at which they are looked at."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = NumberAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class ConnectionItem(Model):
    """CONNECTION#id / CONNECTION."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.CONNECTION)
    due = DueIndex()
    account_id = NumberAttribute()
    session_id = UnicodeAttribute()
    connected_ms = NumberAttribute()
    heard_ms = NumberAttribute()
    ends_ms = NumberAttribute()
    due_shard = NumberAttribute()
    due_at = NumberAttribute()
    task_ids = NumberSetAttribute(null=True)
    followed = NumberSetAttribute(null=True)
    watches_own = BooleanAttribute()
    only_task = NumberAttribute(null=True)
    slot = NumberAttribute()
    revision = NumberAttribute()
    expires_at = NumberAttribute()


class SlotItem(Model):
    """ACCOUNT#id / SLOT#number: which socket holds it. There is one row less than would be too many."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    connection_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    connected_ms = NumberAttribute()
    watches_own = BooleanAttribute()
    expires_at = NumberAttribute()


class SubscriptionItem(Model):
    """TASK#id / SUB#connection."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    connected_ms = NumberAttribute()
    pushed = NumberAttribute()
    expires_at = NumberAttribute()


def connection_item(kept: Connection) -> ConnectionItem:
    """The item of a socket."""
    return ConnectionItem(
        keys.connection(kept.id),
        account_id=kept.account_id,
        session_id=kept.session_id,
        connected_ms=to_ms(kept.connected_at),
        heard_ms=to_ms(kept.heard_at),
        ends_ms=to_ms(kept.ends_at),
        due_shard=keys.connection_shard(kept.id),
        due_at=to_ms(kept.due_at),
        task_ids=set(kept.task_ids) or None,
        followed=set(kept.followed) or None,
        watches_own=kept.watches_own,
        only_task=kept.only_task,
        slot=kept.slot,
        revision=kept.revision,
        expires_at=_expires(kept),
    )


def connection_of(item: ConnectionItem) -> Connection:
    """The socket that an item spells."""
    return Connection(
        id=keys.text(item.pk),
        account_id=int(item.account_id),
        session_id=item.session_id,
        connected_at=from_ms(item.connected_ms),
        heard_at=from_ms(item.heard_ms),
        due_at=from_ms(item.due_at),
        ends_at=from_ms(item.ends_ms),
        task_ids=_sorted(item.task_ids),
        followed=_sorted(item.followed),
        watches_own=item.watches_own,
        only_task=int(item.only_task) if item.only_task is not None else None,
        slot=int(item.slot),
        revision=int(item.revision),
    )


def slot_item(kept: Connection) -> SlotItem:
    """The item of the slot that a socket holds."""
    return SlotItem(
        keys.account(kept.account_id),
        keys.slot(kept.slot),
        connection_id=kept.id,
        session_id=kept.session_id,
        connected_ms=to_ms(kept.connected_at),
        watches_own=kept.watches_own,
        expires_at=_expires(kept),
    )


def slot_of(item: SlotItem) -> Slot:
    """The slot that an item spells."""
    holder = (keys.number(item.pk), item.connection_id, item.session_id, from_ms(item.connected_ms))
    return Slot(keys.number(item.sk), *holder, item.watches_own)


def subscription_item(kept: Connection, task_id: int, pushed: int) -> SubscriptionItem:
    """The item of a socket's interest in a task."""
    return SubscriptionItem(
        keys.task(task_id),
        keys.subscription(kept.id),
        connected_ms=to_ms(kept.connected_at),
        pushed=pushed,
        expires_at=_expires(kept),
    )


def subscription_of(item: SubscriptionItem) -> Subscription:
    """The subscription that an item spells."""
    return Subscription(keys.number(item.pk), keys.text(item.sk), from_ms(item.connected_ms), int(item.pushed))


def subscription_of_image(image: Mapping[str, Any]) -> Subscription:
    """The subscription in a stream record's image (DynamoDB JSON)."""
    item = SubscriptionItem()
    item.deserialize(dict(image))
    return subscription_of(item)


def _expires(kept: Connection) -> int:
    return int((kept.ends_at + KEPT).timestamp())


def _sorted(numbers: set[float] | None) -> tuple[int, ...]:
    return tuple(sorted(map(int, numbers or ())))
