"""The structure of a JPEG, read without decoding it: its frame, how many scans it has, and where it ends."""

import re
import struct
from dataclasses import dataclass

from imaging.bounds import MAX_JPEG_SCANS, MAX_SEGMENTS, check_dimensions
from imaging.refusal import bad_input, too_large, unsupported

_MARKER_START = re.compile(rb"\xff+")
_MARKER_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_END = 0xD9
_SCAN = 0xDA
_LOSSLESS = 0xC3
_HIERARCHICAL_OR_ARITHMETIC = frozenset({*range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_FRAME = frozenset({0xC0, 0xC1, 0xC2, _LOSSLESS})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_PADDING = b"\x00\xff\r\n"


@dataclass(frozen=True)
class JpegFrame:
    """What a JPEG says of its pixels."""

    lossless: bool
    precision: int
    rows: int
    columns: int
    components: int


def check_jpeg(data: bytes) -> JpegFrame:
    """Refuse a JPEG that is out of bounds, cut short, has absurdly many scans, or goes on after its end.

    Bytes after the end are how a page or an archive is hidden in an image (and how phones append videos).
    """
    position = 2
    scans = 0
    frame = None
    for _ in range(MAX_SEGMENTS):
        position = _next_marker(data, position)
        code = data[position + 1]
        position += 2
        if code == _END:
            break
        if code in _WITHOUT_LENGTH:
            continue
        if code in _HIERARCHICAL_OR_ARITHMETIC:
            raise unsupported("This kind of JPEG (hierarchical or arithmetic) is not read.")
        if code in _FRAME:
            frame = _frame(data, position, lossless=code == _LOSSLESS)
        scans += code == _SCAN
        if scans > MAX_JPEG_SCANS:
            raise too_large(f"The JPEG has more than {MAX_JPEG_SCANS} scans.")
        position = _after_segment(data, position, scan=code == _SCAN)
    else:
        raise too_large(f"The JPEG has more than {MAX_SEGMENTS} segments.")
    if data[position:].strip(_PADDING):
        raise bad_input("The file goes on after the end of its JPEG image.")
    if frame is None:
        raise bad_input("The JPEG holds no image.")
    return frame


def _frame(data: bytes, position: int, *, lossless: bool) -> JpegFrame:
    precision, rows, columns, components = struct.unpack_from(">BHHB", data, position + 2)
    check_dimensions(rows, columns)
    return JpegFrame(lossless, precision, rows, columns, components)


def _next_marker(data: bytes, position: int) -> int:
    """Where the marker at or after fill bytes starts."""
    start = _MARKER_START.match(data, position)
    if position >= len(data) or (start and start.end() == len(data)):
        raise bad_input("The JPEG ends before its image does.")
    if start is None:
        raise bad_input("The JPEG is damaged.")
    return start.end() - 1


def _after_segment(data: bytes, position: int, *, scan: bool) -> int:
    """Where the next marker starts, after a segment's header and, for a scan, its entropy-coded pixels."""
    length = int.from_bytes(data[position : position + 2], "big")
    if length < 2:
        raise bad_input("The JPEG is damaged.")
    if not scan:
        return position + length
    marker = _MARKER_AFTER_SCAN.search(data, position + length)
    if marker is None:
        raise bad_input("The JPEG ends before its image does.")
    return marker.start()
