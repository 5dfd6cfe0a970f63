"""How stored values become brightness (part 3): rescaling or modality table, window or VOI table, palette.

Annexes C.11.1, C.11.2 and C.7.9.
"""

import struct
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.dicom.header import PixelLayout, code, number
from imaging.errors import bad_input
from imaging.image import StoredPixels

_LONGEST = 1 << 16
_SIGN = 1 << 15


@dataclass(frozen=True, eq=False)
class Table:
    """`values[i]` stands for input `first + i`; inputs beyond either end take the end's."""

    first: int
    values: NDArray[np.float64]
    bits: int


def read_table(header: Dataset, sequence: str, *, is_signed: bool, big_endian: bool) -> Table | None:
    """Return the first table of a sequence of them; None if there is none."""
    items = header.get(sequence)
    if not items:
        return None
    first, entries, bits = read_descriptor(items[0], "LUTDescriptor", is_signed=is_signed, big_endian=big_endian)
    return Table(first, read_entries(items[0], "LUTData", entries, big_endian=big_endian), bits)


def read_descriptor(dataset: Dataset, name: str, *, is_signed: bool, big_endian: bool) -> tuple[int, int, int]:
    """Return (first input, number of entries, bits of each) of a table."""
    values = read_words(dataset, name, big_endian=big_endian)
    if len(values) != 3:
        raise bad_input("A lookup table in the DICOM header does not say how long it is.")
    first = (values[1] ^ _SIGN) - _SIGN if is_signed else values[1]
    return first, values[0] or _LONGEST, min(max(values[2], 8), 16)


def read_entries(dataset: Dataset, name: str, entries: int, *, big_endian: bool) -> NDArray[np.float64]:
    """Return the entries of a table: words, or bytes if there are only as many as entries."""
    value = dataset.get(name)
    if isinstance(value, bytes) and entries <= len(value) < 2 * entries:
        return np.frombuffer(value, np.uint8, entries).astype(np.float64)
    values = read_words(dataset, name, big_endian=big_endian)
    if len(values) < entries or not entries:
        raise bad_input("A lookup table in the DICOM header is shorter than it says.")
    return np.array(values[:entries], np.float64)


