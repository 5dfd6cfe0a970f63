"""Whether an image looks, coarsely, like those a model was made for.

A prepared image becomes a small grid of standardised brightness. What it differs in from the mean of right images, as
right images differ from each other, is left out; the rest is compared cell by cell with its spread over right images.
It tells an organ from another, or a film from its negative; not disease.
"""

from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.card_schema import Familiar

Plane = NDArray[np.float32]
GRID = 12
_AXES = 16
_LEAST_SPREAD = 0.1
_KEPT = 0.995
"""The share of right images that pass."""
_SLACK = 1.1


def learn(planes: Plane) -> dict[str, Any]:
    """The card's `gate.familiar`, from prepared images of the right kind: n x height x width or n x 1 x height x width.

    Half of them make the grid, the other half the limit.
    """
    thumbs = np.stack([thumb(plane.reshape(plane.shape[-2:]), GRID) for plane in planes])
    made, judged = thumbs[::2], thumbs[1::2]
    mean = made.mean(axis=0)
    axes = np.linalg.svd(made - mean, full_matrices=False)[2][:_AXES].astype("<f2")
    spread = np.maximum(_rest(made - mean, axes).std(axis=0), _LEAST_SPREAD)
    learnt = {
        "grid": GRID,
        "mean": [round(float(value), 3) for value in mean],
        "spread": [round(float(value), 3) for value in spread],
        "axes": b64encode(axes.tobytes()).decode(),
    }
    likeness = Familiar.model_validate({**learnt, "limit": 1})
    distances = [distance(one, likeness) for one in judged]
    return {**learnt, "limit": round(float(np.quantile(distances, _KEPT)) * _SLACK, 3)}


def thumb(plane: Plane, grid: int) -> NDArray[np.float64]:
    """grid x grid cells as one row, of mean 0 and deviation 1; zeros if the image is blank."""
    cells = np.asarray(Image.fromarray(plane).resize((grid, grid), Image.Resampling.BOX), np.float64).ravel()
    centred = cells - cells.mean()
    deviation = float(centred.std())
    return np.asarray(centred / deviation, np.float64) if deviation > 1e-6 else np.zeros_like(centred)


def distance(cells: NDArray[np.float64], familiar: Familiar) -> float:
    """How far a `thumb` is from the mean, in spreads; to be compared with the limit."""
    axes = np.frombuffer(familiar.axes, "<f2").reshape(-1, familiar.grid**2)
    rest = _rest(cells - np.array(familiar.mean), axes)
    return float(np.sqrt(((rest / np.array(familiar.spread)) ** 2).mean()))


def _rest(differences: NDArray[np.float64], axes: NDArray[np.float16]) -> NDArray[np.float64]:
    """What of differences from the mean, one or a row of each, does not lie along the axes."""
    directions = axes.astype(np.float64)
    return np.asarray(differences - differences @ directions.T @ directions, np.float64)
