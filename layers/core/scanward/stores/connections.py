"""Sockets and their subscriptions.

A subscription lies beside its task, under the same partition key, so that the stream carries both in one order: what
is pushed because somebody began to watch and what is pushed because the task moved are sent one after the other.
"""

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import NumberAttribute, NumberSetAttribute, UnicodeAttribute
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from scanward.domain.watching import LIFE, Connection, Subscription
from scanward.stores import keys
from scanward.stores.dynamo import ConditionFailed, bind, connection, from_ms, to_ms, translated


class ConnectionItem(Model):
    """CONNECTION#id / CONNECTION."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.CONNECTION)
    account_id = NumberAttribute()
    session_id = UnicodeAttribute()
    task_ids = NumberSetAttribute()
    connected_ms = NumberAttribute()
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


class ConnectionStore:
    """Reads and writes both. `scans_table` is where subscriptions lie."""

    def __init__(self, table: str, scans_table: str) -> None:
        bind(ConnectionItem, table)
        bind(SubscriptionItem, scans_table)

    def open(self, opened: Connection) -> None:
        """Keeps a socket and its subscriptions, all or nothing."""
        ends = int((opened.connected_at + LIFE).timestamp())
        with translated(), TransactWrite(connection=connection()) as write:
            write.save(
                ConnectionItem(
                    keys.connection(opened.id),
                    account_id=opened.account_id,
                    session_id=opened.session_id,
                    task_ids=set(opened.task_ids),
                    connected_ms=to_ms(opened.connected_at),
                    expires_at=ends,
                )
            )
            for task_id in opened.task_ids:
                write.save(
                    SubscriptionItem(
                        keys.task(task_id),
                        keys.subscription(opened.id),
                        connected_ms=to_ms(opened.connected_at),
                        pushed=0,
                        expires_at=ends,
                    )
                )

    def close(self, connection_id: str) -> None:
        """Forgets a socket and all its subscriptions; one that is not known is no error."""
        with translated():
            try:
                item = ConnectionItem.get(keys.connection(connection_id), keys.CONNECTION, consistent_read=True)
            except ConnectionItem.DoesNotExist:
                return
            with TransactWrite(connection=connection()) as write:
                write.delete(item)
                for task_id in item.task_ids:
                    write.delete(SubscriptionItem(keys.task(int(task_id)), keys.subscription(connection_id)))

    def watching(self, task_id: int) -> list[Subscription]:
        """Who watches a task, strongly consistent."""
        with translated():
            prefix = SubscriptionItem.sk.startswith(keys.SUBSCRIPTION_PREFIX)
            found = SubscriptionItem.query(keys.task(task_id), prefix, consistent_read=True)
            return [_subscription(item) for item in found]

    def subscription(self, watcher: Subscription) -> Subscription | None:
        """The subscription as it is now, strongly consistent; None when its socket has closed."""
        with translated():
            try:
                item = SubscriptionItem.get(
                    keys.task(watcher.task_id), keys.subscription(watcher.connection_id), consistent_read=True
                )
            except SubscriptionItem.DoesNotExist:
                return None
        return _subscription(item)

    def pushed(self, subscription: Subscription, version: int) -> None:
        """Remembers that a version was sent; a higher one that was sent meanwhile, or a closed socket, stays."""
        item = SubscriptionItem(keys.task(subscription.task_id), keys.subscription(subscription.connection_id))
        try:
            with translated():
                item.update([SubscriptionItem.pushed.set(version)], condition=SubscriptionItem.pushed < version)
        except ConditionFailed:
            return


def subscription_of_image(image: Mapping[str, Any]) -> Subscription:
    """The subscription in a stream record's image (DynamoDB JSON)."""
    item = SubscriptionItem()
    item.deserialize(dict(image))
    return _subscription(item)


def _subscription(item: SubscriptionItem) -> Subscription:
    return Subscription(
        task_id=keys.number(item.pk),
        connection_id=keys.text(item.sk),
        connected_at=from_ms(item.connected_ms),
        pushed=int(item.pushed),
    )
