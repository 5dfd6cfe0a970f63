"""Where in a JPEG or PNG file its image lies: bounded before it is decoded, and cut off from all that is none of it.

Phones append second images, videos and notes; a repaired file has bytes too many, or lacks two.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from imaging.bounds import MAX_JPEG_SCANS, MAX_SEGMENTS, check_dimensions
from imaging.errors import ImageError, bad_input, too_large, unsupported_format
from segments import StructureError, TooManyPartsError, TruncationError, jpeg, png

JPEG_START = b"\xff\xd8\xff"

FOREIGN_STARTS = (
    png.SIGNATURE, b"MZ", b"\x7fELF", b"PK", b"%PDF", b"%!", b"<", b"GIF8", b"#!", b"BM", b"SIMPLE",
)  # fmt: skip
"""How programs, archives, documents, pages and other images begin: before or behind ours, it is two files at once."""
_FOREIGN_TRAILERS = (*FOREIGN_STARTS, b"\xca\xfe\xba\xbe", b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b", b"\xef\xbb\xbf")

_FILLING = re.compile(rb"[\x00\xff]*")
_PADDING = re.compile(rb"[\x00\xff\xd9\t\r\n ]*")
_TEXT = re.compile(rb"[\t\n\f\r -~]+")
_TEXT_BYTES = 64
_PAGE = re.compile(rb"<(?:script|html[\s>]|!doctype|\?php)", re.IGNORECASE)
_ARCHIVES = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"%PDF-")
"""Their readers look for these anywhere in a file."""
_ZIP_START, _ZIP_END = b"PK\x03\x04", b"PK\x05\x06"
_ZIP_END_BYTES = 22 + 0xFFFF
"""A ZIP file is read from its end, and a comment may follow that."""


def skip_padding(data: bytes, end: int) -> int:
    """Return where what follows an image begins, behind zeros, white space and further ends of images."""
    padding = _PADDING.match(data, end)
    start = padding.end() if padding else end
    is_image = start > end and data.startswith(JPEG_START, start - 1)
    return start - 1 if is_image else start


def check_trailer(data: bytes, start: int, foreign: tuple[bytes, ...] = _FOREIGN_TRAILERS) -> None:
    """Refuse what follows an image in its file if it may be a file of its own: a page, a program, an archive, a text.

    Other images of the same kind, videos, notes of a camera and noise are left unread.
    """
    begins_a_file = data.startswith(foreign, start) or _is_text(data, start)
    if start < len(data) and (begins_a_file or _holds_a_file(data, start)):
        raise _two_files()


def _is_text(data: bytes, start: int) -> bool:
    """Tell whether what begins at `start` begins and ends as text. A camera's notes may begin so, and end in a mark."""
    head = data[start : start + _TEXT_BYTES].rstrip(b"\0\xff")
    tail = data[max(start, len(data) - _TEXT_BYTES) :].rstrip(b"\0\xff")
    return _TEXT.fullmatch(head) is not None and (not tail or _TEXT.fullmatch(tail) is not None)


def _holds_a_file(data: bytes, start: int) -> bool:
    """Tell whether what begins at `start` has in it what a reader of pages or archives looks for."""
    return (
        data.rfind(_ZIP_END, max(start, len(data) - _ZIP_END_BYTES)) >= 0
        or any(data.find(archive, start) >= 0 for archive in _ARCHIVES)
        or _PAGE.search(data, start) is not None
    )


def _two_files() -> ImageError:
    return bad_input("The file goes on after the end of its image: it is another file as well.")


@dataclass(frozen=True)
class JpegFrame:
    """What a JPEG's frame header says of its pixels."""

    lossless: bool
    precision: int
    rows: int
    columns: int
    components: int


