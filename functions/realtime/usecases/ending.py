"""Ending sockets: when their session does, when their time is up, and when nobody is at the other end."""

from datetime import datetime

from functions.realtime.usecases.dependencies import Keeper
from scanward.domain.watching import SETTLING, Connection, Slot
from scanward.errors import NotAuthenticated, ScanwardError
from scanward.stores.sockets import SocketGone


def end(keeper: Keeper, socket: Connection | Slot) -> None:
    """Closes a socket and forgets it.

    Raises SocketGone while its handshake may be under way, so that it is tried again: forgotten now, it would open
    after all.
    """
    connection_id = socket.id if isinstance(socket, Connection) else socket.connection_id
    try:
        keeper.sockets.close(connection_id)
    except SocketGone:
        if _is_settling(keeper, socket.connected_at):
            raise
    keeper.connections.close(connection_id)


def end_those_without_session(keeper: Keeper, account_id: int) -> int:
    """Ends the account's sockets whose sessions live no more; gives back how many.

    Raises what kept one of them from ending, after all others were.
    """
    held = keeper.connections.slots(account_id)
    live = _live(keeper, account_id) if held else set()
    ended, failure = 0, None
    for slot in held:
        if slot.session_id in live:
            continue
        try:
            end(keeper, slot)
            ended += 1
        except ScanwardError as kept:
            failure = kept
    if failure:
        raise failure
    return ended


def lives(keeper: Keeper, connection: Connection) -> bool:
    """Whether the socket's session does."""
    return connection.session_id in _live(keeper, connection.account_id)


def swept(keeper: Keeper, slot: Slot) -> bool:
    """Whether a slot was held for nobody, and is free now."""
    if _is_settling(keeper, slot.connected_at) or keeper.sockets.is_open(slot.connection_id):
        return False
    keeper.connections.close(slot.connection_id)
    keeper.connections.vacate(slot)
    return True


def _live(keeper: Keeper, account_id: int) -> set[str]:
    try:
        return {session.id for session in keeper.gates.sessions(account_id, int(keeper.now().timestamp()))}
    except NotAuthenticated:
        return set()


def _is_settling(keeper: Keeper, connected_at: datetime) -> bool:
    return keeper.now() - connected_at <= SETTLING
