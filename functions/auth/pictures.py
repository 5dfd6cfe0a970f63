"""Profile pictures as they may be stored: JPEG (ITU-T T.81) and PNG (third edition) without what does not draw.

Exif, comments, texts, times, profiles, animation and what follows the end may tell where a person lives; of Exif only
the orientation stays.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from scanward.domain.image_formats import CONTENT_TYPE_OF, ImageFormat, format_of
from scanward.errors import InvalidFields

MAX_SIDE = 10_000


class BrokenPicture(ValueError):
    """Not a picture of its format, or not one that is taken."""


def check_size(columns: int, rows: int) -> None:
    """Raise BrokenPicture for sides that no portrait has, which would cost those who look at it their memory."""
    if not (0 < columns <= MAX_SIDE and 0 < rows <= MAX_SIDE):
        raise BrokenPicture


_HEAD = b"Exif\0\0"
_ORIENTATION, _SHORT = 274, 3
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


def read_orientation(payload: bytes) -> int | None:
    """Return 2 to 8, as the first directory of an Exif segment says; None when it says nothing, or not plainly."""
    if not payload.startswith(_HEAD):
        return None
    tiff = payload[len(_HEAD) :]
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return None
    try:
        [start] = struct.unpack_from(f"{order}I", tiff, 4)
        [entries] = struct.unpack_from(f"{order}H", tiff, start)
        for entry in range(entries):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * entry)
            if (tag, kind, count) == (_ORIENTATION, _SHORT, 1):
                return value if 2 <= value <= 8 else None
    except struct.error:
        pass
    return None


def orientation_segment(orientation: int) -> bytes:
    """Return an Exif segment that says this and nothing else."""
    directory = struct.pack(">HHHIHHI", 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)
    return _HEAD + b"MM\0*" + struct.pack(">I", 8) + directory


SOI, EOI, SOS = b"\xff\xd8", 0xD9, 0xDA
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive: what browsers show
_TABLES = frozenset({0xC4, 0xDB, 0xDD})  # Huffman, quantisation, restart interval
_EXIF, _JFIF, _ADOBE = 0xE1, 0xE0, 0xEE
_COMMENT, _APPLICATION = 0xFE, range(0xE0, 0xF0)
# In a scan, 0xFF is followed by a zero, a restart marker, or more 0xFF; anything else ends it. Of a row of 0xFF only
# the last is looked for: what looks for whole rows begins anew at each of their bytes.
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker, what it says, and for a scan the coded picture that follows."""

    marker: int
    payload: bytes
    scan: bytes = b""

    def to_bytes(self) -> bytes:
        return bytes([0xFF, self.marker]) + (len(self.payload) + 2).to_bytes(2) + self.payload + self.scan


def clean_jpeg(content: bytes) -> bytes:
    """Return the picture alone, standing upright as before. Raises BrokenPicture."""
    segments = list(_jpeg_segments(content))
    frames = [segment for segment in segments if segment.marker in _FRAMES]
    frame_markers = [segment.marker for segment in segments if segment.marker in {*_FRAMES, SOS}]
    if len(frames) != 1 or len(frame_markers) < 2 or frame_markers[0] == SOS or len(frames[0].payload) < 6:
        raise BrokenPicture
    rows, columns = int.from_bytes(frames[0].payload[1:3]), int.from_bytes(frames[0].payload[3:5])
    check_size(columns, rows)
    orientation = next(filter(None, (read_orientation(s.payload) for s in segments if s.marker == _EXIF)), None)
    drawing_segments = [segment.to_bytes() for segment in segments if _segment_draws(segment)]
    if orientation:
        behind_jfif = int(_segment_draws(segments[0]) and segments[0].marker == _JFIF)
        drawing_segments.insert(behind_jfif, Segment(_EXIF, orientation_segment(orientation)).to_bytes())
    return SOI + b"".join(drawing_segments) + bytes([0xFF, EOI])


def _segment_draws(segment: Segment) -> bool:
    """Tell whether a segment draws: of the application's segments two say how colours are meant; both of one length,
    without room for more.
    """
    if segment.marker == _JFIF:
        return segment.payload[:5] == b"JFIF\0" and len(segment.payload) == 14
    if segment.marker == _ADOBE:
        return segment.payload[:5] == b"Adobe" and len(segment.payload) == 12
    return segment.marker not in {_COMMENT, *_APPLICATION}


def _jpeg_segments(content: bytes) -> Iterator[Segment]:
    place = len(SOI)
    while True:
        if content[place : place + 1] != b"\xff":
            raise BrokenPicture
        while content[place : place + 1] == b"\xff":  # fill bytes may stand before a marker
            place += 1
        marker = content[place] if place < len(content) else 0
        if marker == EOI:
            return
        if marker not in {*_FRAMES, *_TABLES, *_APPLICATION, _COMMENT, SOS}:
            raise BrokenPicture
        length = int.from_bytes(content[place + 1 : place + 3])
        payload = content[place + 3 : place + 1 + length]
        if length < 2 or len(payload) != length - 2:
            raise BrokenPicture
        place += 1 + length
        scan = _skip_scan(content, place) if marker == SOS else b""
        place += len(scan)
        yield Segment(marker, payload, scan)


def _skip_scan(content: bytes, place: int) -> bytes:
    end = _END_OF_SCAN.search(content, place)
    if end is None:
        raise BrokenPicture
    return content[place : end.start()].rstrip(b"\xff")


SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT_CHUNKS = frozenset({b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT"})
_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_LONGEST = 256  # of what is kept beside the critical chunks: a tRNS for each colour of a palette


def clean_png(content: bytes) -> bytes:
    """Return the picture alone. Raises BrokenPicture."""
    chunks = list(_png_chunks(content))
    kinds = [kind for kind, _ in chunks]
    whole = kinds[0] == b"IHDR" and kinds.count(b"IHDR") == 1 and b"IDAT" in kinds and not chunks[-1][1]
    if not whole or any(kind[:1].isupper() and kind not in _CRITICAL for kind in kinds):
        raise BrokenPicture
    _check_header(chunks[0][1])
    return SIGNATURE + b"".join(_spell_chunk(kind, payload) for kind, payload in chunks if _chunk_draws(kind, payload))


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return kind and data of each chunk up to the end of the picture."""
    place, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        head = content[place : place + 8]
        if len(head) < 8:
            raise BrokenPicture
        length, kind = struct.unpack(">I4s", head)
        payload, check = content[place + 8 : place + 8 + length], content[place + 8 + length : place + 12 + length]
        if not kind.isalpha() or check != struct.pack(">I", crc32(kind + payload)):
            raise BrokenPicture
        yield kind, payload
        place += 12 + length


def _chunk_draws(kind: bytes, payload: bytes) -> bool:
    return kind in _CRITICAL or (kind in _KEPT_CHUNKS and len(payload) <= _LONGEST)


def _check_header(payload: bytes) -> None:
    if len(payload) != 13:
        raise BrokenPicture
    check_size(*struct.unpack(">II", payload[:8]))


def _spell_chunk(kind: bytes, payload: bytes) -> bytes:
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
    except BrokenPicture as error:
        raise InvalidFields({"image": [BROKEN_TEXT]}) from error
    raise InvalidFields({"image": [BROKEN_TEXT]})
