"""What the scans functions are told by their environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from scanward.domain.scans import Lane
from scanward.settings import Environment


@dataclass(frozen=True, slots=True)
class Settings:
    """`requests_per_minute`: per account. `allowed_origins`: for CORS."""

    accounts_table: str
    scans_table: str
    bucket: str
    token_keys_secret: str
    requests_per_minute: int
    allowed_origins: tuple[str, ...]

    @classmethod
    def read(cls, env: Environment) -> "Settings":
        return cls(
            accounts_table=env.required("ACCOUNTS_TABLE"),
            scans_table=env.required("SCANS_TABLE"),
            bucket=env.required("BUCKET"),
            token_keys_secret=env.required("TOKEN_KEYS_SECRET"),
            requests_per_minute=env.number("REQUESTS_PER_MINUTE"),
            allowed_origins=env.names("ALLOWED_ORIGINS"),
        )


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """What the sweeper needs: the tasks, the objects, and the queues to announce lost ones to."""

    scans_table: str
    bucket: str
    queue_urls: Mapping[Lane, str]

    @classmethod
    def read(cls, env: Environment) -> "SweepSettings":
        return cls(
            scans_table=env.required("SCANS_TABLE"),
            bucket=env.required("BUCKET"),
            queue_urls={lane: env.required(f"{lane.name}_QUEUE_URL") for lane in Lane},
        )
