"""Opening and closing sockets: who may watch what."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from scanward.domain.claims import TokenType
from scanward.domain.policy import Action, Resource, allows
from scanward.domain.watching import MAX_TASKS, Connection
from scanward.errors import InvalidFields, NotAuthenticated, NotFound
from scanward.security.gate import Gate, Pass
from scanward.security.tokens import Tokens
from scanward.stores.connections import ConnectionStore
from scanward.stores.scans import ScanStore
from scanward.stores.sockets import SocketGone, Sockets

PONG = b'{"action":"pong"}'
UNHEARD = b'{"error":"Send {\\"action\\": \\"ping\\"} or nothing"}'


@dataclass(frozen=True, slots=True)
class Realtime:
    """What the use-cases work with."""

    gate: Gate
    tokens: Tokens
    scans: ScanStore
    connections: ConnectionStore
    sockets: Sockets
    now: Callable[[], datetime]


def connect(realtime: Realtime, connection_id: str, token: str, task_ids: Sequence[str]) -> None:
    """Opens a socket that watches `task_ids`; a task token watches its own task and no other.

    Raises NotAuthenticated, TooManyRequests, InvalidFields without a task or with too many, NotFound for a task that
    is missing or somebody else's. The first state of each task is pushed as soon as the socket is open.
    """
    passed = _pass(realtime, token)
    if passed.claims.task_id is not None:
        task_ids = [str(passed.claims.task_id)]
    wanted = tuple(dict.fromkeys(realtime.tokens.task_id(text) for text in task_ids))
    if not 0 < len(wanted) <= MAX_TASKS:
        raise InvalidFields({"task_ids": [f"Name one to {MAX_TASKS} tasks."]})
    for task_id in wanted:
        task = realtime.scans.task(task_id)
        if task is None or not allows(passed.actor, Action.READ_TASK, Resource(task.patient_id)):
            raise NotFound
    opened = Connection(
        connection_id, passed.actor.account_id, passed.actor.session_id, wanted, connected_at=realtime.now()
    )
    realtime.connections.open(opened)


def disconnect(realtime: Realtime, connection_id: str) -> None:
    """Forgets a socket."""
    realtime.connections.close(connection_id)


def hear(realtime: Realtime, connection_id: str, body: object) -> None:
    """The one message that a client may send is a ping; it keeps the socket from idling out.

    The answer is sent like a push: what a route answers reaches no client unless the gateway is told to pass it on.
    """
    try:
        said = json.loads(body) if isinstance(body, str) else None
    except (ValueError, RecursionError):
        said = None
    ping = isinstance(said, dict) and said.get("action") == "ping"
    with suppress(SocketGone):
        realtime.sockets.send(connection_id, PONG if ping else UNHEARD)


def _pass(realtime: Realtime, token: str) -> Pass:
    try:
        return realtime.gate.enter(token, TokenType.ACCESS)
    except NotAuthenticated:
        return realtime.gate.enter(token, TokenType.TASK)
