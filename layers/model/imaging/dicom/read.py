"""DICOM: refused from the meta information or the header where these tell, and only then decoded."""

import dataclasses
import logging
import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset

from imaging.dicom.codecs import Frame, decode_jpeg, decode_jpeg_2000, decode_jpeg_ls, decode_rle, extract_fragments
from imaging.dicom.greyscale import LUMA, Palette, read_palette, read_transform, read_words
from imaging.dicom.header import (
    PIXEL_KEYWORDS,
    READ_KEYWORDS,
    HeaderBytes,
    PixelLayout,
    drop_unreadable_of_frame,
    merge_functional_groups,
    read_facts,
    read_layout,
    read_pixel_ratio,
)
from imaging.dicom.header_values import HEADER_VALUE_IGNORED, drop_meaningless, drop_unreadable
from imaging.dicom.meta import BIG_ENDIAN, TRANSFER_SYNTAXES
from imaging.dicom.study import read_study_facts
from imaging.errors import bad_input, unsupported_format
from imaging.image import Picture, StoredPixels, fit, mean_blocks, plan_fit
from imaging.jpeg_png import decode_jpeg_frame
from imaging.structure import read_jpeg

_BAND_PIXELS = 1 << 18
"""A band of rows at a time, which stays in the processor's cache; a whole frame's sums would take twice its memory."""


def shrink_frame(
    values: Frame, layout: PixelLayout, palette: Palette | None, padding: tuple[int, int] | None, *, whole: bool
) -> StoredPixels:
    """Return the frame in grey, made smaller and square in its own bit depth (see `imaging.image.Fit`).

    Signed values are moved up to be positive. Values within `padding` (stored ones, in that form) become the darkest:
    before, since a mean of padding and image would be neither.
    """
    if padding is None and values.dtype == np.uint16 and palette is None:
        return _shrink_in_bands(values, layout, whole=whole)
    grey = values if _is_plain(values, layout, palette) else _grey_in_bands(values, layout, palette)
    if padding is not None:
        grey = _darken_padding(grey, padding, is_inverted=layout.photometric == "MONOCHROME1")
    if grey.dtype == np.uint8:
        return np.asarray(fit(Image.fromarray(np.ascontiguousarray(grey)), layout.pixel_ratio, whole=whole))
    rows, columns = grey.shape
    return plan_fit(rows, columns, layout.pixel_ratio, whole=whole).apply_deep(grey.astype(np.uint16, copy=False))


def _is_plain(values: Frame, layout: PixelLayout, palette: Palette | None) -> bool:
    if values.ndim == 3 or palette is not None:
        return False
    return layout.bits_stored == values.dtype.itemsize * 8 and not layout.is_signed


