"""How stored values become brightness (part 3, annexes C.11.1 and C.11.2): rescaling or table, then window or table."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.dicom.header import PixelLayout, code, number
from imaging.dicom.lookup_tables import Table, read_table
from imaging.errors import unsupported_format
from imaging.image import StoredPixels

_ROUNDING = 1e-9
_SIGMOID_STEPS = 1025
_BYTE = 8
Curve = NDArray[np.float32]
Ends = tuple[float, float]
"""The lowest and the highest of some values."""


@dataclass(frozen=True, eq=False)
class GreyscaleTransform:
    """From a picture's pixels to brightness; see `imaging.image.Picture` for the fields."""

    low: float
    high: float
    slope: float = 1.0
    intercept: float = 0.0
    curve: Curve | None = None
    window: tuple[float, float] | None = None
    function: str | None = None
    units: bool = False


def read_transform(
    header: Dataset, layout: PixelLayout, pixels: StoredPixels, *, big_endian: bool
) -> GreyscaleTransform:
    """Return the window or tables that the header asks for, else the range of the values that occur."""
    top = float((1 << layout.bits_stored) - 1)
    if layout.samples > 1 or layout.photometric == "PALETTE COLOR":
        return GreyscaleTransform(0.0, 255.0 if pixels.dtype == np.uint8 else top)
    stored: Ends = (layout.lowest, layout.lowest + top * layout.step)
    modality = read_table(header, "ModalityLUTSequence", stored, is_signed=layout.is_signed, big_endian=big_endian)
    if modality is not None:
        if layout.step != 1:
            raise unsupported_format("A modality table for pixels of 1 or 32 bits is not read.")
        inputs = (float(modality.values.min()), float(modality.values.max()))
        voi = read_table(header, "VOILUTSequence", inputs, is_signed=False, big_endian=big_endian)
        return _transform_of_table(header, modality, voi, offset=-layout.lowest, ends=partial(_ends, pixels, layout))
    slope, intercept = _rescale(header)
    inputs = _sort(stored[0] * slope + intercept, stored[1] * slope + intercept)
    is_signed = inputs[0] < 0 or code(header, "Modality") == "CT"
    voi = read_table(header, "VOILUTSequence", inputs, is_signed=is_signed, big_endian=big_endian)
    slope, intercept = slope * layout.step, intercept + slope * layout.lowest
    has_units = all(number(header, name) is not None for name in ("RescaleSlope", "RescaleIntercept"))

    def occurring() -> Ends:
        low, high = _ends(pixels, layout)
        return _sort(low * slope + intercept, high * slope + intercept)

    tone = _voi_range(header=header, voi=voi, slope=slope, intercept=intercept, occurring=occurring)
    return replace(tone, units=has_units)


def is_falling(header: Dataset, *, big_endian: bool) -> bool:
    """Tell whether slope and tables make the lowest stored values the brightest, before any inversion."""
    tables = {
        name: read_table(header, name, (0, 0), is_signed=False, big_endian=big_endian)
        for name in ("ModalityLUTSequence", "VOILUTSequence")
    }
    falls = [bool(table.values[0] > table.values[-1]) for table in tables.values() if table]
    if tables["ModalityLUTSequence"] is None:
        falls.append(_rescale(header)[0] < 0)
    return sum(falls) % 2 == 1


def _sort(one: float, other: float) -> Ends:
    return min(one, other), max(one, other)


def _ends(pixels: StoredPixels, layout: PixelLayout) -> Ends:
    """Return the range that is shown where the header asks for none.

    Of few bits all values are meant to be seen, and text in a corner is no outlier.
    """
    return typical_range(pixels) if layout.bits_stored > _BYTE else (float(pixels.min()), float(pixels.max()))


_SAMPLE = 1 << 15
_RARE = 0.005
"""The share of pixels, at either end."""
_REACH = 0.25
"""How far beyond the others the rare ones may lie, in ranges of the others."""


