"""JPEG 2000 frames (ISO/IEC 15444-1): judged by their main header, decoded no larger than needed."""

import io
import math
import struct
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from imaging.bounds import PREVIEW_SIDE
from imaging.dicom.codecs import DecodedFrame, Frame
from imaging.dicom.header import PixelLayout
from imaging.errors import bad_input, too_large, unsupported_format
from imaging.image import draft_scale

_START = b"\xff\x4f\xff\x51"
_JP2_BOX = b"\0\0\0\x0cjP  "
_CODING, _CODING_OF_ONE = b"\xff\x52", b"\xff\x53"
_TILE_PART, _TILE_DATA = b"\xff\x90", b"\xff\x93"
_CODE_END = b"\xff\xd9"
_TILE_PART_HEADER = struct.Struct(">2sHHIBB")
_PROGRESSION, _PACKET_HEADERS = b"\xff\x5f", b"\xff\x61"
_MOST_PARTS = 255
"""Of a tile: they are numbered with one byte."""
_MULTIPLE_COMPONENT_TRANSFORM = 4
_BYTE = 8
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
    has_transform: bool
    """Whether three components were red, green and blue, and are again when they are decoded."""
    tiles: int
    header_bytes: int


def decode_jpeg_2000(data: bytes, layout: PixelLayout, *, whole: bool) -> DecodedFrame:
    """Convert a JPEG 2000 frame to its values, perhaps at a half or a quarter of the size."""
    if data.startswith(_JP2_BOX):  # a file in place of a bare codestream: against the standard, and met with
        data = data[max(data.find(_START), 0) :]
    codestream = _codestream(data, layout)
    # Where header and codestream disagree on the sign, means would mix the lowest with the highest values.
    may_reduce = codestream.is_signed == layout.is_signed or layout.samples == 3
    reduce = min(codestream.levels, _halvings(layout, whole=whole)) if may_reduce else 0
    if (layout.rows >> reduce) * (layout.columns >> reduce) * layout.samples > _MAX_SAMPLES:
        raise too_large("The JPEG 2000 image holds no smaller version of itself; it is too large to be read whole.")
    with Jpeg2KImageFile(io.BytesIO(_join_tile_parts(data, codestream))) as image:
        image.reduce = reduce
        image.load()
        values = np.asarray(image)
    if layout.samples == 3:
        colours: Literal["RGB"] | None = "RGB" if codestream.has_transform else None
        return DecodedFrame(values, codestream.precision, colours=colours)
    return DecodedFrame(_to_stored_depth(values, codestream), codestream.precision, is_signed=codestream.is_signed)


def _halvings(layout: PixelLayout, *, whole: bool) -> int:
    """Return how often a frame can be halved and what is made of it keeps a preview's longer side.

    Never less often than it must be for the decoder's sake, which is all that is done to a `whole` one.
    """
    samples = layout.rows * layout.columns * layout.samples
    needed = max(0, math.ceil(math.log(samples / _MAX_SAMPLES, 4)))
    scale = draft_scale(layout.rows, layout.columns, layout.pixel_ratio, PREVIEW_SIDE)
    return needed if whole else max(needed, int(1 / scale).bit_length() - 1)


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
    levels, has_transform, header_bytes = _read_coding(data, 4 + length, layout)
    return _Codestream(
        precision=precision,
        is_signed=bool(depth & 0x80),
        levels=levels,
        has_transform=has_transform,
        tiles=tiles,
        header_bytes=header_bytes,
    )


def _read_coding(data: bytes, position: int, layout: PixelLayout) -> tuple[int, bool, int]:
    """Return levels and transform of the one coding style in the main header, and where the first tile ends that."""
    levels, has_transform = [], False
    while data[position : position + 2] != _TILE_PART:
        marker = data[position : position + 2]
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if len(marker) < 2 or marker[0] != 0xFF or length < 2:
            raise bad_input("The JPEG 2000 frame is damaged.")
        if marker == _CODING_OF_ONE:
            raise unsupported_format("A JPEG 2000 image with a coding style for each colour is not read.")
        if marker == _CODING:
            style = data[position + 4 : position + 2 + length]
            levels.append(_style(style, layout))
            has_transform = bool(style[_MULTIPLE_COMPONENT_TRANSFORM])
        position += 2 + length
    if len(levels) != 1:
        raise bad_input("The JPEG 2000 frame is damaged.")
    return levels[0], has_transform, position


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


def _join_tile_parts(data: bytes, codestream: _Codestream) -> bytes:
    """Return a codestream that miscounts the parts of its tiles with each tile in one part; any other as it is.

    Some writers count one part too few. OpenJPEG puts that right where it can look ahead in a file, which Pillow does
    not let it. What cannot be joined is left for the decoder to judge.
    """
    tiles: dict[int, list[memoryview]] = {}
    position = codestream.header_bytes
    is_miscounted = False
    while data[position : position + 2] == _TILE_PART:
        _, _, tile, size, number, count = _TILE_PART_HEADER.unpack_from(data, position)
        end = position + size if size else len(data.rstrip(b"\0")) - len(_CODE_END)
        parts = tiles.setdefault(tile, [])
        parts.append(memoryview(data)[position + _TILE_PART_HEADER.size : end])
        if end <= position or end > len(data) or tile >= codestream.tiles or len(parts) > _MOST_PARTS:
            return data
        is_miscounted |= number >= count > 0
        position = end
    if not is_miscounted:
        return data
    joint = bytearray(data[: codestream.header_bytes])
    for tile, parts in tiles.items():
        heads = [_head_bytes(part) for part in parts]
        if None in heads:
            return data
        body = b"".join((parts[0], *(part[head:] for part, head in zip(parts[1:], heads[1:], strict=True))))
        joint += _TILE_PART_HEADER.pack(_TILE_PART, 10, tile, _TILE_PART_HEADER.size + len(body), 0, 1) + body
    return bytes(joint) + _CODE_END


def _head_bytes(part: memoryview) -> int | None:
    """Return how long the head of a tile's part is; None if it tells the packets' order, or holds their headers."""
    position = 0
    while part[position : position + 2] != _TILE_DATA:
        length = int.from_bytes(part[position + 2 : position + 4], "big")
        if length < 2 or part[position : position + 2] in (_PROGRESSION, _PACKET_HEADERS):
            return None
        position += 2 + length
    return position + len(_TILE_DATA)
