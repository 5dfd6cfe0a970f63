"""A model's card: everything the code has to know about an ONNX file, and what a person should; and its schema."""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from struct import iter_unpack
from typing import Annotated, Any, Literal, NoReturn, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from imaging.bounds import MAX_INPUT_SIDE
from imaging.errors import ModelError

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Range = tuple[FiniteFloat, FiniteFloat]
Side = Annotated[int, Field(gt=0, le=MAX_INPUT_SIDE)]
Flag = Literal["LOW_CONTRAST", "INVERTED", "COLOUR_PHOTOGRAPH", "DOCUMENT", "UNFAMILIAR"]
"""What the input gate may say of an image."""

Values = Literal["shown", "stored", "units"]
Resize = Literal["pad", "stretch", "crop", "short-side-crop"]
Interpolation = Literal["box-bilinear", "bilinear", "bicubic", "nearest", "gaussian-linear"]


class Block(BaseModel):
    """A part of the card that code reads: a key it does not know is a slip of the pen, and refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(Block):
    """One output of the model."""

    id: Name
    title: Text
    operating_point: Annotated[FiniteFloat, Field(gt=0, lt=1)]
    """The calibrated score from which on the finding counts as positive."""
    finding: bool = True
    """False for the label that says that there is none."""
    trained: bool = True
    """False where the output exists but was never trained: it is not shown."""


class Tensor(Block):
    """The tensor the model takes."""

    node: Text
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    channels: Literal[1, 3]
    height: Side
    width: Side
    range: Range
    """The values of black and of white."""

    @model_validator(mode="after")
    def _spans(self) -> Self:
        if self.range[0] == self.range[1]:
            raise ValueError("`range` must not be empty")
        return self


class Preprocessing(Block):
    """How a picture becomes the tensor. `name` and `version` stand for all of it in a result."""

    name: Text
    version: Text
    values: Values = "shown"
    window: Range | None = None
    bit_depth: Literal["stored", "8"] = "stored"
    resize: Resize
    short_side: Side | None = None
    interpolation: Interpolation = "box-bilinear"
    mean: tuple[FiniteFloat, ...] | None = None
    std: tuple[Annotated[FiniteFloat, Field(gt=0)], ...] | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if (self.values == "units") != (self.window is not None):
            raise ValueError("`window` goes with values 'units', always and only")
        if self.window is not None and not self.window[0] < self.window[1]:
            raise ValueError("`window` must rise")
        if (self.resize == "short-side-crop") != (self.short_side is not None):
            raise ValueError("`short_side` goes with resize 'short-side-crop', always and only")
        if (self.mean is None) != (self.std is None):
            raise ValueError("`mean` and `std` go together")
        if self.interpolation == "box-bilinear" and self.bit_depth == "8":
            raise ValueError("interpolation 'box-bilinear' works on stored values: `bit_depth` must be 'stored'")
        return self


class Output(Block):
    """The model's outputs: a score for each label and, to explain it, one for each label and cell of a grid."""

    scores: Text
    kind: Literal["logits", "scores"] = "logits"
    decision: Literal["each", "one"] = "each"
    """`each`: labels are judged independently; `one`: exactly one is chosen."""
    activation: Text | None = None
    grid: tuple[PositiveInt, PositiveInt] | None = None


class Calibration(Block):
    """Logits are divided by the temperature before they become scores."""

    temperature: Annotated[FiniteFloat, Field(gt=0)]
    fitted_on: str = ""


class Accepts(Block):
    """Which studies the model may read: DICOM's codes, and what an upload may call itself."""

    modalities: tuple[Text, ...]
    body_parts: tuple[Text, ...]
    scan_types: tuple[Literal["XRAY", "CT", "MRI"], ...] = ()
    unlabelled: bool = False
    """Whether it reads an image of which nothing is said."""


class Familiar(Block):
    """What prepared images of the right kind look like, coarsely: see `imaging.input_checks`."""

    grid: Annotated[int, Field(ge=4, le=64)]
    mean: tuple[FiniteFloat, ...]
    spread: tuple[Annotated[FiniteFloat, Field(gt=0)], ...]
    limit: Annotated[FiniteFloat, Field(gt=0)]
    axes: Annotated[bytes, Field(max_length=1_000_000)] = b""
    """How right images differ from each other: directions, each of a half-precision number for each cell, in base64."""

    @field_validator("axes", mode="before")
    @classmethod
    def _decode(cls, text: object) -> object:
        return b64decode(text, validate=True) if isinstance(text, str) else text

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not len(self.mean) == len(self.spread) == self.grid**2:
            raise ValueError("`mean` and `spread` have one number for each cell of the grid")
        if len(self.axes) % (2 * self.grid**2):
            raise ValueError("`axes` have one half-precision number for each cell of the grid")
        if not all(isfinite(number) for (number,) in iter_unpack("<e", self.axes)):
            raise ValueError("`axes` must be finite")  # else nothing would be far from what is familiar
        return self


class Gate(Block):
    """Which of the gate's warnings refuse the image, and what it is compared with."""

    refuse: tuple[Flag, ...] = ()
    familiar: Familiar | None = None


class CardDocument(BaseModel):
    """A whole card. What the code does not read is for people, and free."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: Name
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,31}$")]
    title: Text
    notice: Text
    licence: Text
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    opset: PositiveInt
    input: Tensor
    preprocessing: Preprocessing
    output: Output
    labels: Annotated[tuple[Label, ...], Field(min_length=1, max_length=1000)]
    calibration: Calibration
    accepts: Accepts
    gate: Gate = Gate()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if len({label.id for label in self.labels}) < len(self.labels):
            raise ValueError("labels must differ")
        trained_labels = [label for label in self.labels if label.trained]
        if not any(label.finding for label in trained_labels):
            raise ValueError("at least one trained label must be a finding")
        if self.output.decision == "one" and len(trained_labels) < 2:
            raise ValueError("a choice needs two trained labels")
        if self.output.decision == "each" and not all(label.finding for label in trained_labels):
            raise ValueError("labels that are judged one by one are findings: no positive one means that there is none")
        if self.output.kind == "scores" and self.calibration.temperature != 1:
            raise ValueError("scores are taken as they are: `temperature` must be 1")
        if 0 < (self.preprocessing.short_side or 0) < max(self.input.height, self.input.width):
            raise ValueError("`short_side` must not be smaller than the input")
        for name in ("mean", "std"):
            numbers = getattr(self.preprocessing, name)
            if numbers is not None and len(numbers) != self.input.channels:
                raise ValueError(f"`{name}` has one number for each channel")
        return self


def texts(errors: list[Any]) -> str:
    """Return validation errors as one line, for the person who wrote the card."""
    return "; ".join(f"{'.'.join(map(str, error['loc'])) or 'card'}: {error['msg']}" for error in errors)


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
        """Return the nodes to run for: scores, then the activation if there is one."""
        return [self.output.scores] + ([self.output.activation] if self.output.activation else [])

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
