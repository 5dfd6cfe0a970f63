"""What the inference functions are told by their environment."""

from dataclasses import dataclass
from pathlib import Path

from scanward.settings import Environment


@dataclass(frozen=True, slots=True)
class Settings:
    """`models`: the folder of model folders, that of the layer unless given. `memory_mb`: what Lambda gives."""

    accounts_table: str
    scans_table: str
    bucket: str
    models: Path
    memory_mb: int

    @classmethod
    def read(cls, env: Environment, layer_models: Path) -> "Settings":
        return cls(
            accounts_table=env.required("ACCOUNTS_TABLE"),
            scans_table=env.required("SCANS_TABLE"),
            bucket=env.required("BUCKET"),
            models=Path(env.optional("MODELS_DIR") or layer_models),
            memory_mb=env.number("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        )


@dataclass(frozen=True, slots=True)
class PredictSettings:
    """What predictions need. `first`: the models to name first, in this order, where models are named."""

    accounts_table: str
    token_keys_secret: str
    requests_per_minute: int
    allowed_origins: tuple[str, ...]
    models: Path
    memory_mb: int
    first: tuple[str, ...]

    @classmethod
    def read(cls, env: Environment, layer_models: Path) -> "PredictSettings":
        return cls(
            accounts_table=env.required("ACCOUNTS_TABLE"),
            token_keys_secret=env.required("TOKEN_KEYS_SECRET"),
            requests_per_minute=env.number("REQUESTS_PER_MINUTE"),
            allowed_origins=env.names("ALLOWED_ORIGINS"),
            models=Path(env.optional("MODELS_DIR") or layer_models),
            memory_mb=env.number("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
            first=env.names("PREDICT_MODELS"),
        )


@dataclass(frozen=True, slots=True)
class DeadLetterSettings:
    """What the end of the line needs."""

    scans_table: str
    bucket: str

    @classmethod
    def read(cls, env: Environment) -> "DeadLetterSettings":
        return cls(scans_table=env.required("SCANS_TABLE"), bucket=env.required("BUCKET"))
