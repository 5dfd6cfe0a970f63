"""Pushing: what the stream says has changed goes to whoever watches it, each version once and none backwards."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scanward.domain.ids import to_uuid
from scanward.domain.tasks import Task, report
from scanward.domain.watching import SETTLING, Subscription
from scanward.stores.connections import ConnectionStore
from scanward.stores.scans import ScanStore
from scanward.stores.sockets import SocketGone, Sockets

FIRST_WAIT, LAST_WAIT = 0.02, 0.64  # seconds between tries while a handshake settles; 1.3 s in all


@dataclass(frozen=True, slots=True)
class Push:
    """What pushing works with. `sleep` waits for seconds."""

    scans: ScanStore
    connections: ConnectionStore
    sockets: Sockets
    now: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep


def task_moved(push: Push, task: Task) -> int:
    """Sends a task's new state to its watchers; gives back to how many."""
    return sum(_send(push, task, watcher) for watcher in push.connections.watching(task.id))


def watching_began(push: Push, watcher: Subscription) -> int:
    """Sends a new watcher the state as the poll would give it now."""
    task = push.scans.task(watcher.task_id)
    return _send(push, task, watcher) if task else 0


def _send(push: Push, task: Task, watcher: Subscription) -> int:
    if watcher.pushed >= task.version:
        return 0
    if not _deliver(push, watcher, _message(task)):
        return 0
    push.connections.pushed(watcher, task.version)
    return 1


def _deliver(push: Push, watcher: Subscription, message: bytes) -> bool:
    """Whether the message got there. A socket that is gone is forgotten, unless its handshake may yet be under way.

    Raises SocketGone in that case, after waiting a while, so that the record is tried again.
    """
    wait = FIRST_WAIT
    while True:
        try:
            push.sockets.send(watcher.connection_id, message)
            return True
        except SocketGone:
            if push.now() - watcher.connected_at > SETTLING:
                push.connections.close(watcher.connection_id)
                return False
            if wait > LAST_WAIT:
                raise
            push.sleep(wait)
            wait *= 2


def _message(task: Task) -> bytes:
    return json.dumps({"task_id": str(to_uuid(task.id)), **report(task)}, separators=(",", ":")).encode()
