"""WebSocket connections in DynamoDB, the slots they hold, their subscriptions, and the API that sends to them."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, NumberSetAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.transactions import TransactWrite

from scanward.domain.subscriptions import Connection, Slot, Subscription
from scanward.errors import Conflict, ScanwardError
from scanward.stores import keys
from scanward.stores.clients import websocket_management
from scanward.stores.dynamo import (
    ConditionFailed,
    TableItem,
    WriteConflict,
    bind_table,
    from_ms,
    get_item,
    retry_on_conflict,
    sdk_errors_mapped,
    to_ms,
    transact_write,
)
from scanward.stores.sdk import failures_mapped

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


RETENTION = timedelta(hours=1)  # after the end, in case no sweep came


class DueIndex(GlobalSecondaryIndex["ConnectionItem"]):  # type: ignore[no-untyped-call]
    """`due`: sockets by shard and the time at which they are looked at."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = NumberAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class ConnectionItem(TableItem):
    """CONNECTION#id / CONNECTION."""

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


class SlotItem(TableItem):
    """ACCOUNT#id / SLOT#number: which socket holds it. There is one row less than would be too many."""

    connection_id = UnicodeAttribute()
    session_id = UnicodeAttribute()
    connected_ms = NumberAttribute()
    watches_own = BooleanAttribute()
    expires_at = NumberAttribute()


class SubscriptionItem(TableItem):
    """TASK#id / SUB#connection."""

    account_id = NumberAttribute(null=True)
    connected_ms = NumberAttribute()
    pushed = NumberAttribute()
    expires_at = NumberAttribute()


def connection_item(connection: Connection) -> ConnectionItem:
    """Return the item of a socket."""
    return ConnectionItem(
        keys.connection(connection.id),
        account_id=connection.account_id,
        session_id=connection.session_id,
        connected_ms=to_ms(connection.connected_at),
        heard_ms=to_ms(connection.active_at),
        ends_ms=to_ms(connection.ends_at),
        due_shard=keys.connection_shard(connection.id),
        due_at=to_ms(connection.due_at),
        task_ids=set(connection.task_ids) or None,
        followed=set(connection.followed_ids) or None,
        watches_own=connection.watches_own,
        only_task=connection.only_task,
        slot=connection.slot,
        revision=connection.revision,
        expires_at=_expires(connection),
    )


def connection_of(item: ConnectionItem) -> Connection:
    """Return the socket that an item spells."""
    return Connection(
        id=keys.text(item.pk),
        account_id=int(item.account_id),
        session_id=item.session_id,
        connected_at=from_ms(item.connected_ms),
        active_at=from_ms(item.heard_ms),
        due_at=from_ms(item.due_at),
        ends_at=from_ms(item.ends_ms),
        task_ids=_to_tuple(item.task_ids),
        followed_ids=_to_tuple(item.followed),
        watches_own=item.watches_own,
        only_task=int(item.only_task) if item.only_task is not None else None,
        slot=int(item.slot),
        revision=int(item.revision),
    )


def slot_item(connection: Connection) -> SlotItem:
    """Return the item of the slot that a socket holds."""
    return SlotItem(
        keys.account(connection.account_id),
        keys.slot(connection.slot),
        connection_id=connection.id,
        session_id=connection.session_id,
        connected_ms=to_ms(connection.connected_at),
        watches_own=connection.watches_own,
        expires_at=_expires(connection),
    )


def slot_of(item: SlotItem) -> Slot:
    """Return the slot that an item spells."""
    holder = (keys.number(item.pk), item.connection_id, item.session_id, from_ms(item.connected_ms))
    return Slot(keys.number(item.sk), *holder, item.watches_own)


def subscription_item(connection: Connection, task_id: int, pushed_version: int) -> SubscriptionItem:
    """Return the item of a socket's interest in a task."""
    return SubscriptionItem(
        keys.task(task_id),
        keys.subscription(connection.id),
        account_id=connection.account_id,
        connected_ms=to_ms(connection.connected_at),
        pushed=pushed_version,
        expires_at=_expires(connection),
    )


