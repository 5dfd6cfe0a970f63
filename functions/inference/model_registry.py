"""The models at hand: those of the layer, and those in S3 that the configuration names, pinned by hash."""

import hashlib
import hmac
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self, TypeVar

from aws_lambda_powertools import Logger
from pydantic import Field, TypeAdapter, ValidationError, model_validator

import imaging
from imaging.card_schema import Accepts, Block, Name, texts
from imaging.errors import ModelError
from imaging.model_card import CARD_FILE, Card, card_of, read_card
from scanward.errors import NotFound
from scanward.settings import Variable
from scanward.stores.s3 import ModelFiles, StorageFailed

if TYPE_CHECKING:
    from imaging.image import ImageFacts, StudyFacts
    from imaging.model import Model
    from imaging.model_texts import ModelTexts


class ConfigurationError(ValueError):
    """The configuration of models is not one."""


_STEP = "[A-Za-z0-9_-][A-Za-z0-9_.-]*"
_PREFIX = f"^{_STEP}(/{_STEP})*$"


class ModelConfig(Block):
    """One model. `prefix`: where its card.json and model.onnx lie, below the stack's prefix for models.

    `sha256` is that of card.json, which in turn names that of model.onnx. `accepts` replaces what the card accepts.
    """

    prefix: Annotated[str, Field(pattern=_PREFIX)] | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    accepts: Accepts | None = None

    @model_validator(mode="after")
    def _require_pin(self) -> Self:
        if (self.prefix is None) != (self.sha256 is None):
            raise ValueError("a model under a prefix is pinned by its card's sha256")
        return self


_CONFIGS: TypeAdapter[dict[str, ModelConfig]] = TypeAdapter(dict[Name, ModelConfig], config={"defer_build": True})


def read_configs(text: str) -> Mapping[str, ModelConfig | ModelError]:
    """Return each model's configuration by its name, or why it is refused, from JSON.

    Raises ConfigurationError for what is no JSON object.
    """
    try:
        entries = json.loads(text)
    except ValueError:
        entries = None
    if not isinstance(entries, dict):
        raise ConfigurationError("MODELS: not a JSON object of models by name")
    return {name: _entry(name, entry) for name, entry in entries.items()}


def _entry(name: str, entry: object) -> ModelConfig | ModelError:
    try:
        return _CONFIGS.validate_python({name: entry})[name]
    except ValidationError as error:
        problem = texts(error.errors(include_url=False, include_input=False, include_context=False))
        return ModelError(f"MODELS: {problem}")


def _with_slash(prefix: str) -> str:
    return f"{(prefix or 'models').rstrip('/')}/"


def _read_models(text: str) -> Mapping[str, ModelConfig | ModelError]:
    return read_configs(text or "{}")


