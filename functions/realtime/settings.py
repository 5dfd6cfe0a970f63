"""What the realtime functions are told by their environment."""

from dataclasses import dataclass

from scanward.settings import Environment


@dataclass(frozen=True, slots=True)
class Settings:
    """What opening and closing sockets needs. `requests_per_minute`: per account, each handshake counting as one."""

    accounts_table: str
    scans_table: str
    connections_table: str
    token_keys_secret: str
    requests_per_minute: int
    websocket_api_id: str
    websocket_stage: str
    region: str

    @classmethod
    def read(cls, env: Environment) -> "Settings":
        return cls(
            accounts_table=env.required("ACCOUNTS_TABLE"),
            scans_table=env.required("SCANS_TABLE"),
            connections_table=env.required("CONNECTIONS_TABLE"),
            token_keys_secret=env.required("TOKEN_KEYS_SECRET"),
            requests_per_minute=env.number("REQUESTS_PER_MINUTE"),
            websocket_api_id=env.required("WEBSOCKET_API_ID"),
            websocket_stage=env.required("WEBSOCKET_STAGE"),
            region=env.required("AWS_REGION"),
        )


@dataclass(frozen=True, slots=True)
class PushSettings:
    """What pushing needs."""

    scans_table: str
    connections_table: str
    websocket_api_id: str
    websocket_stage: str
    region: str

    @classmethod
    def read(cls, env: Environment) -> "PushSettings":
        return cls(
            scans_table=env.required("SCANS_TABLE"),
            connections_table=env.required("CONNECTIONS_TABLE"),
            websocket_api_id=env.required("WEBSOCKET_API_ID"),
            websocket_stage=env.required("WEBSOCKET_STAGE"),
            region=env.required("AWS_REGION"),
        )