def _shrink_in_bands(values: Frame, layout: PixelLayout, *, whole: bool) -> StoredPixels:
    rows, columns = values.shape[:2]
    plan = plan_fit(rows, columns, layout.pixel_ratio, whole=whole)
    down = plan.block[0]
    height = max(1, _BAND_PIXELS // columns // down) * down
    tops = range(0, rows // down * down, height)
    bands = (_grey(values[top : top + height], layout, None).astype(np.uint16, copy=False) for top in tops)
    return plan.stretch_deep(np.concatenate([mean_blocks(band, plan.block) for band in bands]))


def _grey_in_bands(values: Frame, layout: PixelLayout, palette: Palette | None) -> Frame:
    grey = np.empty(values.shape[:2], values.dtype) if palette is None else np.empty(values.shape[:2], np.uint8)
    height = max(1, _BAND_PIXELS // values.shape[1])
    for top in range(0, values.shape[0], height):
        grey[top : top + height] = _grey(values[top : top + height], layout, palette)
    return grey


def _grey(values: Frame, layout: PixelLayout, palette: Palette | None) -> Frame:
    """Return grey values without the bits that are not theirs."""
    if values.ndim == 3:
        return values[..., 0] if layout.photometric.startswith("YBR_FULL") else to_luma(values)
    if layout.bits_stored < values.dtype.itemsize * 8:  # old files keep overlays in the bits above
        values = np.bitwise_and(values, values.dtype.type((1 << layout.bits_stored) - 1))
    if layout.is_signed:
        values = np.bitwise_xor(values, values.dtype.type(1 << (layout.bits_stored - 1)))
    return values if palette is None else palette.to_grey(values)


def to_luma(values: Frame) -> Frame:
    """Convert RGB to brightness, as a sum of fractions of 256."""
    total = np.zeros(values.shape[:2], np.uint16 if values.dtype == np.uint8 else np.uint32)
    for channel, weight in enumerate(LUMA.values()):
        total += values[..., channel] * total.dtype.type(round(weight * 256))
    grey = total >> 8
    return grey.astype(np.uint8) if values.dtype == np.uint8 else grey.astype(np.uint16)


def _darken_padding(grey: Frame, padding: tuple[int, int], *, is_inverted: bool) -> Frame:
    """Return the frame with its padding as dark as its darkest pixel, so that it changes no window.

    Nor does it blur into an edge.
    """
    low, high = (grey.dtype.type(max(0, min(end, np.iinfo(grey.dtype).max))) for end in padding)
    is_padding = (grey >= low) & (grey <= high)
    if is_padding.all() or not is_padding.any():
        return grey
    values = grey[~is_padding]
    return np.where(is_padding, values.max() if is_inverted else values.min(), grey)


_PIXEL_DATA = (0x7FE0, 0x0010)
_EXPLICIT = (b"OB", b"OW", b"UN")
_UNDEFINED_LENGTH = 0xFFFFFFFF
_BYTE = 8


def find_pixel_data(data: bytes, position: int, syntax: str) -> memoryview:
    """Return the value of the pixel data element that starts at `position`.

    Encapsulated pixel data goes on to the end of the file. Raises ImageError.
    """
    order: Literal["little", "big"] = "big" if syntax == BIG_ENDIAN else "little"
    group = int.from_bytes(data[position : position + 2], order)
    element = int.from_bytes(data[position + 2 : position + 4], order)
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


def decode_frame(frame: bytes, layout: PixelLayout, syntax: str, *, whole: bool) -> tuple[Frame, int] | None:
    """Return an encoded frame's values and how many bits they have; None for a JPEG that Pillow reads better."""
    coding = TRANSFER_SYNTAXES[syntax]
    if coding == "rle":
        return _decode_rle_frame(frame, layout), layout.bits_stored
    if coding == "jpeg-ls":
        return decode_jpeg_ls(frame, layout)
    if coding == "jpeg-2000":
        return decode_jpeg_2000(frame, layout, whole=whole)
    return decode_jpeg(frame, layout)


def is_word_data(data: bytes, position: int, syntax: str) -> bool:
    """Tell whether 8-bit pixels are kept in words of another byte order: then their bytes are swapped two by two."""
    return syntax == BIG_ENDIAN and data[position + 4 : position + 6] == b"OW"


def read_native_frame(pixels: memoryview, layout: PixelLayout, *, big_endian: bool, words: bool) -> Frame:
    """Return the middle frame of uncompressed pixel data."""
    size = layout.frame_bytes
    if len(pixels) < size * layout.frames:
        raise bad_input("The DICOM file ends before its pixels do.")
    start = layout.frames // 2 * size
    raw = pixels[start : start + size]
    if layout.has_subsampling:
        return _luminance(raw, layout)
    if layout.bits_allocated == _BYTE and words:
        if start % 2 or size % 2:
            raise unsupported_format("Uncompressed frames of an odd length in big-endian words are not read.")
        return _reshape(np.frombuffer(raw, "<u2").byteswap().view(np.uint8), layout, planar=layout.planar)
    if layout.bits_allocated == _BYTE:
        return _reshape(np.frombuffer(raw, np.uint8), layout, planar=layout.planar)
    values = np.frombuffer(raw, ">u2" if big_endian else "<u2").astype(np.uint16, copy=False)
    return _reshape(values, layout, planar=layout.planar)


def _luminance(raw: memoryview, layout: PixelLayout) -> Frame:
    """Return the luminance: of two pixels' four bytes the first two.

    What follows is their colour, which a grey picture has no use for.
    """
    if layout.bits_allocated != _BYTE or layout.columns % 2:
        raise unsupported_format("Uncompressed subsampled colour is read with 8 bits and an even number of columns.")
    pairs = np.frombuffer(raw, np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(pairs[:, :2]).reshape(layout.rows, layout.columns)


def _decode_rle_frame(frame: bytes, layout: PixelLayout) -> Frame:
    """Decode one RLE frame, whose planes come one after the other."""
    kind = np.uint8 if layout.bits_allocated == _BYTE else np.uint16
    planes = decode_rle(frame, layout.rows * layout.columns, layout.samples, kind)
    return _reshape(planes, layout, planar=True)


def _reshape(values: Frame, layout: PixelLayout, *, planar: bool) -> Frame:
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
        ignored_names |= drop_unreadable_of_frame(header, layout.frames // 2)
        header = merge_functional_groups(header, layout.frames // 2)
        drop_meaningless(header, ignored_names)
        study = read_study_facts(header, layout.frames // 2)
        facts = read_facts(header, layout, syntax, study)
        layout = dataclasses.replace(layout, pixel_ratio=read_pixel_ratio(header, facts.pixel_spacing))
        pixels, layout = _middle_frame(
            data=data, position=position, header=header, layout=layout, syntax=syntax, whole=whole
        )
        tone = read_transform(header, layout, pixels, big_endian=syntax == BIG_ENDIAN)
    return Picture(
        pixels=pixels,
        low=tone.low,
        high=tone.high,
        facts=dataclasses.replace(facts, bits=layout.bits_stored, window=tone.window, window_function=tone.function),
        study=study,
        slope=tone.slope,
        intercept=tone.intercept,
        units=tone.units,
        is_inverted=layout.photometric == "MONOCHROME1",
        warnings=(
            *(("MIDDLE_FRAME_ONLY",) if layout.frames > 1 else ()),
            *((HEADER_VALUE_IGNORED,) if ignored_names else ()),
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
    return header, file.position()


def _middle_frame(
    data: bytes, position: int, header: Dataset, layout: PixelLayout, syntax: str, *, whole: bool
) -> tuple[StoredPixels, PixelLayout]:
    """Return the grey values of frame `frames // 2`, and the layout, with the depth of its encoding."""
    big_endian = syntax == BIG_ENDIAN
    pixels = find_pixel_data(data, position, syntax)
    palette = read_palette(header, big_endian=big_endian) if layout.photometric == "PALETTE COLOR" else None
    if TRANSFER_SYNTAXES[syntax] == "native":
        values = read_native_frame(pixels, layout, big_endian=big_endian, words=is_word_data(data, position, syntax))
        return shrink_frame(
            values, layout, palette, _padding(header, layout, big_endian=big_endian), whole=whole
        ), layout
    encoded_frame = extract_frame(pixels, layout, header.get("ExtendedOffsetTable") or b"")
    if TRANSFER_SYNTAXES[syntax] == "jpeg":
        encoded_frame = read_jpeg(encoded_frame, alone=False)[1]
    frame_and_depth = decode_frame(encoded_frame, layout, syntax, whole=whole)
    if frame_and_depth is None:
        if layout.is_signed or palette is not None:
            raise unsupported_format("Signed or palette pixels in a lossy JPEG of 8 bits are not read.")
        return decode_jpeg_frame(encoded_frame, layout.pixel_ratio, whole=whole), layout
    values, bits = frame_and_depth
    if layout.is_signed and bits < layout.bits_stored:  # the sign is the highest bit that was encoded
        layout = dataclasses.replace(layout, bits_stored=bits)
    return shrink_frame(values, layout, palette, _padding(header, layout, big_endian=False), whole=whole), layout


def _padding(header: Dataset, layout: PixelLayout, *, big_endian: bool) -> tuple[int, int] | None:
    """Return the lowest and the highest grey value that mean "nothing here"; signed ones moved up like pixels."""
    if layout.samples > 1 or layout.photometric == "PALETTE COLOR":
        return None
    ends = read_words(header, "PixelPaddingValue", big_endian=big_endian)[:1]
    if not ends:
        return None
    ends += read_words(header, "PixelPaddingRangeLimit", big_endian=big_endian)[:1]
    mask, sign = (1 << layout.bits_stored) - 1, 1 << (layout.bits_stored - 1) if layout.is_signed else 0
    offsets = [(end & mask) ^ sign for end in ends]
    return min(offsets), max(offsets)
