"""What the scans functions are told by their environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from scanward.domain.orders import Priority
from scanward.settings import Environment


@dataclass(frozen=True, slots=True)
class Settings:
    """`requests_per_minute`: per account. `allowed_origins`: for CORS.

    `uploads_per_window`: begun straight to S3, in a quarter of an hour and account. `at_once`: analyses of each lane.
    """

    accounts_table: str
    clinic_table: str
    scans_table: str
    bucket: str
    queue_urls: Mapping[Priority, str]
    at_once: Mapping[Priority, int]
    token_keys_secret: str
    requests_per_minute: int
    uploads_per_window: int
    allowed_origins: tuple[str, ...]

    @classmethod
    def read(cls, env: Environment) -> "Settings":
        return cls(
            accounts_table=env.required("ACCOUNTS_TABLE"),
            clinic_table=env.required("CLINIC_TABLE"),
            scans_table=env.required("SCANS_TABLE"),
            bucket=env.required("BUCKET"),
            queue_urls=_queue_urls(env),
            at_once={lane: env.number(f"{lane.name}_AT_ONCE") for lane in Priority},
            token_keys_secret=env.required("TOKEN_KEYS_SECRET"),
            requests_per_minute=env.number("REQUESTS_PER_MINUTE"),
            uploads_per_window=env.number("UPLOADS_PER_WINDOW"),
            allowed_origins=env.names("ALLOWED_ORIGINS"),
        )


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """What the sweeper needs: the tasks, the objects, and the queues to announce lost ones to."""

    scans_table: str
    bucket: str
    queue_urls: Mapping[Priority, str]

    @classmethod
    def read(cls, env: Environment) -> "SweepSettings":
        return cls(
            scans_table=env.required("SCANS_TABLE"),
            bucket=env.required("BUCKET"),
            queue_urls=_queue_urls(env),
        )


def _queue_urls(env: Environment) -> Mapping[Priority, str]:
    return {lane: env.required(f"{lane.name}_QUEUE_URL") for lane in Priority}
