"""What a client says over an open socket: watch, unwatch, ping."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from functions.realtime.usecases import permission
from functions.realtime.usecases.dependencies import Realtime
from scanward.domain.accounts import Actor
from scanward.domain.watching import Connection, heard, unwatch, watch
from scanward.errors import NotAuthenticated, NotFound, TooManyRequests
from scanward.stores.sockets import SocketGone

FLOOD = 2  # times the account's limit, above which it is not worth telling


class Said(StrEnum):
    """What a message asks for."""

    WATCH = "watch"
    UNWATCH = "unwatch"
    PING = "ping"


@dataclass(frozen=True, slots=True)
class Message:
    """`task_ids`: those that are named, ids or task tokens; None where none are: all of one's own, or everything."""

    action: Said
    task_ids: tuple[str, ...] | None = None


class Flooded(TooManyRequests):
    """Too many messages to go on listening."""


def hear(realtime: Realtime, connection_id: str, read: Callable[[], Message]) -> Connection | None:
    """Does what a message asks for; what the socket watches now, None after a ping.

    The message is counted before it is read. Raises NotAuthenticated when the session is over and Flooded (the socket
    is to be closed then), TooManyRequests, what `read` raises, InvalidFields, and NotFound for a task that is missing
    or not for this socket to watch.
    """
    connection = realtime.keeper.connections.get(connection_id)
    if connection is None:
        raise NotAuthenticated
    actor = _counted(realtime, connection)
    now = realtime.keeper.now()
    if heard(connection, now) != connection:
        realtime.keeper.connections.change(connection_id, lambda kept: heard(kept, now))
    message = read()
    if message.action is Said.PING:
        return None
    if message.action is Said.WATCH:
        changed = _watch(realtime, connection, actor, message)
    else:
        changed = _unwatch(realtime, connection, message)
    if changed is None:
        raise NotAuthenticated
    return changed


def reply(realtime: Realtime, connection_id: str, said: bytes, *, ends: bool) -> None:
    """Answers over the socket: what a route answers reaches no client. `ends`: and closes it."""
    with suppress(SocketGone):
        realtime.keeper.sockets.send(connection_id, said)
    if not ends:
        return
    with suppress(SocketGone):
        realtime.keeper.sockets.close(connection_id)
    realtime.keeper.connections.close(connection_id)


def _counted(realtime: Realtime, connection: Connection) -> Actor:
    now = int(realtime.keeper.now().timestamp())
    passage = realtime.keeper.gates.enter(connection.account_id, connection.session_id, now)
    if passage.count > FLOOD * realtime.limit:
        raise Flooded(60 - now % 60, realtime.limit)
    if passage.count > realtime.limit:
        raise TooManyRequests(60 - now % 60, realtime.limit)
    return passage.actor


def _watch(realtime: Realtime, connection: Connection, actor: Actor, message: Message) -> Connection | None:
    change = realtime.keeper.connections.change
    if message.task_ids is None:
        if connection.only_task is not None:
            raise NotFound
        changed = change(connection.id, lambda kept: replace(kept, watches_own=True))
        return changed and permission.catch_up(realtime, actor, changed)
    task_ids = tuple(realtime.tokens.task_id(text) for text in message.task_ids)
    if connection.only_task is not None and set(task_ids) - {connection.only_task}:
        raise NotFound
    watch(connection, task_ids)  # too many are refused before each is looked at
    permission.watchable(realtime, actor, task_ids)
    return change(connection.id, lambda kept: watch(kept, task_ids))


def _unwatch(realtime: Realtime, connection: Connection, message: Message) -> Connection | None:
    if message.task_ids is None:
        return realtime.keeper.connections.change(
            connection.id, lambda kept: replace(kept, task_ids=(), followed=(), watches_own=False)
        )
    task_ids = tuple(realtime.tokens.task_id(text) for text in message.task_ids)
    return realtime.keeper.connections.change(connection.id, lambda kept: unwatch(kept, task_ids))
