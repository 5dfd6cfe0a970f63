"""An image → the tensor a model takes, as its card describes it: crop, resize, pad, standardise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.errors import unsupported_format
from imaging.image import Picture
from imaging.model_card import Input
from imaging.resampling import WHOLE_PIXELS, Box, Plane, resample


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


__all__ = ["Placement", "PreparedInput", "prepare", "trace"]

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
    """Crop, resize, take to brightness and then to the card's range, pad, standardise.

    To resize as another library does, it takes what that would take: not a picture that is smaller already.
    Raises ImageError for colour that cannot be had.
    """
    planes = _planes(picture, target)
    rows, columns = planes[0].pixels.shape
    geometry = geometry_of(rows, columns, target)
    visible = _resize_to_range(planes, target, geometry, geometry.kept_box(target))
    grey = visible[0] if len(visible) == 1 else _luma(visible, target)
    placement = geometry.placement(rows, columns, target)
    tensor = _normalise_and_pad(visible, target, geometry)
    if target.channels_last:
        tensor = np.moveaxis(tensor, 0, -1)
    contiguous = np.ascontiguousarray(tensor[None], np.float32)  # no copy of one grey channel
    return PreparedInput(contiguous, placement, _to_brightness(grey, target), _warnings(picture, target))


def trace(picture: Picture, target: Input) -> tuple[tuple[int, int], dict[str, Plane]]:
    """Return the size that the picture is resized to, and what it is after each step: channels x height x width.

    `resize`: all of it, as brightness, left out if that would be very large; `range`: cropped, in the card's range,
    and padded, unless padding comes last; `normalise`: as the network is given it. Raises ImageError.
    """
    planes = _planes(picture, target)
    rows, columns = planes[0].pixels.shape
    geometry = geometry_of(rows, columns, target)
    steps = {}
    if geometry.size[0] * geometry.size[1] <= WHOLE_PIXELS:
        steps["resize"] = _to_brightness(_resize_to_range(planes, target, geometry, (0, 0, *geometry.size)), target)
    visible = _resize_to_range(planes, target, geometry, geometry.kept_box(target))
    steps["range"] = visible if target.padding == "mean" else _pad(visible, target, geometry)
    steps["normalise"] = _normalise_and_pad(visible, target, geometry)
    return geometry.size, steps


def _planes(picture: Picture, target: Input) -> list[Picture]:
    """Return the picture as the card's interpolation needs it: grey, or of each colour, in the tensor's order."""
    whole = target.interpolation != "box-bilinear"
    if not target.colour:
        return [picture.finer() if picture.finer and whole else picture]
    if not (picture.facts.photometric or "MONOCHROME").startswith("MONOCHROME"):
        raise unsupported_format(
            "The model reads colour, which is taken from JPEG and PNG files alone, not from DICOM."
        )
    if picture.colours is None:
        return _planes(picture, replace(target, colour=False))
    colours = picture.colours(whole)
    return [replace(picture, pixels=colours[..., i]) for i in ((2, 1, 0) if target.blue_first else (0, 1, 2))]


_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def _luma(colours: Plane, target: Input) -> Plane:
    weights = _LUMA[::-1] if target.blue_first else _LUMA
    return np.asarray(np.tensordot(weights, colours, 1), np.float32)


def _to_brightness(values: Plane, target: Input) -> Plane:
    """Map the card's range to 0 to 1."""
    if (target.low, target.high) == (0, 1):
        return values
    return (values - np.float32(target.low)) / np.float32(target.high - target.low)


