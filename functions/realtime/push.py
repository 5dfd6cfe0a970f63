"""Pushing: what the stream says has changed goes to whoever watches it, and never backwards.

A version comes twice only after a crash between sending and noting it.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.domain.ids import to_uuid
from scanward.domain.tasks import Task, report
from scanward.domain.watching import SETTLING, Subscription
from scanward.errors import ScanwardError
from scanward.stores.connections import ConnectionStore
from scanward.stores.scans import ScanStore
from scanward.stores.sockets import SocketGone, Sockets

WAITS = (0.02, 0.04, 0.08, 0.16)  # seconds between tries while a handshake settles; others wait meanwhile


@dataclass(frozen=True, slots=True)
class Push:
    """What pushing works with. `sleep` waits for seconds."""

    scans: ScanStore
    connections: ConnectionStore
    sockets: Sockets
    now: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep


def task_moved(push: Push, task: Task) -> int:
    """Sends a task's new state to its watchers; gives back to how many.

    Raises what kept the last of those from getting it whom it should still reach, after all others were served.
    """
    sent, failure = 0, None
    for watcher in push.connections.watching(task.id):
        try:
            sent += _send(push, task, watcher)
        except ScanwardError as kept:
            failure = kept
    if failure:
        raise failure
    return sent


def watching_began(push: Push, watcher: Subscription) -> int:
    """Sends a new watcher the state as the poll would give it now. What the stream says of it may be long past."""
    now_watching = push.connections.subscription(watcher)
    task = push.scans.task(watcher.task_id)
    return _send(push, task, now_watching) if task and now_watching else 0


def _send(push: Push, task: Task, watcher: Subscription) -> int:
    if watcher.pushed >= task.version or not _deliver(push, watcher, _message(task)):
        return 0
    push.connections.pushed(watcher, task.version)
    return 1


def _deliver(push: Push, watcher: Subscription, message: bytes) -> bool:
    """Whether the message got there. A socket that is gone is forgotten, unless its handshake may yet be under way.

    Raises SocketGone in that case, after waiting a while, so that the record is tried again.
    """
    for wait in (*WAITS, None):
        try:
            push.sockets.send(watcher.connection_id, message)
        except SocketGone:
            if push.now() - watcher.connected_at > SETTLING:
                push.connections.close(watcher.connection_id)
                return False
            if push.connections.subscription(watcher) is None:
                return False  # it has said goodbye already
            if wait is None:
                raise
            push.sleep(wait)
        else:
            return True
    return False


def _message(task: Task) -> bytes:
    return json.dumps({"task_id": str(to_uuid(task.id)), **report(task)}, separators=(",", ":")).encode()
