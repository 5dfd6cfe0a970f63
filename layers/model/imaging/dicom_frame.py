"""The middle frame of a DICOM image, as stored values that a picture can hold."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.dicom_header import PixelLayout
from imaging.dicom_meta import BIG_ENDIAN, IMPLICIT, TRANSFER_SYNTAXES
from imaging.fragments import frame_of
from imaging.packbits import unpack_frame
from imaging.picture import Stored
from imaging.raster import decode_jpeg_frame, deep_fit, fit
from imaging.refusal import bad_input, unsupported

_PIXEL_DATA = (0x7FE0, 0x0010)
_UNDEFINED_LENGTH = 0xFFFFFFFF
_BYTE = 8
Frame = NDArray[np.uint8] | NDArray[np.uint16]
"""rows x columns, or rows x columns x 3."""

_LUMA = (0.299, 0.587, 0.114)


def pixel_data(data: bytes, position: int, syntax: str) -> memoryview:
    """The value of the pixel data element that starts at `position`, without the item that ends an encapsulated one."""
    order: Literal["little", "big"] = "big" if syntax == BIG_ENDIAN else "little"
    group = int.from_bytes(data[position : position + 2], order)
    element = int.from_bytes(data[position + 2 : position + 4], order)
    if (group, element) != _PIXEL_DATA:
        raise bad_input("The DICOM file holds no pixels that can be read.")
    start = position + (8 if syntax == IMPLICIT else 12)
    length = int.from_bytes(data[start - 4 : start], order)
    if length == _UNDEFINED_LENGTH and TRANSFER_SYNTAXES[syntax] != "native":
        return memoryview(data)[start:]
    if start + length > len(data):
        raise bad_input("The DICOM file ends before its pixels do.")
    return memoryview(data)[start : start + length]


def middle_frame(pixels: memoryview, layout: PixelLayout, syntax: str) -> Stored:
    """Frame `frames // 2` as grey, at most `bounds.PREVIEW_SIDE` long; signed values are moved up to be positive."""
    middle = layout.frames // 2
    coding = TRANSFER_SYNTAXES[syntax]
    if coding == "native":
        return _fitted(_native(pixels, middle, layout, big_endian=syntax == BIG_ENDIAN), layout)
    encoded = frame_of(pixels, middle, layout.frames)
    if coding == "rle":
        return _fitted(_run_length(encoded, layout), layout)
    if layout.allocated != _BYTE:
        raise bad_input("A baseline JPEG has 8 bits, the DICOM header says otherwise.")
    return decode_jpeg_frame(encoded, layout.rows, layout.columns)


def _native(pixels: memoryview, index: int, layout: PixelLayout, *, big_endian: bool) -> Frame:
    """One uncompressed frame."""
    size = layout.frame_bytes
    if layout.photometric == "YBR_FULL_422" or (big_endian and layout.allocated == _BYTE):
        raise unsupported("Uncompressed pixels of this kind (subsampled colour, big-endian bytes) are not read.")
    if len(pixels) < size * layout.frames:
        raise bad_input("The DICOM file ends before its pixels do.")
    raw = pixels[index * size : (index + 1) * size]
    if layout.allocated == _BYTE:
        return _shaped(np.frombuffer(raw, np.uint8), layout, planar=layout.planar)
    return _shaped(np.frombuffer(raw, ">u2" if big_endian else "<u2").astype(np.uint16, copy=False), layout)


def _run_length(frame: bytes, layout: PixelLayout) -> Frame:
    """One RLE frame, whose planes come one after the other."""
    bytes_each = layout.allocated // 8
    planes = unpack_frame(frame, layout.rows * layout.columns, layout.samples * bytes_each)
    if layout.allocated == _BYTE:
        return _shaped(planes, layout, planar=True)
    return _shaped(planes[0].astype(np.uint16) << 8 | planes[1], layout)


def _shaped(values: Frame, layout: PixelLayout, *, planar: bool = False) -> Frame:
    if layout.samples == 1:
        return values.reshape(layout.rows, layout.columns)
    if planar:
        return np.moveaxis(values.reshape(3, layout.rows, layout.columns), 0, -1)
    return values.reshape(layout.rows, layout.columns, 3)


def _fitted(values: Frame, layout: PixelLayout) -> Stored:
    """Grey values without foreign bits, made smaller in their own depth."""
    if layout.samples > 1:
        values = values[..., 0] if layout.photometric == "YBR_FULL" else _luma(values)
    if layout.stored < layout.allocated:  # old files keep overlays in the bits above
        values = np.bitwise_and(values, values.dtype.type((1 << layout.stored) - 1))
    if layout.signed:
        values = np.bitwise_xor(values, values.dtype.type(1 << (layout.stored - 1)))
    if layout.allocated == _BYTE:
        return np.asarray(fit(Image.fromarray(np.ascontiguousarray(values))))
    return deep_fit(values.astype(np.uint16, copy=False))


def _luma(values: Frame) -> Frame:
    """RGB → brightness, as a sum of fractions of 256: floats would need four times the memory."""
    total = np.zeros(values.shape[:2], np.uint16)
    for channel, weight in enumerate(_LUMA):
        total += values[..., channel] * np.uint16(round(weight * 256))
    return (total >> 8).astype(np.uint8)
