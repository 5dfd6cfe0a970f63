"""One frame of encapsulated pixel data (part 5, annex A.4), and its codecs: JPEG, JPEG-LS, RLE.

Each is checked by its own header first.
"""

import contextlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from imaging.bounds import MAX_FRAMES, MAX_JPEG_SCANS
from imaging.dicom.header import PixelLayout
from imaging.errors import bad_input, too_large, unsupported_format
from imaging.structure import JpegFrame, read_jpeg
from segments.jpeg import DCT_FRAMES, WITHOUT_LENGTH, find_segment_end, read_segments

Frame = NDArray[np.uint8] | NDArray[np.uint16]
"""rows x columns, or rows x columns x 3; signed values as they are, in two's complement."""


@dataclass(frozen=True, eq=False)
class DecodedFrame:
    """A frame, and what its own header says of it: where that and the DICOM header differ, a reader must choose."""

    values: Frame
    bits: int
    is_signed: bool | None = None
    """None if the format does not tell."""
    colours: Literal["RGB", "YBR_FULL"] | None = None
    """What three components are, if the frame tells."""


_ITEM = 0xE000FFFE
_ITEM_HEADER = 8
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff")
"""Of JPEG and JPEG-LS, and of JPEG 2000."""

MAX_FRAGMENTS = 4 * MAX_FRAMES
"""A frame is seldom in more than one; empty ones by the million would only cost time."""


def extract_fragments(pixels: memoryview, index: int, frames: int, offset_table: bytes = b"") -> bytes:
    """Return the encoded frame `index` of `frames`, whole. For the rest see `split_frames`."""
    return b"".join(split_frames(pixels, frames, offset_table)[index])


def split_frames(pixels: memoryview, frames: int, offset_table: bytes = b"") -> list[list[memoryview]]:
    """Return the fragments of each of the `frames` encoded frames.

    `offset_table`: the header's extended one, of 64 bits each. Raises ImageError (BAD_INPUT) if the frames cannot be
    told from each other.
    """
    items = list(_items(pixels))
    if not items:
        raise bad_input("The DICOM file holds no encoded frame.")
    has_table = bytes(items[0][1][: len(_STARTS[0])]) not in _STARTS  # some writers begin with the first frame
    table = items[0][1] if has_table else memoryview(b"")
    items = items[has_table:]
    fragments = [body for _, body in items]
    if frames == 1:
        return [fragments]
    places = {place - items[0][0]: i for i, (place, _) in enumerate(items)}
    for offsets in (_offsets(bytes(table), 4, "I"), _offsets(offset_table, 8, "Q")):
        starts = [places.get(offset, 0) for offset in offsets]
        # Counted from elsewhere, or zeros, offsets would lead to another frame or to none: then the fragments tell.
        if len(starts) == frames and starts[0] == offsets[0] == 0 and all(a < b for a, b in pairwise(starts)):
            break
    else:
        starts = list(range(frames)) if len(fragments) == frames else _starting_fragments(fragments, frames)
    return [fragments[start:end] for start, end in pairwise([*starts, len(fragments)])]


