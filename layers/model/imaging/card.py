"""A model's card: everything the code has to know about an ONNX file, and what a person should."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from imaging.card_schema import Accepts, CardDocument, Gate, Interpolation, Label, Output, Resize, Values, texts
from imaging.refusal import ModelRefused

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
    eight_bits: bool = False
    short_side: int | None = None
    channels_last: bool = False
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
    document: Mapping[str, Any]

    @property
    def outputs(self) -> list[str]:
        """The nodes to run for: scores, then the activation if there is one."""
        return [self.output.scores] + ([self.output.activation] if self.output.activation else [])

    @property
    def chooses_one(self) -> bool:
        """Whether exactly one label is chosen."""
        return self.output.decision == "one"


def read_card(folder: Path) -> Card:
    """The card of the model in `folder`. Raises ModelRefused if it is absent, incomplete or contradicts itself."""
    try:
        text = (folder / CARD_FILE).read_bytes()
    except OSError:
        raise ModelRefused(f"{folder.name}: no {CARD_FILE}") from None
    card = card_of(text, folder.name)
    if card.name != folder.name:
        raise ModelRefused(f"{folder.name}: the card is that of another model, as its name tells")
    return card


def card_of(text: bytes, name: str) -> Card:
    """A card from its JSON, of the model that is kept as `name`. Raises ModelRefused."""
    if len(text) > MAX_CARD_BYTES:
        raise ModelRefused(f"{name}: {CARD_FILE} is larger than {MAX_CARD_BYTES} bytes")
    try:
        document = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        card = CardDocument.model_validate(document)
    except ValidationError as error:
        told = texts(error.errors(include_url=False, include_input=False, include_context=False))
        raise ModelRefused(f"{name}: {CARD_FILE} is not valid: {told}") from None
    except (ValueError, RecursionError):
        raise ModelRefused(f"{name}: {CARD_FILE} is not JSON") from None
    return _card(card, document)


def _refuse(_: str) -> NoReturn:
    raise ValueError("NaN and infinities are not JSON")


def _finite(text: str) -> float:
    """JSON's numbers have no bound, floats have: what is beyond would be no JSON for whoever is shown the card."""
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
        document=document,
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
        eight_bits=recipe.bit_depth == "8",
        short_side=recipe.short_side,
        channels_last=tensor.layout == "NHWC",
        mean=recipe.mean,
        std=recipe.std,
    )
