"""How colourful a file is: pictures are read as grey, and a photograph would not show as one any more."""

import io

import numpy as np
from PIL import Image

_SIDE = 64
_GREY_MODES = frozenset({"1", "L", "LA", "La"})
_CLEARLY = 20
"""Distance from grey, of 127, from which on a pixel counts as coloured."""


def colour_share(image: Image.Image) -> float:
    """The share of clearly coloured pixels, by a sample of an image that was opened, or also loaded."""
    if image.mode in _GREY_MODES:
        return 0.0
    # Pixels as they are, not means: colours that lie side by side would cancel out.
    sample = image.resize((_SIDE, _SIDE), Image.Resampling.NEAREST).convert("RGB").convert("YCbCr")
    chroma = np.abs(np.asarray(sample, np.int16)[..., 1:] - 128).max(axis=2)
    return float((chroma > _CLEARLY).mean())


def jpeg_colour_share(data: bytes) -> float:
    """The same of a JPEG file, decoded at an eighth of its size; nothing is decoded of a grey one."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        if image.mode in _GREY_MODES:
            return 0.0
        image.draft(image.mode, (max(1, image.width // 8), max(1, image.height // 8)))
        return colour_share(image)
