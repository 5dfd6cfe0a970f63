"""A picture → the tensor a model takes, as its card describes it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.card import Input
from imaging.geometry import Geometry, Placement, geometry_of
from imaging.picture import Picture
from imaging.resample import Plane, resample

__all__ = ["Placement", "Prepared", "prepare"]

NO_UNITS = "NO_UNITS"


@dataclass(frozen=True, eq=False)
class Prepared:
    """The tensor, of one image, and where in it the picture lies."""

    tensor: NDArray[np.float32]
    """1 x channels x height x width, or 1 x height x width x channels."""
    placement: Placement
    seen: Plane
    """What of the picture is in the input, without padding: 0 (black) to 1 (white)."""
    warnings: tuple[str, ...] = ()
    """NO_UNITS where the model wants units that the image does not have."""

    @property
    def contrast(self) -> float:
        """Difference of the brightest and the darkest pixel, 0 to 1."""
        return float(self.seen.max() - self.seen.min())

    def plane(self, target: Input) -> Plane:
        """The first channel of the tensor, height x width."""
        return self.tensor[0, :, :, 0] if target.channels_last else self.tensor[0, 0]


def prepare(picture: Picture, target: Input) -> Prepared:
    """Crop, resize, take to brightness and then to the card's range, pad with black, standardise.

    To resize as another library does, it takes what that would take: not a picture that is smaller already.
    """
    if picture.finer and target.interpolation != "box-bilinear":
        picture = picture.finer()
    rows, columns = picture.pixels.shape
    geometry = geometry_of(rows, columns, target)
    top, left, bottom, right = geometry.box
    visible = _ranged(picture, picture.pixels[top:bottom, left:right], target, geometry)
    full = np.full((target.height, target.width), target.low, np.float32)
    down, across = (max(start, 0) for start in geometry.offset)
    full[down : down + visible.shape[0], across : across + visible.shape[1]] = visible
    plain = (target.low, target.high) == (0, 1)
    seen = visible if plain else (visible - np.float32(target.low)) / np.float32(target.high - target.low)
    placement = geometry.placement(rows, columns, target)
    return Prepared(_tensor(full, target), placement, seen, _warnings(picture, target))


def _ranged(picture: Picture, stored: NDArray[np.generic], target: Input, geometry: Geometry) -> Plane:
    """Stored values → resized values in the card's range, of what lies in the input."""
    how = geometry.size, target.interpolation, geometry.kept(target)
    if target.interpolation == "box-bilinear":
        # In the stored bit depth, of which nothing is lost that way, and on fewer pixels.
        return _scaled(_level(picture, resample(stored, *how), target), target)
    level = _level(picture, stored, target)
    if target.eight_bits:
        quantised = resample((level * 255 + 0.5).astype(np.uint8), *how)
        return _scaled(quantised.astype(np.float32) / np.float32(255), target)
    # In the card's range already: some libraries fill with its zero beyond the edge.
    return resample(_scaled(level, target), *how).astype(np.float32, copy=False)


def _scaled(level: Plane, target: Input) -> Plane:
    """0 to 1 → the card's range, in place."""
    if (target.low, target.high) != (0, 1):
        level *= np.float32(target.high - target.low)
        level += np.float32(target.low)
    return level


def _level(picture: Picture, stored: NDArray[np.generic], target: Input) -> Plane:
    """Stored values → 0 to 1, by the header's window, the bit depth, or the card's window on units."""
    if target.values == "stored":
        level = _clipped(stored.astype(np.float32) / np.float32((1 << picture.facts.bits) - 1))
        return 1 - level if picture.inverted else level
    if target.values == "units" and target.window and picture.units:
        low, high = target.window
        units = stored.astype(np.float32) * np.float32(picture.slope) + np.float32(picture.intercept)
        return _clipped((units - np.float32(low)) / np.float32(high - low))
    return picture.shown(stored)


def _clipped(level: Plane) -> Plane:
    return np.clip(level, np.float32(0), np.float32(1), out=level)


def _warnings(picture: Picture, target: Input) -> tuple[str, ...]:
    return (NO_UNITS,) if target.values == "units" and not picture.units else ()


def _tensor(plane: Plane, target: Input) -> NDArray[np.float32]:
    """The grey plane once for each channel, standardised, in the card's layout."""
    channels = np.broadcast_to(plane, (target.channels, *plane.shape))
    if target.mean and target.std:
        mean, std = (np.array(numbers, np.float32)[:, None, None] for numbers in (target.mean, target.std))
        channels = (channels - mean) / std
    if target.channels_last:
        channels = np.moveaxis(channels, 0, -1)
    return np.ascontiguousarray(channels[None], np.float32)  # no copy of one grey channel
