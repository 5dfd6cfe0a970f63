"""Opening and closing sockets: who may, how many, and what they watch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from functions.realtime.usecases import connections, subscriptions
from functions.realtime.usecases.dependencies import RealtimeDeps
from scanward.domain.subscriptions import MAX_CONNECTIONS, Connection, free_slot, new_connection, watch
from scanward.domain.tokens import TokenType
from scanward.errors import Conflict, NotAllowed, NotAuthenticated, TooManyRequests
from scanward.security.authentication import AuthContext

MAX_TRIES = MAX_CONNECTIONS + 1
RETRY_WAIT = 60  # seconds until an account with too many sockets may try again


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a client shows. `origin`: as browsers say it, None for other clients. No `task_ids`: all of one's own.

    `address`: the sender's.
    """

    connection_id: str
    token: str
    task_ids: Sequence[str]
    origin: str | None
    address: str


def connect(deps: RealtimeDeps, handshake: Handshake) -> None:
    """Open a socket. A task token watches its own task and no other. The first state of each task is pushed at once.

    Raises NotAllowed for a foreign origin, NotAuthenticated, TooManyRequests for too many calls or sockets,
    InvalidFields for too many tasks, NotFound for a task that is missing or another account's.
    """
    deps.sender_limiter.count_call(handshake.address)
    if handshake.origin is not None and deps.origins and not deps.origins & {"*", handshake.origin}:
        raise NotAllowed
    auth = _authenticate(deps, handshake.token)
    connection = _requested_tasks(deps, auth, handshake)
    subscriptions.read_watchable(deps, auth.actor, connection.task_ids)
    connection = _store(deps, connection)
    if connection.watches_own:
        subscriptions.subscribe_open_tasks(deps, auth.actor, connection)
    if not connections.session_is_live(
        deps.connections, connection
    ):  # it ended meanwhile, when there was nothing to close yet
        deps.connections.connections.close(connection.id)
        raise NotAuthenticated


def disconnect(deps: RealtimeDeps, connection_id: str) -> None:
    """Forget a socket that has closed."""
    deps.connections.connections.close(connection_id)


def _authenticate(deps: RealtimeDeps, token: str) -> AuthContext:
    try:
        return deps.authenticator.authenticate(token, TokenType.ACCESS)
    except NotAuthenticated:
        return deps.authenticator.authenticate(token, TokenType.TASK)


def _requested_tasks(deps: RealtimeDeps, auth: AuthContext, handshake: Handshake) -> Connection:
    ends = datetime.fromtimestamp(auth.session.ends, UTC)
    connection = new_connection(
        id=handshake.connection_id,
        account_id=auth.actor.account_id,
        session_id=auth.actor.session_id,
        session_ends=ends,
        now=deps.connections.now(),
    )
    only = auth.claims.task_id
    if only is not None:
        return watch(replace(connection, only_task=only), (only,))
    if not handshake.task_ids:
        return replace(connection, watches_own=True)
    return watch(connection, tuple(deps.tokens.task_id(text) for text in handshake.task_ids))


def _store(deps: RealtimeDeps, connection: Connection) -> Connection:
    """Find the socket a slot. Where all are held, those whose sockets are gone without a word are freed first."""
    for _ in range(MAX_TRIES):
        slots = deps.connections.connections.slots(connection.account_id)
        slot = free_slot(slots)
        if slot is None:
            if not any(connections.free_stale_slot(deps.connections, stale) for stale in slots):
                raise TooManyRequests(RETRY_WAIT, MAX_CONNECTIONS)
            continue
        try:
            connection_in_slot = replace(connection, slot=slot)
            deps.connections.connections.add(connection_in_slot)
        except Conflict:
            continue  # another handshake was first
        return connection_in_slot
    raise TooManyRequests(RETRY_WAIT, MAX_CONNECTIONS)
