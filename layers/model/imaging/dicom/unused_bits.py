"""Bits of stored pixels that belong to none of them: cleared, or looked at where clearing would change the pixels."""

import struct
from collections.abc import Iterable
from functools import reduce
from itertools import pairwise
from operator import or_

import numpy as np
from numpy.typing import NDArray

from imaging.dicom.header import PixelLayout
from imaging.dicom.pixels import RawFrame
from imaging.dicom.read import decode_frame
from imaging.errors import ImageError, bad_input, unsupported_format
from segments import jpeg

FRAME_MARKERS = jpeg.DCT_FRAMES | {jpeg.LOSSLESS_FRAME, 0xF7}
"""Of the segments that say how deep and large a JPEG or JPEG-LS is."""
JPEG_2000_START = b"\xff\x4f\xff\x51"
_BYTE = 8
_CHUNK_BYTES = 1 << 22


def clear_native_pixels(pixels: memoryview, layout: PixelLayout, *, big_endian: bool) -> tuple[bytes, bool]:
    """Return uncompressed frames without bits that belong to no pixel, and whether they are without them.

    Negative values keep the bits that extend their sign. Where the header places values elsewhere than in the lowest
    bits, and neither place is the only one in use, nothing tells which bits are the pixels': then all stay.
    """
    if layout.bits_allocated == 1:
        spare = len(pixels) * _BYTE - layout.frame_bits * layout.frames
        frames = bytearray(pixels)
        frames[-1] &= 0xFF >> spare
        return bytes(frames), True
    if layout.bits_stored == layout.bits_allocated:
        return bytes(pixels), True
    used = _used_bits(pixels, layout, big_endian=big_endian)
    if used.bit_length() <= layout.bits_stored:
        return bytes(pixels), True
    if layout.shift:  # left-justified, or said to be
        return bytes(pixels), used & ((1 << layout.shift) - 1) == 0 and layout.high_bit + 1 == layout.bits_allocated
    copy = bytearray(pixels)
    for values in _chunks(copy, layout, big_endian=big_endian):
        if not layout.is_signed or not _are_signs_extended(values, layout.bits_stored):
            clear_unused_bits(values, layout.bits_stored, is_signed=layout.is_signed)
    return bytes(copy), True


def _are_signs_extended(values: RawFrame, bits: int) -> bool:
    """Tell whether the bits above the lowest `bits` are those of the sign, as they are in nearly all signed images."""
    signed = values.view(values.dtype.str.replace("u", "i"))
    unused = signed.dtype.itemsize * _BYTE - bits
    return bool(((signed << unused) >> unused == signed).all())


def _used_bits(pixels: memoryview, layout: PixelLayout, *, big_endian: bool) -> int:
    """Return the bits that any value has set."""
    return reduce(or_, (int(np.bitwise_or.reduce(values)) for values in _chunks(pixels, layout, big_endian=big_endian)))


def _chunks(pixels: memoryview | bytearray, layout: PixelLayout, *, big_endian: bool) -> Iterable[RawFrame]:
    step = _CHUNK_BYTES * _BYTE // layout.bits_allocated
    width = layout.bits_allocated // _BYTE
    values: RawFrame = np.frombuffer(pixels, f"{'>' if big_endian else '<'}u{width}")
    return (values[start : start + step] for start in range(0, len(values), step))


_MOST_PIXELS = 4_000_000
"""Decoded to look at their unused bits: JPEG 2000 may take more than a second for so many."""


def are_unused_bits_clear(frames: list[bytes], layout: PixelLayout, syntax: str) -> bool:
    """Tell whether frames encoded with more bits than are stored leave the others alone: they are decoded for it."""
    deeper = [frame for frame in frames if _frame_precision(frame) > layout.bits_stored]
    if len(deeper) * layout.rows * layout.columns > _MOST_PIXELS:
        return False
    return all(_is_within_bits(frame, layout, syntax) for frame in deeper)


def _is_within_bits(frame: bytes, layout: PixelLayout, syntax: str) -> bool:
    try:
        decoded_frame = decode_frame(frame, layout, syntax, whole=True)
    except ImageError:
        return False
    if decoded_frame is None or decoded_frame.values.shape[:2] != (layout.rows, layout.columns):
        return False
    values, depth, bits = decoded_frame.values, decoded_frame.bits, layout.bits_stored
    above = (values & ((1 << depth) - 1)) >> bits
    extends = above == (1 << (depth - bits)) - 1
    is_negative = (values >> (bits - 1)) & 1 == 1
    return bool(((above == 0) | (extends & is_negative if layout.is_signed else False)).all())


