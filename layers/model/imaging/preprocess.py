"""An image → the tensor a model takes, as its card describes it: crop, resize, pad, standardise."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.image import Picture
from imaging.model_card import Input, Interpolation

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


def resample(image: NDArray[np.generic], size: tuple[int, int], how: Interpolation, box: Box) -> NDArray[np.generic]:
    """Resize an image of 8 bits or floats to height x width and return `box` of that, of the same type."""
    if how == "gaussian-linear":
        return _gaussian_linear(image.astype(np.float32, copy=False), size, box)
    top, left, bottom, right = box
    # A gap of 1: means of whole blocks first, then antialiased interpolation over what is left.
    gap, by = (1.0, Image.Resampling.BILINEAR) if how == "box-bilinear" else (None, _FILTERS[how])
    height, width = size
    if height * width <= _WHOLE:
        whole = Image.fromarray(image).resize((width, height), by, reducing_gap=gap)
        return np.asarray(whole)[top:bottom, left:right]
    down, across = image.shape[0] / height, image.shape[1] / width
    part = (left * across, top * down, right * across, bottom * down)
    return np.asarray(Image.fromarray(image).resize((right - left, bottom - top), by, part, gap))


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


@dataclass(frozen=True)
class Placement:
    """Where the picture lies in the model's input, as fractions of the input's height and width.

    Of a picture that was cropped it reaches beyond the input: `top` is negative, or `height` more than 1.
    """

    top: float
    left: float
    height: float
    width: float


@dataclass(frozen=True)
class Geometry:
    """A box of the picture is resized to `size`, and that laid at `offset` in the input; negative: cut off there."""

    box: tuple[int, int, int, int]
    """Top, left, bottom, right."""
    size: tuple[int, int]
    offset: tuple[int, int]

    def kept_box(self, target: Input) -> tuple[int, int, int, int]:
        """Return the part of the resized box that lies in the input: top, left, bottom, right."""
        (top, left), (height, width) = self.offset, self.size
        return max(-top, 0), max(-left, 0), min(height, target.height - top), min(width, target.width - left)

    def placement(self, rows: int, columns: int, target: Input) -> Placement:
        """Return where the whole picture, rows x columns, lies."""
        down = self.size[0] / (self.box[2] - self.box[0])
        across = self.size[1] / (self.box[3] - self.box[1])
        return Placement(
            (self.offset[0] - self.box[0] * down) / target.height,
            (self.offset[1] - self.box[1] * across) / target.width,
            rows * down / target.height,
            columns * across / target.width,
        )


def geometry_of(rows: int, columns: int, target: Input) -> Geometry:
    """Return how a picture of this size gets into the input."""
    whole = (0, 0, rows, columns)
    if target.resize == "stretch":
        return Geometry(whole, (target.height, target.width), (0, 0))
    if target.resize == "crop":
        return Geometry(_middle(rows, columns, target), (target.height, target.width), (0, 0))
    if target.resize == "short-side-crop":
        short = target.short_side or 0
        size = (short, int(short * columns / rows)) if rows <= columns else (int(short * rows / columns), short)
        return Geometry(whole, size, (-round((size[0] - target.height) / 2), -round((size[1] - target.width) / 2)))
    scale = min(target.height / rows, target.width / columns)
    size = max(1, round(rows * scale)), max(1, round(columns * scale))
    return Geometry(whole, size, ((target.height - size[0]) // 2, (target.width - size[1]) // 2))


def _middle(rows: int, columns: int, target: Input) -> tuple[int, int, int, int]:
    """Return the largest box of the input's shape in the middle of the picture."""
    scale = min(rows / target.height, columns / target.width)
    height, width = max(1, round(target.height * scale)), max(1, round(target.width * scale))
    top, left = rows // 2 - height // 2, columns // 2 - width // 2
    return top, left, top + height, left + width


__all__ = ["Placement", "PreparedInput", "prepare"]

NO_UNITS = "NO_UNITS"


