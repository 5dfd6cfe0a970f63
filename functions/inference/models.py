"""The models at hand: those of the layer, and those that the configuration names in S3.

Cards are read at the first question, graphs when they are first needed; both stay for the life of the process.
A model whose files are not what they should be is refused by itself: the others are served.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions.inference.served import ModelSettings, Served
from imaging.card import CARD_FILE, Accepts, Card, card_of, read_card
from imaging.refusal import ModelRefused
from scanward.errors import NotFound
from scanward.stores.model_files import ModelFiles

if TYPE_CHECKING:
    from imaging.model import Model
    from imaging.picture import ImageFacts

Fetch = Callable[[str], bytes]
"""An object's bytes by its key below the prefix. Raises NotFound, StorageFailed."""
Tell = Callable[[ModelRefused], None]
"""Is told of each model that is refused, once: its message is for the operator."""


class Models:
    """Every method raises ModelRefused for a model that is asked for and refused, StorageFailed where S3 fails."""

    def __init__(
        self,
        folder: Path,
        memory_mb: int,
        served: Mapping[str, Served] | None = None,
        fetch: Fetch | None = None,
        tell: Tell | None = None,
    ) -> None:
        self._folder = folder
        self._memory_mb = memory_mb
        self._served = served or {}
        self._fetch = fetch
        self._tell = tell
        self._cards: dict[str, Card] | None = None
        self._loaded: dict[str, Model] = {}
        self.refused: dict[str, ModelRefused] = {}
        """Why models are not served, by name."""

    @property
    def cards(self) -> Mapping[str, Card]:
        """The cards of all models that may be served, by name."""
        if self._cards is None:
            cards = {name: self._card(name) for name in self._names()}
            self._cards = {name: card for name, card in cards.items() if card}
        return self._cards

    def accepts(self, card: Card) -> Accepts:
        """What a model reads: as configured, else as its card says."""
        served = self._served.get(card.name)
        return served.accepts if served and served.accepts else card.accepts

    def for_image(self, facts: "ImageFacts", scan_type: str | None = None, model: str | None = None) -> "Model | None":
        """The model for an image, by what the upload says and what its header says; None if none is suitable."""
        from imaging.suitable import choose  # noqa: PLC0415 - it knows pictures, and so numpy; cards need neither

        cards = self.cards
        if model in self.refused:
            raise self.refused[model]
        accepts = {name: self.accepts(card) for name, card in cards.items()}
        card = choose(cards.values(), facts, scan_type, model, accepts)
        return self.load(card.name) if card else None

    def load(self, name: str) -> "Model":
        """A model, ready to run. Raises KeyError if there is none of this name."""
        cards = self.cards
        if name in self.refused:
            raise self.refused[name]
        if name not in self._loaded:
            try:
                self._loaded[name] = self._model(cards[name])
            except ModelRefused as refusal:
                self._refuse(name, refusal)
                raise
        return self._loaded[name]

    def _names(self) -> list[str]:
        shipped = {path.parent.name for path in self._folder.glob(f"*/{CARD_FILE}")}
        return sorted(shipped | {name for name, served in self._served.items() if served.prefix})

    def _card(self, name: str) -> Card | None:
        try:
            served = self._served.get(name)
            return self._fetched_card(name, served) if served and served.prefix else read_card(self._folder / name)
        except ModelRefused as refusal:
            self._refuse(name, refusal)
            return None

    def _refuse(self, name: str, refusal: ModelRefused) -> None:
        self.refused[name] = refusal
        if self._tell:
            self._tell(refusal)

    def _fetched_card(self, name: str, served: Served) -> Card:
        text = self._file(name, served, CARD_FILE)
        if not hmac.compare_digest(hashlib.sha256(text).hexdigest(), served.sha256 or ""):
            raise ModelRefused(f"{name}: {CARD_FILE} is not the one that the configuration pins")
        card = card_of(text, name)
        if card.name != name:
            raise ModelRefused(f"{name}: the card is that of another model, as its name tells")
        return card

    def _file(self, name: str, served: Served, file: str) -> bytes:
        if self._fetch is None:
            raise ModelRefused(f"{name}: no bucket to fetch it from")
        try:
            return self._fetch(f"{served.prefix}/{file}")
        except NotFound:
            raise ModelRefused(f"{name}: no {file} under {served.prefix}") from None

    def _model(self, card: Card) -> "Model":
        # onnxruntime takes longer to import than to run: whoever only asks for cards does without.
        from imaging.model import MODEL_FILE, load_model, model_of, threads_for  # noqa: PLC0415

        threads, served = threads_for(self._memory_mb), self._served.get(card.name)
        if served and served.prefix:
            return model_of(card, self._file(card.name, served, MODEL_FILE), threads)
        return load_model(self._folder / card.name, threads)


def configured_models(settings: ModelSettings, folder: Path, memory_mb: int, tell: Tell | None = None) -> Models:
    """Those of a folder, and those that the settings name in S3."""
    files = ModelFiles(settings.bucket, settings.prefix)
    return Models(folder, memory_mb, settings.served, files.get, tell)


def telling(log: Logger) -> Tell:
    """Tells the function's log."""
    return lambda refusal: log.error("model refused", extra={"why": refusal.message})
