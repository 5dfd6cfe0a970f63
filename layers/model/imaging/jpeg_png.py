"""JPEG and PNG: recognised by content, checked by structure, then decoded by Pillow no larger than needed."""

import io
import logging
import math
import struct
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.bounds import DETAIL_PIXELS, MAX_JPEG_SCANS, MAX_SEGMENTS, PREVIEW_SIDE, check_dimensions
from imaging.errors import bad_input, too_large, unsupported_format
from imaging.image import Format, ImageFacts, Picture, StoredPixels
from segments import StructureError, TooManyPartsError, TruncationError, jpeg, png

_HIERARCHICAL_OR_ARITHMETIC = frozenset({*range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_FRAMES = jpeg.DCT_FRAMES | {jpeg.LOSSLESS_FRAME}
_JPEG_PADDING = b"\x00\xff\r\n"


@dataclass(frozen=True)
class JpegFrame:
    """What a JPEG's frame header says of its pixels."""

    lossless: bool
    precision: int
    rows: int
    columns: int
    components: int


def check_jpeg(data: bytes) -> JpegFrame:
    """Refuse a JPEG that is out of bounds, cut short, has absurdly many scans, or goes on after its end.

    Bytes after the end are how a page or an archive is hidden in an image (and how phones append videos).
    """
    scans = start = 0
    frame = None
    try:
        for marker, start in jpeg.read_segments(data, MAX_SEGMENTS):
            if marker in _HIERARCHICAL_OR_ARITHMETIC:
                raise unsupported_format("This kind of JPEG (hierarchical or arithmetic) is not read.")
            if marker in _FRAMES:
                frame = _read_frame(data, start, lossless=marker == jpeg.LOSSLESS_FRAME)
            scans += marker == jpeg.SOS
            if scans > MAX_JPEG_SCANS:
                raise too_large(f"The JPEG has more than {MAX_JPEG_SCANS} scans.")
    except TooManyPartsError:
        raise too_large(f"The JPEG has more than {MAX_SEGMENTS} segments.") from None
    except TruncationError:
        raise bad_input("The JPEG ends before its image does.") from None
    except StructureError:
        raise bad_input("The JPEG is damaged.") from None
    if data[start:].strip(_JPEG_PADDING):
        raise bad_input("The file goes on after the end of its JPEG image.")
    if frame is None:
        raise bad_input("The JPEG holds no image.")
    return frame


def _read_frame(data: bytes, start: int, *, lossless: bool) -> JpegFrame:
    precision, rows, columns, components = struct.unpack_from(">BHHB", data, start + 2)
    check_dimensions(rows, columns)
    return JpegFrame(lossless=lossless, precision=precision, rows=rows, columns=columns, components=components)


_HEADER_KIND = len(png.SIGNATURE) + 4
_HEADER = _HEADER_KIND + 4
_PNG_PADDING = b"\x00\r\n"


def check_png(data: bytes) -> None:
    """Refuse a PNG that is out of bounds, cut short, or goes on after its end."""
    if data[_HEADER_KIND:_HEADER] != b"IHDR":
        raise bad_input("The PNG is damaged.")
    columns, rows = struct.unpack_from(">II", data, _HEADER)
    check_dimensions(rows, columns)
    try:
        ends = [chunk.end for chunk in png.read_chunks(data, MAX_SEGMENTS)]
        if len(ends) == MAX_SEGMENTS:  # IEND must come before the last chunk that is read
            raise TooManyPartsError
    except TruncationError:
        raise bad_input("The PNG ends before its image does.") from None
    except TooManyPartsError:
        raise too_large(f"The PNG has more than {MAX_SEGMENTS} chunks.") from None
    if data[ends[-1] :].strip(_PNG_PADDING):
        raise bad_input("The file goes on after the end of its PNG image.")


_SIDE = 64
_GREY_MODES = frozenset({"1", "L", "LA", "La"})
_COLOUR_DISTANCE = 20
"""Distance from grey, of 127, from which on a pixel counts as coloured."""


def colour_share(image: Image.Image) -> float:
    """Return the share of clearly coloured pixels in a sample of an image, which may be loaded or not."""
    if image.mode in _GREY_MODES:
        return 0.0
    # Pixels as they are, not means: colours that lie side by side would cancel out.
    sample = image.resize((_SIDE, _SIDE), Image.Resampling.NEAREST).convert("RGB").convert("YCbCr")
    chroma = np.abs(np.asarray(sample, np.int16)[..., 1:] - 128).max(axis=2)
    return float((chroma > _COLOUR_DISTANCE).mean())


def jpeg_colour_share(data: bytes) -> float:
    """Return the share of clearly coloured pixels in a JPEG file, decoded at an eighth of its size.

    Nothing is decoded of a grey one.
    """
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        if image.mode in _GREY_MODES:
            return 0.0
        image.draft(image.mode, (max(1, image.width // 8), max(1, image.height // 8)))
        return colour_share(image)


JPEG_START = b"\xff\xd8\xff"
DICOM_PREAMBLE = 128
DICOM_MARK = b"DICM"
HEAD_BYTES = DICOM_PREAMBLE + len(DICOM_MARK)
"""How much of a file `sniff` needs."""

_FOREIGN_PREAMBLES = (
    JPEG_START,
    png.SIGNATURE,
    b"MZ",
    b"\x7fELF",
    b"PK",
    b"%PDF",
    b"%!",
    b"<",
    b"GIF8",
    b"#!",
    b"BM",
    b"SIMPLE",
)
"""A DICOM preamble may be anything, so a program or a page can hide in it: such a file is two files at once."""


def sniff(head: bytes) -> Format | None:
    """Return the format that the first `HEAD_BYTES` of a file show; None if it is not an accepted one."""
    if head[DICOM_PREAMBLE:HEAD_BYTES] == DICOM_MARK:
        return None if head.startswith(_FOREIGN_PREAMBLES) else "DICOM"
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
    """Convert a JPEG file to an upright grey picture of 8 bits."""
    frame = check_jpeg(data)
    if frame.lossless or frame.precision != _BYTE:
        raise unsupported_format("This kind of JPEG (lossless or of 12 bits) is read in DICOM files only.")
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        columns, rows = image.size
        colours = None if image.mode in _GREY_MODES else partial(read_colours, data, "JPEG")
        grey = _turn(fit(_draft(image, "L", whole=whole), whole=whole), image)
    facts = ImageFacts("JPEG", rows, columns, 8)
    return Picture(np.asarray(grey), 0, 255, facts, colour=jpeg_colour_share(data), colours=colours)


def read_colours(data: bytes, kind: Format, whole: bool) -> NDArray[np.uint8]:
    """Return a checked JPEG or PNG file in colour, upright: rows x columns x red, green, blue.

    Transparency is left out. It takes as many pixels as the grey picture does.
    """
    with Image.open(io.BytesIO(data), formats=[kind]) as image:
        if kind == "PNG":
            return np.asarray(fit(image.convert("RGB"), whole=whole))
        return np.asarray(_turn(fit(_draft(image, "RGB", whole=whole), whole=whole), image))


def _turn(pixels: Image.Image, file: Image.Image) -> Image.Image:
    """Return the pixels of a JPEG file upright, as its EXIF says."""
    turn = _TURNS.get(file.getexif().get(_ORIENTATION, 1))
    return pixels if turn is None else pixels.transpose(turn)


def decode_jpeg_frame(data: bytes, *, whole: bool) -> StoredPixels:
    """Decode one JPEG frame of 8 bits from inside a DICOM file, which was checked before."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        return np.asarray(fit(_draft(image, "L", whole=whole), whole=whole))


def decode_jpeg_in_colour(data: bytes) -> NDArray[np.uint8]:
    """Decode the same whole, in red, green and blue if it has colours."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        return np.asarray(image if image.mode == "L" else image.convert("RGB"))


def decode_png(data: bytes, *, whole: bool) -> Picture:
    """Convert a PNG file of any colour type to a grey picture of 8 or 16 bits."""
    check_png(data)
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        columns, rows = image.size
        if not image.mode.startswith("I"):
            pixels, colour = np.asarray(fit(image.convert("L"), whole=whole)), colour_share(image)
            colours = None if image.mode in _GREY_MODES else partial(read_colours, data, "PNG")
            facts = ImageFacts("PNG", rows, columns, 8)
            return Picture(pixels, 0, 255, facts, colour=colour, colours=colours)
        deep = fit_deep(np.asarray(image), shrink_factor(*image.size, whole=whole))
    bits = max(int(deep.max()).bit_length(), 8)  # 10, 12 or 14 bits are usual in a file of 16
    return Picture(deep, 0, (1 << bits) - 1, ImageFacts("PNG", rows, columns, bits))


def fit(image: Image.Image, *, whole: bool = False) -> Image.Image:
    """Return the image as large as is kept: means of whole blocks of pixels, six times as fast as resampling."""
    factor = shrink_factor(*image.size, whole=whole)
    return image if factor == 1 else image.reduce(factor)


def fit_deep(values: NDArray[np.uint16] | NDArray[np.int32], factor: int) -> NDArray[np.float32]:
    """Return values of more than 8 bits, rows x columns, made smaller likewise.

    Rows and columns over from the last block are dropped. Rows are summed first: a float copy of the whole
    frame would take seven times as long, most of it for its memory.
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


def shrink_factor(one_side: int, other_side: int, *, whole: bool) -> int:
    """Return how many pixels a side of a block become one: to `PREVIEW_SIDE` a side, or to `DETAIL_PIXELS` in all."""
    if whole:
        return math.ceil(math.sqrt(one_side * other_side / DETAIL_PIXELS))
    return -(-max(one_side, other_side) // PREVIEW_SIDE)


def _draft(image: Image.Image, mode: Literal["L", "RGB"], *, whole: bool) -> Image.Image:
    """Decode a JPEG straight to grey or colour, whole or at the smallest scale that keeps `_DRAFT_SIDE` pixels."""
    scale = 1.0 if whole else min(1.0, _DRAFT_SIDE / max(image.size))
    image.draft(mode, (max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    image.load()
    return image if image.mode == mode else image.convert(mode)
