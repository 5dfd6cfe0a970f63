"""Sockets: who watches which task, how many, and for how long."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scanward.domain.tasks import Task
from scanward.errors import InvalidFields

MAX_CONNECTIONS = 5  # of one account at once, as documented
MAX_TASKS = 20  # that a socket names
MAX_FOLLOWED = 60  # of one's own, whose last message is remembered; closing deletes all rows in one transaction
MAX_LIFETIME = timedelta(hours=2)  # API Gateway ends a WebSocket by then
IDLE_TIMEOUT = timedelta(minutes=30)  # without a word from the client, as documented
KEEP_ALIVE_INTERVAL = timedelta(
    minutes=8
)  # API Gateway drops a silent socket after ten; due ones are looked for each minute
ACTIVITY_INTERVAL = timedelta(minutes=1)  # how often a word from the client is written down
CONNECT_GRACE = timedelta(seconds=10)  # a push may overtake the handshake; until then a gone socket may yet come


@dataclass(frozen=True, slots=True)
class Connection:
    """One open socket of an account's session.

    `slot`: which of the account's few it holds. `task_ids`: those that were named. `watches_own`: all of the account's
    own besides, `followed` being those that were pushed so far. `only_task`: what a task token is limited to. `due_at`:
    when to look at the socket. `revision` grows with each change.
    """

    id: str
    account_id: int
    session_id: str
    connected_at: datetime
    active_at: datetime
    due_at: datetime
    ends_at: datetime
    task_ids: tuple[int, ...] = ()
    followed_ids: tuple[int, ...] = ()
    watches_own: bool = False
    only_task: int | None = None
    slot: int = 0
    revision: int = 1

    @property
    def all_task_ids(self) -> frozenset[int]:
        """The tasks that remember what was sent to this socket."""
        return frozenset((*self.task_ids, *self.followed_ids))


@dataclass(frozen=True, slots=True)
class Slot:
    """A place that one of an account's sockets holds."""

    number: int
    account_id: int
    connection_id: str
    session_id: str
    connected_at: datetime
    watches_own: bool


@dataclass(frozen=True, slots=True)
class Subscription:
    """One socket's interest in one task. `pushed`: the highest version of the task that was sent there.

    `account_id`: whose socket it is; None of rows from before that was kept.
    """

    task_id: int
    connection_id: str
    account_id: int | None
    connected_at: datetime
    pushed_version: int


def new_connection(id: str, account_id: int, session_id: str, session_ends: datetime, now: datetime) -> Connection:
    """Return a socket that watches nothing yet; it ends with its session, and with API Gateway's patience."""
    ends = min(now + MAX_LIFETIME, session_ends)
    return Connection(
        id=id,
        account_id=account_id,
        session_id=session_id,
        connected_at=now,
        active_at=now,
        due_at=min(now + KEEP_ALIVE_INTERVAL, ends),
        ends_at=ends,
    )


def free_slot(slots: list[Slot]) -> int | None:
    """Return a slot that none of these hold; None when all are held."""
    return next(iter(set(range(MAX_CONNECTIONS)) - {slot.number for slot in slots}), None)


def watch(connection: Connection, task_ids: tuple[int, ...]) -> Connection:
    """Return the connection with these tasks named as well. Raises InvalidFields when they are too many."""
    named_ids = tuple(dict.fromkeys((*connection.task_ids, *task_ids)))
    if len(named_ids) > MAX_TASKS:
        raise InvalidFields({"task_ids": [f"A connection watches {MAX_TASKS} named tasks at most."]})
    return replace(connection, task_ids=named_ids)


def unwatch(connection: Connection, task_ids: tuple[int, ...]) -> Connection:
    """Return the connection without these tasks; those of one's own are told of again when they move, as long as all of
    them are watched.
    """
    named_ids = tuple(task_id for task_id in connection.task_ids if task_id not in task_ids)
    followed_ids = tuple(task_id for task_id in connection.followed_ids if task_id not in task_ids)
    return replace(connection, task_ids=named_ids, followed_ids=followed_ids)


def follow(connection: Connection, task_id: int) -> Connection:
    """Return the connection with a task of its account followed; the oldest is forgotten when there are too many (ids
    grow with time).
    """
    others = sorted(set(connection.followed_ids) - {task_id})
    return replace(connection, followed_ids=(*others[-(MAX_FOLLOWED - 1) :], task_id))


def note_activity(connection: Connection, now: datetime) -> Connection:
    """Return the connection after a message of its client; the same when the last one was just now."""
    return replace(connection, active_at=now) if now - connection.active_at >= ACTIVITY_INTERVAL else connection


def has_ended(connection: Connection, now: datetime) -> bool:
    """Tell whether the socket has lived out its life, or heard nothing for too long."""
    return now >= connection.ends_at or now - connection.active_at >= IDLE_TIMEOUT


def renew(connection: Connection, now: datetime) -> Connection:
    """Return the connection after a keep-alive; the next look is for another one, or for the end."""
    soonest = min(now + KEEP_ALIVE_INTERVAL, connection.active_at + IDLE_TIMEOUT, connection.ends_at)
    return replace(connection, due_at=max(soonest, now))


def owners(task: Task) -> tuple[int, ...]:
    """Return the accounts whose own the task is: whose data it reads, and who asked for it."""
    return tuple(dict.fromkeys((task.patient_id, task.requested_by)))
