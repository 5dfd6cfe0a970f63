"""Connections: kept alive for as long as the documents say, and ended with their session, their time or their peer."""

from datetime import datetime

from functions.realtime.usecases.dependencies import ConnectionDeps
from scanward.domain.subscriptions import CONNECT_GRACE, Connection, Slot, has_ended, renew
from scanward.errors import NotAuthenticated, ScanwardError, Unavailable
from scanward.stores.connections import ConnectionGone
from scanward.stores.keys import CONNECTION_SHARDS


def end_connection(deps: ConnectionDeps, socket: Connection | Slot) -> None:
    """Close a socket and forget it.

    Raises ConnectionGone while its handshake may be under way, so that it is tried again: forgotten now, it would open
    after all.
    """
    connection_id = socket.id if isinstance(socket, Connection) else socket.connection_id
    try:
        deps.client.close(connection_id)
    except ConnectionGone:
        if _is_settling(deps, socket.connected_at):
            raise
    deps.connections.close(connection_id)


def end_without_session(deps: ConnectionDeps, account_id: int) -> int:
    """End the account's sockets whose sessions live no more; gives back how many.

    Raises what kept one of them from ending, after all others were.
    """
    slots = deps.connections.slots(account_id)
    live = _live_sessions(deps, account_id) if slots else set()
    count, failure = 0, None
    for slot in slots:
        if slot.session_id in live:
            continue
        try:
            end_connection(deps, slot)
            count += 1
        except ScanwardError as error:
            failure = error
    if failure:
        raise failure
    return count


def session_is_live(deps: ConnectionDeps, connection: Connection) -> bool:
    """Tell whether the socket's session does."""
    return connection.session_id in _live_sessions(deps, connection.account_id)


def free_stale_slot(deps: ConnectionDeps, slot: Slot) -> bool:
    """Tell whether a slot has no connection any more, and free it."""
    if _is_settling(deps, slot.connected_at) or deps.client.is_open(slot.connection_id):
        return False
    deps.connections.close(slot.connection_id)
    deps.connections.free_slot(slot)
    return True


def _live_sessions(deps: ConnectionDeps, account_id: int) -> set[str]:
    try:
        return {session.id for session in deps.sessions.sessions(account_id, int(deps.now().timestamp()))}
    except NotAuthenticated:
        return set()


def _is_settling(deps: ConnectionDeps, connected_at: datetime) -> bool:
    return deps.now() - connected_at <= CONNECT_GRACE


PER_SHARD = 200
KEEP_ALIVE = b'{"action":"keep-alive"}'


def keep_alive(deps: ConnectionDeps) -> dict[str, int]:
    """Look at every due socket once; counts those kept, ended, found gone, and not got to grips with.

    `unread`: shards whose index did not answer.
    """
    counts = {"kept": 0, "ended": 0, "gone": 0, "untouched": 0, "unread": 0}
    for shard in range(CONNECTION_SHARDS):
        try:
            due_ids = deps.connections.due(shard, deps.now(), PER_SHARD)
        except Unavailable:
            counts["unread"] += 1
            continue
        for connection_id in due_ids:
            try:
                outcome = _renew(deps, connection_id)
            except (Unavailable, ConnectionGone):
                outcome = "untouched"  # the next minute finds it again, and the others do not wait for it
            if outcome:
                counts[outcome] += 1
    return counts


def _renew(deps: ConnectionDeps, connection_id: str) -> str | None:
    connection = deps.connections.get(connection_id)
    # The index is behind the table: it may have closed, or been kept alive, since.
    if connection is None or connection.due_at > deps.now():
        return None
    if has_ended(connection, deps.now()) or not session_is_live(deps, connection):
        end_connection(deps, connection)
        return "ended"
    try:
        deps.client.send(connection.id, KEEP_ALIVE)
    except ConnectionGone:
        if deps.now() - connection.connected_at <= CONNECT_GRACE:
            raise
        deps.connections.close(connection.id)
        return "gone"
    deps.connections.change(connection.id, lambda current: renew(current, deps.now()))
    return "kept"