def _offsets(table: bytes, size: int, kind: str) -> tuple[int, ...]:
    return struct.unpack(f"<{len(table) // size}{kind}", table[: len(table) // size * size])


def _starting_fragments(fragments: list[memoryview], frames: int) -> list[int]:
    """Return which fragments begin like an encoded image, if these are just as many as there are frames.

    Raises ImageError otherwise.
    """
    starts = [i for i, body in enumerate(fragments) if bytes(body[: len(_STARTS[0])]) in _STARTS]
    if len(starts) != frames:
        raise bad_input("The DICOM file does not tell where its frames start.")
    return starts


def _items(pixels: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield (position, value) of each item, up to the delimiter that ends them or the end of the file."""
    position = 0
    for _ in range(MAX_FRAGMENTS):
        if position + _ITEM_HEADER > len(pixels):
            return
        tag, length = struct.unpack_from("<II", pixels, position)
        if tag != _ITEM:
            return
        if position + _ITEM_HEADER + length > len(pixels):
            raise bad_input("The DICOM file ends before its pixels do.")
        yield position, pixels[position + _ITEM_HEADER : position + _ITEM_HEADER + length]
        position += _ITEM_HEADER + length
    raise too_large(f"The DICOM image is in more than {MAX_FRAGMENTS} fragments.")


_RLE_HEADER = 64
_MOST_SEGMENTS = 15
_NOTHING = 128


def decode_rle(frame: bytes, pixels: int, samples: int, kind: type[np.unsignedinteger[Any]]) -> NDArray[Any]:
    """Convert an RLE frame to samples x pixels.

    Each byte of a sample is a segment of its own, the most significant first.
    """
    values: NDArray[Any] = np.empty((samples, pixels), np.dtype(kind).newbyteorder("<"))
    width = values.dtype.itemsize
    each_byte = values.view(np.uint8).reshape(samples, pixels, width)
    segments = samples * width
    count = int.from_bytes(frame[:4], "little")
    if count != segments or count > _MOST_SEGMENTS:
        raise bad_input("The RLE frame has another number of segments than its header says.")
    starts = [int.from_bytes(frame[4 * i : 4 * i + 4], "little") for i in range(1, count + 1)]
    ends = [*starts[1:], len(frame)]
    if any(not _RLE_HEADER <= start <= end <= len(frame) for start, end in zip(starts, ends, strict=True)):
        raise bad_input("The RLE frame's segments lie outside it.")
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        sample, place = divmod(i, width)
        each_byte[sample, :, width - 1 - place] = np.frombuffer(
            _decode_packbits(frame[start:end], pixels), np.uint8, pixels
        )
    return values


def _decode_packbits(segment: bytes, size: int) -> bytearray:
    """Decode PackBits: n < 128 → n + 1 literal bytes follow; n > 128 → the next byte 257 - n times; 128 → nothing."""
    plane = bytearray()
    position = 0
    end = len(segment) - 1
    while len(plane) < size and position < end:
        n = segment[position]
        if n < _NOTHING:
            plane += segment[position + 1 : position + 2 + n]
            position += n + 2
        elif n > _NOTHING:
            plane += segment[position + 1 : position + 2] * (257 - n)
            position += 2
        else:
            position += 1
    if len(plane) < size:
        raise bad_input("The RLE frame ends before its image does.")
    return plane


_ADOBE = b"Adobe"
_ADOBE_TRANSFORM = 11
_JFIF = b"JFIF\0"
_APPLICATION_0, _APPLICATION_14 = 0xE0, 0xEE
_JPEG_LS_FRAME = b"\xff\xf7"
_JPEG_LS_SCAN = b"\xff\xda"
_JPEG_LS_PARAMETERS = b"\xff\xf8"
# A byte after 0xFF in coded pixels is below 0x80. Restart markers go on with them.
_JPEG_LS_MARKER = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_END = b"\xff\xd9"
_BYTE = 8


def decode_jpeg(data: bytes, layout: PixelLayout) -> DecodedFrame | None:
    """Convert a frame of any JPEG kind to its values.

    None if Pillow reads it straight to grey, near the size that is needed, and faster. Pillow believes what the JPEG
    says of its colours, and takes them for luminance and colour where it says nothing.
    """
    jpeg_frame, data = read_jpeg(data, alone=False)
    _check_frame(jpeg_frame, layout)
    # A lossless frame is as it was given to the encoder, whatever that wrote of colours.
    is_converted = jpeg_frame.components == 3 and not jpeg_frame.lossless
    colours = _stated_colours(data) if is_converted else None
    is_doubtful = is_converted and layout.photometric == "RGB" and colours is None
    if jpeg_frame.precision == _BYTE and not jpeg_frame.lossless and not is_doubtful:
        return None
    from imagecodecs import jpeg8_decode  # noqa: PLC0415 - a library that few files need

    space = "RGB" if jpeg_frame.components == 3 else "GRAYSCALE"
    values = _check_values(jpeg8_decode(data, colorspace=space, outcolorspace=space), layout)
    return DecodedFrame(values, jpeg_frame.precision, colours=_guess_colours(values) if is_doubtful else colours)


def _stated_colours(data: bytes) -> Literal["RGB", "YBR_FULL"] | None:
    """Return what a JPEG of three components says they are, as libjpeg reads it; None if it does not say.

    JFIF knows no RGB; else Adobe's marker tells, or the components' names; and only colours beside a luminance are
    sampled more coarsely.
    """
    names = samplings = b""
    transform = None
    for marker, start in read_segments(data):
        body = data[start + 2 : find_segment_end(data, start)] if marker not in WITHOUT_LENGTH else b""
        if marker == _APPLICATION_0 and body.startswith(_JFIF):
            return "YBR_FULL"
        if marker == _APPLICATION_14 and body.startswith(_ADOBE):
            transform = body[_ADOBE_TRANSFORM : _ADOBE_TRANSFORM + 1]
        if marker in DCT_FRAMES:
            names, samplings = body[6::3], body[7::3]
            break
    if transform:
        return "RGB" if transform == b"\0" else "YBR_FULL"
    if names == b"RGB":
        return "RGB"
    return "YBR_FULL" if len(set(samplings)) > 1 else None


_GUESS_STEP = 7
_ALIKE = 0.5


def _guess_colours(values: Frame) -> Literal["RGB", "YBR_FULL"]:
    """Return what three components are that call themselves RGB in the DICOM header alone, after a lossy JPEG.

    Red, green and blue rise and fall together, as brightness does. Colours beside a luminance do not.
    """
    sample = values[::_GUESS_STEP, ::_GUESS_STEP].reshape(-1, 3).astype(np.float64)
    centred = sample - sample.mean(axis=0)
    products = (centred[:, :1] * centred[:, 1:]).mean(axis=0)
    spreads = np.maximum(centred.std(axis=0), 1e-9)
    return "RGB" if (products / (spreads[0] * spreads[1:])).mean() > _ALIKE else "YBR_FULL"


def decode_jpeg_ls(data: bytes, layout: PixelLayout) -> DecodedFrame:
    """Convert a JPEG-LS frame to its values."""
    jpeg_frame = _jpeg_ls_frame(data)
    _check_frame(jpeg_frame, layout)
    from imagecodecs import jpegls_decode  # noqa: PLC0415 - a library that few files need

    return DecodedFrame(_check_values(jpegls_decode(complete_jpeg_ls(data)), layout), jpeg_frame.precision)


def complete_jpeg_ls(data: bytes) -> bytes:
    """Return a frame up to its end, or with one if it lacks. Without one the decoder may look for a bit for seconds.

    Padding may be in the place of an end; a zero may be the last byte of the pixels. What is too short or too long for
    the image the decoder refuses by itself.
    """
    from imagecodecs import JpeglsError, jpegls_decode  # noqa: PLC0415 - a library that few files need

    end = _jpeg_ls_end(data)
    if end is not None:
        return data[:end]
    for body in (data, data.removesuffix(b"\0"), data.rstrip(b"\0\xff")):
        with contextlib.suppress(JpeglsError):
            jpegls_decode(body + _END)
            return body + _END
    raise bad_input("The JPEG-LS frame ends before its image does.")


def _jpeg_ls_end(data: bytes) -> int | None:
    """Return where a frame's end is, behind all its scans; None if it has none."""
    position = data.index(_JPEG_LS_SCAN)
    for _ in range(MAX_JPEG_SCANS):
        marker = _JPEG_LS_MARKER.search(data, position + 2)
        if marker is None:
            return None
        if marker.group() == _END:
            return marker.end()
        position = marker.start()
    raise too_large(f"The JPEG-LS frame has more than {MAX_JPEG_SCANS} scans.")


def _jpeg_ls_frame(data: bytes) -> JpegFrame:
    """Return the frame header. Nothing but parameters may come before it: tables could change what it says."""
    if not data.startswith(b"\xff\xd8"):
        raise bad_input("The JPEG-LS frame is damaged.")
    position = 2
    while data[position : position + 2] != _JPEG_LS_SCAN:
        marker = data[position : position + 2]
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if len(marker) < 2 or marker[0] != 0xFF or length < 2:
            raise bad_input("The JPEG-LS frame is damaged.")
        if marker == _JPEG_LS_PARAMETERS and data[position + 4 : position + 5] != b"\x01":
            raise unsupported_format("A JPEG-LS frame with tables of its own is not read.")
        if marker == _JPEG_LS_FRAME:
            precision, rows, columns, components = struct.unpack_from(">BHHB", data, position + 4)
            return JpegFrame(lossless=True, precision=precision, rows=rows, columns=columns, components=components)
        position += 2 + length
    raise bad_input("The JPEG-LS frame has no header.")


def _check_frame(jpeg_frame: JpegFrame, layout: PixelLayout) -> None:
    """Require that what is decoded is what the DICOM header was judged by, and no more."""
    if (jpeg_frame.rows, jpeg_frame.columns) != (layout.rows, layout.columns):
        raise unsupported_format("The frame's size differs from the one in the DICOM header.")
    if jpeg_frame.components != layout.samples:
        raise unsupported_format("The frame's number of colours differs from the one in the DICOM header.")
    if not 2 <= jpeg_frame.precision <= layout.bits_allocated:
        raise bad_input("The frame's bit depth differs from the one in the DICOM header.")


def _check_values(values: Frame, layout: PixelLayout) -> Frame:
    shape = (layout.rows, layout.columns, 3) if layout.samples == 3 else (layout.rows, layout.columns)
    if values.shape != shape or values.dtype not in (np.uint8, np.uint16):
        raise bad_input("The frame is not what its header says.")
    return values
