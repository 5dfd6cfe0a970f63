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


def resample(image: NDArray[np.generic], size: tuple[int, int], how: Interpolation) -> NDArray[np.generic]:
    """An image of 8 bits or floats → height x width, of the same type."""
    height, width = size
    if how == "gaussian-linear":
        return _gaussian_linear(image.astype(np.float32, copy=False), height, width)
    if how == "box-bilinear":
        # A gap of 1: means of whole blocks first, then antialiased interpolation over what is left.
        resized = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.0)
    else:
        resized = Image.fromarray(image).resize((width, height), _FILTERS[how])
    return np.asarray(resized)


def _gaussian_linear(image: Plane, height: int, width: int) -> Plane:
    """scikit-image's `resize(mode="constant")`: a Gaussian against aliasing, then linear; zeros beyond the edge.

    Both are linear and separable, so an axis is one matrix.
    """
    rows, columns = image.shape
    resized = _matrix(rows, height) @ image @ _matrix(columns, width).T
    least, most = float(image.min()), float(image.max())
    if not least <= 0 <= most and resized.min() <= 0 <= resized.max():
        least, most = min(least, 0.0), max(most, 0.0)
    return np.asarray(np.clip(resized, least, most), np.float32)


@lru_cache(maxsize=8)
def _matrix(size: int, target: int) -> Plane:
    """target x size: what each pixel of one axis weighs in each resized one."""
    step = size / target
    centre = (np.arange(target) + 0.5) * step - 0.5
    low = np.floor(centre).astype(int)
    share = centre - low
    blurred = _blur(size, max(0.0, (step - 1) / 2))
    matrix = np.zeros((target, size))
    for tap, weight in ((low, 1 - share), (low + 1, share)):
        inside = (tap >= 0) & (tap < size)
        matrix[inside] += weight[inside, None] * blurred[tap[inside]]
    return matrix.astype(np.float32)


def _blur(size: int, sigma: float) -> NDArray[np.float64]:
    """size x size: a Gaussian around each pixel, cut off at the edges."""
    if sigma == 0:
        return np.eye(size)
    radius = int(_TRUNCATE * sigma + 0.5)
    distance = np.abs(np.arange(size)[:, None] - np.arange(size)[None, :])
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights = np.exp(-0.5 * (distance / sigma) ** 2) / kernel.sum()
    return np.asarray(np.where(distance <= radius, weights, 0.0), np.float64)
