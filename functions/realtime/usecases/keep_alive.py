"""Keeping sockets open for as long as the documents say, and no longer.

API Gateway drops a socket that was silent for ten minutes; the documents promise thirty. So each socket is sent a few
bytes in between, until its client has said nothing for half an hour. Only what is due is read, shard by shard.
"""

from collections.abc import Iterator

from functions.realtime.usecases import ending
from functions.realtime.usecases.dependencies import Keeper
from scanward.domain.watching import SETTLING, Connection, is_over, kept_alive
from scanward.errors import Unavailable
from scanward.stores.keys import CONNECTION_SHARDS
from scanward.stores.sockets import SocketGone

PER_SHARD = 200
KEEP_ALIVE = b'{"action":"keep-alive"}'


def keep_alive(keeper: Keeper) -> dict[str, int]:
    """Looks at every due socket once; counts those kept, ended, found gone, and not got to grips with."""
    counts = {"kept": 0, "ended": 0, "gone": 0, "untouched": 0}
    for connection in _due(keeper):
        try:
            counts[_settle(keeper, connection)] += 1
        except (Unavailable, SocketGone):
            counts["untouched"] += 1  # the next minute finds it again, and the others do not wait for it
    return counts


def _due(keeper: Keeper) -> Iterator[Connection]:
    for shard in range(CONNECTION_SHARDS):
        for connection_id in keeper.connections.due(shard, keeper.now(), PER_SHARD):
            connection = keeper.connections.get(connection_id)
            # The index is behind the table: it may have closed, or been kept alive, since.
            if connection and connection.due_at <= keeper.now():
                yield connection


def _settle(keeper: Keeper, connection: Connection) -> str:
    if is_over(connection, keeper.now()) or not ending.lives(keeper, connection):
        ending.end(keeper, connection)
        return "ended"
    try:
        keeper.sockets.send(connection.id, KEEP_ALIVE)
    except SocketGone:
        if keeper.now() - connection.connected_at <= SETTLING:
            raise
        keeper.connections.close(connection.id)
        return "gone"
    keeper.connections.change(connection.id, lambda kept: kept_alive(kept, keeper.now()))
    return "kept"