@dataclass(frozen=True, eq=False)
class PreparedInput:
    """The tensor, of one image, and where in it the picture lies."""

    tensor: NDArray[np.float32]
    """1 x channels x height x width, or 1 x height x width x channels."""
    placement: Placement
    visible: Plane
    """What of the picture is in the input, without padding: 0 (black) to 1 (white)."""
    warnings: tuple[str, ...] = ()
    """NO_UNITS where the model wants units that the image does not have."""

    @property
    def contrast(self) -> float:
        """Return the difference of the brightest and the darkest pixel, 0 to 1."""
        return float(self.visible.max() - self.visible.min())

    def plane(self, target: Input) -> Plane:
        """Return the first channel of the tensor, height x width."""
        return self.tensor[0, :, :, 0] if target.channels_last else self.tensor[0, 0]


def prepare(picture: Picture, target: Input) -> PreparedInput:
    """Crop, resize, take to brightness and then to the card's range, pad with black, standardise.

    To resize as another library does, it takes what that would take: not a picture that is smaller already.
    """
    if picture.finer and target.interpolation != "box-bilinear":
        picture = picture.finer()
    rows, columns = picture.pixels.shape
    geometry = geometry_of(rows, columns, target)
    top, left, bottom, right = geometry.box
    visible = _resize_to_range(picture, picture.pixels[top:bottom, left:right], target, geometry)
    full = np.full((target.height, target.width), target.low, np.float32)
    down, across = (max(start, 0) for start in geometry.offset)
    full[down : down + visible.shape[0], across : across + visible.shape[1]] = visible
    plain = (target.low, target.high) == (0, 1)
    visible_share = visible if plain else (visible - np.float32(target.low)) / np.float32(target.high - target.low)
    placement = geometry.placement(rows, columns, target)
    return PreparedInput(_tensor(full, target), placement, visible_share, _warnings(picture, target))


def _resize_to_range(picture: Picture, pixels: NDArray[np.generic], target: Input, geometry: Geometry) -> Plane:
    """Convert stored values to resized values in the card's range, of what lies in the input."""
    how = geometry.size, target.interpolation, geometry.kept_box(target)
    if target.interpolation == "box-bilinear":
        # In the stored bit depth, of which nothing is lost that way, and on fewer pixels.
        return _scale(_level(picture, resample(pixels, *how), target), target)
    level = _level(picture, pixels, target)
    if target.eight_bits:
        quantised_image = resample((level * 255 + 0.5).astype(np.uint8), *how)
        return _scale(quantised_image.astype(np.float32) / np.float32(255), target)
    # In the card's range already: some libraries fill with its zero beyond the edge.
    return resample(_scale(level, target), *how).astype(np.float32, copy=False)


def _scale(level: Plane, target: Input) -> Plane:
    """Map 0 to 1 to the card's range, in place."""
    if (target.low, target.high) != (0, 1):
        level *= np.float32(target.high - target.low)
        level += np.float32(target.low)
    return level


def _level(picture: Picture, pixels: NDArray[np.generic], target: Input) -> Plane:
    """Convert stored values to 0 to 1, by the header's window, the bit depth, or the card's window on units."""
    if target.values == "stored":
        level = _clip(pixels.astype(np.float32) / np.float32((1 << picture.facts.bits) - 1))
        return 1 - level if picture.is_inverted else level
    if target.values == "units" and target.window and picture.units:
        low, high = target.window
        units = pixels.astype(np.float32) * np.float32(picture.slope) + np.float32(picture.intercept)
        return _clip((units - np.float32(low)) / np.float32(high - low))
    return picture.to_brightness(pixels)


def _clip(level: Plane) -> Plane:
    return np.clip(level, np.float32(0), np.float32(1), out=level)


def _warnings(picture: Picture, target: Input) -> tuple[str, ...]:
    return (NO_UNITS,) if target.values == "units" and not picture.units else ()


def _tensor(plane: Plane, target: Input) -> NDArray[np.float32]:
    """Return the grey plane once for each channel, standardised, in the card's layout."""
    channels = np.broadcast_to(plane, (target.channels, *plane.shape))
    if target.mean and target.std:
        mean, std = (np.array(numbers, np.float32)[:, None, None] for numbers in (target.mean, target.std))
        channels = (channels - mean) / std
    if target.channels_last:
        channels = np.moveaxis(channels, 0, -1)
    return np.ascontiguousarray(channels[None], np.float32)  # no copy of one grey channel
