"""A model's card: everything the code has to know about an ONNX file, and what a person should."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

from pydantic import (
    ValidationError,
)

from imaging.card_schema import (
    Accepts,
    BitDepth,
    CardDocument,
    Gate,
    Interpolation,
    Label,
    Output,
    Padding,
    Resize,
    Standardise,
    Values,
    texts,
)
from imaging.errors import ModelError

__all__ = ["CARD_FILE", "Accepts", "Card", "Gate", "Input", "Label", "Output", "card_of", "read_card"]

CARD_FILE = "card.json"
MAX_CARD_BYTES = 1_000_000


@dataclass(frozen=True)
class Input:
    """The tensor the model takes, and how a picture becomes one: the card's `input` and `preprocessing`."""

    node: str
    channels: int
    height: int
    width: int
    low: float
    high: float
    """Black and white."""
    resize: Resize = "pad"
    interpolation: Interpolation = "box-bilinear"
    values: Values = "shown"
    window: tuple[float, float] | None = None
    window_percentiles: tuple[float, float] | None = None
    bit_depth: BitDepth = "stored"
    short_side: int | None = None
    padding: Padding | None = None
    channels_last: bool = False
    colour: bool = False
    blue_first: bool = False
    standardise: Standardise | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False)
class Card:
    """`document` is the whole of card.json, for people; the other fields are what the code needs."""

    name: str
    version: str
    title: str
    notice: str
    preprocessing: str
    """Name and version of the preprocessing, e.g. `window-pad/1`."""
    sha256: str
    opset: int
    temperature: float
    labels: tuple[Label, ...]
    input: Input
    output: Output
    accepts: Accepts
    gate: Gate
    words_sha256: str | None
    knowledge_sha256: str | None
    """Of what the model's folder has besides: see `imaging.model_texts`."""
    document: Mapping[str, Any]
    is_reference: bool = False

    @property
    def outputs(self) -> list[str]:
        """Return the nodes to run for: scores, then the activation and the gate's, if there are."""
        drawing = self.gate.drawing
        optional_nodes = (self.output.activation, drawing.node if drawing else None)
        return [self.output.scores, *(node for node in optional_nodes if node)]

    @property
    def has_gate(self) -> bool:
        """Tell whether the model can tell images of its kind from others."""
        return bool(self.gate.familiar or self.gate.drawing)

    @property
    def chooses_one(self) -> bool:
        """Tell whether exactly one label is chosen."""
        return self.output.decision == "one"


def read_card(folder: Path) -> Card:
    """Return the card of the model in `folder`.

    Raises ModelError if it is absent, incomplete or contradicts itself.
    """
    try:
        text = (folder / CARD_FILE).read_bytes()
    except OSError:
        raise ModelError(f"{folder.name}: no {CARD_FILE}") from None
    card = card_of(text, folder.name)
    if card.name != folder.name:
        raise ModelError(f"{folder.name}: the card is that of another model, as its name tells")
    return card


def card_of(text: bytes, name: str) -> Card:
    """Return a card from its JSON, of the model that is kept as `name`. Raises ModelError."""
    if len(text) > MAX_CARD_BYTES:
        raise ModelError(f"{name}: {CARD_FILE} is larger than {MAX_CARD_BYTES} bytes")
    try:
        document = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        card = CardDocument.model_validate(document)
    except ValidationError as error:
        problem = texts(error.errors(include_url=False, include_input=False, include_context=False))
        raise ModelError(f"{name}: {CARD_FILE} is not valid: {problem}") from None
    except (ValueError, RecursionError):
        raise ModelError(f"{name}: {CARD_FILE} is not JSON") from None
    return _card(card, document)


def _refuse(_: str) -> NoReturn:
    raise ValueError("NaN and infinities are not JSON")


def _finite(text: str) -> float:
    """Read a number that is finite. Raises ValueError otherwise.

    JSON's numbers have no bound, floats have: an infinite one could not be shown as JSON again.
    """
    number = float(text)
    return number if isfinite(number) else _refuse(text)


def _card(card: CardDocument, document: Mapping[str, Any]) -> Card:
    return Card(
        name=card.name,
        version=card.version,
        title=card.title,
        notice=card.notice,
        preprocessing=f"{card.preprocessing.name}/{card.preprocessing.version}",
        sha256=card.sha256,
        opset=card.opset,
        temperature=card.calibration.temperature,
        labels=card.labels,
        input=_input(card),
        output=card.output,
        accepts=card.accepts,
        gate=card.gate,
        words_sha256=card.words_sha256,
        knowledge_sha256=card.knowledge_sha256,
        document=document,
        is_reference=card.reference,
    )


def _input(card: CardDocument) -> Input:
    tensor, recipe = card.input, card.preprocessing
    return Input(
        tensor.node,
        tensor.channels,
        tensor.height,
        tensor.width,
        *tensor.range,
        resize=recipe.resize,
        interpolation=recipe.interpolation,
        values=recipe.values,
        window=recipe.window,
        window_percentiles=recipe.window_percentiles,
        bit_depth=recipe.bit_depth,
        short_side=recipe.short_side,
        padding=recipe.padding,
        channels_last=tensor.layout == "NHWC",
        colour=tensor.colour,
        blue_first=tensor.channels_order == "BGR",
        standardise=recipe.standardise,
        mean=recipe.mean,
        std=recipe.std,
    )
