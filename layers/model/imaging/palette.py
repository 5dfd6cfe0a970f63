"""Palette colour → the brightness of each index, from discrete or segmented tables (part 3, annex C.7.9)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.lookup_tables import descriptor, numbers_of, words
from imaging.refusal import bad_input

LUMA = {"Red": 0.299, "Green": 0.587, "Blue": 0.114}
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2
_MOST_SEGMENTS = 1 << 16


@dataclass(frozen=True, eq=False)
class Palette:
    """`grey[i]` is the brightness of index `first + i`."""

    first: int
    grey: NDArray[np.uint8]

    def shown(self, indices: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
        """The brightness of each index."""
        places = np.clip(indices.astype(np.int32) - self.first, 0, len(self.grey) - 1)
        return self.grey[places]


def read_palette(header: Dataset, *, big_endian: bool) -> Palette:
    """The header's palette. Raises ImageRefused (BAD_INPUT) if it is missing or broken."""
    total: NDArray[np.float64] = np.zeros(1)
    first = 0
    for colour, weight in LUMA.items():
        first, entries, bits = descriptor(
            header, f"{colour}PaletteColorLookupTableDescriptor", signed=False, big_endian=big_endian
        )
        values = _values(header, colour, entries, big_endian=big_endian)
        if total.size not in (1, entries):
            raise bad_input("The DICOM header's palette has tables of different lengths.")
        # Some writers say 16 bits and fill only 8 of them.
        top = 255.0 if bits == 8 or values.max() <= 255 else 65535.0
        total = total + values * (weight / top)
    return Palette(first, (np.clip(total, 0, 1) * 255 + 0.5).astype(np.uint8))


def _values(header: Dataset, colour: str, entries: int, *, big_endian: bool) -> NDArray[np.float64]:
    segmented = f"Segmented{colour}PaletteColorLookupTableData"
    if segmented not in header:
        return numbers_of(header, f"{colour}PaletteColorLookupTableData", entries, big_endian=big_endian)
    values = _unfolded(words(header, segmented, big_endian=big_endian), entries)
    if len(values) < entries:
        raise bad_input("The DICOM header's palette is shorter than it says.")
    return np.array(values[:entries], np.float64)


def _unfolded(data: list[int], entries: int) -> list[float]:
    """Segments of words → entries, no more than asked for: a few words can stand for millions."""
    values: list[float] = []
    position = 0
    for _ in range(_MOST_SEGMENTS):
        if position + 1 >= len(data) or len(values) >= entries:
            return values
        kind, length = data[position : position + 2]
        if kind == _INDIRECT:
            values += _copied(data, position, values, entries)
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


def _copied(data: list[int], position: int, before: list[float], entries: int) -> list[float]:
    """An indirect segment repeats others, from a byte offset on; one that leads to another is refused."""
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