def _resize_to_range(planes: Sequence[Picture], target: Input, geometry: Geometry, kept: Box) -> Plane:
    """Convert stored values to resized values in the card's range, of `kept` of what is resized: planes x h x w."""
    window = _find_window(planes, target)
    top, left, bottom, right = geometry.box
    how = geometry.size, target.interpolation, kept
    resized = []
    for plane in planes:
        pixels = plane.pixels[top:bottom, left:right]
        if target.interpolation == "box-bilinear":
            # In the stored bit depth, of which nothing is lost that way, and on fewer pixels.
            resized.append(_scale(_level(plane, resample(pixels, *how), target), target))
            continue
        level = _lay_window(_level(plane, pixels, target), window)
        if target.bit_depth != "stored":
            bytes_ = (level * 255 + 0.5).astype(np.uint8)
            level = (resample(bytes_, *how) if target.bit_depth == "8" else bytes_).astype(np.float32) / np.float32(255)
        level = _scale(level, target)
        # In the card's range already: some libraries fill with its zero beyond the edge.
        resized.append(level if target.bit_depth == "8" else resample(level, *how).astype(np.float32, copy=False))
    return resized[0][None] if len(resized) == 1 else np.stack(resized)


def _find_window(planes: Sequence[Picture], target: Input) -> tuple[float, float] | None:
    """Return the levels at the card's percentiles of the whole image, all colours together."""
    if target.window_percentiles is None:
        return None
    if any(plane.pixels.dtype != np.uint8 for plane in planes):
        levels = np.concatenate([_level(plane, plane.pixels, target).ravel() for plane in planes])
        low, high = np.percentile(levels, target.window_percentiles, overwrite_input=True)
        return float(low), float(high)
    # Of 256 values it is enough to know how many pixels have them.
    counts = np.sum([Image.fromarray(plane.pixels).histogram() for plane in planes], axis=0)
    levels = _level(planes[0], np.arange(256, dtype=np.uint8), target)
    order = np.argsort(levels, kind="stable")
    low, high = (_percentile(levels[order], np.cumsum(counts[order]), share) for share in target.window_percentiles)
    return low, high


def _percentile(values: Plane, counts: NDArray[np.int64], share: float) -> float:
    """Return a percentile of values that rise; `counts`: how many pixels have each of them or less."""
    place = share / 100 * (int(counts[-1]) - 1)
    below, above = (float(values[np.searchsorted(counts, rank, "right")]) for rank in (int(place), int(np.ceil(place))))
    return below + (above - below) * (place - int(place))


def _lay_window(level: Plane, window: tuple[float, float] | None) -> Plane:
    """Take the window's ends to 0 and 1, in place; where it is empty, what is not above it is black."""
    if window is None:
        return level
    low, high = window
    level -= np.float32(low)
    level /= np.float32(max(high - low, 1e-9))
    return _clip(level)


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


def _normalise_and_pad(visible: Plane, target: Input, geometry: Geometry) -> Plane:
    """Return the tensor, channels x height x width, of one grey plane or three colours."""
    if target.padding == "mean":
        tensor = _pad(_normalise(visible, target), replace(target, padding=0.0), geometry)
    else:
        tensor = _normalise(_pad(visible, target, geometry), target)
    return np.broadcast_to(tensor, (target.channels, target.height, target.width))


def _pad(visible: Plane, target: Input, geometry: Geometry) -> Plane:
    """Lay planes in the input's size, with the card's padding around them."""
    down, across = (max(start, 0) for start in geometry.offset)
    _, height, width = visible.shape
    if target.padding == "edge":
        around = ((0, 0), (down, target.height - height - down), (across, target.width - width - across))
        return np.pad(visible, around, "edge")
    value = target.padding if isinstance(target.padding, float) else target.low
    full = np.full((len(visible), target.height, target.width), value, np.float32)
    full[:, down : down + height, across : across + width] = visible
    return full


def _normalise(planes: Plane, target: Input) -> Plane:
    """Standardise by the card's mean and deviation of each channel, or by the image's own of all channels."""
    if target.mean and target.std:
        mean, std = (np.array(numbers, np.float32)[:, None, None] for numbers in (target.mean, target.std))
        return (planes - mean) / std
    if target.standardise is None:
        return planes
    middle, deviation = planes.mean(dtype=np.float64), planes.std(dtype=np.float64)
    if target.standardise == "z-score-floor":
        deviation = max(deviation, 1 / np.sqrt(target.channels * planes[0].size))
    elif planes.min() == planes.max():
        return np.zeros_like(planes)
    return np.asarray((planes - middle) / deviation, np.float32)
