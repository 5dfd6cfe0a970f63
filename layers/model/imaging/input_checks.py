"""What an image looks like where that is not what a model reads: blank, negative, photograph, page, unfamiliar."""

from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.card_schema import Familiar, Flag
from imaging.errors import unsupported_format
from imaging.image import Picture
from imaging.model_card import Card
from imaging.preprocess import PreparedInput

Plane = NDArray[np.float32]
GRID = 12
_AXES = 16
_LEAST_SPREAD = 0.1
_RIGHT_SHARE = 0.995
"""The share of right images that pass."""
_SLACK = 1.1


def learn(planes: Plane) -> dict[str, Any]:
    """Return the card's `gate.familiar`, from prepared images of the right kind.

    `planes`: n x height x width, or n x 1 x height x width. Half of them make the grid, the other half the limit.
    """
    thumbs = np.stack([thumbnail(plane.reshape(plane.shape[-2:]), GRID) for plane in planes])
    fit_half, check_half = thumbs[::2], thumbs[1::2]
    mean = fit_half.mean(axis=0)
    axes = np.linalg.svd(fit_half - mean, full_matrices=False)[2][:_AXES].astype("<f2")
    spread = np.maximum(_rest(fit_half - mean, axes).std(axis=0), _LEAST_SPREAD)
    learnt = {
        "grid": GRID,
        "mean": [round(float(value), 3) for value in mean],
        "spread": [round(float(value), 3) for value in spread],
        "axes": b64encode(axes.tobytes()).decode(),
    }
    likeness = Familiar.model_validate({**learnt, "limit": 1})
    distances = [distance(one, likeness) for one in check_half]
    return {**learnt, "limit": round(float(np.quantile(distances, _RIGHT_SHARE)) * _SLACK, 3)}


def thumbnail(plane: Plane, grid: int) -> NDArray[np.float64]:
    """Return grid x grid cells as one row, of mean 0 and deviation 1; zeros if the image is blank."""
    cells = np.asarray(Image.fromarray(plane).resize((grid, grid), Image.Resampling.BOX), np.float64).ravel()
    residuals = cells - cells.mean()
    deviation = float(residuals.std())
    return np.asarray(residuals / deviation, np.float64) if deviation > 1e-6 else np.zeros_like(residuals)


def distance(cells: NDArray[np.float64], familiar: Familiar) -> float:
    """Return how far a thumbnail is from the mean, in spreads; to be compared with the limit."""
    axes = np.frombuffer(familiar.axes, "<f2").reshape(-1, familiar.grid**2)
    rest = _rest(cells - np.array(familiar.mean), axes)
    return float(np.sqrt(((rest / np.array(familiar.spread)) ** 2).mean()))


def _rest(differences: NDArray[np.float64], axes: NDArray[np.float16]) -> NDArray[np.float64]:
    """Return the part of differences from the mean, one or a row of each, that does not lie along the axes."""
    directions = axes.astype(np.float64)
    return np.asarray(differences - differences @ directions.T @ directions, np.float64)


_LEAST_CONTRAST = 0.05
_MOST_COLOUR = 0.2
_PAPER, _LEAST_PAPER = 0.85, 0.55
_LEAP, _LEAST_LEAPS = 0.06, 0.85
_TEXTS: dict[Flag, str] = {
    "LOW_CONTRAST": "The image is blank, or nearly so.",
    "INVERTED": "The image looks like a negative: black and white are exchanged.",
    "COLOUR_PHOTOGRAPH": "The image is a colour photograph.",
    "DOCUMENT": "The image looks like a page of text.",
    "UNFAMILIAR": "The image does not look like those that the model was made for.",
}


def check_input(picture: Picture, prepared_input: PreparedInput, card: Card) -> tuple[Flag, ...]:
    """Return warnings about the image. Raises ImageError (UNSUPPORTED) for one that the card refuses."""
    flags = _flags(picture, prepared_input, card)
    for code in flags:
        if code in card.gate.refuse:
            raise unsupported_format(f"{_TEXTS[code]} The model does not read such images.")
    return flags


def _flags(picture: Picture, prepared_input: PreparedInput, card: Card) -> tuple[Flag, ...]:
    if prepared_input.contrast < _LEAST_CONTRAST:
        return ("LOW_CONTRAST",)
    flags: list[Flag] = []
    if picture.colour > _MOST_COLOUR and not card.input.colour:
        flags.append("COLOUR_PHOTOGRAPH")
    if _is_page(prepared_input.visible):
        flags.append("DOCUMENT")
    if card.gate.familiar:
        cells = thumbnail(prepared_input.plane(card.input), card.gate.familiar.grid)
        image_distance = distance(cells, card.gate.familiar)
        if image_distance > card.gate.familiar.limit:
            # Turned round, a negative need not pass: its padding is black, as a right image's is.
            negative_distance = distance(-cells, card.gate.familiar)
            flags.append("INVERTED" if negative_distance < image_distance else "UNFAMILIAR")
    return tuple(flags)


def _is_page(visible: NDArray[np.float32]) -> bool:
    """Tell whether an image is a page: mostly paper, and small print on it.

    Print is small where next to nearly each of its pixels brightness leaps.

    Across or down: of words that are too small to be read there is a grey line left.
    """
    paper = float((visible[::4, ::4] > _PAPER).mean())
    if paper < _LEAST_PAPER:
        return False
    across = np.abs(np.diff(visible, axis=1))[:-1] > _LEAP
    down = np.abs(np.diff(visible, axis=0))[:, :-1] > _LEAP
    return float((across | down).mean()) > _LEAST_LEAPS * (1 - paper)
