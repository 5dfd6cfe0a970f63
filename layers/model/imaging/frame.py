"""One frame as its file stores it → grey values, no larger than needed, that a picture can hold."""

import numpy as np
from PIL import Image

from imaging.dicom_header import PixelLayout
from imaging.fragments import Frame
from imaging.palette import LUMA, Palette
from imaging.picture import Stored
from imaging.raster import deep_fit, fit, shrinking

_BAND_PIXELS = 1 << 18
"""A band of rows at a time, which stays in the processor's cache; a whole frame's sums would take twice its memory."""


def shrunk(
    values: Frame, layout: PixelLayout, palette: Palette | None, padding: tuple[int, int] | None, *, whole: bool
) -> Stored:
    """Grey values as many as are kept (see `imaging.raster.shrinking`), made smaller in their own depth.

    Signed values are moved up to be positive. Values within `padding` (stored ones, in that form) become the darkest.
    """
    if padding is None and values.dtype == np.uint16 and palette is None:
        return _shrunk_in_bands(values, layout, whole=whole)
    grey = values if _plain(values, layout, palette) else _in_bands(values, layout, palette)
    if padding is not None:
        grey = _unpadded(grey, padding, inverted=layout.photometric == "MONOCHROME1")
    if grey.dtype == np.uint8:
        return np.asarray(fit(Image.fromarray(np.ascontiguousarray(grey)), whole=whole))
    return deep_fit(grey.astype(np.uint16, copy=False), shrinking(*grey.shape, whole=whole))


def _plain(values: Frame, layout: PixelLayout, palette: Palette | None) -> bool:
    if values.ndim == 3 or palette is not None:
        return False
    return layout.stored == values.dtype.itemsize * 8 and not layout.signed


def _shrunk_in_bands(values: Frame, layout: PixelLayout, *, whole: bool) -> Stored:
    factor = shrinking(*values.shape[:2], whole=whole)
    height = max(1, _BAND_PIXELS // values.shape[1] // factor) * factor
    tops = range(0, values.shape[0] // factor * factor, height)
    bands = (_grey(values[top : top + height], layout, None).astype(np.uint16, copy=False) for top in tops)
    return np.concatenate([deep_fit(band, factor) for band in bands])


def _in_bands(values: Frame, layout: PixelLayout, palette: Palette | None) -> Frame:
    grey = np.empty(values.shape[:2], values.dtype) if palette is None else np.empty(values.shape[:2], np.uint8)
    height = max(1, _BAND_PIXELS // values.shape[1])
    for top in range(0, values.shape[0], height):
        grey[top : top + height] = _grey(values[top : top + height], layout, palette)
    return grey


def _grey(values: Frame, layout: PixelLayout, palette: Palette | None) -> Frame:
    """Grey values without foreign bits."""
    if values.ndim == 3:
        return values[..., 0] if layout.photometric.startswith("YBR_FULL") else luma(values)
    if layout.stored < values.dtype.itemsize * 8:  # old files keep overlays in the bits above
        values = np.bitwise_and(values, values.dtype.type((1 << layout.stored) - 1))
    if layout.signed:
        values = np.bitwise_xor(values, values.dtype.type(1 << (layout.stored - 1)))
    return values if palette is None else palette.shown(values)


def luma(values: Frame) -> Frame:
    """RGB → brightness, as a sum of fractions of 256."""
    total = np.zeros(values.shape[:2], np.uint16 if values.dtype == np.uint8 else np.uint32)
    for channel, weight in enumerate(LUMA.values()):
        total += values[..., channel] * total.dtype.type(round(weight * 256))
    grey = total >> 8
    return grey.astype(np.uint8) if values.dtype == np.uint8 else grey.astype(np.uint16)


def _unpadded(grey: Frame, padding: tuple[int, int], *, inverted: bool) -> Frame:
    """The frame with its padding as dark as its darkest pixel, so that it decides no window and blurs into no edge."""
    low, high = (grey.dtype.type(max(0, min(end, np.iinfo(grey.dtype).max))) for end in padding)
    padded = (grey >= low) & (grey <= high)
    if padded.all() or not padded.any():
        return grey
    kept = grey[~padded]
    return np.where(padded, kept.max() if inverted else kept.min(), grey)
