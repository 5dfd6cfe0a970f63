"""Resizing as the field's libraries do it: OpenCV, TensorFlow, PyTorch, Pillow and scikit-image."""

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.card_schema import Interpolation

Plane = NDArray[np.float32]

_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
}
_TRUNCATE = 4.0
"""Standard deviations at which the Gaussian ends, as in SciPy."""
WHOLE_PIXELS = 1 << 24
"""Pixels. A strip that would be larger is not resized whole: what is kept of it is, to the last digits, the same."""

Box = tuple[int, int, int, int]
"""Top, left, bottom, right."""


def resample(image: NDArray[np.generic], size: tuple[int, int], how: Interpolation, box: Box) -> NDArray[np.generic]:
    """Resize an image of 8 bits or floats to height x width and return `box` of that, of the same type."""
    if how == "gaussian-linear":
        return _gaussian_linear(image.astype(np.float32, copy=False), size, box)
    if how == "bilinear-no-antialias":
        return _interpolate(image, size, box)
    if how == "area":
        return _average(image, size, box)
    top, left, bottom, right = box
    # A gap of 1: means of whole blocks first, then antialiased interpolation over what is left.
    gap, by = (1.0, Image.Resampling.BILINEAR) if how == "box-bilinear" else (None, _FILTERS[how])
    height, width = size
    if height * width <= WHOLE_PIXELS:
        whole = Image.fromarray(image).resize((width, height), by, reducing_gap=gap)
        return np.asarray(whole)[top:bottom, left:right]
    down, across = image.shape[0] / height, image.shape[1] / width
    part = (left * across, top * down, right * across, bottom * down)
    return np.asarray(Image.fromarray(image).resize((right - left, bottom - top), by, part, gap))


def _interpolate(image: NDArray[np.generic], size: tuple[int, int], box: Box) -> NDArray[np.generic]:
    """Resize between the four nearest pixels, with nothing against aliasing.

    Centres of pixels lie at halves, and the last pixel goes on beyond the edge: OpenCV's INTER_LINEAR, TensorFlow's
    `tf.image.resize`, PyTorch's `interpolate(mode="bilinear", align_corners=False)`. Images of 8 bits are resized in
    OpenCV's arithmetic, bit for bit: weights of 11 bits, and after each product the last bits are cut off.
    """
    fixed = image.dtype == np.uint8
    values: Any = image
    upper, lower, down = _neighbours(image.shape[0], size[0], range(box[0], box[2]), single=fixed)
    before, after, across = _neighbours(image.shape[1], size[1], range(box[1], box[3]), single=fixed)
    pairs = [(values[rows[:, None], before], values[rows[:, None], after]) for rows in (upper, lower)]
    if not fixed:
        above, below = (_blend(left, right, across) for left, right in pairs)
        return _blend(above, below, down[:, None])
    near, far = _in_2048ths(across)
    # Of 8 and 20 bits less 4 there are 27 at most: no 32-bit number runs over.
    above, below = (
        (weight[:, None] * ((left * near + right * far) >> 4)) >> 16
        for (left, right), weight in zip(pairs, _in_2048ths(down), strict=True)
    )
    return np.asarray((above + below + 2) >> 2, np.uint8)


def _neighbours(
    size: int, target: int, kept: range, *, single: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return, of each kept pixel of one axis, the two old ones that it lies between, and the share of the second.

    `single`: with where it lies in single precision.
    """
    centre = (np.array(kept) + 0.5) * (size / target) - 0.5
    if single:
        centre = centre.astype(np.float32)
    first = np.floor(centre).astype(np.int64)
    share = (centre - first).astype(np.float32)
    return np.clip(first, 0, size - 1), np.clip(first + 1, 0, size - 1), share


def _blend(one: Plane, other: Plane, share: Plane) -> Plane:
    return one * (1 - share) + other * share


def _in_2048ths(share: Plane) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    return np.rint((1 - share) * 2048).astype(np.int32), np.rint(share * 2048).astype(np.int32)


def _average(image: NDArray[np.generic], size: tuple[int, int], box: Box) -> NDArray[np.generic]:
    """Resize to the mean of what each new pixel covers; a pixel that is covered in part counts in part.

    So does OpenCV's INTER_AREA where both sides shrink.
    """
    (rows, columns), (height, width), (top, left, bottom, right) = image.shape, size, box
    plane = image.astype(np.float32, copy=False)
    sums = _overlaps(rows, height, top, bottom) @ plane @ _overlaps(columns, width, left, right).T
    means = sums * np.float32(1 / (rows / height * (columns / width)))
    if image.dtype != np.uint8:
        return np.asarray(means, np.float32)
    # As OpenCV does: a half goes up where four whole pixels become one, else to the even number.
    is_quarter = (rows, columns) == (2 * height, 2 * width)
    return np.asarray(np.floor(means + np.float32(0.5)) if is_quarter else np.rint(means), np.uint8)


@lru_cache(maxsize=4)
def _overlaps(size: int, target: int, start: int, stop: int) -> Plane:
    """Return how much of each pixel of one axis each of `target` new ones covers, from `start` to `stop`."""
    edges = np.arange(start, stop + 1) * (size / target)
    matrix = np.zeros((stop - start, size), np.float32)
    for row, (begin, end) in enumerate(pairwise(edges)):
        covered = np.arange(int(begin), min(int(np.ceil(end)), size))
        matrix[row, covered] = np.minimum(covered + 1, end) - np.maximum(covered, begin)
    return matrix


def _gaussian_linear(image: Plane, size: tuple[int, int], box: Box) -> Plane:
    """Resize as scikit-image's `resize(mode="constant")` does.

    That is a Gaussian against aliasing, then linear interpolation; zeros beyond the edge. Both are linear and
    separable, so an axis is one matrix.
    """
    (rows, columns), (height, width), (top, left, bottom, right) = image.shape, size, box
    values = _matrix(rows, height, top, bottom) @ image @ _matrix(columns, width, left, right).T
    least, most = float(image.min()), float(image.max())
    if not least <= 0 <= most and values.min() <= 0 <= values.max():
        least, most = min(least, 0.0), max(most, 0.0)
    return np.asarray(np.clip(values, least, most), np.float32)


@lru_cache(maxsize=8)
def _matrix(size: int, target: int, start: int, stop: int) -> Plane:
    """Return the weight of each pixel of one axis in each of `target` resized ones, from `start` to `stop`."""
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
    """Return the weights of pixels in a blurred one, from as far before it to as far behind."""
    if sigma == 0:
        return np.ones(1)
    radius = int(_TRUNCATE * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return np.asarray(weights / weights.sum(), np.float64)
