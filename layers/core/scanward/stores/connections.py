"""Sockets, the slots they hold, and their subscriptions.

A subscription lies beside its task, under the same partition key, so that the stream carries both in one order: what
is pushed because somebody began to watch and what is pushed because the task moved are sent one after the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from pynamodb.transactions import TransactWrite

from scanward.domain.watching import Connection, Slot, Subscription
from scanward.errors import Conflict
from scanward.stores import keys
from scanward.stores.connection_items import (
    ConnectionItem,
    DueIndex,
    SlotItem,
    SubscriptionItem,
    connection_item,
    connection_of,
    slot_item,
    slot_of,
    subscription_item,
    subscription_of,
)
from scanward.stores.dynamo import ConditionFailed, WriteConflict, bind, settled, to_ms, translated
from scanward.stores.transactions import write_together

TRIES = 5


class ConnectionStore:
    """Reads and writes all three. `scans_table` is where subscriptions lie."""

    def __init__(self, table: str, scans_table: str) -> None:
        bind(ConnectionItem, table)
        bind(SlotItem, table)
        bind(SubscriptionItem, scans_table)

    def open(self, opened: Connection) -> None:
        """Keeps a socket, its slot and its subscriptions, all or nothing. Raises Conflict when the slot is held."""

        def fill(write: TransactWrite) -> None:
            write.save(connection_item(opened))
            write.save(slot_item(opened), condition=SlotItem.pk.does_not_exist())
            for task_id in opened.subscribed:
                write.save(subscription_item(opened, task_id, pushed=0))

        try:
            write_together(fill)
        except ConditionFailed as held:
            raise Conflict from held

    def get(self, connection_id: str) -> Connection | None:
        """The socket, strongly consistent; None when it has closed."""
        with translated():
            try:
                item = ConnectionItem.get(keys.connection(connection_id), keys.CONNECTION, consistent_read=True)
            except ConnectionItem.DoesNotExist:
                return None
        return connection_of(item)

    def change(
        self, connection_id: str, change: Callable[[Connection], Connection], pushed: Mapping[int, int] | None = None
    ) -> Connection | None:
        """Writes what `change` makes of a socket over what it was, again when another writer was first.

        `pushed`: task → the version that was sent already, of those it subscribes to now. None when it has closed.
        """
        for _ in range(TRIES):
            before = self.get(connection_id)
            if before is None:
                return None
            after = change(before)
            if after == before:
                return before
            after = replace(after, revision=before.revision + 1)
            try:
                _move(before, after, pushed or {})
            except ConditionFailed:
                continue
            return after
        raise WriteConflict

    def close(self, connection_id: str) -> None:
        """Forgets a socket, its slot and all its subscriptions; one that is not known is no error."""
        for _ in range(TRIES):
            kept = self.get(connection_id)
            if kept is None:
                return
            try:
                _forget(kept)
            except ConditionFailed:
                continue
            return
        raise WriteConflict

    def slots(self, account_id: int) -> list[Slot]:
        """The account's open sockets, strongly consistent; one round trip."""
        with translated():
            prefix = SlotItem.sk.startswith(keys.SLOT_PREFIX)
            return [slot_of(item) for item in SlotItem.query(keys.account(account_id), prefix, consistent_read=True)]

    def vacate(self, slot: Slot) -> None:
        """Frees a slot whose socket is forgotten, unless another one holds it by now."""
        item = SlotItem(keys.account(slot.account_id), keys.slot(slot.number))
        try:
            with translated():
                item.delete(condition=SlotItem.connection_id == slot.connection_id)
        except ConditionFailed:
            return

    def due(self, shard: int, now: datetime, limit: int) -> list[str]:
        """Up to `limit` sockets of one shard that should be looked at by `now`, the longest due first."""
        with translated():
            found = ConnectionItem.due.query(shard, DueIndex.due_at <= to_ms(now), limit=limit)
            return [keys.text(item.pk) for item in found]

    def watching(self, task_id: int) -> list[Subscription]:
        """Who watches a task, strongly consistent."""
        with translated():
            prefix = SubscriptionItem.sk.startswith(keys.SUBSCRIPTION_PREFIX)
            found = SubscriptionItem.query(keys.task(task_id), prefix, consistent_read=True)
            return [subscription_of(item) for item in found]

    def subscription(self, watcher: Subscription) -> Subscription | None:
        """The subscription as it is now, strongly consistent; None when it has ended."""
        place = (keys.task(watcher.task_id), keys.subscription(watcher.connection_id))
        with translated():
            try:
                return subscription_of(SubscriptionItem.get(*place, consistent_read=True))
            except SubscriptionItem.DoesNotExist:
                return None

    def pushed(self, subscription: Subscription, version: int) -> None:
        """Remembers that a version was sent; a higher one that was sent meanwhile, or a closed socket, stays."""
        item = SubscriptionItem(keys.task(subscription.task_id), keys.subscription(subscription.connection_id))
        try:
            with translated():
                item.update([SubscriptionItem.pushed.set(version)], condition=SubscriptionItem.pushed < version)
        except ConditionFailed:
            return


def _move(before: Connection, after: Connection, pushed: Mapping[int, int]) -> None:
    unchanged = ConnectionItem.revision == before.revision
    if (after.subscribed, after.watches_own) == (before.subscribed, before.watches_own):
        settled(lambda: connection_item(after).save(condition=unchanged))
        return

    def fill(write: TransactWrite) -> None:
        write.save(connection_item(after), condition=unchanged)
        if after.watches_own != before.watches_own:
            write.save(slot_item(after))
        for task_id in after.subscribed - before.subscribed:
            write.save(subscription_item(after, task_id, pushed.get(task_id, 0)))
        for task_id in before.subscribed - after.subscribed:
            write.delete(SubscriptionItem(keys.task(task_id), keys.subscription(after.id)))

    write_together(fill)


def _forget(kept: Connection) -> None:
    def fill(write: TransactWrite) -> None:
        write.delete(connection_item(kept), condition=ConnectionItem.revision == kept.revision)
        write.delete(slot_item(kept))
        for task_id in kept.subscribed:
            write.delete(SubscriptionItem(keys.task(task_id), keys.subscription(kept.id)))

    write_together(fill)
