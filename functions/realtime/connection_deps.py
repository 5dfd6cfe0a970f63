"""Puts together what keeps sockets, for each function that does."""

from functions.realtime.settings import SocketSettings
from functions.realtime.usecases.dependencies import ConnectionDeps
from scanward.clock import now
from scanward.stores.connections import ConnectionStore, WebSocketClient
from scanward.stores.sessions import SessionStore


def connection_deps(settings: SocketSettings) -> ConnectionDeps:
    """Return the keeper of the sockets of one WebSocket API."""
    return ConnectionDeps(
        ConnectionStore(settings.connections_table, settings.scans_table),
        WebSocketClient(settings.websocket_api_id, settings.websocket_stage, settings.region),
        SessionStore(settings.accounts_table),
        now,
    )