def _read_switch(text: str) -> bool:
    """Return whether the switch is on. Raises ConfigurationError for what is neither on nor off: off is not guessed."""
    if text not in {"on", "off", ""}:
        raise ConfigurationError("REFERENCE_MODELS: on or off")
    return text == "on"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Where models are, and what they may use. `prefix` ends in a slash.

    `with_reference`: whether the reference models that come with Scanward are served.
    """

    bucket: Annotated[str, Variable("MODELS_BUCKET", "BUCKET")]
    prefix: Annotated[str, Variable("MODELS_PREFIX", read=_with_slash)]
    configs: Annotated[Mapping[str, ModelConfig | ModelError], Variable("MODELS", read=_read_models)]
    with_reference: Annotated[bool, Variable("REFERENCE_MODELS", read=_read_switch)]


FetchFile = Callable[[str], bytes]
"""An object's bytes by its key below the stack's prefix for models. Raises NotFound, StorageFailed."""


class ModelSource:
    """Every method raises ModelError for files that are not what they should be, StorageFailed where S3 fails."""

    def __init__(
        self, folder: Path, configs: Mapping[str, ModelConfig], fetch: FetchFile | None, *, with_reference: bool
    ) -> None:
        self._folder = folder
        self._configs = configs
        self._fetch = fetch
        self._with_reference = with_reference

    @cached_property
    def layer_names(self) -> frozenset[str]:
        """Return the names of the layer's models; reference models are not there where they are switched off."""
        names = (path.parent.name for path in self._folder.glob(f"*/{CARD_FILE}"))
        return frozenset(name for name in names if self._with_reference or not self._is_reference(name))

    def _is_reference(self, name: str) -> bool:
        try:
            return read_card(self._folder / name).is_reference
        except ModelError:
            return False  # whose card is wrong is told when it is loaded

    def card(self, name: str) -> Card:
        """Return the card of a model that is shipped or configured."""
        config = self._configs.get(name)
        return self._fetched_card(name, config) if config and config.prefix else read_card(self._folder / name)

    def model(self, card: Card, memory_mb: int) -> "Model":
        """Return a card's model, ready to run."""
        # onnxruntime takes longer to import than to run: a caller that only asks for cards does without.
        from imaging.model import MODEL_FILE, load_model, model_of, threads_for  # noqa: PLC0415

        threads, config = threads_for(memory_mb), self._configs.get(card.name)
        if config and config.prefix:
            return model_of(card, self._file(card.name, config, MODEL_FILE), threads)
        return load_model(self._folder / card.name, threads)

    def texts(self, card: Card) -> "ModelTexts":
        """Return the words and the knowledge of a card's own."""
        from imaging.model_texts import read_texts, read_texts_in  # noqa: PLC0415 - cards alone do without

        config = self._configs.get(card.name)
        if config and config.prefix:
            return read_texts(card, lambda name: self._file(card.name, config, name))
        return read_texts_in(self._folder / card.name, card)

    def _fetched_card(self, name: str, config: ModelConfig) -> Card:
        text = self._file(name, config, CARD_FILE)
        if not hmac.compare_digest(hashlib.sha256(text).hexdigest(), config.sha256 or ""):
            raise ModelError(f"{name}: {CARD_FILE} is not the one that the configuration pins")
        card = card_of(text, name)
        if card.name != name:
            raise ModelError(f"{name}: the card is that of another model, as its name tells")
        return card

    def _file(self, name: str, config: ModelConfig, file: str) -> bytes:
        if self._fetch is None:
            raise ModelError(f"{name}: no bucket to fetch it from")
        try:
            return self._fetch(f"{config.prefix}/{file}")
        except NotFound:
            raise ModelError(f"{name}: no {file} under {config.prefix}, or none that may be read") from None


