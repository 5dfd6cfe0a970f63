"""What the inference functions are told by their environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from scanward.domain.orders import Priority
from scanward.settings import AdministratorsEnrol, Variable


@dataclass(frozen=True, slots=True)
class Settings:
    """`models_dir`: the folder of model folders, that of the layer unless given. `memory_mb`: what Lambda gives."""

    accounts_table: str
    scans_table: str
    bucket: str
    models_dir: str | None
    memory_mb: Annotated[int, Variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")]


@dataclass(frozen=True, slots=True)
class ArrivalSettings:
    """What taking in needs. `queue_urls`: the lanes."""

    accounts_table: str
    clinic_table: str
    scans_table: str
    bucket: str
    queue_urls: Annotated[Mapping[Priority, str], Variable("{}_QUEUE_URL")]


@dataclass(frozen=True, slots=True)
class PredictSettings:
    """What predictions need. `first`: the models to name first, in this order, where models are named.

    `public_calls_per_minute`: without a token that holds, per sender. `distribution_mark`: as in accounts.
    """

    accounts_table: str
    token_keys_secret: str
    requests_per_minute: int
    administrators_enrol: AdministratorsEnrol
    public_calls_per_minute: int
    allowed_origins: tuple[str, ...]
    distribution_mark: str | None
    models_dir: str | None
    memory_mb: Annotated[int, Variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")]
    first: Annotated[tuple[str, ...], Variable("PREDICT_MODELS")]


@dataclass(frozen=True, slots=True)
class DeadLetterSettings:
    """What the end of the line needs."""

    scans_table: str
    bucket: str