def subscription_of(item: SubscriptionItem) -> Subscription:
    """Return the subscription that an item spells."""
    account_id = int(item.account_id) if item.account_id is not None else None
    return Subscription(
        task_id=keys.number(item.pk),
        connection_id=keys.text(item.sk),
        account_id=account_id,
        connected_at=from_ms(item.connected_ms),
        pushed_version=int(item.pushed),
    )


def subscription_of_image(image: Mapping[str, Any]) -> Subscription:
    """Return the subscription in a stream record's image (DynamoDB JSON)."""
    item = SubscriptionItem()
    item.deserialize(dict(image))
    return subscription_of(item)


def _expires(connection: Connection) -> int:
    return int((connection.ends_at + RETENTION).timestamp())


def _to_tuple(numbers: set[float] | None) -> tuple[int, ...]:
    return tuple(sorted(map(int, numbers or ())))


MAX_TRIES = 5


class ConnectionStore:
    """Reads and writes all three. `scans_table` is where subscriptions lie."""

    def __init__(self, table: str, scans_table: str) -> None:
        bind_table(ConnectionItem, table)
        bind_table(SlotItem, table)
        bind_table(SubscriptionItem, scans_table)

    def add(self, connection: Connection) -> None:
        """Keep a socket, its slot and its subscriptions, all or nothing. Raises Conflict when the slot is held."""

        def fill(write: TransactWrite) -> None:
            write.save(connection_item(connection))
            write.save(slot_item(connection), condition=SlotItem.pk.does_not_exist())
            for task_id in connection.all_task_ids:
                write.save(subscription_item(connection, task_id, pushed_version=0))

        try:
            transact_write(fill)
        except ConditionFailed as error:
            raise Conflict from error

    def get(self, connection_id: str) -> Connection | None:
        """Return the socket, strongly consistent; None when it has closed."""
        item = get_item(ConnectionItem, keys.connection(connection_id), keys.CONNECTION)
        return connection_of(item) if item else None

    def change(
        self,
        connection_id: str,
        change: Callable[[Connection], Connection],
        pushed_versions: Mapping[int, int] | None = None,
    ) -> Connection | None:
        """Write what `change` makes of a socket over what it was, again when another writer was first.

        `pushed`: task → the version that was sent already, of those it subscribes to now. None when it has closed.
        """
        for _ in range(MAX_TRIES):
            before = self.get(connection_id)
            if before is None:
                return None
            after = change(before)
            if after == before:
                return before
            after = replace(after, revision=before.revision + 1)
            try:
                _move(before, after, pushed_versions or {})
            except ConditionFailed:
                continue
            return after
        raise WriteConflict

    def close(self, connection_id: str) -> None:
        """Forget a socket, its slot and all its subscriptions; one that is not known is no error."""
        for _ in range(MAX_TRIES):
            connection = self.get(connection_id)
            if connection is None:
                return
            try:
                _delete(connection)
            except ConditionFailed:
                continue
            return
        raise WriteConflict

    def slots(self, account_id: int) -> list[Slot]:
        """Return the account's open sockets, strongly consistent; one round trip."""
        with sdk_errors_mapped():
            prefix = SlotItem.sk.startswith(keys.SLOT_PREFIX)
            return [slot_of(item) for item in SlotItem.query(keys.account(account_id), prefix, consistent_read=True)]

    def free_slot(self, slot: Slot) -> None:
        """Free a slot whose socket is forgotten, unless another one holds it by now."""
        item = SlotItem(keys.account(slot.account_id), keys.slot(slot.number))
        try:
            with sdk_errors_mapped():
                item.delete(condition=SlotItem.connection_id == slot.connection_id)
        except ConditionFailed:
            return

    def due(self, shard: int, now: datetime, limit: int) -> list[str]:
        """Return up to `limit` sockets of one shard that should be looked at by `now`, the longest due first."""
        with sdk_errors_mapped():
            items = ConnectionItem.due.query(shard, DueIndex.due_at <= to_ms(now), limit=limit)
            return [keys.text(item.pk) for item in items]

    def subscriptions_to(self, task_id: int) -> list[Subscription]:
        """Return who watches a task, strongly consistent."""
        with sdk_errors_mapped():
            prefix = SubscriptionItem.sk.startswith(keys.SUBSCRIPTION_PREFIX)
            items = SubscriptionItem.query(keys.task(task_id), prefix, consistent_read=True)
            return [subscription_of(item) for item in items]

    def subscription(self, watcher: Subscription) -> Subscription | None:
        """Return the subscription as it is now, strongly consistent; None when it has ended."""
        place = (keys.task(watcher.task_id), keys.subscription(watcher.connection_id))
        item = get_item(SubscriptionItem, *place)
        return subscription_of(item) if item else None

    def set_pushed(self, subscription: Subscription, version: int) -> None:
        """Remember that a version was sent; a higher one that was sent meanwhile, or a closed socket, stays."""
        item = SubscriptionItem(keys.task(subscription.task_id), keys.subscription(subscription.connection_id))
        try:
            with sdk_errors_mapped():
                item.update([SubscriptionItem.pushed.set(version)], condition=SubscriptionItem.pushed < version)
        except ConditionFailed:
            return


