"""What the realtime functions are told by their environment, and what keeps sockets, put together from that."""

from dataclasses import dataclass
from typing import Annotated

from functions.realtime.usecases.dependencies import ConnectionDeps
from scanward.clock import now
from scanward.settings import AdministratorsEnrol, Variable
from scanward.stores.connections import ConnectionStore, WebSocketClient
from scanward.stores.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """What keeping sockets needs, in each of these functions."""

    accounts_table: str
    scans_table: str
    connections_table: str
    websocket_api_id: str
    websocket_stage: str
    region: Annotated[str, Variable("AWS_REGION")]


@dataclass(frozen=True, slots=True)
class Settings:
    """What opening sockets needs besides. `requests_per_minute`: per account; a handshake or a message is one each.

    `public_calls_per_minute`: handshakes of one sender. `distribution_mark`: as in accounts.
    """

    sockets: SocketSettings
    clinic_table: str
    token_keys_secret: str
    requests_per_minute: int
    administrators_enrol: AdministratorsEnrol
    public_calls_per_minute: int
    allowed_origins: tuple[str, ...]
    distribution_mark: str | None


@dataclass(frozen=True, slots=True)
class PushSettings:
    """What pushing needs besides."""

    sockets: SocketSettings
    clinic_table: str


def connection_deps(settings: SocketSettings) -> ConnectionDeps:
    """Return the keeper of the sockets of one WebSocket API."""
    return ConnectionDeps(
        ConnectionStore(settings.connections_table, settings.scans_table),
        WebSocketClient(settings.websocket_api_id, settings.websocket_stage, settings.region),
        SessionStore(settings.accounts_table),
        now,
    )
