"""JPEG and PNG, decoded by Pillow: bounds from the header first, then no more pixels than needed."""

import io
import logging
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.bounds import DETAIL_PIXELS, PREVIEW_SIDE
from imaging.colour import colour_share, jpeg_colour_share
from imaging.jpeg_stream import check_jpeg
from imaging.picture import ImageFacts, Picture, Stored
from imaging.png_stream import check_png
from imaging.refusal import unsupported

# Pillow tells each EXIF value at debug level: what a camera noted about a person stays out of the log.
logging.getLogger("PIL").setLevel(logging.INFO)

_DRAFT_SIDE = PREVIEW_SIDE * 5 // 8
"""JPEG is decoded at 1/2, 1/4 or 1/8 as long as its longer side keeps this many pixels."""

_BYTE = 8
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode_jpeg(data: bytes, *, whole: bool) -> Picture:
    """A JPEG file → an upright grey picture of 8 bits."""
    frame = check_jpeg(data)
    if frame.lossless or frame.precision != _BYTE:
        raise unsupported("This kind of JPEG (lossless or of 12 bits) is read in DICOM files only.")
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        columns, rows = image.size
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
        grey = fit(_draft_grey(image, whole=whole), whole=whole)
    if turn is not None:
        grey = grey.transpose(turn)
    return Picture(np.asarray(grey), 0, 255, ImageFacts("JPEG", rows, columns, 8), colour=jpeg_colour_share(data))


def decode_jpeg_frame(data: bytes, *, whole: bool) -> Stored:
    """One JPEG frame of 8 bits from inside a DICOM file, checked before."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        return np.asarray(fit(_draft_grey(image, whole=whole), whole=whole))


def decode_png(data: bytes, *, whole: bool) -> Picture:
    """A PNG file of any colour type → a grey picture of 8 or 16 bits."""
    check_png(data)
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        columns, rows = image.size
        if not image.mode.startswith("I"):
            pixels, colour = np.asarray(fit(image.convert("L"), whole=whole)), colour_share(image)
            return Picture(pixels, 0, 255, ImageFacts("PNG", rows, columns, 8), colour=colour)
        deep = deep_fit(np.asarray(image), shrinking(*image.size, whole=whole))
    bits = max(int(deep.max()).bit_length(), 8)  # 10, 12 or 14 bits are usual in a file of 16
    return Picture(deep, 0, (1 << bits) - 1, ImageFacts("PNG", rows, columns, bits))


def fit(image: Image.Image, *, whole: bool = False) -> Image.Image:
    """The image as large as is kept: means of whole blocks of pixels, six times as fast as resampling."""
    factor = shrinking(*image.size, whole=whole)
    return image if factor == 1 else image.reduce(factor)


def deep_fit(values: NDArray[np.uint16] | NDArray[np.int32], factor: int) -> NDArray[np.float32]:
    """Values of more than 8 bits, rows x columns, made smaller likewise; rows over from the last block are dropped.

    Rows are summed first: a float copy of the whole frame would take seven times as long, most of it for its memory.
    """
    if factor == 1:
        return values.astype(np.float32)
    rows, columns = (side // factor * factor for side in values.shape)
    sums = values[0:rows:factor].astype(np.float32)
    for row in range(1, factor):
        sums += values[row:rows:factor]
    means = sums[:, 0:columns:factor].copy()
    for column in range(1, factor):
        means += sums[:, column:columns:factor]
    means /= np.float32(factor * factor)
    return means


def shrinking(one_side: int, other_side: int, *, whole: bool) -> int:
    """How many pixels a side of a block become one: to `PREVIEW_SIDE` a side, or to `DETAIL_PIXELS` in all."""
    if whole:
        return math.ceil(math.sqrt(one_side * other_side / DETAIL_PIXELS))
    return -(-max(one_side, other_side) // PREVIEW_SIDE)


def _draft_grey(image: Image.Image, *, whole: bool) -> Image.Image:
    """Decode a JPEG straight to grey, whole or at the smallest scale that keeps `_DRAFT_SIDE` pixels."""
    scale = 1.0 if whole else min(1.0, _DRAFT_SIDE / max(image.size))
    image.draft("L", (max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    image.load()
    return image if image.mode == "L" else image.convert("L")
