"""JPEG and JPEG-LS frames of a DICOM file: told by their own header first, then decoded in their own depth."""

import struct

import numpy as np

from imaging.dicom_header import PixelLayout
from imaging.fragments import Frame
from imaging.jpeg_stream import JpegFrame, check_jpeg
from imaging.refusal import bad_input, unsupported

_JFIF = b"\xff\xd8\xff\xe0\0\x10JFIF"
_ADOBE = b"Adobe"
_FIRST_KB = 1024
_JPEG_LS_FRAME = b"\xff\xf7"
_JPEG_LS_SCAN = b"\xff\xda"
_JPEG_LS_PARAMETERS = b"\xff\xf8"
_END = b"\xff\xd9"
_BYTE = 8


def decode_jpeg(data: bytes, layout: PixelLayout) -> tuple[Frame, int] | None:
    """A frame of any JPEG kind → its values and how many bits they have; None if Pillow reads it straight to grey,
    near the size that is needed, and faster.
    """
    found = check_jpeg(data)
    _compare(found, layout)
    raw_colour = layout.photometric == "RGB" and not _luminance_first(data)
    if found.precision == _BYTE and not found.lossless and not raw_colour:
        return None
    from imagecodecs import jpeg8_decode  # noqa: PLC0415 - a library that few files need

    colours = "RGB" if found.components == 3 else "GRAYSCALE"
    values = jpeg8_decode(data, colorspace=colours, outcolorspace=colours)
    return _checked(values, layout), found.precision


def decode_jpeg_ls(data: bytes, layout: PixelLayout) -> tuple[Frame, int]:
    """A JPEG-LS frame → its values and how many bits they have."""
    found = _jpeg_ls_frame(data)
    _compare(found, layout)
    if not data.rstrip(b"\0").endswith(_END):  # without it the decoder may look for a set bit for seconds
        raise bad_input("The JPEG-LS frame ends before its image does.")
    from imagecodecs import jpegls_decode  # noqa: PLC0415 - a library that few files need

    return _checked(jpegls_decode(data), layout), found.precision


def _jpeg_ls_frame(data: bytes) -> JpegFrame:
    """The frame header, which nothing but parameters may come before: tables could change what it says."""
    if not data.startswith(b"\xff\xd8"):
        raise bad_input("The JPEG-LS frame is damaged.")
    position = 2
    while data[position : position + 2] != _JPEG_LS_SCAN:
        marker = data[position : position + 2]
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if len(marker) < 2 or marker[0] != 0xFF or length < 2:
            raise bad_input("The JPEG-LS frame is damaged.")
        if marker == _JPEG_LS_PARAMETERS and data[position + 4 : position + 5] != b"\x01":
            raise unsupported("A JPEG-LS frame with tables of its own is not read.")
        if marker == _JPEG_LS_FRAME:
            precision, rows, columns, components = struct.unpack_from(">BHHB", data, position + 4)
            return JpegFrame(True, precision, rows, columns, components)
        position += 2 + length
    raise bad_input("The JPEG-LS frame has no header.")


def _compare(found: JpegFrame, layout: PixelLayout) -> None:
    """What is decoded is what the DICOM header was judged by, and no more."""
    if (found.rows, found.columns) != (layout.rows, layout.columns):
        raise unsupported("The frame's size differs from the one in the DICOM header.")
    if found.components != layout.samples:
        raise unsupported("The frame's number of colours differs from the one in the DICOM header.")
    if not 2 <= found.precision <= layout.allocated:
        raise bad_input("The frame's bit depth differs from the one in the DICOM header.")


def _luminance_first(data: bytes) -> bool:
    """Whether a JPEG of three components says, as its writers should, that they are not red, green and blue."""
    if data.startswith(_JFIF):
        return True
    start = data.find(_ADOBE, 0, _FIRST_KB)
    return start > 0 and data[start + 11 : start + 12] == b"\x01"


def _checked(values: Frame, layout: PixelLayout) -> Frame:
    shape = (layout.rows, layout.columns, 3) if layout.samples == 3 else (layout.rows, layout.columns)
    if values.shape != shape or values.dtype not in (np.uint8, np.uint16):
        raise bad_input("The frame is not what its header says.")
    return values
