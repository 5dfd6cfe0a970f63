"""Where in the picture a finding lies, from the model's activation grid."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.prepare import Placement

Grid = NDArray[np.float32]


_SILENT = -2.0
"""Logit below which a cell says no (12 %): no heat."""
_SPAN = 4.0
"""Logits that heat covers at least, so that a weak peak is not a flat patch."""


def heat_grid(activation: Grid, temperature: float) -> Grid:
    """A label's activation logits, grid rows x columns → heat of 0 to 1, 1 where the finding is most evident.

    Heat is linear in the logits: as a sigmoid it would be the same all over a finding that is evident anywhere.
    """
    logits = np.clip(activation / np.float32(temperature), -50, 50)
    peak = float(logits.max())
    floor = min(_SILENT, peak - _SPAN)
    return np.asarray(np.clip((logits - floor) / (peak - floor), 0, 1), np.float32)


def spread(grid: Grid, placement: Placement, rows: int, columns: int) -> Grid:
    """A grid over the model's input → heat over the picture itself, rows x columns, the padding cut away."""
    height, width = grid.shape
    box = (
        placement.left * width,
        placement.top * height,
        (placement.left + placement.width) * width,
        (placement.top + placement.height) * height,
    )
    image = Image.fromarray(grid).resize((columns, rows), Image.Resampling.BICUBIC, box=box)
    return np.clip(np.asarray(image, np.float32), 0, 1)