_HIERARCHICAL_OR_ARITHMETIC = frozenset({*range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_FRAMES = jpeg.DCT_FRAMES | {jpeg.LOSSLESS_FRAME}
_PROGRESSIVE = 0xC2
_SOI = jpeg.SOI[1]
_END_OF_IMAGE = bytes([0xFF, jpeg.EOI])
_LEFT_OUT = jpeg.WITHOUT_LENGTH | {0xE2}
"""Markers that mean nothing outside a scan, and the segment that has profiles of colour, which nothing here uses, and
says where the file's other images are: some readers then look for them.
"""
_VIDEO, _SAMSUNG = b"ftyp", b"SEFT"
_BAND = 256


def read_jpeg(data: bytes, *, alone: bool = True) -> tuple[JpegFrame, bytes]:
    """Return the frame header of the first JPEG image in a file, and that image as any decoder reads it.

    It is without what stands between its segments or follows it, and ends as it should. Raises ImageError if it is
    out of bounds, cut short, has absurdly many scans, or is another file as well; `alone`: whether that is looked for.
    """
    walk = _Walk(data)
    try:
        walk.go()
    except TooManyPartsError:
        raise too_large(f"The JPEG has more than {MAX_SEGMENTS} segments.") from None
    except TruncationError:
        raise _cut_short() from None
    except (StructureError, struct.error, IndexError):
        raise bad_input("The JPEG is damaged.") from None
    if walk.frame is None:
        raise bad_input("The JPEG holds no image.")
    trailer = skip_padding(data, walk.end)
    if alone:
        check_trailer(data, trailer)
    if alone and not walk.has_end and _is_hidden_in_scan(data, walk.scans[-1]):
        raise _two_files()
    image = walk.image()
    # An end that stands where it should not is followed by the rest of the pixels.
    if walk.has_end and (trailer == len(data) or _is_from_camera(data, trailer)):
        return walk.frame, image
    return walk.frame, _complete(image.removesuffix(_END_OF_IMAGE), walk)


def _is_hidden_in_scan(data: bytes, scan: int) -> bool:
    """Tell whether the rest of a file without an end of its image holds another file."""
    is_text = _is_text(data, max(scan, len(data) - _TEXT_BYTES))
    return is_text or data.find(_ZIP_START, scan) >= 0 or _holds_a_file(data, scan)


def _is_from_camera(data: bytes, trailer: int) -> bool:
    """Tell whether what follows an image begins like another image or a video, or ends like a camera's notes."""
    is_video = data.find(_VIDEO, trailer, trailer + 8) > 0
    return is_video or data.startswith(JPEG_START, trailer) or data[-_BAND:].rstrip(b"\0").endswith(_SAMSUNG)


class _Walk:
    """What is met on the way through the segments of a JPEG image."""

    def __init__(self, data: bytes) -> None:
        self.frame: JpegFrame | None = None
        self.has_end = False
        self.end = 0
        """Where the image ends, or how far it was read."""
        self.scans: list[int] = []
        """Where the header of each scan starts."""
        self._data = data
        self._frame_start = 0
        self._parts: list[tuple[int, int]] = []
        """From where to where the image reaches in the file."""

    def go(self) -> None:
        """Walk to the end of the image. Raises ImageError, or StructureError of a kind."""
        if not self._data.startswith(jpeg.SOI):
            raise StructureError
        self._keep(0, len(jpeg.SOI))
        in_scan = False
        try:
            for segment in jpeg.read_segments(self._data, MAX_SEGMENTS):
                self._reach(segment.offset, in_scan=in_scan)
                if segment.marker == _SOI and self.scans:
                    return  # the next image begins where this one should have ended
                in_scan = False  # until its header is whole
                self._take(segment)
                in_scan = segment.marker == jpeg.SOS
        except TruncationError:
            if not in_scan or self.end >= len(self._data):
                raise
            self._reach(len(self._data), in_scan=True)

    def image(self) -> bytes:
        """Return the image: the file itself if that is nothing else."""
        if self._parts == [(0, len(self._data))]:
            return self._data
        return b"".join(self._data[start:end] for start, end in self._parts)

    def has_all_scans(self) -> bool:
        """Tell whether the scans that have begun are all that the image needs."""
        if self.frame is None:
            return False
        place = self._frame_start + 8
        ids = self._data[place : place + 3 * self.frame.components : 3]
        # Of each of a component's 64 coefficients, how many bits are still to come.
        missing = {component: [1] * 64 for component in ids}
        is_progressive = self._data[self._frame_start - 1] == _PROGRESSIVE
        for start in self.scans:
            count = self._data[start + 2]
            first, last, approximation = self._data[start + 3 + 2 * count : start + 6 + 2 * count]
            scan_bits = range(first, min(last, 63) + 1) if is_progressive else range(64)
            for component in self._data[start + 3 : start + 3 + 2 * count : 2]:
                for bit in scan_bits:
                    missing.setdefault(component, [0] * 64)[bit] = approximation & 15 if is_progressive else 0
        return not any(map(any, missing.values()))

    def _reach(self, offset: int, *, in_scan: bool) -> None:
        """Go on to the next marker. Between segments anything may stand, but once there were pixels it may be those."""
        if in_scan:
            self._keep(self.end, offset)
        elif self.scans and not _FILLING.fullmatch(self._data, self.end, offset):
            raise StructureError
        self.end = offset

    def _take(self, segment: jpeg.Segment) -> None:
        marker, start = segment
        if marker in _HIERARCHICAL_OR_ARITHMETIC:
            raise unsupported_format("This kind of JPEG (hierarchical or arithmetic) is not read.")
        if marker in _FRAMES:
            self.frame = _read_frame(self._data, start, lossless=marker == jpeg.LOSSLESS_FRAME)
            self._frame_start = start
        if marker == jpeg.SOS:
            self.scans.append(start)
            if len(self.scans) > MAX_JPEG_SCANS:
                raise too_large(f"The JPEG has more than {MAX_JPEG_SCANS} scans.")
        self.has_end = marker == jpeg.EOI
        is_bare = self.has_end or marker in jpeg.WITHOUT_LENGTH
        self.end = start if is_bare else jpeg.find_segment_end(self._data, start)
        if marker not in _LEFT_OUT:
            self._keep(segment.offset, self.end)

    def _keep(self, start: int, end: int) -> None:
        if self._parts and self._parts[-1][1] == start:
            self._parts[-1] = (self._parts[-1][0], end)
        else:
            self._parts.append((start, end))


def _cut_short() -> ImageError:
    return bad_input("The JPEG ends before its image does.")


def _read_frame(data: bytes, start: int, *, lossless: bool) -> JpegFrame:
    if len(data) < start + 8:
        raise TruncationError
    precision, rows, columns, components = struct.unpack_from(">BHHB", data, start + 2)
    check_dimensions(rows, columns)
    return JpegFrame(lossless=lossless, precision=precision, rows=rows, columns=columns, components=components)


_PROBES = (b"\x55" * 256, b"\xb6\x1d\x93\x4e\x78\xc5\x2a" * 36)
"""In place of what may be missing. A decoder that still lacks pixels takes them from there."""
_SCAN, _RESTART_INTERVAL = b"\xff\xda", b"\xff\xdd"
_RESTARTS = [bytes([0xFF, marker]) for marker in range(0xD0, 0xD8)]


def _probes(body: bytes) -> Iterator[bytes]:
    """Yield fillings. At the end of an interval a decoder takes nothing but the next restart marker, and goes on."""
    yield from _PROBES
    scan = body.rfind(_SCAN)
    if body.find(_RESTART_INTERVAL, 0, scan) >= 0:
        last = max((body.rfind(marker, scan), number) for number, marker in enumerate(_RESTARTS))
        yield _RESTARTS[(last[1] + 1) % 8 if last[0] >= 0 else 0] + _PROBES[0]


def _complete(image: bytes, walk: _Walk) -> bytes:
    """Return an image without its end with one, if the end is all that it may lack. Raises ImageError otherwise.

    No decoder says whether it had all pixels, but then what follows changes none. Zeros at the end may be those that
    a file is filled up with where the rest was lost; one may be the image's own.
    """
    body = image.rstrip(b"\0\xff")
    if image.startswith(b"\xff\0", len(body)):  # a byte of the pixels, and the zero that belongs to it
        body = image[: len(body) + 2]
    try:
        for candidate in (body, body + b"\0") if walk.has_all_scans() else ():
            whole = candidate + _END_OF_IMAGE
            pixels = _checksum(whole, walk.frame)
            if all(_checksum(candidate + probe + _END_OF_IMAGE, walk.frame) == pixels for probe in _probes(body)):
                return whole
    except MemoryError:
        raise
    except Exception:  # a decoder fed by strangers may raise anything
        raise bad_input("The JPEG is damaged.") from None
    raise _cut_short()


_BYTE = 8


def _checksum(data: bytes, frame: JpegFrame | None) -> int:
    """Return a checksum of an image's pixels."""
    if frame is None or frame.lossless or frame.precision != _BYTE:
        from imagecodecs import jpeg8_decode  # noqa: PLC0415 - a library that few files need

        return zlib.crc32(jpeg8_decode(data).data)
    checksum = 0
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as opened:
        opened.load()
        for top in range(0, opened.height, _BAND):  # a copy of all pixels would cost as much as they do
            checksum = zlib.crc32(opened.crop((0, top, opened.width, top + _BAND)).tobytes(), checksum)
    return checksum


_HEADER_KIND = len(png.SIGNATURE) + 4
_HEADER = _HEADER_KIND + 4


def check_png(data: bytes) -> None:
    """Refuse a PNG that is out of bounds, cut short, or another file as well."""
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
    check_trailer(data, skip_padding(data, ends[-1]), (*_FOREIGN_TRAILERS, JPEG_START))
