"""What another framework made of images, step by step, and where ours first differs from it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, FiniteFloat, NonNegativeInt, PositiveInt, TypeAdapter, ValidationError, model_validator

from imaging.card_schema import Block, texts
from imaging.decode import decode
from imaging.findings import scores_of
from imaging.model import Model
from imaging.model_card import Card
from imaging.preprocess import prepare, trace
from imaging.resampling import Plane

_SIZES = ((300, 300), (300, 200), (64, 640))
_SLACK = 1e-4
_LARGEST_LOGIT = 40
"""Beyond it a sigmoid is 0 or 1 to the last digit."""


class Checkpoint(Block):
    """What the other framework's tensor is after a step: any of these."""

    mean: FiniteFloat | None = None
    std: FiniteFloat | None = None
    min: FiniteFloat | None = None
    max: FiniteFloat | None = None
    at: tuple[tuple[NonNegativeInt, NonNegativeInt, FiniteFloat], ...] = ()
    """Row, column, value, of the first channel."""


class Expectation(Block):
    """What the other framework makes of an image: its outputs, and what the image was on the way."""

    logits: tuple[FiniteFloat, ...] | None = None
    """Outputs as the graph gives them, in the order of the labels."""
    scores: tuple[FiniteFloat | None, ...] | None = None
    """Calibrated, 0 to 1; null for a label that was not trained."""
    shape: tuple[PositiveInt, PositiveInt] | None = None
    """Rows and columns, right after resizing."""
    resize: Checkpoint | None = None
    range: Checkpoint | None = None
    normalise: Checkpoint | None = None

    @model_validator(mode="after")
    def _has_outputs(self) -> "Expectation":
        if self.logits is None and self.scores is None:
            raise ValueError("`logits` or `scores` must be there, to be compared")
        return self


_FILE_NAME = Annotated[str, Field(pattern=r"^[^/\\]+$")]
_EXPECTATIONS = TypeAdapter(Annotated[dict[_FILE_NAME, Expectation], Field(min_length=1)])


class ExpectationError(Exception):
    """The file of expected scores cannot be used; the message is for the person who wrote it."""


class DifferenceError(Exception):
    """The scores are not those that were expected; the message says of which images."""


def read_expectations(file: Path, images: Sequence[Path], card: Card) -> dict[Path, Expectation]:
    """Return what is expected of each image. Raises ExpectationError, OSError.

    `images` are those given by hand; without any, the file's names are those of images beside it.
    """
    try:
        expectations = _EXPECTATIONS.validate_json(file.read_bytes())
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        if errors[0]["type"] == "json_invalid":
            raise ExpectationError(f"{file.name} is not JSON") from None
        if not errors[0]["loc"]:
            raise ExpectationError(
                f"{file.name} must be an object: the name of each image, and what is expected of it"
            ) from None
        raise ExpectationError(f"{file.name} is not valid: {texts(errors)}") from None
    paths = {image.name: image for image in images} if images else {name: file.parent / name for name in expectations}
    for name in expectations:
        if name not in paths or not paths[name].is_file():
            raise ExpectationError(f"{file.name} names {name}, which is not among the images")
    for name in paths:
        if name not in expectations:
            raise ExpectationError(f"{file.name} says nothing of {name}")
    for name, expectation in expectations.items():
        for outputs in (expectation.logits, expectation.scores):
            if outputs is not None and len(outputs) != len(card.labels):
                raise ExpectationError(f"{file.name} has {len(outputs)} numbers for {name}, the card {_labels(card)}")
        if expectation.logits and card.output.kind == "scores":
            raise ExpectationError(f"{file.name} has `logits` for {name}, the card says that outputs are `scores`")
    return {paths[name]: expectation for name, expectation in expectations.items()}


def _labels(card: Card) -> str:
    return f"{len(card.labels)} label{'s' if len(card.labels) > 1 else ''}"


def compare(model: Model, image: Path, expectation: Expectation) -> Iterator[str]:
    """Yield how outputs and expected ones differ, and where; nothing if they agree. Raises ModelError, ImageError.

    They agree within 1e-4; an image on the way, within that share of what its values span, if that is more than 1.
    """
    picture = decode(image.read_bytes())
    [raw] = model.run(prepare(picture, model.card.input).tensor, scores_only=True)
    outputs: dict[str, NDArray[Any]] = {"logits": raw, "scores": scores_of(raw, model.card)}
    apart = [
        f"{kind} {_row(outputs[kind][0])}, expected {_row(numbers)}"
        for kind in outputs
        if (numbers := getattr(expectation, kind)) is not None and _differ(outputs[kind][0], numbers)
    ]
    if apart:
        yield from apart
        size, steps = trace(picture, model.card.input)
        yield _first_difference(size, steps, expectation)


def _row(numbers: Sequence[float | None] | NDArray[np.generic]) -> str:
    return "[" + ", ".join("none" if x is None or np.isnan(x) else f"{x:.5f}" for x in numbers) + "]"


def _differ(numbers: NDArray[np.generic], others: Sequence[float | None]) -> bool:
    pairs = zip(numbers.tolist(), others, strict=True)
    return any(
        abs(one - other) > _SLACK for one, other in pairs if other is not None
    )  # NaN, of no training, is no more


_REASONS = {
    "resize": "`values`, `window`, `bit_depth` and `interpolation` of the card, or how the file is decoded",
    "range": "where it is cropped, `padding`, or `range`",
    "normalise": "`mean` and `std`, `standardise`, or the order of channels",
}


def _first_difference(size: tuple[int, int], steps: Mapping[str, Plane], expectation: Expectation) -> str:
    """Return at which step the image is first another one, as a sentence."""
    if expectation.shape not in (None, size):
        rows, columns = expectation.shape or size
        return f"first differs: shape: {size[0]} x {size[1]} after resizing, expected {rows} x {columns}: see `resize`"
    same = []
    for step, reason in _REASONS.items():
        checkpoint = getattr(expectation, step)
        if checkpoint is None or step not in steps:
            continue
        difference = _difference(steps[step], checkpoint)
        if difference:
            return f"first differs: {step}: {difference}; see {reason}"
        same.append(step)
    if not same:
        return f"which step differs is not known: give `shape`, {', '.join(f'`{step}`' for step in _REASONS)}"
    unknown = [f"`{step}`" for step in list(_REASONS)[list(_REASONS).index(same[-1]) + 1 :]]
    rest = f"at {', '.join(unknown)}, or in" if unknown else "in"
    return f"{' and '.join(same)} agree: the difference is {rest} the network, its outputs or the `temperature`"


def _difference(values: Plane, checkpoint: Checkpoint) -> str:
    """Return the first number in which a checkpoint differs, in words; an empty text if none does."""
    slack = _SLACK * max(1.0, float(np.ptp(values)))
    numbers = {
        "mean": values.mean(dtype=np.float64),
        "std": values.std(dtype=np.float64),
        "min": values.min(),
        "max": values.max(),
    }
    for name, number in numbers.items():
        other = getattr(checkpoint, name)
        if other is not None and abs(number - other) > slack:
            return f"{name} {number:.5f}, expected {other:.5f}"
    _, rows, columns = values.shape
    for row, column, other in checkpoint.at:
        if row >= rows or column >= columns:
            return f"there is no row {row} with a column {column}, of {rows} x {columns}"
        if abs(values[0, row, column] - other) > slack:
            return f"row {row}, column {column} {values[0, row, column]:.5f}, expected {other:.5f}"
    return ""
