"""One frame of encapsulated pixel data (part 5, annex A.4), and its codecs: JPEG, JPEG-LS, JPEG 2000, RLE.

Each is checked by its own header first, and decoded no larger than needed where the format keeps smaller versions.
"""

import io
import math
import struct
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from imaging.bounds import MAX_FRAMES, PREVIEW_SIDE
from imaging.dicom.header import PixelLayout
from imaging.errors import bad_input, too_large, unsupported_format
from imaging.jpeg_png import JpegFrame, check_jpeg

Frame = NDArray[np.uint8] | NDArray[np.uint16]
"""rows x columns, or rows x columns x 3; signed values as they are, in two's complement."""

_ITEM = 0xE000FFFE
_ITEM_HEADER = 8
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff")
"""Of JPEG and JPEG-LS, and of JPEG 2000."""

MAX_FRAGMENTS = 4 * MAX_FRAMES
"""A frame is seldom in more than one; empty ones by the million would only cost time."""


def extract_fragments(pixels: memoryview, index: int, frames: int, offset_table: bytes = b"") -> bytes:
    """Return the encoded frame `index` of `frames`.

    `offset_table`: the header's extended one, of 64 bits each. Raises ImageError (BAD_INPUT) if the frame cannot be
    told from the others.
    """
    return EncodedFrames(pixels, frames, offset_table).frame(index)


class EncodedFrames:
    """The encoded frames of one file, whose fragments are counted once. Raises ImageError as `extract_fragments`."""

    def __init__(self, pixels: memoryview, frames: int, offset_table: bytes = b"") -> None:
        items = list(_items(pixels))
        if not items:
            raise bad_input("The DICOM file holds no encoded frame.")
        table, fragments = items[0][1], items[1:]
        self._bodies = [body for _, body in fragments]
        offsets = _offsets(bytes(table), 4, "I") or _offsets(offset_table, 8, "Q")
        if frames == 1:
            ends = [(0, len(fragments))]
        elif len(offsets) == frames:
            base = _ITEM_HEADER + len(table)
            places = [place - base for place, _ in fragments]
            bounds = [bisect_left(places, offset) for offset in (*offsets, len(pixels))]
            ends = list(pairwise(bounds))
        elif len(fragments) == frames:
            ends = [(index, index + 1) for index in range(frames)]
        else:
            ends = list(pairwise(_starts(self._bodies, frames)))
        self._ends = ends

    def frame(self, index: int) -> bytes:
        """Return one encoded frame."""
        start, stop = self._ends[index]
        return b"".join(self._bodies[start:stop])


def items_end(pixels: memoryview) -> int:
    """Return where the items of encapsulated pixel data end."""
    return max((position + _ITEM_HEADER + len(body) for position, body in _items(pixels)), default=0)


