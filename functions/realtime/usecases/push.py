"""Pushing: what the stream says has changed goes to each socket that watches it, never backwards; notifications."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from functions.realtime.usecases import subscriptions
from functions.realtime.usecases.dependencies import ConnectionDeps
from scanward.domain.care import AccessNotification
from scanward.domain.ids import to_uuid
from scanward.domain.subscriptions import CONNECT_GRACE, Connection, Slot, Subscription, follow, owners, unwatch
from scanward.domain.tasks import Task, status_report
from scanward.errors import NotAuthenticated, NotFound, ScanwardError
from scanward.security.access import Access
from scanward.stores.connections import ConnectionGone
from scanward.stores.notifications import Notification
from scanward.stores.scans import ScanStore

RETRY_WAITS = (0.02, 0.04, 0.08, 0.16)  # seconds between tries while a handshake settles; others wait meanwhile


@dataclass(frozen=True, slots=True)
class PushDeps:
    """What pushing works with. `sleep` waits for seconds."""

    connections: ConnectionDeps
    scans: ScanStore
    access: Access
    sleep: Callable[[float], None] = time.sleep


def push_task(deps: PushDeps, task: Task) -> int:
    """Send a task's new state to its watchers; gives back to how many.

    Raises what kept the last of those from getting it whom it should still reach, after all others were served.
    """
    count, failure = 0, None
    for send in _watchers(deps, task):
        try:
            count += send()
        except ScanwardError as error:
            failure = error
    if failure:
        raise failure
    return count


def push_first_state(deps: PushDeps, watcher: Subscription) -> int:
    """Send a new watcher the state as the poll would give it now. What the stream says of it may be long past."""
    now_watching = deps.connections.connections.subscription(watcher)
    task = deps.scans.task(watcher.task_id)
    return _send(deps, task, now_watching) if task and now_watching else 0


def _watchers(deps: PushDeps, task: Task) -> Iterator[Callable[[], int]]:
    """Yield one call for each socket: those that subscribe to the task, then those that watch all of an owner's own."""
    watchers = deps.connections.connections.subscriptions_to(task.id)
    for watcher in watchers:
        yield partial(_send, deps, task, watcher)
    connection_ids = {watcher.connection_id for watcher in watchers}
    for owner in owners(task):
        for slot in deps.connections.connections.slots(owner):
            if slot.watches_own and slot.connection_id not in connection_ids:
                yield partial(_subscribe_and_push, deps, task, slot)


def _send(deps: PushDeps, task: Task, watcher: Subscription) -> int:
    if watcher.pushed_version >= task.version:
        return 0
    if not _deliver(deps, watcher, _message(task), partial(_may_be_told, deps, task, watcher)):
        return 0
    deps.connections.connections.set_pushed(watcher, task.version)
    return 1


def _may_be_told(deps: PushDeps, task: Task, watcher: Subscription) -> bool:
    """Tell whether a watcher may read the task still; who may not does not watch it any longer."""
    if watcher.account_id == task.patient_id:
        return True
    store = deps.connections.connections
    connection = store.get(watcher.connection_id)
    if connection is None:
        return False
    if _may_watch(deps, task, connection):
        return True
    store.change(connection.id, lambda current: unwatch(current, (task.id,)))
    return False


def _subscribe_and_push(deps: PushDeps, after: Task, slot: Slot) -> int:
    """Tell a socket of a task that it is not known to know, and remember what it was told.

    It is told the state as the poll gives it: if it did know, and that was forgotten, this is no older.
    """
    task = deps.scans.task(after.id)
    if task is None:
        return 0
    watcher = Subscription(task.id, slot.connection_id, slot.account_id, slot.connected_at, pushed_version=0)
    if not _deliver(deps, watcher, _message(task), partial(_may_watch, deps, task, slot)):
        return 0
    pushed_versions = {task.id: task.version}
    deps.connections.connections.change(
        slot.connection_id, lambda connection: follow(connection, task.id), pushed_versions
    )
    return 1


def _may_watch(deps: PushDeps, task: Task, socket: Slot | Connection) -> bool:
    """Tell whether the socket's account may read the task still; of another's data the access log takes note."""
    if socket.account_id == task.patient_id:
        return True
    try:
        actor = deps.connections.sessions.actor(
            socket.account_id, socket.session_id, int(deps.connections.now().timestamp())
        )
        subscriptions.require_watchable(deps.access, actor, task)
    except (NotAuthenticated, NotFound):
        return False
    return True


def _deliver(deps: PushDeps, watcher: Subscription, message: bytes, may_be_told: Callable[[], bool]) -> bool:
    """Tell whether the message got there. `may_be_told` is asked right before each try: access may end while one waits.

    A socket that is gone is forgotten, unless its handshake may yet be under way.

    Raises ConnectionGone in that case, after waiting a while, so that the record is tried again.
    """
    for wait in (*RETRY_WAITS, None):
        if not may_be_told():
            return False
        try:
            deps.connections.client.send(watcher.connection_id, message)
        except ConnectionGone:
            if deps.connections.now() - watcher.connected_at > CONNECT_GRACE:
                deps.connections.connections.close(watcher.connection_id)
                return False
            if deps.connections.connections.get(watcher.connection_id) is None:
                return False  # it has said goodbye already
            if wait is None:
                raise
            deps.sleep(wait)
        else:
            return True
    return False


def _message(task: Task) -> bytes:
    return json.dumps({"task_id": str(to_uuid(task.id)), **status_report(task)}, separators=(",", ":")).encode()


def push_notification(deps: ConnectionDeps, notice: Notification | AccessNotification) -> int:
    """Tell every open socket of the account that it is for; gives back how many.

    Who is not connected reads it later, so a socket that is gone is let be. Raises what kept another one from it, after
    all were tried; told again, the others are told nothing new.
    """
    count, failure = 0, None
    for slot in deps.connections.slots(notice.account_id):
        try:
            deps.client.send(slot.connection_id, _notification_message(notice))
            count += 1
        except ConnectionGone:
            continue
        except ScanwardError as error:
            failure = error
    if failure:
        raise failure
    return count


def _notification_message(notice: Notification | AccessNotification) -> bytes:
    payload: dict[str, object]
    if isinstance(notice, Notification):
        payload = {"action": notice.event.value, "question_id": notice.question_id}
    else:
        ends_at = _second(notice.ends_at) if notice.ends_at else None
        payload = {"action": notice.change.value.lower(), "professional_id": notice.professional_id}
        payload |= {"at": _second(notice.at), "ends_at": ends_at}
    return json.dumps(payload, separators=(",", ":")).encode()


def _second(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