RETRY_SECONDS = 300.0
OnError = Callable[[ModelError], None]
"""Called each time that a model is tried and refused: the message is for the operator."""
OnOverlap = Callable[[str, str], None]
"""Called once for each two models that accept the same studies, so that neither reads them."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FailedModel:
    """Why a model is not served, and until when it is not tried again."""

    error: str
    until: float


class ModelRegistry:
    """Models by name."""

    def __init__(
        self,
        folder: Path,
        memory_mb: int,
        configs: Mapping[str, ModelConfig | ModelError] | None = None,
        fetch: FetchFile | None = None,
        on_error: OnError | None = None,
        *,
        with_reference: bool = True,
        on_overlap: OnOverlap | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        entries = configs or {}
        self._configs = {name: entry for name, entry in entries.items() if isinstance(entry, ModelConfig)}
        self._source = ModelSource(folder, self._configs, fetch, with_reference=with_reference)
        self._memory_mb = memory_mb
        self._on_error = on_error
        self._on_overlap = on_overlap
        self._clock = clock
        self._cards: dict[str, Card] = {}
        self._models: dict[str, Model] = {}
        self._texts: dict[str, ModelTexts] = {}
        self.failures: dict[str, FailedModel] = {}
        """By name; what the configuration has wrong is refused for good."""
        for name, entry in entries.items():
            if isinstance(entry, ModelError):
                self._remember_error(name, entry, math.inf)
            elif not entry.prefix and name not in self._source.layer_names:
                del self._configs[name]  # it claims no studies either
                self._remember_error(name, ModelError(f"MODELS: {name}: there is no such model"), math.inf)

    @property
    def names(self) -> list[str]:
        """Return the names of all models that there are, refused ones among them."""
        return sorted(self._source.layer_names | self._configs.keys() | self.failures.keys())

    @property
    def cards(self) -> Mapping[str, Card]:
        """Return the cards of all models that can be read now, by name."""
        cards_or_errors = {name: self._card_or_error(name) for name in self.names}
        return {name: card for name, card in cards_or_errors.items() if isinstance(card, Card)}

    def accepts(self, card: Card) -> Accepts:
        """Return what a model reads: as configured, else as its card says."""
        return self._configured_accepts(card.name) or card.accepts

    def for_image(
        self,
        facts: "ImageFacts",
        scan_type: str | None = None,
        model: str | None = None,
        *,
        study: "StudyFacts | None" = None,
    ) -> "Model | None":
        """Return the model for an image, by what the upload says and what its header says; None if none is suitable.

        Raises ModelError if that one is refused; StorageFailed if S3 fails for that one, or for one that it may be.
        """
        from imaging.model_selection import select_model  # noqa: PLC0415 - it knows pictures, and so numpy; cards need neither

        if model is not None:
            accepts = {model: self.accepts(self.card(model))} if model in self.names else {}
            choice = select_model(accepts, facts, study, scan_type=scan_type, model=model)
            return self.load(choice) if choice else None
        cards = {name: self._card_or_error(name) for name in self.names}
        # One whose card cannot be had still counts if the configuration says what it reads.
        accepts_by_name = {
            n: self.accepts(card) if isinstance(card, Card) else self._configured_accepts(n)
            for n, card in cards.items()
        }
        shipped = {name for name, card in cards.items() if isinstance(card, Card) and card.is_reference}
        candidates = {name: accepts for name, accepts in accepts_by_name.items() if accepts}
        self._tell_overlaps({name: accepts for name, accepts in candidates.items() if name not in shipped})
        choice = select_model(candidates, facts, study, scan_type=scan_type, shipped=shipped)
        if choice:
            return self.load(choice)
        for name, why in cards.items():
            if isinstance(why, StorageFailed) and accepts_by_name[name] is None:
                raise why
        return None

    def _tell_overlaps(self, models: Mapping[str, Accepts]) -> None:
        """Report two models that accept the same, the first time that an image is to be read."""
        from imaging.model_selection import find_overlaps  # noqa: PLC0415 - as above

        tell, self._on_overlap = self._on_overlap, None
        if tell:
            for one, other in find_overlaps(models):
                tell(one, other)

    def card(self, name: str) -> Card:
        """Return a model's card. Raises KeyError if there is none of this name, ModelError, StorageFailed."""
        if name not in self.names:
            raise KeyError(name)
        if name not in self._cards:
            self._cards[name] = self._unless_failed(name, lambda: self._source.card(name))
        return self._cards[name]

    def load(self, name: str) -> "Model":
        """Return a model, ready to run. Raises KeyError if there is none of this name, ModelError, StorageFailed."""
        card = self.card(name)
        if name not in self._models:
            self._texts[name] = self._unless_failed(name, lambda: self._source.texts(card))
            self._models[name] = self._unless_failed(name, lambda: self._source.model(card, self._memory_mb))
        return self._models[name]

    def texts(self, name: str) -> "ModelTexts":
        """Return the words and the knowledge of a loaded model's own."""
        return self._texts[name]

    def _configured_accepts(self, name: str) -> Accepts | None:
        config = self._configs.get(name)
        return config.accepts if config else None

    def _card_or_error(self, name: str) -> Card | ModelError | StorageFailed:
        try:
            return self.card(name)
        except (ModelError, StorageFailed) as why:
            return why

    def _unless_failed(self, name: str, make: Callable[[], T]) -> T:
        failure = self.failures.get(name)
        if failure and self._clock() < failure.until:
            raise ModelError(failure.error)
        try:
            model = make()
        except ModelError as refusal:
            self._remember_error(name, refusal, self._clock() + RETRY_SECONDS)
            raise
        self.failures.pop(name, None)
        return model

    def _remember_error(self, name: str, refusal: ModelError, until: float) -> None:
        self.failures[name] = FailedModel(refusal.message, until)
        if self._on_error:
            self._on_error(refusal)


def models_folder(models_dir: str | None) -> Path:
    """Return the folder of model folders: the configured one, else that of the layer."""
    return Path(models_dir) if models_dir else Path(imaging.__file__).resolve().parents[1] / "models"


def model_registry(
    settings: ModelSettings,
    folder: Path,
    memory_mb: int,
    on_error: OnError | None = None,
    on_overlap: OnOverlap | None = None,
) -> ModelRegistry:
    """Return a registry of the models of a folder, and of those that the settings name in S3."""
    files = ModelFiles(settings.bucket, settings.prefix)
    return ModelRegistry(
        folder=folder,
        memory_mb=memory_mb,
        configs=settings.configs,
        fetch=files.get,
        on_error=on_error,
        on_overlap=on_overlap,
        with_reference=settings.with_reference,
    )


def on_model_overlap(log: Logger) -> OnOverlap:
    """Return what writes two models that accept the same to the function's log."""
    return lambda one, other: log.warning("models overlap", extra={"models": [one, other]})


def on_model_error(log: Logger) -> OnError:
    """Return what writes a refused model to the function's log and to CloudWatch."""

    def tell(refusal: ModelError) -> None:
        from functions.inference.metrics import measure_model_error  # noqa: PLC0415 - a good start does without

        log.error("model refused", extra={"why": refusal.message})
        measure_model_error()

    return tell
