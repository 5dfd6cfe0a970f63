"""JPEG and PNG: recognised by content, checked by structure; JPEG decoded by Pillow no larger than needed."""

import io
import logging
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.bounds import PREVIEW_SIDE
from imaging.errors import unsupported_format
from imaging.image import Format, ImageFacts, Picture, Stance, StoredPixels, draft_scale, fit
from imaging.structure import FOREIGN_STARTS, JPEG_START, read_jpeg
from segments import is_meta_start, png
from segments.layout import read_jpeg_layout

_SIDE = 64
GREY_MODES = frozenset({"1", "L", "LA", "La"})
_COLOUR_DISTANCE = 20
"""Distance from grey, of 127, from which on a pixel counts as coloured."""


def colour_share(image: Image.Image) -> float:
    """Return the share of clearly coloured pixels in a sample of an image, which may be loaded or not."""
    if image.mode in GREY_MODES:
        return 0.0
    # Pixels as they are, not means: colours that lie side by side would cancel out.
    sample = image.resize((_SIDE, _SIDE), Image.Resampling.NEAREST)
    chroma = np.abs(np.asarray(sample.convert("RGB").convert("YCbCr"), np.int16)[..., 1:] - 128).max(axis=2)
    if "A" in sample.getbands():  # a transparent pixel may have any colour, which nobody sees
        chroma = chroma * (np.asarray(sample.getchannel("A"), np.int16) / 255)
    return float((chroma > _COLOUR_DISTANCE).mean())


def jpeg_colour_share(data: bytes) -> float:
    """Return the share of clearly coloured pixels in a JPEG file, decoded at an eighth of its size.

    Nothing is decoded of a grey one.
    """
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        if image.mode in GREY_MODES:
            return 0.0
        image.draft(image.mode, (max(1, image.width // 8), max(1, image.height // 8)))
        return colour_share(image)


DICOM_PREAMBLE = 128
DICOM_MARK = b"DICM"
HEAD_BYTES = DICOM_PREAMBLE + len(DICOM_MARK)
"""How much of a file `sniff` needs."""

_FOREIGN_PREAMBLES = (JPEG_START, *FOREIGN_STARTS)
"""A DICOM preamble may be anything, so a program or a page can hide in it: such a file is two files at once."""


def sniff(head: bytes) -> Format | None:
    """Return the format that the first `HEAD_BYTES` of a file show; None if it is not an accepted one."""
    if head[DICOM_PREAMBLE:HEAD_BYTES] == DICOM_MARK:
        return None if head.lstrip().startswith(_FOREIGN_PREAMBLES) else "DICOM"
    if is_meta_start(head):
        return "DICOM"
    if head.startswith(JPEG_START):
        return "JPEG"
    if head.startswith(png.SIGNATURE):
        return "PNG"
    return None


# Pillow logs each EXIF value at debug level: what a camera noted about a person stays out of the log.
logging.getLogger("PIL").setLevel(logging.INFO)

_DRAFT_SIDE = PREVIEW_SIDE * 5 // 8
"""JPEG is decoded at 1/2, 1/4 or 1/8 as long as its longer side keeps this many pixels."""

_BYTE = 8


def decode_jpeg(data: bytes, *, whole: bool) -> Picture:
    """Convert a JPEG file to an upright grey picture of 8 bits."""
    frame, data = read_jpeg(data)
    if frame.lossless or frame.precision != _BYTE:
        raise unsupported_format("This kind of JPEG (lossless or of 12 bits) is read in DICOM files only.")
    stance = Stance.of(read_jpeg_layout(data))
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        columns, rows = image.size
        colours = None if image.mode in GREY_MODES else partial(_read_jpeg_colours, data, stance)
        grey = stance.apply(_draft(image, "L", stance.ratio, whole=whole), whole=whole)
    return Picture(
        pixels=np.asarray(grey),
        low=0,
        high=255,
        facts=ImageFacts("JPEG", rows, columns, 8),
        colour=jpeg_colour_share(data),
        colours=colours,
        pixel_ratio=stance.ratio,
    )


def _read_jpeg_colours(data: bytes, stance: Stance, whole: bool) -> NDArray[np.uint8]:
    """Return a checked JPEG file in colour, upright: rows x columns x red, green, blue.

    It takes as many pixels as the grey picture does.
    """
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        return np.asarray(stance.apply(_draft(image, "RGB", stance.ratio, whole=whole), whole=whole))


def decode_jpeg_frame(data: bytes, ratio: float, *, whole: bool) -> StoredPixels:
    """Decode one JPEG frame of 8 bits from inside a DICOM file, which was checked before.

    How it lies, the DICOM header alone says: a frame's own orientation and density do not count there.
    """
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        return np.asarray(fit(_draft(image, "L", ratio, whole=whole), ratio, whole=whole))


def decode_jpeg_in_colour(data: bytes) -> NDArray[np.uint8]:
    """Decode the same whole, in red, green and blue if it has colours."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        return np.asarray(image if image.mode == "L" else image.convert("RGB"))


def _draft(image: Image.Image, mode: Literal["L", "RGB"], ratio: float, *, whole: bool) -> Image.Image:
    """Decode a JPEG straight to grey or colour, whole or at the smallest scale that keeps `_DRAFT_SIDE` pixels."""
    scale = 1.0 if whole else draft_scale(image.height, image.width, ratio, _DRAFT_SIDE)
    image.draft(mode, (max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    image.load()
    return image if image.mode == mode else image.convert(mode)
