"""Lookup tables of a DICOM header: modality, VOI and palette (part 3, annexes C.11.1, C.11.2 and C.7.9)."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.refusal import bad_input

_LONGEST = 1 << 16
_SIGN = 1 << 15


@dataclass(frozen=True, eq=False)
class Table:
    """`values[i]` stands for input `first + i`; inputs beyond either end take the end's."""

    first: int
    values: NDArray[np.float64]
    bits: int


def first_table(header: Dataset, sequence: str, *, signed: bool, big_endian: bool) -> Table | None:
    """The first table of a sequence of them; None if there is none."""
    items = header.get(sequence)
    if not items:
        return None
    first, entries, bits = descriptor(items[0], "LUTDescriptor", signed=signed, big_endian=big_endian)
    return Table(first, numbers_of(items[0], "LUTData", entries, big_endian=big_endian), bits)


def descriptor(dataset: Dataset, name: str, *, signed: bool, big_endian: bool) -> tuple[int, int, int]:
    """(first input, number of entries, bits of each) of a table."""
    values = words(dataset, name, big_endian=big_endian)
    if len(values) != 3:
        raise bad_input("A lookup table in the DICOM header does not say how long it is.")
    first = (values[1] ^ _SIGN) - _SIGN if signed else values[1]
    return first, values[0] or _LONGEST, min(max(values[2], 8), 16)


def numbers_of(dataset: Dataset, name: str, entries: int, *, big_endian: bool) -> NDArray[np.float64]:
    """The entries of a table: words, or bytes if there are only as many as entries."""
    value = dataset.get(name)
    if isinstance(value, bytes) and entries <= len(value) < 2 * entries:
        return np.frombuffer(value, np.uint8, entries).astype(np.float64)
    values = words(dataset, name, big_endian=big_endian)
    if len(values) < entries or not entries:
        raise bad_input("A lookup table in the DICOM header is shorter than it says.")
    return np.array(values[:entries], np.float64)


def words(dataset: Dataset, name: str, *, big_endian: bool) -> list[int]:
    """Unsigned 16-bit values, however the file's encoding made pydicom give them back."""
    value = dataset.get(name)
    if value is None:
        return []
    if isinstance(value, bytes):
        return list(struct.unpack(f"{'>' if big_endian else '<'}{len(value) // 2}H", value[: len(value) // 2 * 2]))
    values = [value] if isinstance(value, int) else list(value)
    return [int(one) & 0xFFFF for one in values[:_LONGEST]]
