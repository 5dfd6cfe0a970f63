"""DICOM: refused from the meta information or the header where these tell, and only then decoded."""

import dataclasses
import logging
import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset

from imaging.dicom.codecs import DecodedFrame, decode_jpeg, decode_jpeg_ls, decode_rle, extract_fragments
from imaging.dicom.greyscale import read_transform
from imaging.dicom.header import (
    PIXEL_KEYWORDS,
    READ_KEYWORDS,
    HeaderBytes,
    PixelLayout,
    drop_unreadable_of_frame,
    merge_functional_groups,
    number,
    read_facts,
    read_layout,
    read_pixel_ratio,
)
from imaging.dicom.header_values import HEADER_VALUE_IGNORED, drop_meaningless, drop_unreadable
from imaging.dicom.jpeg_2000 import decode_jpeg_2000
from imaging.dicom.lookup_tables import read_palette
from imaging.dicom.meta import BIG_ENDIAN, TRANSFER_SYNTAXES
from imaging.dicom.pixels import RawFrame, read_padding, settle_contradictions, settle_depth, shrink_frame
from imaging.dicom.study import read_study_facts
from imaging.errors import bad_input, unsupported_format
from imaging.image import Picture, StoredPixels
from imaging.jpeg_png import decode_jpeg_frame
from imaging.structure import read_jpeg

_PIXEL_DATA = (0x7FE0, 0x0010)
_FLOATS = ((0x7FE0, 0x0008), (0x7FE0, 0x0009))
_EXPLICIT = (b"OB", b"OW", b"UN")
_UNDEFINED_LENGTH = 0xFFFFFFFF
_BYTE = 8
_KINDS: dict[int, type[np.unsignedinteger[Any]]] = {8: np.uint8, 16: np.uint16, 32: np.uint32}


def find_pixel_data(data: bytes, position: int, syntax: str) -> memoryview:
    """Return the value of the pixel data element that starts at `position`.

    Encapsulated pixel data goes on to the end of the file. Raises ImageError.
    """
    order: Literal["little", "big"] = "big" if syntax == BIG_ENDIAN else "little"
    group = int.from_bytes(data[position : position + 2], order)
    element = int.from_bytes(data[position + 2 : position + 4], order)
    if (group, element) in _FLOATS:
        raise unsupported_format("The DICOM file's pixels are floating point numbers: a map of measurements, no image.")
    if (group, element) != _PIXEL_DATA:
        raise bad_input("The DICOM file holds no pixels that can be read.")
    start = position + (12 if data[position + 4 : position + 6] in _EXPLICIT else 8)  # some files mix both
    length = int.from_bytes(data[start - 4 : start], order)
    if length == _UNDEFINED_LENGTH and TRANSFER_SYNTAXES[syntax] != "native":
        return memoryview(data)[start:]
    if start + length > len(data) + 1:  # the byte that makes a length even may lack
        raise bad_input("The DICOM file ends before its pixels do.")
    return memoryview(data)[start : start + length]


