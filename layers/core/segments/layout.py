"""How the stored pixels of a JPEG or PNG file become the image that its writer saw: turned, and of what shape.

Exif (CIPA DC-008), XMP and the formats' own fields, of which nothing else is read: what a camera notes may tell where
a person lives. Nothing here raises for what says nothing: an image is as good without.
"""

import re
import struct
import zlib
from typing import NamedTuple

from segments import StructureError, jpeg, png

EXIF_HEAD = b"Exif\0\0"
"""Of a block in a JPEG; in a PNG it has none."""
UPRIGHT = 1
_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION = 274, 282, 283
_READ = frozenset({_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION})
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_SHORT, _RATIONAL = 3, 5
_INTEGERS = {1: "B", _SHORT: "H", 4: "I"}
_ENTRY = 12


class RasterLayout(NamedTuple):
    """How stored pixels lie."""

    density: tuple[float, float] | None = None
    """Pixels across and down in the same length, before they are turned."""
    orientation: int = UPRIGHT
    """1 to 8, as Exif has it."""


def read_exif(block: bytes) -> dict[int, float]:
    """Return what the first directory of an Exif block says of orientation and resolution, as far as it can be read."""
    tiff = block.removeprefix(EXIF_HEAD)
    values: dict[int, float] = {}
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return values
    try:
        [start] = struct.unpack_from(f"{order}I", tiff, 4)
        [entries] = struct.unpack_from(f"{order}H", tiff, start)
        for place in range(start + 2, start + 2 + _ENTRY * entries, _ENTRY):
            [tag] = struct.unpack_from(f"{order}H", tiff, place)
            value = _read_value(tiff, place, order) if tag in _READ else None
            if value is not None:
                values.setdefault(tag, value)
    except struct.error:
        pass
    return values


def _read_value(tiff: bytes, place: int, order: str) -> float | None:
    """Return the one number of an entry; None if it has several, or none that is a number. Raises struct.error."""
    kind, count, offset = struct.unpack_from(f"{order}HII", tiff, place + 2)
    if count != 1:
        return None
    if kind == _RATIONAL:
        numerator, denominator = struct.unpack_from(f"{order}II", tiff, offset)
        return numerator / denominator if denominator else None
    return int(struct.unpack_from(f"{order}{_INTEGERS[kind]}", tiff, place + 8)[0]) if kind in _INTEGERS else None


def read_orientation(block: bytes) -> int | None:
    """Return the orientation, 2 to 8, that an Exif block gives; None if it is upright or says nothing."""
    orientation = int(read_exif(block).get(_ORIENTATION, UPRIGHT))
    return orientation if UPRIGHT < orientation <= 8 else None


def orientation_block(orientation: int) -> bytes:
    """Return an Exif block, without head, that gives this orientation and nothing else."""
    directory = struct.pack(">HHHIHHI", 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)
    return b"MM\0*" + struct.pack(">I", 8) + directory


_XMP_ORIENTATION = re.compile(rb"""tiff:Orientation(?:\s*=\s*["']|>)\s*([1-8])""")


def _merge(density: tuple[float, float] | None, block: bytes, packet: bytes) -> RasterLayout:
    """Return the layout: what the format itself says goes before Exif, and Exif before XMP."""
    values = read_exif(block)
    if density is None and _X_RESOLUTION in values and _Y_RESOLUTION in values:
        density = values[_X_RESOLUTION], values[_Y_RESOLUTION]
    if _ORIENTATION in values:
        return RasterLayout(density, int(values[_ORIENTATION]))
    in_packet = _XMP_ORIENTATION.search(packet)
    return RasterLayout(density, int(in_packet[1]) if in_packet else UPRIGHT)


_APP0, _APP1 = 0xE0, 0xE1
_JFIF, _XMP = b"JFIF\0", b"http://ns.adobe.com/xap/1.0/\0"
_JFIF_SIZE = 12
_NO_UNIT = 0


def read_jpeg_layout(data: bytes) -> RasterLayout:
    """Return how the pixels of a JPEG lie, by what stands before them."""
    payloads = {_JFIF: b"", EXIF_HEAD: b"", _XMP: b""}
    try:
        for segment in jpeg.read_segments(data):
            if segment.marker == jpeg.SOS:
                break
            if segment.marker in (_APP0, _APP1):
                payload = data[segment.start + 2 : jpeg.find_segment_end(data, segment.start)]
                head = next((head for head in payloads if payload.startswith(head)), None)
                if head and not payloads[head]:
                    payloads[head] = payload
    except StructureError:
        pass
    return _merge(_read_jfif_density(payloads[_JFIF]), payloads[EXIF_HEAD], payloads[_XMP])


def _read_jfif_density(payload: bytes) -> tuple[float, float] | None:
    """Return pixels across and down, if it says any: 1 to 1 of no unit is what is written where nothing is known."""
    if len(payload) < _JFIF_SIZE:
        return None
    unit, across, down = struct.unpack_from(">BHH", payload, 7)
    return None if 0 in (across, down) or (unit == _NO_UNIT and across == down) else (across, down)


_EXIF_CHUNK, _DENSITY_CHUNK = b"eXIf", b"pHYs"
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_XMP_TEXT = b"XML:com.adobe.xmp"
_PROFILES = (b"Raw profile type exif", b"Raw profile type APP1")
"""Where ImageMagick wrote Exif before there was a chunk for it."""
_LONGEST_KEYWORD = 80
_LONGEST_TEXT = 1 << 20


def read_png_layout(data: bytes) -> RasterLayout:
    """Return how the pixels of a PNG lie. Its chunks may stand before or after them."""
    values: dict[bytes, bytes] = {}
    try:
        for chunk in png.read_chunks(data):
            if chunk.kind in (_EXIF_CHUNK, _DENSITY_CHUNK):
                values.setdefault(chunk.kind, chunk.payload(data))
            elif chunk.kind in _TEXTS:
                keyword = data[chunk.start : chunk.start + _LONGEST_KEYWORD].partition(b"\0")[0]
                if keyword in (_XMP_TEXT, *_PROFILES) and keyword not in values:
                    values[keyword] = _read_text(chunk.kind, chunk.payload(data)[len(keyword) + 1 :])
    except StructureError:
        pass
    blocks = [values.get(_EXIF_CHUNK, b""), *(_read_profile(values.get(profile, b"")) for profile in _PROFILES)]
    return _merge(
        _read_png_density(values.get(_DENSITY_CHUNK, b"")), next(filter(None, blocks), b""), values.get(_XMP_TEXT, b"")
    )


def _read_png_density(payload: bytes) -> tuple[float, float] | None:
    """Return pixels across and down, of a metre or of nothing that it names."""
    across, down = struct.unpack_from(">II", payload) if len(payload) >= 8 else (0, 0)
    return None if 0 in (across, down) else (across, down)


def _read_text(kind: bytes, body: bytes) -> bytes:
    """Return the text that follows its keyword; of a compressed one no more than any profile has."""
    is_packed = kind == b"zTXt"
    if kind == b"iTXt":
        is_packed = body[:1] == b"\1"
        body = b"\0" + body[2:].split(b"\0", 2)[-1]  # language and translated keyword stand before the text
    if not is_packed:
        return body.removeprefix(b"\0") if kind == b"iTXt" else body
    try:
        return zlib.decompressobj().decompress(body[1:], _LONGEST_TEXT)
    except zlib.error:
        return b""


def _read_profile(text: bytes) -> bytes:
    """Return the Exif block of a text: an empty line, what it is, how long it is, and lines of hexadecimals."""
    try:
        block = bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return b""
    return block if block.startswith(EXIF_HEAD) else b""