def _move(before: Connection, after: Connection, pushed_versions: Mapping[int, int]) -> None:
    same_revision = ConnectionItem.revision == before.revision
    if (after.all_task_ids, after.watches_own) == (before.all_task_ids, before.watches_own):
        retry_on_conflict(lambda: connection_item(after).save(condition=same_revision))
        return

    def fill(write: TransactWrite) -> None:
        write.save(connection_item(after), condition=same_revision)
        if after.watches_own != before.watches_own:
            write.save(slot_item(after))
        for task_id in after.all_task_ids - before.all_task_ids:
            write.save(subscription_item(after, task_id, pushed_versions.get(task_id, 0)))
        for task_id in before.all_task_ids - after.all_task_ids:
            write.delete(SubscriptionItem(keys.task(task_id), keys.subscription(after.id)))

    transact_write(fill)


def _delete(connection: Connection) -> None:
    def fill(write: TransactWrite) -> None:
        write.delete(connection_item(connection), condition=ConnectionItem.revision == connection.revision)
        write.delete(slot_item(connection))
        for task_id in connection.all_task_ids:
            write.delete(SubscriptionItem(keys.task(task_id), keys.subscription(connection.id)))

    transact_write(fill)


class ConnectionGone(ScanwardError):
    """The socket is closed, or its handshake is not over yet."""

    message = "The socket is gone"


class WebSocketClient:
    """The sockets of one WebSocket API and stage."""

    def __init__(self, api_id: str, stage: str, region: str) -> None:
        # On a local cloud all services share one address, and the management side lies under a path of it.
        local = os.environ.get("AWS_ENDPOINT_URL")
        self._endpoint = (
            f"{local}/_aws/execute-api/{api_id}/{stage}"
            if local
            else f"https://{api_id}.execute-api.{region}.amazonaws.com/{stage}"
        )

    def send(self, connection_id: str, message: bytes) -> None:
        """Send one message. Raises ConnectionGone, or Unavailable when it should be tried again."""
        with self._managing() as client:
            client.post_to_connection(ConnectionId=connection_id, Data=message)

    def close(self, connection_id: str) -> None:
        """Close a socket. Raises as `send` does."""
        with self._managing() as client:
            client.delete_connection(ConnectionId=connection_id)

    def is_open(self, connection_id: str) -> bool:
        """Tell whether the socket is there. Raises Unavailable."""
        try:
            with self._managing() as client:
                client.get_connection(ConnectionId=connection_id)
        except ConnectionGone:
            return False
        return True

    @contextmanager
    def _managing(self) -> Iterator["ApiGatewayManagementApiClient"]:
        client = websocket_management(self._endpoint)
        with failures_mapped():
            try:
                yield client
            except client.exceptions.GoneException as error:
                raise ConnectionGone from error
