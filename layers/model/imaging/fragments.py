"""One frame of encapsulated DICOM pixel data (part 5, annex A.4): a table of offsets, then the frames' fragments."""

import struct
from collections.abc import Iterator

from imaging.bounds import MAX_FRAMES
from imaging.refusal import bad_input, too_large

_ITEM = 0xE000FFFE
_HEADER = 8
MAX_FRAGMENTS = 4 * MAX_FRAMES
"""A frame is seldom in more than one; empty ones by the million would only cost time."""


def frame_of(pixels: memoryview, index: int, frames: int) -> bytes:
    """The encoded frame `index` of `frames`. Raises ImageRefused (BAD_INPUT) if that cannot be told."""
    items = list(_items(pixels))
    if not items:
        raise bad_input("The DICOM file holds no encoded frame.")
    table, fragments = items[0][1], items[1:]
    offsets = struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])
    if frames == 1:
        chosen = [body for _, body in fragments]
    elif len(offsets) == frames:
        base = _HEADER + len(table)
        end = offsets[index + 1] if index + 1 < frames else len(pixels)
        chosen = [body for place, body in fragments if offsets[index] <= place - base < end]
    elif len(fragments) == frames:
        chosen = [fragments[index][1]]
    else:
        raise bad_input("The DICOM file does not tell where its frames start.")
    return b"".join(chosen)


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
