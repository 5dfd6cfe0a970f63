"""Stored pixels → grey (part 5, chapter 8): their own bits alone, padding made dark, means of blocks of them."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from imaging.dicom.codecs import DecodedFrame, Frame
from imaging.dicom.greyscale import is_falling, typical_range
from imaging.dicom.header import PixelLayout
from imaging.dicom.lookup_tables import LUMA, Palette, read_words
from imaging.image import StoredPixels, fit, mean_blocks, plan_fit

RawFrame = NDArray[Any]
"""Pixels as they lie in the file: 8, 16 or 32 bits without a sign."""

_BAND_PIXELS = 1 << 18
"""A band of rows at a time, which stays in the processor's cache; a whole frame's sums would take twice its memory."""
_BYTE, _WORD = 8, 16
_WORDS = 1 << _WORD


SIGN_CONTRADICTS = "SIGN_CONTRADICTS"
"""The header has signed values and the frame none, or the other way round: its bits are read as the header says."""
DEPTH_CONTRADICTS = "DEPTH_CONTRADICTS"
"""The frame says another depth than the header: its values are read as they are."""


def settle_contradictions(frame: DecodedFrame, layout: PixelLayout) -> tuple[PixelLayout, tuple[str, ...]]:
    """Return the layout as a decoded frame has it, and warnings where the DICOM header says otherwise.

    Of JPEG 2000, which tells sign and depth itself and must repeat the header's, each difference is one. Of the other
    formats, in whose unused bits old files keep an overlay, values of more bits than one such plane explains.
    """
    layout = replace(layout, photometric=frame.colours or layout.photometric)
    if layout.samples > 1:
        return layout, ()
    odd: tuple[str, ...] = ()
    if frame.is_signed is not None:
        odd += (SIGN_CONTRADICTS,) if frame.is_signed != layout.is_signed else ()
        odd += (DEPTH_CONTRADICTS,) if frame.bits != layout.bits_stored else ()
    if frame.bits > layout.bits_stored and layout.shift:
        return layout, odd
    if frame.bits <= layout.bits_stored:
        return _with_depth(layout, frame.bits if layout.is_signed else layout.bits_stored), odd
    beyond = _bits_beyond(frame.values, layout)
    if frame.is_signed is None and beyond.bit_count() <= 1:
        return _with_depth(layout, layout.bits_stored), odd
    return _with_depth(layout, frame.bits if beyond else layout.bits_stored), odd or (DEPTH_CONTRADICTS,)


def _with_depth(layout: PixelLayout, bits: int) -> PixelLayout:
    """Return the layout with so many bits, right-justified; of signed values the highest of them is the sign."""
    return replace(layout, bits_stored=bits, high_bit=bits - 1)


def _bits_beyond(values: Frame, layout: PixelLayout) -> int:
    """Return which bits above the stored ones any value has, as one number; none of those that repeat its sign."""
    if layout.is_signed:
        half = values.dtype.type(1 << (layout.bits_stored - 1))
        whole = values.dtype.type((1 << values.dtype.itemsize * 8) - 1)
        top = values & (whole ^ (half - 1))
        values = np.where(top == whole ^ (half - 1), values.dtype.type(0), values)
    return int(np.bitwise_or.reduce(values, axis=None)) >> layout.bits_stored


def settle_depth(values: RawFrame, layout: PixelLayout) -> tuple[Frame, PixelLayout]:
    """Return pixels of 8 or 16 bits, and the layout with where their bits are.

    Of 32 bits, 16 remain: the highest of a colour, and of grey those of the range that occurs. One bit becomes black
    and white.
    """
    layout = _find_bits(values, layout)
    if layout.bits_allocated == 1:
        depth = replace(layout, bits_allocated=_BYTE, bits_stored=_BYTE, high_bit=_BYTE - 1, step=1 / 255)
        return np.asarray(values * np.uint8(255), np.uint8), depth
    if values.dtype == np.uint32:
        return _take_16_bits(values, layout)
    return values, layout


def _find_bits(values: RawFrame, layout: PixelLayout) -> PixelLayout:
    """Return the layout with HighBit as the pixels have it.

    Of left-justified pixels the lowest bits are unused. Where they are not, and all values fit without a shift,
    HighBit is what is wrong: writers of 12 bits in 16 often give it as 15.
    """
    if not layout.shift or not int(np.bitwise_or.reduce(values, axis=None)) & ((1 << layout.shift) - 1):
        return layout
    half = 1 << (layout.bits_stored - 1)
    if layout.is_signed:
        signed = values.view(f"i{values.dtype.itemsize}")
        fits = -half <= int(signed.min()) and int(signed.max()) < half
    else:
        fits = int(values.max()) < 2 * half
    return replace(layout, high_bit=layout.bits_stored - 1) if fits else layout


def _take_16_bits(values: RawFrame, layout: PixelLayout) -> tuple[Frame, PixelLayout]:
    """Return pixels of 32 bits as ones of 16, and how these are to be read."""
    unsigned = replace(layout, bits_allocated=_WORD, bits_stored=_WORD, high_bit=_WORD - 1, is_signed=False)
    narrow = np.empty(values.shape, np.uint16)
    tops = [*range(0, values.shape[0], max(1, _BAND_PIXELS // values.shape[1])), values.shape[0]]
    if layout.samples > 1:
        drop = max(layout.bits_stored - _WORD, 0)
        for top, bottom in pairwise(tops):
            narrow[top:bottom] = _own_bits(values[top:bottom], layout) >> drop
        return narrow, replace(unsigned, bits_stored=layout.bits_stored - drop, high_bit=layout.bits_stored - drop - 1)
    ends = [(int(band.min()), int(band.max())) for band in (_own_bits(values[a:b], layout) for a, b in pairwise(tops))]
    least, most = min(low for low, _ in ends), max(high for _, high in ends)
    drop = max((most - least).bit_length() - _WORD, 0)
    for top, bottom in pairwise(tops):
        narrow[top:bottom] = (_own_bits(values[top:bottom], layout) - np.uint32(least)) >> drop
    return narrow, replace(unsigned, step=float(1 << drop), base=layout.lowest + least)


def shrink_frame(
    values: Frame, layout: PixelLayout, palette: Palette | None, padding: "Padding | None", *, whole: bool
) -> StoredPixels:
    """Return the frame in grey, made smaller and square in its own bit depth (see `imaging.image.Fit`).

    Signed values are moved up to be positive. Values within `padding` become the darkest: before, since a mean of
    padding and image would be neither.
    """
    if padding is None and values.dtype == np.uint16 and palette is None:
        return _shrink_in_bands(values, layout, whole=whole)
    grey = values if _is_plain(values, layout, palette) else _grey_in_bands(values, layout, palette)
    if padding is not None:
        is_padding = padding.find(values, layout) if padding.in_words else padding.find(grey)
        grey = _darken_padding(grey, is_padding, is_inverted=layout.is_inverted != padding.is_on_falling)
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
    values = _own_bits(values, layout)
    if values.ndim == 3:
        return values[..., 0] if layout.photometric.startswith("YBR_FULL") else to_luma(values)
    return values if palette is None else palette.to_grey(values)


def _own_bits(values: RawFrame, layout: PixelLayout) -> RawFrame:
    """Return values without the bits below and above the stored ones; signed ones moved up to be positive."""
    kind = values.dtype.type
    if layout.shift:
        values = np.right_shift(values, kind(layout.shift))
    if layout.bits_stored < values.dtype.itemsize * 8:  # old files keep overlays in the bits above
        values = np.bitwise_and(values, kind((1 << layout.bits_stored) - 1))
    if layout.is_signed and layout.samples == 1:
        values = np.bitwise_xor(values, kind(1 << (layout.bits_stored - 1)))
    return values


def to_luma(values: Frame) -> Frame:
    """Convert RGB to brightness, as a sum of fractions of 256."""
    total = np.zeros(values.shape[:2], np.uint16 if values.dtype == np.uint8 else np.uint32)
    for channel, weight in enumerate(LUMA.values()):
        total += values[..., channel] * total.dtype.type(round(weight * 256))
    grey = total >> 8
    return grey.astype(np.uint8) if values.dtype == np.uint8 else grey.astype(np.uint16)


def _darken_padding(grey: Frame, is_padding: NDArray[np.bool_], *, is_inverted: bool) -> Frame:
    """Return the frame with its padding as dark as its darkest pixel, so that it changes no window.

    Nor does it blur into an edge. A pixel that lies far from all others does not count as the darkest.
    """
    if is_padding.all() or not is_padding.any():
        return grey
    darkest = typical_range(grey[~is_padding])[1 if is_inverted else 0]
    return np.where(is_padding, grey.dtype.type(darkest), grey)


@dataclass(frozen=True)
class Padding:
    """The values that mean "nothing here", both ends included."""

    low: int
    high: int
    in_words: bool = False
    """Whether they are whole words of the file, and else grey values, of which signed ones are moved up."""
    is_on_falling: bool = False
    """Whether slope or tables make the lowest stored values the brightest."""

    def find(self, values: Frame, layout: PixelLayout | None = None) -> NDArray[np.bool_]:
        """Return which pixels are padding; `layout`: of words."""
        if layout is not None and layout.is_signed:
            values = values.view(f"i{values.dtype.itemsize}")
        return (values >= self.low) & (values <= self.high)  # plain numbers: a frame's own words may be bytes


def read_padding(header: Dataset, layout: PixelLayout, *, big_endian: bool) -> Padding | None:
    """Return what of a frame is padding. A range that leaves no value, or has none, pads nothing.

    Some writers pad with words that have more than the stored bits: these are looked for as they are, and never cut
    down to the stored bits, where a burnt-out pixel may have the same.
    """
    ends = read_words(header, "PixelPaddingValue", big_endian=big_endian)[:1]
    if not ends or layout.samples > 1 or layout.photometric == "PALETTE COLOR" or layout.step != 1 or layout.base:
        return None
    ends += read_words(header, "PixelPaddingRangeLimit", big_endian=big_endian)[:1]
    if layout.is_signed:
        ends = [end - _WORDS if end >= _WORDS // 2 else end for end in ends]
    low, high = min(ends) - layout.lowest, max(ends) - layout.lowest
    top = (1 << layout.bits_stored) - 1
    is_on_falling = is_falling(header, big_endian=big_endian)
    if high < 0 or low > top:
        has_room = layout.bits_stored < layout.bits_allocated == _WORD and not layout.shift
        return Padding(min(ends), max(ends), in_words=True, is_on_falling=is_on_falling) if has_room else None
    return None if low <= 0 and high >= top else Padding(max(low, 0), min(high, top), is_on_falling=is_on_falling)
