"""What the realtime functions are told by their environment."""

from dataclasses import dataclass
from typing import Annotated

from scanward.settings import Variable


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
    """What opening sockets needs besides. `requests_per_minute`: per account; a handshake or a message is one each."""

    sockets: SocketSettings
    clinic_table: str
    token_keys_secret: str
    requests_per_minute: int
    allowed_origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PushSettings:
    """What pushing needs besides."""

    sockets: SocketSettings
    clinic_table: str
