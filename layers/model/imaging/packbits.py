"""DICOM's RLE (part 5, annex G), unpacked with a bound: a segment yields at most what its frame needs."""

import numpy as np

from imaging.fragments import Frame
from imaging.refusal import bad_input

_HEADER = 64
_MOST_SEGMENTS = 15
_NOTHING = 128


def unpack_frame(frame: bytes, pixels: int, samples: int, kind: type[np.uint8] | type[np.uint16]) -> Frame:
    """An RLE frame → samples x pixels. Each byte of a sample is a segment of its own, the most significant first."""
    values = np.empty((samples, pixels), np.dtype(kind).newbyteorder("<"))
    width = values.dtype.itemsize
    each_byte = values.view(np.uint8).reshape(samples, pixels, width)
    segments = samples * width
    count = int.from_bytes(frame[:4], "little")
    if count != segments or count > _MOST_SEGMENTS:
        raise bad_input("The RLE frame has another number of segments than its header says.")
    starts = [int.from_bytes(frame[4 * i : 4 * i + 4], "little") for i in range(1, count + 1)]
    ends = [*starts[1:], len(frame)]
    if any(not _HEADER <= start <= end <= len(frame) for start, end in zip(starts, ends, strict=True)):
        raise bad_input("The RLE frame's segments lie outside it.")
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        sample, place = divmod(i, width)
        each_byte[sample, :, width - 1 - place] = np.frombuffer(_unpack(frame[start:end], pixels), np.uint8, pixels)
    return values


def _unpack(segment: bytes, size: int) -> bytearray:
    """PackBits: n < 128 → n + 1 literal bytes follow; n > 128 → the next byte 257 - n times; 128 → nothing."""
    plane = bytearray()
    position = 0
    end = len(segment) - 1
    while len(plane) < size and position < end:
        n = segment[position]
        if n < _NOTHING:
            plane += segment[position + 1 : position + 2 + n]
            position += n + 2
        elif n > _NOTHING:
            plane += segment[position + 1 : position + 2] * (257 - n)
            position += 2
        else:
            position += 1
    if len(plane) < size:
        raise bad_input("The RLE frame ends before its image does.")
    return plane
