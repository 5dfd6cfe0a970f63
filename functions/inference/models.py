"""The models at hand: those of the layer, and those that the configuration names in S3.

A card is read when it is first needed, and so is a graph; both stay for the life of the process. What is wrong with one
model is its own: it is refused for a while, then looked at again, and the others are served. Where S3 fails, nothing is
remembered.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from functions.inference.served import Served
from functions.inference.shelf import Fetch, Shelf
from imaging.card import Accepts, Card
from imaging.refusal import ModelRefused
from scanward.stores.objects import StorageFailed

if TYPE_CHECKING:
    from imaging.model import Model
    from imaging.picture import ImageFacts

REFUSED_SECONDS = 300.0
Tell = Callable[[ModelRefused], None]
"""Is told of a model each time that it is looked at and refused: the message is for the operator."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a model is not served, and until when it is not looked at again."""

    why: str
    until: float


class Models:
    """Models by name."""

    def __init__(
        self,
        folder: Path,
        memory_mb: int,
        served: Mapping[str, Served | ModelRefused] | None = None,
        fetch: Fetch | None = None,
        tell: Tell | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        entries = served or {}
        self._served = {name: entry for name, entry in entries.items() if isinstance(entry, Served)}
        self._shelf = Shelf(folder, self._served, fetch)
        self._memory_mb = memory_mb
        self._tell = tell
        self._clock = clock
        self._cards: dict[str, Card] = {}
        self._loaded: dict[str, Model] = {}
        self.refused: dict[str, Refusal] = {}
        """By name; what the configuration has wrong is refused for good."""
        for name, entry in entries.items():
            if isinstance(entry, ModelRefused):
                self._refuse(name, entry, math.inf)
            elif not entry.prefix and name not in self._shelf.shipped:
                del self._served[name]  # it claims no studies either
                self._refuse(name, ModelRefused(f"MODELS: {name}: there is no such model"), math.inf)

    @property
    def names(self) -> list[str]:
        """The names of all models that there are, refused ones among them."""
        return sorted(self._shelf.shipped | self._served.keys() | self.refused.keys())

    @property
    def cards(self) -> Mapping[str, Card]:
        """The cards of all models that can be told of now, by name."""
        told = {name: self._card_or_why(name) for name in self.names}
        return {name: card for name, card in told.items() if isinstance(card, Card)}

    def accepts(self, card: Card) -> Accepts:
        """What a model reads: as configured, else as its card says."""
        return self._configured(card.name) or card.accepts

    def for_image(self, facts: "ImageFacts", scan_type: str | None = None, model: str | None = None) -> "Model | None":
        """The model for an image, by what the upload says and what its header says; None if none is suitable.

        Raises ModelRefused if that one is refused; StorageFailed if S3 fails for that one, or for one that it may be.
        """
        from imaging.suitable import choose  # noqa: PLC0415 - it knows pictures, and so numpy; cards need neither

        if model is not None:
            accepts = {model: self.accepts(self.card(model))} if model in self.names else {}
            return self.load(model) if choose(accepts, facts, scan_type, model) else None
        cards = {name: self._card_or_why(name) for name in self.names}
        # One whose card cannot be had still counts if the configuration says what it reads.
        told = {n: self.accepts(card) if isinstance(card, Card) else self._configured(n) for n, card in cards.items()}
        chosen = choose({name: accepts for name, accepts in told.items() if accepts}, facts, scan_type)
        if chosen:
            return self.load(chosen)
        for name, why in cards.items():
            if isinstance(why, StorageFailed) and told[name] is None:
                raise why
        return None

    def card(self, name: str) -> Card:
        """A model's card. Raises KeyError if there is none of this name, ModelRefused, StorageFailed."""
        if name not in self.names:
            raise KeyError(name)
        if name not in self._cards:
            self._cards[name] = self._unless_refused(name, lambda: self._shelf.card(name))
        return self._cards[name]

    def load(self, name: str) -> "Model":
        """A model, ready to run. Raises KeyError if there is none of this name, ModelRefused, StorageFailed."""
        card = self.card(name)
        if name not in self._loaded:
            self._loaded[name] = self._unless_refused(name, lambda: self._shelf.model(card, self._memory_mb))
        return self._loaded[name]

    def _configured(self, name: str) -> Accepts | None:
        served = self._served.get(name)
        return served.accepts if served else None

    def _card_or_why(self, name: str) -> Card | ModelRefused | StorageFailed:
        try:
            return self.card(name)
        except (ModelRefused, StorageFailed) as why:
            return why

    def _unless_refused(self, name: str, make: Callable[[], T]) -> T:
        known = self.refused.get(name)
        if known and self._clock() < known.until:
            raise ModelRefused(known.why)
        try:
            made = make()
        except ModelRefused as refusal:
            self._refuse(name, refusal, self._clock() + REFUSED_SECONDS)
            raise
        self.refused.pop(name, None)
        return made

    def _refuse(self, name: str, refusal: ModelRefused, until: float) -> None:
        self.refused[name] = Refusal(refusal.message, until)
        if self._tell:
            self._tell(refusal)
