"""Profile pictures as they may be stored: JPEG (ITU-T T.81) and PNG (third edition) without what does not draw.

Exif, comments, texts, times, profiles, animation and what follows the end may tell where a person lives; of Exif only
the orientation stays.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

from scanward.domain.image_formats import CONTENT_TYPE_OF, ImageFormat, format_of
from scanward.errors import InvalidFields
from segments import StructureError
from segments.jpeg import DCT_FRAMES, EOI, SOI, SOS, find_segment_end, read_segments
from segments.layout import EXIF_HEAD, orientation_block, read_orientation
from segments.png import SIGNATURE, read_chunks

MAX_SIDE = 10_000


class BrokenPicture(ValueError):
    """Not a picture of its format, or not one that is accepted."""


def check_size(columns: int, rows: int) -> None:
    """Raise BrokenPicture for sides that no portrait has, which would cost a client its memory."""
    if not (0 < columns <= MAX_SIDE and 0 < rows <= MAX_SIDE):
        raise BrokenPicture


_TABLES = frozenset({0xC4, 0xDB, 0xDD})  # Huffman, quantisation, restart interval
_EXIF, _JFIF, _ADOBE = 0xE1, 0xE0, 0xEE
_COMMENT, _APPLICATION = 0xFE, range(0xE0, 0xF0)
_ALLOWED_MARKERS = frozenset({*DCT_FRAMES, *_TABLES, *_APPLICATION, _COMMENT, SOS})


@dataclass(frozen=True, slots=True)
class PictureSegment:
    """A marker, what it says, and for a scan the coded picture that follows."""

    marker: int
    payload: bytes
    scan: bytes = b""

    def to_bytes(self) -> bytes:
        return bytes([0xFF, self.marker]) + (len(self.payload) + 2).to_bytes(2) + self.payload + self.scan


def clean_jpeg(content: bytes) -> bytes:
    """Return the picture alone, standing upright as before. Raises BrokenPicture or StructureError."""
    segments = list(_jpeg_segments(content))
    frames = [segment for segment in segments if segment.marker in DCT_FRAMES]
    frame_markers = [segment.marker for segment in segments if segment.marker in {*DCT_FRAMES, SOS}]
    if len(frames) != 1 or len(frame_markers) < 2 or frame_markers[0] == SOS or len(frames[0].payload) < 6:
        raise BrokenPicture
    rows, columns = int.from_bytes(frames[0].payload[1:3]), int.from_bytes(frames[0].payload[3:5])
    check_size(columns, rows)
    blocks = [one.payload for one in segments if one.marker == _EXIF and one.payload.startswith(EXIF_HEAD)]
    orientation = next(filter(None, map(read_orientation, blocks)), None)
    drawing_segments = [segment.to_bytes() for segment in segments if _segment_draws(segment)]
    if orientation:
        behind_jfif = int(_segment_draws(segments[0]) and segments[0].marker == _JFIF)
        drawing_segments.insert(
            behind_jfif, PictureSegment(_EXIF, EXIF_HEAD + orientation_block(orientation)).to_bytes()
        )
    return SOI + b"".join(drawing_segments) + bytes([0xFF, EOI])


def _segment_draws(segment: PictureSegment) -> bool:
    """Tell whether a segment draws.

    Of the application's segments two do, which say how colours are meant; both have one length, without room for more.
    """
    if segment.marker == _JFIF:
        return segment.payload[:5] == b"JFIF\0" and len(segment.payload) == 14
    if segment.marker == _ADOBE:
        return segment.payload[:5] == b"Adobe" and len(segment.payload) == 12
    return segment.marker not in {_COMMENT, *_APPLICATION}


def _jpeg_segments(content: bytes) -> Iterator[PictureSegment]:
    """Yield each segment up to the end of the picture, which is none itself."""
    for (marker, start), following in pairwise(read_segments(content)):
        if marker not in _ALLOWED_MARKERS:
            raise BrokenPicture
        end = find_segment_end(content, start)
        # Fill bytes may stand between a scan and the marker that follows it.
        scan = content[end : following.offset].rstrip(b"\xff") if marker == SOS else b""
        yield PictureSegment(marker, content[start + 2 : end], scan)


_KEPT_CHUNKS = frozenset({b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT"})
_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_LONGEST = 256  # of what is kept beside the critical chunks: a tRNS for each colour of a palette


def clean_png(content: bytes) -> bytes:
    """Return the picture alone, standing upright as before. Raises BrokenPicture or StructureError."""
    chunks = list(_png_chunks(content))
    kinds = [kind for kind, _ in chunks]
    whole = kinds[0] == b"IHDR" and kinds.count(b"IHDR") == 1 and b"IDAT" in kinds and not chunks[-1][1]
    if not whole or any(kind[:1].isupper() and kind not in _CRITICAL for kind in kinds):
        raise BrokenPicture
    _check_header(chunks[0][1])
    drawing_chunks = [_encode_chunk(kind, payload) for kind, payload in chunks if _chunk_draws(kind, payload)]
    orientation = next(filter(None, (read_orientation(payload) for kind, payload in chunks if kind == b"eXIf")), None)
    if orientation:
        drawing_chunks.insert(1, _encode_chunk(b"eXIf", orientation_block(orientation)))
    return SIGNATURE + b"".join(drawing_chunks)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and data of each chunk up to the end of the picture."""
    for chunk in read_chunks(content):
        payload = chunk.payload(content)
        if not chunk.kind.isalpha() or chunk.checksum(content) != struct.pack(">I", crc32(chunk.kind + payload)):
            raise BrokenPicture
        yield chunk.kind, payload


def _chunk_draws(kind: bytes, payload: bytes) -> bool:
    return kind in _CRITICAL or (kind in _KEPT_CHUNKS and len(payload) <= _LONGEST)


def _check_header(payload: bytes) -> None:
    if len(payload) != 13:
        raise BrokenPicture
    check_size(*struct.unpack(">II", payload[:8]))


def _encode_chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", crc32(kind + payload))


MAX_BYTES = 2_000_000
TOO_LARGE = "A picture has at most 2,000,000 bytes."
BROKEN_TEXT = "Send a picture as a JPEG or PNG file."


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A picture that says nothing of where and when it was taken. `suffix`: of a file's name."""

    content: bytes
    content_type: str
    suffix: str


def clean_picture(content: bytes) -> CleanPicture:
    """Return the picture in a file, whatever its name says. Raises InvalidFields."""
    if len(content) > MAX_BYTES:
        raise InvalidFields({"image": [TOO_LARGE]})
    kind = format_of(content[:8])
    try:
        if kind is ImageFormat.JPEG:
            return CleanPicture(clean_jpeg(content), CONTENT_TYPE_OF[kind], "jpg")
        if kind is ImageFormat.PNG:
            return CleanPicture(clean_png(content), CONTENT_TYPE_OF[kind], "png")
    except (BrokenPicture, StructureError) as error:
        raise InvalidFields({"image": [BROKEN_TEXT]}) from error
    raise InvalidFields({"image": [BROKEN_TEXT]})
