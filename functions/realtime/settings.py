"""What the realtime functions are told by their environment."""

from dataclasses import dataclass

from scanward.settings import Environment


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """What keeping sockets needs, in each of these functions."""

    accounts_table: str
    scans_table: str
    connections_table: str
    websocket_api_id: str
    websocket_stage: str
    region: str

    @classmethod
    def read(cls, env: Environment) -> "SocketSettings":
        return cls(
            accounts_table=env.required("ACCOUNTS_TABLE"),
            scans_table=env.required("SCANS_TABLE"),
            connections_table=env.required("CONNECTIONS_TABLE"),
            websocket_api_id=env.required("WEBSOCKET_API_ID"),
            websocket_stage=env.required("WEBSOCKET_STAGE"),
            region=env.required("AWS_REGION"),
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """What opening sockets needs besides. `requests_per_minute`: per account; a handshake or a message is one each."""

    sockets: SocketSettings
    clinic_table: str
    token_keys_secret: str
    requests_per_minute: int
    allowed_origins: tuple[str, ...]

    @classmethod
    def read(cls, env: Environment) -> "Settings":
        return cls(
            sockets=SocketSettings.read(env),
            clinic_table=env.required("CLINIC_TABLE"),
            token_keys_secret=env.required("TOKEN_KEYS_SECRET"),
            requests_per_minute=env.number("REQUESTS_PER_MINUTE"),
            allowed_origins=env.names("ALLOWED_ORIGINS"),
        )


@dataclass(frozen=True, slots=True)
class PushSettings:
    """What pushing needs besides."""

    sockets: SocketSettings
    clinic_table: str

    @classmethod
    def read(cls, env: Environment) -> "PushSettings":
        return cls(sockets=SocketSettings.read(env), clinic_table=env.required("CLINIC_TABLE"))