def read_words(dataset: Dataset, name: str, *, big_endian: bool) -> list[int]:
    """Return unsigned 16-bit values, however the file's encoding made pydicom give them back."""
    value = dataset.get(name)
    if value is None:
        return []
    if isinstance(value, bytes):
        return list(struct.unpack(f"{'>' if big_endian else '<'}{len(value) // 2}H", value[: len(value) // 2 * 2]))
    values = [value] if isinstance(value, int) else list(value)
    return [int(one) & 0xFFFF for one in values[:_LONGEST]]


LUMA = {"Red": 0.299, "Green": 0.587, "Blue": 0.114}
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2
_MOST_SEGMENTS = 1 << 16


@dataclass(frozen=True, eq=False)
class Palette:
    """`grey[i]` is the brightness of index `first + i`."""

    first: int
    grey: NDArray[np.uint8]

    def to_grey(self, indices: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
        """Return the brightness of each index."""
        places = np.clip(indices.astype(np.int32) - self.first, 0, len(self.grey) - 1)
        return self.grey[places]


def read_palette(header: Dataset, *, big_endian: bool) -> Palette:
    """Return the header's palette. Raises ImageError (BAD_INPUT) if it is missing or broken."""
    total: NDArray[np.float64] = np.zeros(1)
    first = 0
    for colour, weight in LUMA.items():
        first, entries, bits = read_descriptor(
            header, f"{colour}PaletteColorLookupTableDescriptor", is_signed=False, big_endian=big_endian
        )
        values = _values(header, colour, entries, big_endian=big_endian)
        if total.size not in (1, entries):
            raise bad_input("The DICOM header's palette has tables of different lengths.")
        # Some writers say 16 bits and fill only 8 of them.
        top = 255.0 if bits == 8 or values.max() <= 255 else 65535.0
        total = total + values * (weight / top)
    return Palette(first, (np.clip(total, 0, 1) * 255 + 0.5).astype(np.uint8))


def _values(header: Dataset, colour: str, entries: int, *, big_endian: bool) -> NDArray[np.float64]:
    keyword = f"Segmented{colour}PaletteColorLookupTableData"
    if keyword not in header:
        return read_entries(header, f"{colour}PaletteColorLookupTableData", entries, big_endian=big_endian)
    values = _expand_segments(read_words(header, keyword, big_endian=big_endian), entries)
    if len(values) < entries:
        raise bad_input("The DICOM header's palette is shorter than it says.")
    return np.array(values[:entries], np.float64)


def _expand_segments(data: list[int], entries: int) -> list[float]:
    """Convert segments of words to entries, no more than asked for: a few words can stand for millions."""
    values: list[float] = []
    position = 0
    for _ in range(_MOST_SEGMENTS):
        if position + 1 >= len(data) or len(values) >= entries:
            return values
        kind, length = data[position : position + 2]
        if kind == _INDIRECT:
            values += _copy_segments(data, position, values, entries)
            position += 4
            continue
        values += _segment(kind, data[position + 2 : position + 2 + length], length, values)
        position += 2 + (length if kind == _DISCRETE else 1)
    return values


def _segment(kind: int, body: list[int], length: int, before: list[float]) -> list[float]:
    if kind == _DISCRETE:
        return [float(one) for one in body]
    if kind != _LINEAR or not before or not body:
        raise bad_input("The DICOM header's palette has a segment of no known kind.")
    return [float(one) for one in np.linspace(before[-1], body[0], length + 1)[1:]]


def _copy_segments(data: list[int], position: int, before: list[float], entries: int) -> list[float]:
    """Return the entries of an indirect segment, which repeats others from a byte offset on.

    One that leads to another indirect segment is refused.
    """
    copies, low, high = data[position + 1 : position + 4]
    start = (low + (high << 16)) // 2
    values = list(before)
    for _ in range(min(copies, entries)):
        if start + 1 >= position or data[start] == _INDIRECT or len(values) >= entries:
            break
        kind, length = data[start : start + 2]
        values += _segment(kind, data[start + 2 : start + 2 + length], length, values)
        start += 2 + (length if kind == _DISCRETE else 1)
    return values[len(before) :]


_SMALLEST_SLOPE = 1e-9
_SIGMOID_STEPS = 1025
Curve = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class GreyscaleTransform:
    """From a picture's stored values to brightness; see `imaging.image.Picture` for the fields."""

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
    """Return the window or tables that the header asks for, else the range of all values that occur."""
    if layout.samples > 1 or layout.photometric == "PALETTE COLOR":
        return GreyscaleTransform(0.0, 255.0 if pixels.dtype == np.uint8 else float((1 << layout.bits_stored) - 1))
    modality = read_table(header, "ModalityLUTSequence", is_signed=layout.is_signed, big_endian=big_endian)
    voi = read_table(header, "VOILUTSequence", is_signed=layout.is_signed, big_endian=big_endian)
    offset = 1 << (layout.bits_stored - 1) if layout.is_signed else 0
    if modality is not None:
        return _transform_of_table(header=header, modality=modality, voi=voi, offset=offset, pixels=pixels)
    slope, intercept = _rescale(header, offset)
    ends = sorted(float(end) * slope + intercept for end in (pixels.min(), pixels.max()))
    has_units = all(number(header, name) is not None for name in ("RescaleSlope", "RescaleIntercept"))
    return replace(
        _voi_range(header=header, voi=voi, slope=slope, intercept=intercept, occurring=(ends[0], ends[1])),
        units=has_units,
    )


def _rescale(header: Dataset, offset: int) -> tuple[float, float]:
    """Return slope and intercept that turn stored values (signed ones moved up) into the modality's units."""
    slope = number(header, "RescaleSlope") or 1.0
    if abs(slope) < _SMALLEST_SLOPE:
        raise bad_input("The DICOM header's rescaling leaves nothing of the pixels.")
    return slope, (number(header, "RescaleIntercept") or 0.0) - slope * offset


def _voi_range(
    header: Dataset, voi: Table | None, slope: float, intercept: float, occurring: tuple[float, float]
) -> GreyscaleTransform:
    """Return the range of the VOI LUT, else of the first window, else of all values; in the modality's units."""
    if voi is not None:
        low, high = float(voi.first), float(voi.first + max(len(voi.values) - 1, 1))
        return GreyscaleTransform(
            low=low, high=high, slope=slope, intercept=intercept, curve=_brightness(voi), function="TABLE"
        )
    centre, width = number(header, "WindowCenter"), number(header, "WindowWidth")
    if centre is None or width is None or width <= 0:
        return GreyscaleTransform(occurring[0], max(occurring[1], occurring[0] + abs(slope)), slope, intercept)
    function = code(header, "VOILUTFunction") or "LINEAR"
    if function == "SIGMOID":
        steps = np.linspace(-8, 8, _SIGMOID_STEPS)
        curve = (1 / (1 + np.exp(-steps))).astype(np.float32)
        return GreyscaleTransform(
            low=centre - 2 * width,
            high=centre + 2 * width,
            slope=slope,
            intercept=intercept,
            curve=curve,
            window=(centre, width),
            function=function,
        )
    exact = function == "LINEAR_EXACT"
    # Narrower than one stored step shows nothing more.
    middle, span = (centre, width) if exact else (centre - 0.5, width - 1)
    half = max(span, abs(slope)) / 2
    voi_function = function if exact else "LINEAR"
    return GreyscaleTransform(
        low=middle - half,
        high=middle + half,
        slope=slope,
        intercept=intercept,
        curve=None,
        window=(centre, width),
        function=voi_function,
    )


def _transform_of_table(
    header: Dataset, modality: Table, voi: Table | None, offset: int, pixels: StoredPixels
) -> GreyscaleTransform:
    """Return modality LUT and window as one curve over stored values, since the table is not linear."""
    low, high = float(modality.first + offset), float(modality.first + offset + max(len(modality.values) - 1, 1))
    places = np.linspace(low, high, max(len(modality.values), 2))
    values = np.interp(places, low + np.arange(len(modality.values)), modality.values)
    visible = values[(places >= pixels.min()) & (places <= pixels.max())]
    occurring = (float(visible.min()), float(visible.max())) if visible.size else (0.0, float((1 << modality.bits) - 1))
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