def _frame_precision(frame: bytes) -> int:
    """Return how many bits a cleaned frame of JPEG, JPEG-LS or JPEG 2000 was encoded with."""
    if frame.startswith(JPEG_2000_START):
        return (frame[42] & 0x7F) + 1
    position = len(jpeg.SOI)
    while frame[position + 1] not in FRAME_MARKERS:
        position = jpeg.find_segment_end(frame, position + 2)
    return frame[position + 4]


def clear_unused_bits(values: RawFrame, bits: int, *, is_signed: bool) -> None:
    """Clear, in place, the bits above the lowest `bits`, but for those that extend a sign."""
    kind = values.dtype.type
    mask = kind((1 << bits) - 1)
    above = values & ~mask
    extension = np.where(values & kind(1 << (bits - 1)), ~mask, kind(0)) if is_signed else kind(0)
    values[...] = np.where((above == 0) | (above == extension), values, (values & mask) | extension)


_RLE_HEADER = 64
_MOST_RLE_SEGMENTS = 15
_NOTHING = 128


def clean_rle(frame: bytes, layout: PixelLayout) -> bytes:
    """Return an RLE frame whose segments follow each other, each as long as its pixels need. Raises ImageError."""
    width = layout.bits_allocated // _BYTE
    count = int.from_bytes(frame[:4], "little")
    if count != layout.samples * width or count > _MOST_RLE_SEGMENTS:
        raise bad_input("The RLE frame has another number of segments than its header says.")
    ends = [int.from_bytes(frame[4 * i : 4 * i + 4], "little") for i in range(1, count + 1)] + [len(frame)]
    if ends[0] < _RLE_HEADER or ends != sorted(ends):
        raise bad_input("The RLE frame's segments lie outside it.")
    segments = []
    for i, (start, end) in enumerate(pairwise(ends)):
        table = _rle_table(layout, place=width - 1 - i % width)
        segments.append(_clean_packbits(frame[start:end], layout.rows * layout.columns, table))
    header, place = struct.pack("<I", count), _RLE_HEADER
    for segment in segments:
        header += struct.pack("<I", place)
        place += len(segment)
    return b"".join([header.ljust(_RLE_HEADER, b"\0"), *segments])


def _rle_table(layout: PixelLayout, place: int) -> NDArray[np.uint8] | None:
    """Return what becomes of each value of a segment, which holds the bits from 8 x `place` on; None if all stay."""
    bits = layout.bits_stored - _BYTE * place
    if bits >= _BYTE:
        return None
    values = np.arange(256, dtype=np.uint8)
    if bits > 0:
        clear_unused_bits(values, bits, is_signed=layout.is_signed)
    elif layout.is_signed:
        raise unsupported_format("Signed pixels in bytes that they do not need have no copy.")
    else:
        values[:] = 0
    return values


def _clean_packbits(segment: bytes, size: int, table: NDArray[np.uint8] | None) -> bytes:
    """Return the packets that make the first `size` bytes, each byte as the table has it."""
    controls, position, left = [], 0, size
    end = len(segment) - 1
    last = 0
    while left > 0 and position < end:
        n = segment[position]
        controls.append(position)
        if n == _NOTHING:
            position += 1
            continue
        last = position
        left -= n + 1 if n < _NOTHING else 257 - n
        position += n + 2 if n < _NOTHING else 2
    if left > 0 or position > len(segment):
        raise bad_input("The RLE frame ends before its image does.")
    copy = np.frombuffer(segment, np.uint8, position).copy()
    if table is not None:
        packets = copy[controls]
        copy = table[copy]
        copy[controls] = packets
    n = int(copy[last])
    if left < 0 and n < _NOTHING:  # the last packet goes on beyond the image
        copy = copy[: len(copy) + left]
        copy[last] = n + left
    elif left < 0:
        copy[last] = (n - left) % 256  # a byte that is there once is a packet of one, which begins with 0
    return copy.tobytes() + bytes(len(copy) % 2)
