"""One frame of encapsulated DICOM pixel data (part 5, annex A.4): a table of offsets, then the frames' fragments."""

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from imaging.bounds import MAX_FRAMES
from imaging.refusal import bad_input, too_large

Frame = NDArray[np.uint8] | NDArray[np.uint16]
"""rows x columns, or rows x columns x 3; signed values as they are, in two's complement."""

_ITEM = 0xE000FFFE
_HEADER = 8
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff")
"""Of JPEG and JPEG-LS, and of JPEG 2000."""

MAX_FRAGMENTS = 4 * MAX_FRAMES
"""A frame is seldom in more than one; empty ones by the million would only cost time."""


def frame_of(pixels: memoryview, index: int, frames: int, extended: bytes = b"") -> bytes:
    """The encoded frame `index` of `frames`; `extended`: the header's own table of offsets, of 64 bits each.

    Raises ImageRefused (BAD_INPUT) if the frame cannot be told from the others.
    """
    items = list(_items(pixels))
    if not items:
        raise bad_input("The DICOM file holds no encoded frame.")
    table, fragments = items[0][1], items[1:]
    offsets = _offsets(bytes(table), 4, "I") or _offsets(extended, 8, "Q")
    if frames == 1:
        chosen = [body for _, body in fragments]
    elif len(offsets) == frames:
        base = _HEADER + len(table)
        end = offsets[index + 1] if index + 1 < frames else len(pixels)
        chosen = [body for place, body in fragments if offsets[index] <= place - base < end]
    elif len(fragments) == frames:
        chosen = [fragments[index][1]]
    else:
        chosen = _by_their_starts([body for _, body in fragments], index, frames)
    return b"".join(chosen)


def items_end(pixels: memoryview) -> int:
    """Where the items of encapsulated pixel data end."""
    return max((position + _HEADER + len(body) for position, body in _items(pixels)), default=0)


def _offsets(table: bytes, size: int, kind: str) -> tuple[int, ...]:
    return struct.unpack(f"<{len(table) // size}{kind}", table[: len(table) // size * size])


def _by_their_starts(fragments: list[memoryview], index: int, frames: int) -> list[memoryview]:
    """The fragments of a frame, if as many of them as there are frames begin as an encoded image does."""
    starts = [i for i, body in enumerate(fragments) if bytes(body[: len(_STARTS[0])]) in _STARTS]
    if len(starts) != frames:
        raise bad_input("The DICOM file does not tell where its frames start.")
    return fragments[starts[index] : [*starts, len(fragments)][index + 1]]


def _items(pixels: memoryview) -> Iterator[tuple[int, memoryview]]:
    """(position, value) of each item, up to the delimiter that ends them or the end of the file."""
    position = 0
    for _ in range(MAX_FRAGMENTS):
        if position + _HEADER > len(pixels):
            return
        tag, length = struct.unpack_from("<II", pixels, position)
        if tag != _ITEM:
            return
        if position + _HEADER + length > len(pixels):
            raise bad_input("The DICOM file ends before its pixels do.")
        yield position, pixels[position + _HEADER : position + _HEADER + length]
        position += _HEADER + length
    raise too_large(f"The DICOM image is in more than {MAX_FRAGMENTS} fragments.")
