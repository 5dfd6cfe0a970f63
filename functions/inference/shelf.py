"""Where models' files lie: in a folder of the layer, or below a prefix in S3, pinned by hash."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from functions.inference.served import Served
from imaging.card import CARD_FILE, Card, card_of, read_card
from imaging.refusal import ModelRefused
from scanward.errors import NotFound

if TYPE_CHECKING:
    from imaging.model import Model

Fetch = Callable[[str], bytes]
"""An object's bytes by its key below the stack's prefix for models. Raises NotFound, StorageFailed."""


class Shelf:
    """Every method raises ModelRefused for files that are not what they should be, StorageFailed where S3 fails."""

    def __init__(self, folder: Path, served: Mapping[str, Served], fetch: Fetch | None) -> None:
        self._folder = folder
        self._served = served
        self._fetch = fetch

    @cached_property
    def shipped(self) -> frozenset[str]:
        """The names of the layer's models."""
        return frozenset(path.parent.name for path in self._folder.glob(f"*/{CARD_FILE}"))

    def card(self, name: str) -> Card:
        """The card of a model that is shipped or configured."""
        served = self._served.get(name)
        return self._fetched_card(name, served) if served and served.prefix else read_card(self._folder / name)

    def model(self, card: Card, memory_mb: int) -> "Model":
        """A card's model, ready to run."""
        # onnxruntime takes longer to import than to run: whoever only asks for cards does without.
        from imaging.model import MODEL_FILE, load_model, model_of, threads_for  # noqa: PLC0415

        threads, served = threads_for(memory_mb), self._served.get(card.name)
        if served and served.prefix:
            return model_of(card, self._file(card.name, served, MODEL_FILE), threads)
        return load_model(self._folder / card.name, threads)

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
            raise ModelRefused(f"{name}: no {file} under {served.prefix}, or none that may be read") from None
