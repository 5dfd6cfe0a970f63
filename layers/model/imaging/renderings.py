"""Files made from a picture for people to look at: a preview, and the same with heat on the findings."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.analysis import Analysis
from imaging.heatmaps import spread_heat
from imaging.image import Picture, fit

_PREVIEW_BYTES = 700_000
_QUALITIES = (88, 75, 60, 40)
_GREYS, _HEATS = 42, 6
_FROM_HEAT = 0.35
_OPACITY = 0.45
_COLD, _HOT = (255, 214, 0), (230, 0, 38)


def preview(picture: Picture) -> bytes:
    """Return a grey JPEG, its longer side at most `bounds.PREVIEW_SIDE` pixels, well below 1 MB."""
    image = fit(Image.fromarray(picture.to_grey()))
    for quality in _QUALITIES:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        if file.tell() <= _PREVIEW_BYTES:
            break
    return file.getvalue()


def heatmap(picture: Picture, analysis: Analysis, label: str | None = None) -> bytes:
    """Return a PNG of the preview's size: the grey picture with transparent heat.

    Heat lies on all positive findings, or on `label`. Raises KeyError for a label that is not positive.
    Without positive findings there is no heat.
    """
    grey = np.asarray(fit(Image.fromarray(picture.to_grey())))
    grids = list(analysis.grids.values()) if label is None else [analysis.grids[label]]
    heat = np.zeros(grey.shape, np.float32)
    for grid in grids:
        np.maximum(heat, spread_heat(grid, analysis.placement, *grey.shape), out=heat)
    return _overlay(grey, heat)


def _overlay(grey: NDArray[np.uint8], heat: NDArray[np.float32]) -> bytes:
    """Return a PNG in a palette of greys by heats, a third as large as in full colour."""
    step = np.clip((heat - _FROM_HEAT) / (1 - _FROM_HEAT) * _HEATS, 0, _HEATS - 1).astype(np.uint8)
    tone = (grey.astype(np.uint16) * (_GREYS - 1) + 127) // 255
    image = Image.fromarray((step * _GREYS + tone).astype(np.uint8)).convert("P")
    image.putpalette(_palette())
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)  # six times as fast for a third more bytes
    return file.getvalue()


def _palette() -> bytes:
    """Return RGB of each grey at no heat, then of each at the next heat, and so on."""
    greys = np.linspace(0, 255, _GREYS)[None, :, None]
    share = np.linspace(0, 1, _HEATS)[:, None, None]
    colour = np.array(_COLD) * (1 - share) + np.array(_HOT) * share
    opacity = _OPACITY * np.sqrt(share)
    return (greys * (1 - opacity) + colour * opacity + 0.5).astype(np.uint8).tobytes()
