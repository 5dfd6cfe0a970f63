"""Puts together what keeps sockets, for each function that does."""

from functions.realtime.settings import SocketSettings
from functions.realtime.usecases.dependencies import Keeper
from scanward.clock import now
from scanward.stores.connections import ConnectionStore, Sockets
from scanward.stores.sessions import SessionStore


def keeper_of(settings: SocketSettings) -> Keeper:
    """The keeper of the sockets of one WebSocket API."""
    return Keeper(
        ConnectionStore(settings.connections_table, settings.scans_table),
        Sockets(settings.websocket_api_id, settings.websocket_stage, settings.region),
        SessionStore(settings.accounts_table),
        now,
    )
