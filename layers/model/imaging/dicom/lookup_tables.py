"""Lookup tables of a DICOM header: of the modality, the window, a palette (part 3, annexes C.11.1, C.11.2, C.7.9)."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.errors import bad_input

_LONGEST = 1 << 16
_SIGN = 1 << 15
_BYTE = 8


@dataclass(frozen=True, eq=False)
class Table:
    """`values[i]` stands for input `first + i`; inputs beyond either end take the end's."""

    first: int
    values: NDArray[np.float64]
    bits: int


def read_table(
    header: Dataset, sequence: str, inputs: tuple[float, float], *, is_signed: bool, big_endian: bool
) -> Table | None:
    """Return the first table of a sequence of them; None if there is none.

    `inputs`: the lowest and the highest value that it can be given. `is_signed`: whether these count as signed.
    """
    items = header.get(sequence)
    if not items:
        return None
    first, entries, bits = _read_descriptor(items[0], "LUTDescriptor", big_endian=big_endian)
    if first >= _SIGN and _is_first_signed(items[0], first, entries, inputs, is_signed=is_signed):
        first -= _LONGEST
    return Table(first, _read_entries(items[0], "LUTData", entries, bits, big_endian=big_endian), bits)


def _is_first_signed(item: Dataset, first: int, entries: int, inputs: tuple[float, float], *, is_signed: bool) -> bool:
    """Tell whether a first input of 16 bits with the highest one set is negative.

    It is if the inputs are signed, or if the file itself says so (SS). Readers do not know which of them a file of
    implicit VR means, and writers err: a table that would miss all inputs is tried the other way.
    """
    descriptor = item.get("LUTDescriptor")
    if not isinstance(descriptor, bytes | int) and descriptor[1] < 0:
        return True
    meets = {
        negative: start <= inputs[1] and start + entries > inputs[0]
        for negative, start in ((False, first), (True, first - _LONGEST))
    }
    return is_signed if meets[is_signed] or not meets[not is_signed] else not is_signed


def _read_descriptor(dataset: Dataset, name: str, *, big_endian: bool) -> tuple[int, int, int]:
    """Return (first input, number of entries, bits of each) of a table, the first input without a sign."""
    values = read_words(dataset, name, big_endian=big_endian)
    if len(values) != 3:
        raise bad_input("A lookup table in the DICOM header does not say how long it is.")
    return values[1], values[0] or _LONGEST, min(max(values[2], _BYTE), 16)


def _read_entries(dataset: Dataset, name: str, entries: int, bits: int, *, big_endian: bool) -> NDArray[np.float64]:
    """Return the entries of a table: words, or bytes if there are only as many as entries.

    Of 8 bits there may be a few bytes more; of 16 that would be words of which some are missing.
    """
    value = dataset.get(name)
    values = read_words(dataset, name, big_endian=big_endian)
    if bits == _BYTE and not isinstance(value, bytes) and len(values) < entries:  # bytes two by two, as numbers
        value = struct.pack(f"<{len(values)}H", *values)
    if isinstance(value, bytes) and entries <= len(value) < (2 * entries if bits == _BYTE else entries + 2):
        return np.frombuffer(value, np.uint8, entries).astype(np.float64)
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
    sign: int = 0
    """The bit that makes an index negative, if one does."""

    def to_grey(self, indices: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
        """Return the brightness of each index."""
        numbers: NDArray[np.int32] = (indices.astype(np.int32) ^ self.sign) - self.sign
        places = np.clip(numbers - self.first, 0, len(self.grey) - 1)
        return self.grey[places]


def read_palette(header: Dataset, bits: int, *, big_endian: bool) -> Palette:
    """Return the header's palette. Raises ImageError (BAD_INPUT) if it is missing or broken.

    Indices, of so many `bits`, are signed if the header has them so and the first one is negative. Elsewhere a sign is
    no more than a writer's slip: all tables begin at 0.
    """
    total: NDArray[np.float64] = np.zeros(1)
    first = 0
    for colour, weight in LUMA.items():
        descriptor = f"{colour}PaletteColorLookupTableDescriptor"
        first, entries, depth = _read_descriptor(header, descriptor, big_endian=big_endian)
        values = _values(header, colour, entries, depth, big_endian=big_endian)
        if total.size not in (1, entries):
            raise bad_input("The DICOM header's palette has tables of different lengths.")
        # Some writers say 16 bits and fill only 8 of them.
        top = 255.0 if depth == _BYTE or values.max() <= 255 else 65535.0
        total = total + values * (weight / top)
    grey = (np.clip(total, 0, 1) * 255 + 0.5).astype(np.uint8)
    is_signed = first >= _SIGN and header.get("PixelRepresentation") == 1
    return Palette(first - _LONGEST, grey, sign=1 << (bits - 1)) if is_signed else Palette(first, grey)


def _values(header: Dataset, colour: str, entries: int, depth: int, *, big_endian: bool) -> NDArray[np.float64]:
    keyword = f"Segmented{colour}PaletteColorLookupTableData"
    if keyword not in header:
        return _read_entries(header, f"{colour}PaletteColorLookupTableData", entries, depth, big_endian=big_endian)
    values, _ = _expand_segments(read_words(header, keyword, big_endian=big_endian), entries)
    if len(values) < entries:
        raise bad_input("The DICOM header's palette is shorter than it says.")
    return np.array(values[:entries], np.float64)


def measure_segments(dataset: Dataset, keyword: str, entries: int) -> int:
    """Return how many bytes of segments make so many entries. Raises ImageError if the last of them makes more."""
    big_endian = dataset.original_encoding[1] is False
    values, words = _expand_segments(read_words(dataset, keyword, big_endian=big_endian), entries)
    if len(values) > entries:
        raise bad_input("The DICOM header's palette is longer than it says.")
    return 2 * words


def _expand_segments(data: list[int], entries: int) -> tuple[list[float], int]:
    """Convert segments of words to entries, and tell how many words that took.

    It stops when there are as many as asked for: a few words can stand for millions.
    """
    values: list[float] = []
    position = 0
    for _ in range(_MOST_SEGMENTS):
        if position + 1 >= len(data) or len(values) >= entries:
            break
        kind, length = data[position : position + 2]
        if kind == _INDIRECT:
            values += _copy_segments(data, position, values, entries)
            position += 4
            continue
        values += _segment(kind, data[position + 2 : position + 2 + length], length, values)
        position += 2 + (length if kind == _DISCRETE else 1)
    return values, position


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
