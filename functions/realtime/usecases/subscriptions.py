"""Subscriptions: who may watch a task, and the messages with which a client watches, unwatches and pings."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from functions.realtime.usecases.dependencies import RealtimeDeps
from scanward.domain.accounts import Actor
from scanward.domain.pagination import PageRange
from scanward.domain.policy import Action
from scanward.domain.subscriptions import MAX_TASKS, Connection, follow, note_activity, unwatch, watch
from scanward.domain.tasks import Task
from scanward.errors import NotAllowed, NotAuthenticated, NotFound, TooManyRequests
from scanward.security.access import Access, ResourceRef
from scanward.stores.connections import ConnectionGone


def require_watchable(access: Access, actor: Actor, task: Task) -> None:
    """Raise NotFound for another account's task; watching one of a patient's is in their access log."""
    try:
        access.require(actor, Action.READ_TASK, task.patient_id, ResourceRef("task", task.id))
    except NotAllowed as error:
        raise NotFound from error


def read_watchable(deps: RealtimeDeps, actor: Actor, task_ids: tuple[int, ...]) -> None:
    """Raise NotFound when one of the tasks is missing or another account's."""
    for task_id in task_ids:
        task = deps.scans.task(task_id)
        if task is None:
            raise NotFound
        require_watchable(deps.access, actor, task)


def subscribe_open_tasks(deps: RealtimeDeps, actor: Actor, connection: Connection) -> Connection | None:
    """Follow those of one's own newest tasks that are still going on, so that their state is pushed at once.

    Comes after the socket is kept: what begins or moves meanwhile finds it already.
    """
    newest = deps.lists.tasks_of(connection.account_id, PageRange(0, MAX_TASKS))
    going_on = []
    for task in deps.lists.tasks(newest.items):
        with suppress(NotFound):
            if not task.is_final:
                require_watchable(deps.access, actor, task)
                going_on.append(task.id)

    def with_all(connection: Connection) -> Connection:
        for task_id in sorted(set(going_on) - connection.all_task_ids):
            connection = follow(connection, task_id)
        return connection

    return deps.connections.connections.change(connection.id, with_all)


MAX_MESSAGES = 2  # times the account's limit, above which it is not worth telling


class ReplyKind(StrEnum):
    """What a message asks for."""

    WATCH = "watch"
    UNWATCH = "unwatch"
    PING = "ping"


@dataclass(frozen=True, slots=True)
class Message:
    """`task_ids`: those that are named, ids or task tokens; None where none are: all of one's own, or everything."""

    action: ReplyKind
    task_ids: tuple[str, ...] | None = None


class MessageRateExceeded(TooManyRequests):
    """Too many messages to go on listening."""


def handle_message(deps: RealtimeDeps, connection_id: str, read: Callable[[], Message]) -> Connection | None:
    """Carry out a message; return what the socket watches now, None after a ping.

    The message is counted before it is read. Raises NotAuthenticated when the session is over and MessageRateExceeded
    (the socket is to be closed then), TooManyRequests, what `read` raises, InvalidFields, and NotFound for a task that
    is missing or not for this socket to watch.
    """
    connection = deps.connections.connections.get(connection_id)
    if connection is None:
        raise NotAuthenticated
    actor = _count_message(deps, connection)
    now = deps.connections.now()
    if note_activity(connection, now) != connection:
        deps.connections.connections.change(connection_id, lambda current: note_activity(current, now))
    message = read()
    if message.action is ReplyKind.PING:
        return None
    if message.action is ReplyKind.WATCH:
        after = _watch(deps, connection, actor, message)
    else:
        after = _unwatch(deps, connection, message)
    if after is None:
        raise NotAuthenticated
    return after


def reply(deps: RealtimeDeps, connection_id: str, payload: bytes, *, ends: bool) -> None:
    """Answer over the socket: what a route answers reaches no client. `ends`: and closes it."""
    with suppress(ConnectionGone):
        deps.connections.client.send(connection_id, payload)
    if not ends:
        return
    with suppress(ConnectionGone):
        deps.connections.client.close(connection_id)
    deps.connections.connections.close(connection_id)


def _count_message(deps: RealtimeDeps, connection: Connection) -> Actor:
    now = int(deps.connections.now().timestamp())
    passage = deps.connections.sessions.count_request(connection.account_id, connection.session_id, now)
    if passage.count > MAX_MESSAGES * deps.limit:
        raise MessageRateExceeded(60 - now % 60, deps.limit)
    if passage.count > deps.limit:
        raise TooManyRequests(60 - now % 60, deps.limit)
    return passage.actor


def _watch(deps: RealtimeDeps, connection: Connection, actor: Actor, message: Message) -> Connection | None:
    change = deps.connections.connections.change
    if message.task_ids is None:
        if connection.only_task is not None:
            raise NotFound
        after = change(connection.id, lambda current: replace(current, watches_own=True))
        return after and subscribe_open_tasks(deps, actor, after)
    task_ids = tuple(deps.tokens.task_id(text) for text in message.task_ids)
    if connection.only_task is not None and set(task_ids) - {connection.only_task}:
        raise NotFound
    watch(connection, task_ids)  # too many are refused before each is looked at
    read_watchable(deps, actor, task_ids)
    return change(connection.id, lambda current: watch(current, task_ids))


def _unwatch(deps: RealtimeDeps, connection: Connection, message: Message) -> Connection | None:
    if message.task_ids is None:
        return deps.connections.connections.change(
            connection.id, lambda current: replace(current, task_ids=(), followed_ids=(), watches_own=False)
        )
    task_ids = tuple(deps.tokens.task_id(text) for text in message.task_ids)
    return deps.connections.connections.change(connection.id, lambda current: unwatch(current, task_ids))