def extract_frame(pixels: memoryview, layout: PixelLayout, offset_table: bytes) -> bytes:
    """Return frame `frames // 2` of encapsulated pixel data."""
    return extract_fragments(pixels, layout.frames // 2, layout.frames, offset_table)


def decode_frame(frame: bytes, layout: PixelLayout, syntax: str, *, whole: bool) -> DecodedFrame | None:
    """Return an encoded frame's values, but RLE's; None for a JPEG that Pillow reads better."""
    coding = TRANSFER_SYNTAXES[syntax]
    if coding == "jpeg-ls":
        return decode_jpeg_ls(frame, layout)
    if coding == "jpeg-2000":
        return decode_jpeg_2000(frame, layout, whole=whole)
    return decode_jpeg(frame, layout)


def is_word_data(data: bytes, position: int, syntax: str) -> bool:
    """Tell whether 8-bit pixels are kept in words of another byte order: then their bytes are swapped two by two."""
    return syntax == BIG_ENDIAN and data[position + 4 : position + 6] == b"OW"


def read_native_frame(pixels: memoryview, layout: PixelLayout, *, big_endian: bool, words: bool) -> RawFrame:
    """Return the middle frame of uncompressed pixel data."""
    size = layout.frame_bytes
    if len(pixels) < layout.pixel_bytes:
        raise bad_input("The DICOM file ends before its pixels do.")
    if layout.bits_allocated == 1:
        return _read_bits(pixels, layout)
    start = layout.frames // 2 * size
    raw = pixels[start : start + size]
    if layout.has_subsampling:
        return _luminance(raw, layout)
    if layout.bits_allocated == _BYTE and words:
        if start % 2 or size % 2:
            raise unsupported_format("Uncompressed frames of an odd length in big-endian words are not read.")
        return _reshape(np.frombuffer(raw, "<u2").byteswap().view(np.uint8), layout, planar=layout.planar)
    kind = _KINDS[layout.bits_allocated]
    values: RawFrame = np.frombuffer(raw, np.dtype(kind).newbyteorder(">" if big_endian else "<")).astype(
        kind, copy=False
    )
    return _reshape(values, layout, planar=layout.planar)


def _read_bits(pixels: memoryview, layout: PixelLayout) -> RawFrame:
    """Return a frame of one bit a pixel, the first in the lowest bit; it need not start at the beginning of a byte."""
    first, spare = divmod(layout.frames // 2 * layout.frame_bits, 8)
    raw = np.frombuffer(pixels[first : first + layout.frame_bytes + 1], np.uint8)
    bits = np.unpackbits(raw, bitorder="little")[spare : spare + layout.frame_bits]
    return bits.reshape(layout.rows, layout.columns)


def _luminance(raw: memoryview, layout: PixelLayout) -> RawFrame:
    """Return the luminance: of two pixels' four bytes the first two.

    What follows is their colour, which a grey picture has no use for.
    """
    if layout.bits_allocated != _BYTE or layout.columns % 2:
        raise unsupported_format("Uncompressed subsampled colour is read with 8 bits and an even number of columns.")
    pairs = np.frombuffer(raw, np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(pairs[:, :2]).reshape(layout.rows, layout.columns)


def decode_rle_frame(frame: bytes, layout: PixelLayout) -> RawFrame:
    """Decode one RLE frame, whose planes come one after the other."""
    if layout.bits_allocated == 1:
        raise unsupported_format("Pixels of one bit in RLE are not read.")
    planes = decode_rle(frame, layout.rows * layout.columns, layout.samples, _KINDS[layout.bits_allocated])
    return _reshape(planes, layout, planar=True)


def _reshape(values: RawFrame, layout: PixelLayout, *, planar: bool) -> RawFrame:
    if layout.samples == 1:
        return values.reshape(layout.rows, layout.columns)
    if planar:
        return np.moveaxis(values.reshape(3, layout.rows, layout.columns), 0, -1)
    return values.reshape(layout.rows, layout.columns, 3)


# pydicom quotes values of the header, names included, in what it logs; and takes its time over each record.
logging.getLogger("pydicom").propagate = False
logging.getLogger("pydicom").setLevel(logging.CRITICAL)


def decode_dicom(data: bytes, syntax: str, *, whole: bool) -> Picture:
    """Convert a DICOM file to its middle frame, with window and rescaling to apply.

    `syntax`: its transfer syntax, which was checked before.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values: ours to judge, and the texts quote them
        header, position = read_header(data)
        ignored_names = drop_unreadable(header, PIXEL_KEYWORDS)
        layout = read_layout(header)
        if number(header, "HighBit") not in (None, layout.high_bit):
            ignored_names.add("HighBit")
        ignored_names |= drop_unreadable_of_frame(header, layout.frames // 2)
        header = merge_functional_groups(header, layout.frames // 2)
        drop_meaningless(header, ignored_names)
        study = read_study_facts(header, layout.frames // 2)
        facts = read_facts(header, layout, syntax, study)
        layout = dataclasses.replace(layout, pixel_ratio=read_pixel_ratio(header, facts.pixel_spacing))
        frame = _middle_frame(data=data, position=position, header=header, layout=layout, syntax=syntax, whole=whole)
        tone = read_transform(header, frame.layout, frame.pixels, big_endian=syntax == BIG_ENDIAN)
    bits = frame.layout.bits_stored if layout.bits_allocated in (_BYTE, 2 * _BYTE) else layout.bits_stored
    return Picture(
        pixels=frame.pixels,
        low=tone.low,
        high=tone.high,
        facts=dataclasses.replace(facts, bits=bits, window=tone.window, window_function=tone.function),
        study=study,
        slope=tone.slope,
        intercept=tone.intercept,
        units=tone.units,
        is_inverted=layout.is_inverted,
        warnings=(
            *(("MIDDLE_FRAME_ONLY",) if layout.frames > 1 else ()),
            *((HEADER_VALUE_IGNORED,) if ignored_names else ()),
            *frame.warnings,
        ),
        curve=tone.curve,
        pixel_ratio=layout.pixel_ratio,
    )


def read_header(data: bytes, keywords: Sequence[str] | None = READ_KEYWORDS) -> tuple[Dataset, int]:
    """Return the elements of these keywords, or all, and where the pixel data element starts (or the file ends)."""
    file = HeaderBytes(data)
    try:
        header = dcmread(file, stop_before_pixels=True, specific_tags=list(keywords) if keywords else None)
    except OSError as error:  # pydicom's own, also for what reading an item raised
        raise file.refusal or error from None
    if file.tell() > len(data):
        raise bad_input("The DICOM file ends within its header.")
    return header, file.position()


@dataclasses.dataclass(frozen=True, eq=False)
class _GreyFrame:
    pixels: StoredPixels
    layout: PixelLayout
    """That of the header, corrected by what the frame is."""
    warnings: tuple[str, ...] = ()


def _middle_frame(
    data: bytes, position: int, header: Dataset, layout: PixelLayout, syntax: str, *, whole: bool
) -> _GreyFrame:
    """Return frame `frames // 2` in grey."""
    big_endian = syntax == BIG_ENDIAN
    coding = TRANSFER_SYNTAXES[syntax]
    pixels = find_pixel_data(data, position, syntax)
    palette = (
        read_palette(header, layout.bits_stored, big_endian=big_endian)
        if layout.photometric == "PALETTE COLOR"
        else None
    )
    offsets = header.get("ExtendedOffsetTable") or b""
    odd: tuple[str, ...] = ()
    if coding == "native":
        raw = read_native_frame(pixels, layout, big_endian=big_endian, words=is_word_data(data, position, syntax))
    elif coding == "rle":
        raw = decode_rle_frame(extract_frame(pixels, layout, offsets), layout)
    else:
        encoded_frame = extract_frame(pixels, layout, offsets)
        if coding == "jpeg":
            encoded_frame = read_jpeg(encoded_frame, alone=False)[1]
        has_padding = "PixelPaddingValue" in header  # of a smaller version some would be mixed with the image beside it
        frame = decode_frame(encoded_frame, layout, syntax, whole=whole or has_padding)
        if frame is None:
            if layout.is_signed or palette is not None:
                raise unsupported_format("Signed or palette pixels in a lossy JPEG of 8 bits are not read.")
            return _GreyFrame(decode_jpeg_frame(encoded_frame, layout.pixel_ratio, whole=whole), layout)
        raw = frame.values
        layout, odd = settle_contradictions(frame, layout)
    values, layout = settle_depth(raw, layout)
    padding = read_padding(header, layout, big_endian=big_endian)
    return _GreyFrame(shrink_frame(values, layout, palette, padding, whole=whole), layout, odd)
