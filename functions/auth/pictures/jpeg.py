"""JPEG (ITU-T T.81) without what does not draw: Exif, comments, profiles, what follows its end. Orientation stays."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from functions.auth.pictures.broken import BrokenPicture, check_size
from functions.auth.pictures.orientation import orientation_in, segment_of

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
    said: bytes
    scan: bytes = b""

    def spelled(self) -> bytes:
        return bytes([0xFF, self.marker]) + (len(self.said) + 2).to_bytes(2) + self.said + self.scan


def cleaned(content: bytes) -> bytes:
    """The picture alone, standing upright as before. Raises BrokenPicture."""
    segments = list(_segments(content))
    frames = [segment for segment in segments if segment.marker in _FRAMES]
    drawn = [segment.marker for segment in segments if segment.marker in {*_FRAMES, SOS}]
    if len(frames) != 1 or len(drawn) < 2 or drawn[0] == SOS or len(frames[0].said) < 6:
        raise BrokenPicture
    rows, columns = int.from_bytes(frames[0].said[1:3]), int.from_bytes(frames[0].said[3:5])
    check_size(columns, rows)
    turned = next(filter(None, (orientation_in(s.said) for s in segments if s.marker == _EXIF)), None)
    kept = [segment.spelled() for segment in segments if _draws(segment)]
    if turned:
        behind_jfif = int(_draws(segments[0]) and segments[0].marker == _JFIF)
        kept.insert(behind_jfif, Segment(_EXIF, segment_of(turned)).spelled())
    return SOI + b"".join(kept) + bytes([0xFF, EOI])


def _draws(segment: Segment) -> bool:
    """Of the application's segments two say how colours are meant; both of one length, without room for more."""
    if segment.marker == _JFIF:
        return segment.said[:5] == b"JFIF\0" and len(segment.said) == 14
    if segment.marker == _ADOBE:
        return segment.said[:5] == b"Adobe" and len(segment.said) == 12
    return segment.marker not in {_COMMENT, *_APPLICATION}


def _segments(content: bytes) -> Iterator[Segment]:
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
        said = content[place + 3 : place + 1 + length]
        if length < 2 or len(said) != length - 2:
            raise BrokenPicture
        place += 1 + length
        scan = _scan(content, place) if marker == SOS else b""
        place += len(scan)
        yield Segment(marker, said, scan)


def _scan(content: bytes, place: int) -> bytes:
    end = _END_OF_SCAN.search(content, place)
    if end is None:
        raise BrokenPicture
    return content[place : end.start()].rstrip(b"\xff")