def _offsets(table: bytes, size: int, kind: str) -> tuple[int, ...]:
    return struct.unpack(f"<{len(table) // size}{kind}", table[: len(table) // size * size])


def _starts(fragments: list[memoryview], frames: int) -> list[int]:
    """Return at which fragment each frame starts, and how many fragments there are.

    Raises ImageError unless just as many fragments as there are frames begin like an encoded image.
    """
    starts = [i for i, body in enumerate(fragments) if bytes(body[: len(_STARTS[0])]) in _STARTS]
    if len(starts) != frames:
        raise bad_input("The DICOM file does not tell where its frames start.")
    return [*starts, len(fragments)]


def _items(pixels: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield (position, value) of each item, up to the delimiter that ends them or the end of the file."""
    position = 0
    for _ in range(MAX_FRAGMENTS):
        if position + _ITEM_HEADER > len(pixels):
            return
        tag, length = struct.unpack_from("<II", pixels, position)
        if tag != _ITEM:
            return
        if position + _ITEM_HEADER + length > len(pixels):
            raise bad_input("The DICOM file ends before its pixels do.")
        yield position, pixels[position + _ITEM_HEADER : position + _ITEM_HEADER + length]
        position += _ITEM_HEADER + length
    raise too_large(f"The DICOM image is in more than {MAX_FRAGMENTS} fragments.")


_RLE_HEADER = 64
_MOST_SEGMENTS = 15
_NOTHING = 128


def decode_rle(frame: bytes, pixels: int, samples: int, kind: type[np.uint8] | type[np.uint16]) -> Frame:
    """Convert an RLE frame to samples x pixels.

    Each byte of a sample is a segment of its own, the most significant first.
    """
    values = np.empty((samples, pixels), np.dtype(kind).newbyteorder("<"))
    width = values.dtype.itemsize
    each_byte = values.view(np.uint8).reshape(samples, pixels, width)
    segments = samples * width
    count = int.from_bytes(frame[:4], "little")
    if count != segments or count > _MOST_SEGMENTS:
        raise bad_input("The RLE frame has another number of segments than its header says.")
    starts = [int.from_bytes(frame[4 * i : 4 * i + 4], "little") for i in range(1, count + 1)]
    ends = [*starts[1:], len(frame)]
    if any(not _RLE_HEADER <= start <= end <= len(frame) for start, end in zip(starts, ends, strict=True)):
        raise bad_input("The RLE frame's segments lie outside it.")
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        sample, place = divmod(i, width)
        each_byte[sample, :, width - 1 - place] = np.frombuffer(
            _decode_packbits(frame[start:end], pixels), np.uint8, pixels
        )
    return values


def _decode_packbits(segment: bytes, size: int) -> bytearray:
    """Decode PackBits: n < 128 → n + 1 literal bytes follow; n > 128 → the next byte 257 - n times; 128 → nothing."""
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


_JFIF = b"\xff\xd8\xff\xe0\0\x10JFIF"
_ADOBE = b"Adobe"
_FIRST_KB = 1024
_JPEG_LS_FRAME = b"\xff\xf7"
_JPEG_LS_SCAN = b"\xff\xda"
_JPEG_LS_PARAMETERS = b"\xff\xf8"
_END = b"\xff\xd9"
_BYTE = 8


def decode_jpeg(data: bytes, layout: PixelLayout) -> tuple[Frame, int] | None:
    """Convert a frame of any JPEG kind to its values and how many bits they have.

    None if Pillow reads it straight to grey, near the size that is needed, and faster.
    """
    jpeg_frame = check_jpeg(data)
    _check_frame(jpeg_frame, layout)
    raw_colour = layout.photometric == "RGB" and not _luminance_first(data)
    if jpeg_frame.precision == _BYTE and not jpeg_frame.lossless and not raw_colour:
        return None
    from imagecodecs import jpeg8_decode  # noqa: PLC0415 - a library that few files need

    colours = "RGB" if jpeg_frame.components == 3 else "GRAYSCALE"
    values = jpeg8_decode(data, colorspace=colours, outcolorspace=colours)
    return _check_values(values, layout), jpeg_frame.precision


def decode_jpeg_ls(data: bytes, layout: PixelLayout) -> tuple[Frame, int]:
    """Convert a JPEG-LS frame to its values and how many bits they have."""
    jpeg_frame = _jpeg_ls_frame(data)
    _check_frame(jpeg_frame, layout)
    if not data.rstrip(b"\0").endswith(_END):  # without it the decoder may look for a set bit for seconds
        raise bad_input("The JPEG-LS frame ends before its image does.")
    from imagecodecs import jpegls_decode  # noqa: PLC0415 - a library that few files need

    return _check_values(jpegls_decode(data), layout), jpeg_frame.precision


def _jpeg_ls_frame(data: bytes) -> JpegFrame:
    """Return the frame header. Nothing but parameters may come before it: tables could change what it says."""
    if not data.startswith(b"\xff\xd8"):
        raise bad_input("The JPEG-LS frame is damaged.")
    position = 2
    while data[position : position + 2] != _JPEG_LS_SCAN:
        marker = data[position : position + 2]
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if len(marker) < 2 or marker[0] != 0xFF or length < 2:
            raise bad_input("The JPEG-LS frame is damaged.")
        if marker == _JPEG_LS_PARAMETERS and data[position + 4 : position + 5] != b"\x01":
            raise unsupported_format("A JPEG-LS frame with tables of its own is not read.")
        if marker == _JPEG_LS_FRAME:
            precision, rows, columns, components = struct.unpack_from(">BHHB", data, position + 4)
            return JpegFrame(lossless=True, precision=precision, rows=rows, columns=columns, components=components)
        position += 2 + length
    raise bad_input("The JPEG-LS frame has no header.")


def _check_frame(jpeg_frame: JpegFrame, layout: PixelLayout) -> None:
    """Require that what is decoded is what the DICOM header was judged by, and no more."""
    if (jpeg_frame.rows, jpeg_frame.columns) != (layout.rows, layout.columns):
        raise unsupported_format("The frame's size differs from the one in the DICOM header.")
    if jpeg_frame.components != layout.samples:
        raise unsupported_format("The frame's number of colours differs from the one in the DICOM header.")
    if not 2 <= jpeg_frame.precision <= layout.bits_allocated:
        raise bad_input("The frame's bit depth differs from the one in the DICOM header.")


def _luminance_first(data: bytes) -> bool:
    """Tell whether a JPEG of three components says, as its writers should, that they are not red, green and blue."""
    if data.startswith(_JFIF):
        return True
    start = data.find(_ADOBE, 0, _FIRST_KB)
    return start > 0 and data[start + 11 : start + 12] == b"\x01"


def _check_values(values: Frame, layout: PixelLayout) -> Frame:
    shape = (layout.rows, layout.columns, 3) if layout.samples == 3 else (layout.rows, layout.columns)
    if values.shape != shape or values.dtype not in (np.uint8, np.uint16):
        raise bad_input("The frame is not what its header says.")
    return values


_START = b"\xff\x4f\xff\x51"
_JP2_BOX = b"\0\0\0\x0cjP  "
_CODING, _CODING_OF_ONE = b"\xff\x52", b"\xff\x53"
_FIRST_TILE = b"\xff\x90"
_MAX_TILES = 1024
"""The decoder takes kilobytes for each before it decodes any."""
_MAX_BLOCKS = 1_000_000
_MAX_SAMPLES = 16_000_000
"""Decoded ones take 12 bytes each. A frame of 64 million pixels with smaller versions in it has 4 at most."""
_MAX_LAYERS = 1000
_MAX_LEVELS = 32


@dataclass(frozen=True)
class _Codestream:
    precision: int
    is_signed: bool
    levels: int
    """How many times the file can be read at half its size."""


def decode_jpeg_2000(data: bytes, layout: PixelLayout, *, whole: bool) -> tuple[Frame, int]:
    """Convert a JPEG 2000 frame to its values and how many bits they have.

    Perhaps at a half or a quarter of the size.
    """
    if data.startswith(_JP2_BOX):  # a file in place of a bare codestream: against the standard, and met with
        data = data[max(data.find(_START), 0) :]
    codestream = _codestream(data, layout)
    # Where header and codestream disagree on the sign, means would mix the lowest with the highest values.
    may_reduce = codestream.is_signed == layout.is_signed or layout.samples == 3
    reduce = min(codestream.levels, _halvings(layout, whole=whole)) if may_reduce else 0
    if (layout.rows >> reduce) * (layout.columns >> reduce) * layout.samples > _MAX_SAMPLES:
        raise too_large("The JPEG 2000 image holds no smaller version of itself; it is too large to be read whole.")
    with Jpeg2KImageFile(io.BytesIO(data)) as image:
        image.reduce = reduce
        image.load()
        values = np.asarray(image)
    if layout.samples == 3:
        return values, codestream.precision
    return _to_stored_depth(values, codestream), codestream.precision


def _halvings(layout: PixelLayout, *, whole: bool) -> int:
    """Return how often the longer side can be halved and stay as long as a preview's.

    Of a `whole` frame: how often it must be, for the decoder's sake.
    """
    if whole:
        samples = layout.rows * layout.columns * layout.samples
        return max(0, math.ceil(math.log(samples / _MAX_SAMPLES, 4)))
    return max(0, (max(layout.rows, layout.columns) // PREVIEW_SIDE).bit_length() - 1)


def _to_stored_depth(values: Frame, codestream: _Codestream) -> Frame:
    """Undo what Pillow does: it spreads values over 8 or 16 bits and moves signed ones up."""
    spread = values.dtype.itemsize * 8 - codestream.precision
    values = np.right_shift(values, values.dtype.type(spread))
    return (
        np.bitwise_xor(values, values.dtype.type(1 << (codestream.precision - 1))) if codestream.is_signed else values
    )


def _codestream(data: bytes, layout: PixelLayout) -> _Codestream:
    """Return what the main header says, compared with the DICOM header and bounded."""
    if not data.startswith(_START):
        raise bad_input("The JPEG 2000 frame is damaged.")
    length, _, right, bottom, left, top, *tiling, components = struct.unpack_from(">HH8IH", data, 4)
    if (bottom - top, right - left) != (layout.rows, layout.columns):
        raise unsupported_format("The frame's size differs from the one in the DICOM header.")
    if components != layout.samples or length != 38 + 3 * components:
        raise unsupported_format("The frame's number of colours differs from the one in the DICOM header.")
    tile_columns, tile_rows, tile_left, tile_top = tiling
    if not tile_columns or not tile_rows:
        raise bad_input("The JPEG 2000 frame is damaged.")
    tiles = -(-(right - tile_left) // tile_columns) * -(-(bottom - tile_top) // tile_rows)
    if tiles > _MAX_TILES:
        raise too_large(f"The JPEG 2000 image is in more than {_MAX_TILES} tiles.")
    depths = {data[42 + 3 * i : 45 + 3 * i] for i in range(components)}
    depth = data[42]
    precision = (depth & 0x7F) + 1
    if len(depths) > 1 or data[43:45] != b"\x01\x01" or not 2 <= precision <= layout.bits_allocated:
        raise unsupported_format("A JPEG 2000 image with components of different kinds is not read.")
    if components > 1 and precision > _BYTE:  # Pillow's 8 bits of such a value turn the brightest into black
        raise unsupported_format("A JPEG 2000 image in colour of more than 8 bits is not read.")
    return _Codestream(precision, bool(depth & 0x80), _levels(data, 4 + length, layout))


def _levels(data: bytes, position: int, layout: PixelLayout) -> int:
    """Return the levels of the one coding style in the main header, which ends at the first tile."""
    levels = []
    while data[position : position + 2] != _FIRST_TILE:
        marker = data[position : position + 2]
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if len(marker) < 2 or marker[0] != 0xFF or length < 2:
            raise bad_input("The JPEG 2000 frame is damaged.")
        if marker == _CODING_OF_ONE:
            raise unsupported_format("A JPEG 2000 image with a coding style for each colour is not read.")
        if marker == _CODING:
            levels.append(_style(data[position + 4 : position + 2 + length], layout))
        position += 2 + length
    if len(levels) != 1:
        raise bad_input("The JPEG 2000 frame is damaged.")
    return levels[0]


def _style(style: bytes, layout: PixelLayout) -> int:
    """Return the number of levels. Raises ImageError if blocks, precincts or layers would cost too much memory."""
    scod, _, layers, _, levels, wide, high = struct.unpack_from(">BBHBBBB", style)
    area = 1 << (wide + high + 4)
    sizes = style[10 : 11 + levels] if scod & 1 else b"\xff"
    smallest = min((1 << ((size & 15) + (size >> 4)) for size in sizes), default=1)
    blocks = layout.rows * layout.columns * layout.samples / min(area, smallest)
    if levels > _MAX_LEVELS or layers > _MAX_LAYERS or blocks > _MAX_BLOCKS:
        raise too_large("The JPEG 2000 image is in more pieces than any image needs.")
    return int(levels)