def typical_range(pixels: NDArray[Any]) -> Ends:
    """Return the lowest and the highest value, without the few that lie far beyond all others.

    One hot pixel would leave the rest of a film black. Where nothing lies far beyond, the ends are those of all
    values: percentiles alone would cut the brightest off every image. What is the commonest at either end (background,
    or a burnt-out part) is not counted at the other, so that a few marks on a plain ground remain what they are.
    """
    low, high = float(pixels.min()), float(pixels.max())
    # An odd step: rows are seldom so long that it would take columns alone.
    sample = np.sort(pixels.ravel()[:: max(pixels.size // _SAMPLE, 1) | 1])
    above, below = sample[np.searchsorted(sample, low, "right") :], sample[: np.searchsorted(sample, high)]
    if not above.size or not below.size:
        return low, high
    darkest, brightest = float(below[int(below.size * _RARE)]), float(above[int((above.size - 1) * (1 - _RARE))])
    reach = (brightest - darkest) * _REACH
    if reach <= 0:
        return low, high
    if high > brightest + reach:
        high = float(pixels.max(initial=pixels.dtype.type(low), where=pixels <= brightest + reach))
    if low < darkest - reach:
        low = float(pixels.min(initial=pixels.dtype.type(high), where=pixels >= darkest - reach))
    return low, high


def _rescale(header: Dataset) -> tuple[float, float]:
    """Return slope and intercept that turn stored values into the modality's units; what is none was taken out."""
    return number(header, "RescaleSlope") or 1.0, number(header, "RescaleIntercept") or 0.0


def _voi_range(
    header: Dataset, voi: Table | None, slope: float, intercept: float, occurring: Callable[[], Ends]
) -> GreyscaleTransform:
    """Return the range of the VOI LUT, else of the first window, else of the values; in the modality's units."""
    if voi is not None:
        low, high = float(voi.first), float(voi.first + max(len(voi.values) - 1, 1))
        return GreyscaleTransform(
            low=low, high=high, slope=slope, intercept=intercept, curve=_brightness(voi), function="TABLE"
        )
    window = _window(header)
    if window is None:
        darkest, brightest = occurring()
        return GreyscaleTransform(darkest, max(brightest, darkest + abs(slope)), slope, intercept)
    function, (low, high) = _window_range(header, *window)
    curve = None
    if function == "SIGMOID":
        curve = (1 / (1 + np.exp(-np.linspace(-8, 8, _SIGMOID_STEPS)))).astype(np.float32)
    low, high = _widen(low, high, abs(slope), intercept)
    return GreyscaleTransform(
        low=low, high=high, slope=slope, intercept=intercept, curve=curve, window=window, function=function
    )


def _window(header: Dataset) -> tuple[float, float] | None:
    """Return centre and width of the first window; None if one of them is absent, or was taken out as it is none."""
    centre, width = number(header, "WindowCenter"), number(header, "WindowWidth")
    return (centre, width) if centre is not None and width is not None else None


def _window_range(header: Dataset, centre: float, width: float) -> tuple[str, Ends]:
    """Return a window's function, and the values from which on it is white and up to which it is black.

    A linear window is narrower by one value than it says, since its first and last value count. One that says less
    than 1, which the standard forbids, is met with where units are fractions, and meant exactly.
    """
    function = code(header, "VOILUTFunction") or "LINEAR"
    if function == "SIGMOID":
        return function, (centre - 2 * width, centre + 2 * width)
    if function == "LINEAR_EXACT" or width < 1:
        return "LINEAR_EXACT", (centre - width / 2, centre + width / 2)
    return "LINEAR", (centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2)


def _widen(low: float, high: float, step: float, intercept: float) -> Ends:
    """Return a window of half a step at least, which shows each value that can occur as the given one would.

    A window of 1 shows black up to a value and white from the next one on: nothing could be divided by its range.
    """
    if high - low >= step / 2:
        return low, high
    value = math.floor((high - intercept) / step + _ROUNDING) * step + intercept
    share = min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.0
    return value - share * step / 2, value + (1 - share) * step / 2


def _transform_of_table(
    header: Dataset, modality: Table, voi: Table | None, *, offset: int, ends: Callable[[], Ends]
) -> GreyscaleTransform:
    """Return modality LUT and window as one curve over the pixels, since the table is not linear.

    `ends`: of the pixels, which are stored values moved up by `offset`.
    """
    low, high = float(modality.first + offset), float(modality.first + offset + max(len(modality.values) - 1, 1))
    places = np.linspace(low, high, max(len(modality.values), 2))
    values = np.interp(places, low + np.arange(len(modality.values)), modality.values)

    def occurring() -> Ends:
        lowest, highest = ends()
        visible = values[(places >= lowest) & (places <= highest)]
        return (float(visible.min()), float(visible.max())) if visible.size else (0.0, float((1 << modality.bits) - 1))

    tone = _voi_range(header=header, voi=voi, slope=1.0, intercept=0.0, occurring=occurring)
    share = np.clip((values - tone.low) / (tone.high - tone.low), 0, 1)
    if tone.curve is not None:
        share = np.interp(share, np.linspace(0, 1, len(tone.curve)), tone.curve)
    return GreyscaleTransform(
        low=low,
        high=high,
        slope=1.0,
        intercept=0.0,
        curve=share.astype(np.float32),
        window=tone.window,
        function=tone.function,
    )


def _brightness(table: Table) -> Curve:
    top = max(float(table.values.max()), (1 << table.bits) - 1)  # some writers say fewer bits than they use
    curve = (table.values / top).astype(np.float32)
    return curve if curve.size > 1 else np.repeat(curve, 2)
