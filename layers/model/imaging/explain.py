"""Where in the picture a finding lies, from the model's activation grid."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.geometry import Placement

Grid = NDArray[np.float32]


_SILENT = -2.0
"""Logit below which a cell says no (12 %): no heat."""
_SPAN = 4.0
"""Logits that heat covers at least, so that a weak peak is not a flat patch."""


def heat_grid(activation: Grid, temperature: float) -> Grid:
    """A label's activation logits, grid rows x columns → heat of 0 to 1, 1 where the finding is most evident.

    No heat at all if any of them is not a number.

    Heat is linear in the logits: as a sigmoid it would be the same all over a finding that is evident anywhere.
    """
    if np.isnan(activation).any():
        return np.zeros_like(activation)
    logits = np.clip(activation / np.float32(temperature), -50, 50)
    peak = float(logits.max())
    floor = min(_SILENT, peak - _SPAN)
    return np.asarray(np.clip((logits - floor) / (peak - floor), 0, 1), np.float32)


def spread(grid: Grid, placement: Placement, rows: int, columns: int) -> Grid:
    """A grid over the model's input → heat over the picture itself, rows x columns.

    Padding is cut away; what the model did not see of a cropped picture has no heat.
    """
    heat = np.zeros((rows, columns), np.float32)
    down, top, bottom = _seen(placement.top, placement.height, grid.shape[0], rows)
    across, left, right = _seen(placement.left, placement.width, grid.shape[1], columns)
    size = (across.stop - across.start, down.stop - down.start)
    image = Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC, box=(left, top, right, bottom))
    between = np.maximum(np.asarray(image, np.float32), 0)
    # Between two hot cells the curve rises over 1. Cut off, it would be a patch whose hottest pixel is its first.
    heat[down, across] = between / max(1.0, float(between.max()))
    return heat


def _seen(start: float, length: float, cells: int, pixels: int) -> tuple[slice, float, float]:
    """Along one axis: the picture's pixels that lie in the input, and from where to where in the grid they lie."""
    first, last = max(start, 0.0), min(start + length, 1.0)
    pixel = [round((end - start) / length * pixels) for end in (first, last)]
    begin = min(pixel[0], pixels - 1)
    return slice(begin, max(pixel[1], begin + 1)), first * cells, last * cells
