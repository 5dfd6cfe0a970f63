"""Resizing as the common libraries do it, each by its own rule."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.card_schema import Interpolation

Plane = NDArray[np.float32]

_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "nearest": Image.Resampling.NEAREST,
}
_TRUNCATE = 4.0
"""Standard deviations at which the Gaussian ends, as in SciPy."""
_WHOLE = 1 << 24
"""Pixels. A strip that would be larger is not resized whole: what is kept of it is, to the last digits, the same."""

Box = tuple[int, int, int, int]
"""Top, left, bottom, right."""


def resample(image: NDArray[np.generic], size: tuple[int, int], how: Interpolation, kept: Box) -> NDArray[np.generic]:
    """An image of 8 bits or floats → what is `kept` of it at height x width, of the same type."""
    if how == "gaussian-linear":
        return _gaussian_linear(image.astype(np.float32, copy=False), size, kept)
    top, left, bottom, right = kept
    # A gap of 1: means of whole blocks first, then antialiased interpolation over what is left.
    gap, by = (1.0, Image.Resampling.BILINEAR) if how == "box-bilinear" else (None, _FILTERS[how])
    height, width = size
    if height * width <= _WHOLE:
        resized = Image.fromarray(image).resize((width, height), by, reducing_gap=gap)
        return np.asarray(resized)[top:bottom, left:right]
    down, across = image.shape[0] / height, image.shape[1] / width
    part = (left * across, top * down, right * across, bottom * down)
    return np.asarray(Image.fromarray(image).resize((right - left, bottom - top), by, part, gap))


def _gaussian_linear(image: Plane, size: tuple[int, int], kept: Box) -> Plane:
    """scikit-image's `resize(mode="constant")`: a Gaussian against aliasing, then linear; zeros beyond the edge.

    Both are linear and separable, so an axis is one matrix.
    """
    (rows, columns), (height, width), (top, left, bottom, right) = image.shape, size, kept
    resized = _matrix(rows, height, top, bottom) @ image @ _matrix(columns, width, left, right).T
    least, most = float(image.min()), float(image.max())
    if not least <= 0 <= most and resized.min() <= 0 <= resized.max():
        least, most = min(least, 0.0), max(most, 0.0)
    return np.asarray(np.clip(resized, least, most), np.float32)


@lru_cache(maxsize=8)
def _matrix(size: int, target: int, start: int, stop: int) -> Plane:
    """What each pixel of one axis weighs in each of those, of `target` resized ones, from `start` to `stop`."""
    step = size / target
    centre = (np.arange(start, stop) + 0.5) * step - 0.5
    low = np.floor(centre).astype(int)
    share = centre - low
    kernel = _kernel(max(0.0, (step - 1) / 2))
    matrix = np.zeros((stop - start, size), np.float32)
    for row, (tap, weight) in enumerate(zip(low, share, strict=True)):
        # Between two blurred pixels, of which one beyond the edge counts nothing.
        both = np.zeros(len(kernel) + 1)
        both[:-1] += (1 - weight) * kernel * (0 <= tap < size)
        both[1:] += weight * kernel * (0 <= tap + 1 < size)
        first = tap - len(kernel) // 2
        inside = slice(max(first, 0), min(first + len(both), size))
        matrix[row, inside] = both[inside.start - first : inside.stop - first]
    return matrix


def _kernel(sigma: float) -> NDArray[np.float64]:
    """What pixels weigh in a blurred one, from as far before it to as far behind."""
    if sigma == 0:
        return np.ones(1)
    radius = int(_TRUNCATE * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return np.asarray(weights / weights.sum(), np.float64)
