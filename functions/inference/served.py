"""Which models a stack serves beside those of its layer, and what each of them reads, as its configuration says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from imaging.card import Accepts
from imaging.card_schema import Block, Name, texts
from imaging.refusal import ModelRefused
from scanward.settings import Environment


class ConfigurationRefused(ValueError):
    """The configuration of models is not one."""


_STEP = "[A-Za-z0-9_-][A-Za-z0-9_.-]*"
_PREFIX = f"^{_STEP}(/{_STEP})*$"


class Served(Block):
    """One model. `prefix`: where its card.json and model.onnx lie, below the stack's prefix for models.

    `sha256` is that of card.json, which in turn names that of model.onnx. `accepts` replaces what the card accepts.
    """

    prefix: Annotated[str, Field(pattern=_PREFIX)] | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    accepts: Accepts | None = None

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if (self.prefix is None) != (self.sha256 is None):
            raise ValueError("a model under a prefix is pinned by its card's sha256")
        return self


_SERVED: TypeAdapter[dict[str, Served]] = TypeAdapter(dict[Name, Served], config={"defer_build": True})


def read_served(text: str) -> Mapping[str, Served | ModelRefused]:
    """Name → model, from JSON; or why that one is refused. Raises ConfigurationRefused for what is no JSON object."""
    try:
        entries = json.loads(text)
    except ValueError:
        entries = None
    if not isinstance(entries, dict):
        raise ConfigurationRefused("MODELS: not a JSON object of models by name")
    return {name: _entry(name, said) for name, said in entries.items()}


def _entry(name: str, said: object) -> Served | ModelRefused:
    try:
        return _SERVED.validate_python({name: said})[name]
    except ValidationError as error:
        told = texts(error.errors(include_url=False, include_input=False, include_context=False))
        return ModelRefused(f"MODELS: {told}")


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Where models are, and what they may use. `prefix` ends in a slash."""

    bucket: str
    prefix: str
    served: Mapping[str, Served | ModelRefused]

    @classmethod
    def read(cls, env: Environment) -> "ModelSettings":
        prefix = env.optional("MODELS_PREFIX") or "models/"
        return cls(
            bucket=env.optional("MODELS_BUCKET") or env.required("BUCKET"),
            prefix=prefix if prefix.endswith("/") else f"{prefix}/",
            served=read_served(env.optional("MODELS") or "{}"),
        )
