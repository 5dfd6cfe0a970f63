"""JPEG 2000 frames of a DICOM file, decoded by Pillow no larger than needed: the format keeps smaller versions."""

import io
import math
import struct
from dataclasses import dataclass

import numpy as np
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from imaging.bounds import PREVIEW_SIDE
from imaging.dicom_header import PixelLayout
from imaging.fragments import Frame
from imaging.refusal import bad_input, too_large, unsupported

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
_BYTE = 8


@dataclass(frozen=True)
class _Codestream:
    precision: int
    signed: bool
    levels: int
    """How many times the file can be read at half its size."""


def decode_jpeg_2000(data: bytes, layout: PixelLayout, *, whole: bool) -> tuple[Frame, int]:
    """A JPEG 2000 frame → its values, perhaps at a half or a quarter of the size, and how many bits they have."""
    if data.startswith(_JP2_BOX):  # a file in place of a bare codestream: against the standard, and met with
        data = data[max(data.find(_START), 0) :]
    found = _codestream(data, layout)
    # Where header and codestream disagree on the sign, means would mix the lowest with the highest values.
    may_reduce = found.signed == layout.signed or layout.samples == 3
    reduce = min(found.levels, _halvings(layout, whole=whole)) if may_reduce else 0
    if (layout.rows >> reduce) * (layout.columns >> reduce) * layout.samples > _MAX_SAMPLES:
        raise too_large("The JPEG 2000 image holds no smaller version of itself; it is too large to be read whole.")
    with Jpeg2KImageFile(io.BytesIO(data)) as image:
        image.reduce = reduce
        image.load()
        values = np.asarray(image)
    if layout.samples == 3:
        return values, found.precision
    return _as_stored(values, found), found.precision


def _halvings(layout: PixelLayout, *, whole: bool) -> int:
    """How often the longer side can be halved and stay as long as a preview's; must be, for the decoder's sake."""
    if whole:
        samples = layout.rows * layout.columns * layout.samples
        return max(0, math.ceil(math.log(samples / _MAX_SAMPLES, 4)))
    return max(0, (max(layout.rows, layout.columns) // PREVIEW_SIDE).bit_length() - 1)


def _as_stored(values: Frame, found: _Codestream) -> Frame:
    """Pillow spreads values over 8 or 16 bits and moves signed ones up: undone, as other codecs give them."""
    spread = values.dtype.itemsize * 8 - found.precision
    values = np.right_shift(values, values.dtype.type(spread))
    return np.bitwise_xor(values, values.dtype.type(1 << (found.precision - 1))) if found.signed else values


def _codestream(data: bytes, layout: PixelLayout) -> _Codestream:
    """What the main header says, compared with the DICOM header and bounded."""
    if not data.startswith(_START):
        raise bad_input("The JPEG 2000 frame is damaged.")
    length, _, right, bottom, left, top, *tiling, components = struct.unpack_from(">HH8IH", data, 4)
    if (bottom - top, right - left) != (layout.rows, layout.columns):
        raise unsupported("The frame's size differs from the one in the DICOM header.")
    if components != layout.samples or length != 38 + 3 * components:
        raise unsupported("The frame's number of colours differs from the one in the DICOM header.")
    tile_columns, tile_rows, tile_left, tile_top = tiling
    if not tile_columns or not tile_rows:
        raise bad_input("The JPEG 2000 frame is damaged.")
    tiles = -(-(right - tile_left) // tile_columns) * -(-(bottom - tile_top) // tile_rows)
    if tiles > _MAX_TILES:
        raise too_large(f"The JPEG 2000 image is in more than {_MAX_TILES} tiles.")
    depths = {data[42 + 3 * i : 45 + 3 * i] for i in range(components)}
    depth = data[42]
    precision = (depth & 0x7F) + 1
    if len(depths) > 1 or data[43:45] != b"\x01\x01" or not 2 <= precision <= layout.allocated:
        raise unsupported("A JPEG 2000 image with components of different kinds is not read.")
    if components > 1 and precision > _BYTE:  # Pillow's 8 bits of such a value turn the brightest into black
        raise unsupported("A JPEG 2000 image in colour of more than 8 bits is not read.")
    return _Codestream(precision, bool(depth & 0x80), _levels(data, 4 + length, layout))


def _levels(data: bytes, position: int, layout: PixelLayout) -> int:
    """Walks the main header to the first tile; the fewest levels of any coding style in it."""
    levels = []
    while data[position : position + 2] != _FIRST_TILE:
        marker = data[position : position + 2]
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if len(marker) < 2 or marker[0] != 0xFF or length < 2:
            raise bad_input("The JPEG 2000 frame is damaged.")
        if marker == _CODING_OF_ONE:
            raise unsupported("A JPEG 2000 image with a coding style for each colour is not read.")
        if marker == _CODING:
            levels.append(_style(data[position + 4 : position + 2 + length], layout))
        position += 2 + length
    if len(levels) != 1:
        raise bad_input("The JPEG 2000 frame is damaged.")
    return levels[0]


def _style(style: bytes, layout: PixelLayout) -> int:
    """The number of levels, if neither blocks nor precincts nor layers are so many that they cost memory."""
    scod, _, layers, _, levels, wide, high = struct.unpack_from(">BBHBBBB", style)
    area = 1 << (wide + high + 4)
    sizes = style[10 : 11 + levels] if scod & 1 else b"\xff"
    smallest = min((1 << ((size & 15) + (size >> 4)) for size in sizes), default=1)
    blocks = layout.rows * layout.columns * layout.samples / min(area, smallest)
    if levels > _MAX_LEVELS or layers > _MAX_LAYERS or blocks > _MAX_BLOCKS:
        raise too_large("The JPEG 2000 image is in more pieces than any image needs.")
    return int(levels)
