"""The segments of a JPEG file (ITU-T T.81, annex B). Which of them are allowed, the caller decides."""

import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

from segments import StructureError, TooManyPartsError, TruncationError

SOI = b"\xff\xd8"
EOI = 0xD9
SOS = 0xDA
DCT_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive."""
LOSSLESS_FRAME = 0xC3
WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers that stand alone, beside EOI: TEM, the restart markers, SOI."""

_MARKER_SIZE = 2
_LENGTH_SIZE = 2
_MARKER = re.compile(rb"\xff[^\x00\xff]")
# In a scan, 0xFF is followed by a zero, a restart marker, or more 0xFF; anything else ends it. Of a row of 0xFF only
# the last is looked for: a search for whole rows would begin again at each of their bytes.
_MARKER_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


class Segment(NamedTuple):
    """A marker, and where in the file what follows it starts: the segment's length, if it has one."""

    marker: int
    start: int

    @property
    def offset(self) -> int:
        """Return where the marker's 0xFF stands; of several, the last."""
        return self.start - _MARKER_SIZE


def read_segments(data: bytes, limit: int = sys.maxsize) -> Iterator[Segment]:
    """Yield each segment after SOI, the last is EOI.

    Other bytes before a marker are passed over, as decoders do. A segment is yielded before its length is read: the
    caller may refuse it by its marker first. Raises TruncationError, TooManyPartsError when EOI is not among the first
    `limit` segments, or StructureError.
    """
    position = len(SOI)
    for _ in range(limit):
        next_marker = _MARKER.search(data, position)
        if next_marker is None:
            raise TruncationError
        position = next_marker.end()
        marker = data[position - 1]
        yield Segment(marker, position)
        if marker == EOI:
            return
        if marker not in WITHOUT_LENGTH:
            position = find_segment_end(data, position)
            if marker == SOS:
                position = _find_scan_end(data, position)
    raise TooManyPartsError


def find_segment_end(data: bytes, start: int) -> int:
    """Return where the segment with its length at `start` ends; a scan's coded pixels follow. Raises StructureError."""
    if start + _LENGTH_SIZE > len(data):
        raise TruncationError
    length = int.from_bytes(data[start : start + _LENGTH_SIZE], "big")
    if length < _LENGTH_SIZE:
        raise StructureError
    return start + length


def _find_scan_end(data: bytes, position: int) -> int:
    """Return where the marker after a scan's coded pixels stands."""
    marker = _MARKER_AFTER_SCAN.search(data, position)
    if marker is None:
        raise TruncationError
    return marker.start()
