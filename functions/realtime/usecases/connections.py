"""Connections: kept alive for as long as the documents say, and ended with their session, their time or their peer."""

from collections.abc import Iterator
from datetime import datetime

from functions.realtime.usecases.dependencies import ConnectionDeps
from scanward.domain.subscriptions import CONNECT_GRACE, Connection, Slot, has_ended, renew
from scanward.errors import NotAuthenticated, ScanwardError, Unavailable
from scanward.stores.connections import ConnectionGone
from scanward.stores.keys import CONNECTION_SHARDS


def end_connection(keeper: ConnectionDeps, socket: Connection | Slot) -> None:
    """Closes a socket and forgets it.

    Raises SocketGone while its handshake may be under way, so that it is tried again: forgotten now, it would open
    after all.
    """
    connection_id = socket.id if isinstance(socket, Connection) else socket.connection_id
    try:
        keeper.client.close(connection_id)
    except ConnectionGone:
        if _is_settling(keeper, socket.connected_at):
            raise
    keeper.connections.close(connection_id)


def end_without_session(keeper: ConnectionDeps, account_id: int) -> int:
    """Ends the account's sockets whose sessions live no more; gives back how many.

    Raises what kept one of them from ending, after all others were.
    """
    held = keeper.connections.slots(account_id)
    live = _live_sessions(keeper, account_id) if held else set()
    ended, failure = 0, None
    for slot in held:
        if slot.session_id in live:
            continue
        try:
            end_connection(keeper, slot)
            ended += 1
        except ScanwardError as kept:
            failure = kept
    if failure:
        raise failure
    return ended


def session_is_live(keeper: ConnectionDeps, connection: Connection) -> bool:
    """Whether the socket's session does."""
    return connection.session_id in _live_sessions(keeper, connection.account_id)


def free_stale_slot(keeper: ConnectionDeps, slot: Slot) -> bool:
    """Whether a slot was held for nobody, and is free now."""
    if _is_settling(keeper, slot.connected_at) or keeper.client.is_open(slot.connection_id):
        return False
    keeper.connections.close(slot.connection_id)
    keeper.connections.free_slot(slot)
    return True


def _live_sessions(keeper: ConnectionDeps, account_id: int) -> set[str]:
    try:
        return {session.id for session in keeper.sessions.sessions(account_id, int(keeper.now().timestamp()))}
    except NotAuthenticated:
        return set()


def _is_settling(keeper: ConnectionDeps, connected_at: datetime) -> bool:
    return keeper.now() - connected_at <= CONNECT_GRACE


PER_SHARD = 200
KEEP_ALIVE = b'{"action":"keep-alive"}'


def keep_alive(keeper: ConnectionDeps) -> dict[str, int]:
    """Looks at every due socket once; counts those kept, ended, found gone, and not got to grips with."""
    counts = {"kept": 0, "ended": 0, "gone": 0, "untouched": 0}
    for connection in _due(keeper):
        try:
            counts[_renew(keeper, connection)] += 1
        except (Unavailable, ConnectionGone):
            counts["untouched"] += 1  # the next minute finds it again, and the others do not wait for it
    return counts


def _due(keeper: ConnectionDeps) -> Iterator[Connection]:
    for shard in range(CONNECTION_SHARDS):
        for connection_id in keeper.connections.due(shard, keeper.now(), PER_SHARD):
            connection = keeper.connections.get(connection_id)
            # The index is behind the table: it may have closed, or been kept alive, since.
            if connection and connection.due_at <= keeper.now():
                yield connection


def _renew(keeper: ConnectionDeps, connection: Connection) -> str:
    if has_ended(connection, keeper.now()) or not session_is_live(keeper, connection):
        end_connection(keeper, connection)
        return "ended"
    try:
        keeper.client.send(connection.id, KEEP_ALIVE)
    except ConnectionGone:
        if keeper.now() - connection.connected_at <= CONNECT_GRACE:
            raise
        keeper.connections.close(connection.id)
        return "gone"
    keeper.connections.change(connection.id, lambda kept: renew(kept, keeper.now()))
    return "kept"
