"""The middle frame of a DICOM image, as its encoding stores it."""

from typing import Literal

import numpy as np

from imaging.dicom_header import PixelLayout
from imaging.dicom_meta import BIG_ENDIAN, TRANSFER_SYNTAXES
from imaging.fragments import Frame, frame_of
from imaging.jpeg_2000 import decode_jpeg_2000
from imaging.jpeg_deep import decode_jpeg, decode_jpeg_ls
from imaging.packbits import unpack_frame
from imaging.refusal import bad_input, unsupported

_PIXEL_DATA = (0x7FE0, 0x0010)
_EXPLICIT = (b"OB", b"OW", b"UN")
_UNDEFINED_LENGTH = 0xFFFFFFFF
_BYTE = 8


def pixel_data(data: bytes, position: int, syntax: str) -> memoryview:
    """The value of the pixel data element that starts at `position`, without the item that ends an encapsulated one."""
    order: Literal["little", "big"] = "big" if syntax == BIG_ENDIAN else "little"
    group = int.from_bytes(data[position : position + 2], order)
    element = int.from_bytes(data[position + 2 : position + 4], order)
    if (group, element) != _PIXEL_DATA:
        raise bad_input("The DICOM file holds no pixels that can be read.")
    start = position + (12 if data[position + 4 : position + 6] in _EXPLICIT else 8)  # some files mix both
    length = int.from_bytes(data[start - 4 : start], order)
    if length == _UNDEFINED_LENGTH and TRANSFER_SYNTAXES[syntax] != "native":
        return memoryview(data)[start:]
    if start + length > len(data):
        raise bad_input("The DICOM file ends before its pixels do.")
    return memoryview(data)[start : start + length]


def encoded_frame(pixels: memoryview, layout: PixelLayout, extended: bytes) -> bytes:
    """Frame `frames // 2` of encapsulated pixel data."""
    return frame_of(pixels, layout.frames // 2, layout.frames, extended)


def decoded_frame(frame: bytes, layout: PixelLayout, syntax: str, *, whole: bool) -> tuple[Frame, int] | None:
    """An encoded frame's values and how many bits they have; None for a JPEG that Pillow reads better."""
    coding = TRANSFER_SYNTAXES[syntax]
    if coding == "rle":
        return _run_length(frame, layout), layout.stored
    if coding == "jpeg-ls":
        return decode_jpeg_ls(frame, layout)
    if coding == "jpeg-2000":
        return decode_jpeg_2000(frame, layout, whole=whole)
    return decode_jpeg(frame, layout)


def in_words(data: bytes, position: int, syntax: str) -> bool:
    """Whether 8-bit pixels are kept in words of another byte order: then their bytes are swapped two by two."""
    return syntax == BIG_ENDIAN and data[position + 4 : position + 6] == b"OW"


def native_frame(pixels: memoryview, layout: PixelLayout, *, big_endian: bool, words: bool) -> Frame:
    """The middle frame of uncompressed pixel data."""
    size = layout.frame_bytes
    if len(pixels) < size * layout.frames:
        raise bad_input("The DICOM file ends before its pixels do.")
    start = layout.frames // 2 * size
    raw = pixels[start : start + size]
    if layout.subsampled:
        return _luminance(raw, layout)
    if layout.allocated == _BYTE and words:
        if start % 2 or size % 2:
            raise unsupported("Uncompressed frames of an odd length in big-endian words are not read.")
        return _shaped(np.frombuffer(raw, "<u2").byteswap().view(np.uint8), layout, planar=layout.planar)
    if layout.allocated == _BYTE:
        return _shaped(np.frombuffer(raw, np.uint8), layout, planar=layout.planar)
    values = np.frombuffer(raw, ">u2" if big_endian else "<u2").astype(np.uint16, copy=False)
    return _shaped(values, layout, planar=layout.planar)


def _luminance(raw: memoryview, layout: PixelLayout) -> Frame:
    """Of two pixels' four bytes the first two; what follows is their colour, which a grey picture has no use for."""
    if layout.allocated != _BYTE or layout.columns % 2:
        raise unsupported("Uncompressed subsampled colour is read with 8 bits and an even number of columns.")
    pairs = np.frombuffer(raw, np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(pairs[:, :2]).reshape(layout.rows, layout.columns)


def _run_length(frame: bytes, layout: PixelLayout) -> Frame:
    """One RLE frame, whose planes come one after the other."""
    kind = np.uint8 if layout.allocated == _BYTE else np.uint16
    planes = unpack_frame(frame, layout.rows * layout.columns, layout.samples, kind)
    return _shaped(planes, layout, planar=True)


def _shaped(values: Frame, layout: PixelLayout, *, planar: bool) -> Frame:
    if layout.samples == 1:
        return values.reshape(layout.rows, layout.columns)
    if planar:
        return np.moveaxis(values.reshape(3, layout.rows, layout.columns), 0, -1)
    return values.reshape(layout.rows, layout.columns, 3)
