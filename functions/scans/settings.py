"""What the scans functions are told by their environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from scanward.domain.orders import Priority
from scanward.settings import AdministratorsEnrol, Variable


@dataclass(frozen=True, slots=True)
class Settings:
    """`requests_per_minute`: per account. `public_calls_per_minute`: without a token that holds, per sender.
    `allowed_origins`: for CORS. `distribution_mark`: as in accounts.

    `uploads_per_window`: begun straight to S3, in a quarter of an hour and account. `high_per_patient`,
    `high_per_professional`: orders of priority HIGH, in a day and account. `at_once`: analyses of each lane.
    """

    accounts_table: str
    clinic_table: str
    scans_table: str
    bucket: str
    queue_urls: Annotated[Mapping[Priority, str], Variable("{}_QUEUE_URL")]
    at_once: Annotated[Mapping[Priority, int], Variable("{}_AT_ONCE")]
    own_data_queue_url: str
    token_keys_secret: str
    requests_per_minute: int
    administrators_enrol: AdministratorsEnrol
    uploads_per_window: int
    high_per_patient: int
    high_per_professional: int
    public_calls_per_minute: int
    allowed_origins: tuple[str, ...]
    distribution_mark: str | None


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """What the sweeper needs: the tasks, the objects, and the queues to announce lost ones to."""

    scans_table: str
    bucket: str
    queue_urls: Annotated[Mapping[Priority, str], Variable("{}_QUEUE_URL")]
    arrival_urls: Annotated[Mapping[Priority, str], Variable("{}_ARRIVALS_URL")]


@dataclass(frozen=True, slots=True)
class LeftoverSettings:
    """What the removal of leftovers needs."""

    scans_table: str
    bucket: str
