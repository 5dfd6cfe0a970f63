"""Frames without what is no pixel: comments, applications' data, thumbnails, what lies between or behind, unused bits.

Pixels stay as they were encoded. Whatever cannot be told from a pixel is refused or reported.
"""

import re
import struct
from collections.abc import Callable

from imaging.bounds import MAX_SEGMENTS
from imaging.dicom.codecs import complete_jpeg_ls, split_frames
from imaging.dicom.header import PixelLayout
from imaging.dicom.meta import TRANSFER_SYNTAXES
from imaging.dicom.unused_bits import FRAME_MARKERS, JPEG_2000_START, clean_rle
from imaging.errors import bad_input, too_large, unsupported_format
from imaging.structure import read_jpeg
from segments import jpeg


def clean_frames(pixels: memoryview, layout: PixelLayout, syntax: str, offset_table: bytes) -> list[bytes]:
    """Return the encoded frames, each whole.

    Raises ImageError if anything in a frame is none of what its format consists of.
    """
    fragments = split_frames(pixels, layout.frames, offset_table)
    if sum(len(body) for frame in fragments for body in frame) > len(pixels):
        raise bad_input("The frames of the DICOM file overlap.")
    clean = _CLEANERS[TRANSFER_SYNTAXES[syntax]]
    return [clean(b"".join(frame), layout) for frame in fragments]


_DHT, _DNL, _DQT, _DRI = 0xC4, 0xDC, 0xDB, 0xDD
_PROGRESSIVE, _JPEG_LS_FRAME, _JPEG_LS_PARAMETERS = 0xC2, 0xF7, 0xF8
_AC, _QUANTIZER = 0x10, 0x20
"""What numbers of tables are told apart by."""
_REFINED = 0x10
_LENGTHS = {_DRI: 6, _DNL: 6, _JPEG_LS_PARAMETERS: 15}
_JFIF = b"\xff\xe0\0\x10JFIF\0\x01\x02\0\0\x01\0\x01\0\0"
_ADOBE = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"
_JPEG_LS_COLOUR = re.compile(rb"\xff\xe8\0\x07mrfx[\0-\x03]", re.DOTALL)
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_AFTER_JPEG_LS_SCAN = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]", re.DOTALL)
"""In JPEG-LS it is the bit after 0xFF that is 0, not the byte."""
_FILL = re.compile(rb"\xff+")
_END = b"\xff\xd9"


def _rebuild_jpeg(frame: bytes, after_scan: re.Pattern[bytes]) -> bytes:
    """Return a JPEG's headers, tables and scans, and nothing else. Raises ImageError, StructureError."""
    if not frame.startswith(jpeg.SOI):
        raise bad_input("A frame is not what its transfer syntax says.")
    segments: list[tuple[int, bytes]] = []
    position = len(jpeg.SOI)
    for _ in range(MAX_SEGMENTS):
        fill = _FILL.match(frame, position)
        if fill is None or fill.end() == len(frame):
            raise bad_input("A frame ends before its image does.")
        start, position = fill.end() - 1, fill.end() + 1
        marker = frame[start + 1]
        if marker == jpeg.EOI:
            return _join_segments(segments)
        if marker in jpeg.WITHOUT_LENGTH:
            continue
        end = position = jpeg.find_segment_end(frame, position)
        if marker == jpeg.SOS:
            match = after_scan.search(frame, end)
            if match is None:
                raise bad_input("A frame ends before its image does.")
            position = match.start()
        head = _clean_segment(marker, frame[start:end], is_first=not segments)
        segments.append((marker, head + frame[end:position]))
    raise too_large("A frame is in more segments than any image needs.")


def _clean_segment(marker: int, segment: bytes, *, is_first: bool) -> bytes:
    """Return a segment as the decoder needs it; empty if it does not. Raises ImageError if it has more than it may."""
    if marker == 0xE0 and is_first and segment[4:9] == _JFIF[4:9]:
        return _JFIF
    if marker == 0xEE and segment[4:9] == _ADOBE[4:9] and len(segment) > len(_ADOBE):
        return _ADOBE + bytes([min(segment[len(_ADOBE)], 2)])
    if marker == 0xE8 and _JPEG_LS_COLOUR.fullmatch(segment):
        return segment
    length = _segment_length(marker, segment)
    if length is None:
        return b""
    if len(segment) != length:
        raise bad_input("A frame's segment is longer or shorter than what it holds.")
    return segment


def _segment_length(marker: int, segment: bytes) -> int | None:
    """Return how long a segment with its marker is, by what it holds; None for one that no decoder needs."""
    if marker in FRAME_MARKERS:
        return 10 + 3 * segment[9]
    if marker == jpeg.SOS:
        return 8 + 2 * segment[4]
    if marker in (_DQT, _DHT):
        return _tables_end(segment, _quantizer_bytes if marker == _DQT else _code_bytes)
    if marker == _JPEG_LS_PARAMETERS and segment[4] != 1:
        raise unsupported_format("A JPEG-LS frame with tables of its own is not read.")
    if 0xC0 <= marker <= 0xCF or marker in (0xDE, 0xDF):
        raise unsupported_format("This kind of JPEG (hierarchical or arithmetic) is not read.")
    return _LENGTHS.get(marker)


def _tables_end(segment: bytes, length: Callable[[bytes, int], int]) -> int:
    position = 4
    while position < len(segment):
        position += length(segment, position)
    return position


def _join_segments(segments: list[tuple[int, bytes]]) -> bytes:
    """Return the whole image, without what no scan reads before it is set anew: each of these has room for a name."""
    markers = [marker for marker, _ in segments]
    kinds = FRAME_MARKERS.intersection(markers)
    if jpeg.SOS not in markers or sum(map(markers.count, kinds)) != 1:
        raise bad_input("A frame is not one image.")
    [kind] = kinds
    place, frame = markers.index(kind), segments[markers.index(kind)][1]
    quantizers = dict(zip(frame[10::3], frame[12::3], strict=True))
    reads = [_scan_reads(frame, scan, quantizers) for marker, scan in segments if marker == jpeg.SOS]
    if quantizers or place > markers.index(jpeg.SOS):
        raise bad_input("A frame's scans do not make its image.")
    parts, needs = [_END], set[int]()
    for marker, segment in reversed(segments):
        if marker == jpeg.SOS:
            needs |= reads.pop()
        if marker in (_DQT, _DHT):
            parts.append(_keep_tables(segment, needs))
        elif marker in needs or marker not in (_DRI, _JPEG_LS_PARAMETERS):
            parts.append(segment)
            needs.discard(marker)
    return b"".join([jpeg.SOI, *reversed(parts)])


def _scan_reads(frame: bytes, scan: bytes, quantizers: dict[int, int]) -> set[int]:
    """Return what a scan reads: tables by their numbers, settings by their markers.

    `quantizers`: those of components that no scan had yet; the scan's own are taken out.
    """
    kind, end = frame[1], 5 + 2 * scan[4]
    components, selectors = scan[5:end:2], scan[6:end:2]
    is_progressive, is_first = kind == _PROGRESSIVE, scan[end] == 0
    if not set(components) <= set(quantizers if not is_progressive else frame[10::3]):
        raise bad_input("A frame's scans do not make its image.")
    reads = {_DRI, _JPEG_LS_PARAMETERS}
    for component in components:
        number = quantizers.pop(component, None)
        if number is not None and kind in jpeg.DCT_FRAMES:
            reads.add(_QUANTIZER | number)
    if kind != _JPEG_LS_FRAME and (not is_progressive or (is_first and scan[end + 2] < _REFINED)):
        reads |= {one >> 4 for one in selectors}
    if kind in jpeg.DCT_FRAMES and not (is_progressive and is_first):
        reads |= {_AC | one & 0x0F for one in selectors}
    return reads


def _quantizer_bytes(segment: bytes, at: int) -> int:
    return 65 + 64 * (segment[at] >> 4)


def _code_bytes(segment: bytes, at: int) -> int:
    return 17 + sum(segment[at + 1 : at + 17])


def _keep_tables(segment: bytes, needs: set[int]) -> bytes:
    """Return a segment with those of its tables that `needs` has, and take them out of it."""
    is_quantizer = segment[1] == _DQT
    tables, position = list[tuple[int, bytes]](), 4
    while position < len(segment):
        end = position + (_quantizer_bytes if is_quantizer else _code_bytes)(segment, position)
        number = _QUANTIZER | segment[position] & 0x0F if is_quantizer else segment[position]
        tables.append((number, segment[position:end]))
        position = end
    latest = {number: table for number, table in tables if number in needs}
    needs.difference_update(latest)
    body = b"".join(latest.values())
    return segment[:2] + struct.pack(">H", 2 + len(body)) + body if body else b""


_JP2_BOX = b"\0\0\0\x0cjP  "
_CAP, _SIZ, _COD, _COC, _QCD, _QCC, _RGN = 0x50, 0x51, 0x52, 0x53, 0x5C, 0x5D, 0x5E
_DECODER_SEGMENTS = frozenset({_CAP, _SIZ, _COD, _COC, _QCD, _QCC, _RGN})
_PER_COMPONENT = frozenset({_COC, _QCC, _RGN})
_MOST_LEVELS = 32
_ORDER_CHANGES = 0x5F
_NOT_CLEANED = frozenset({_ORDER_CHANGES, 0x60, 0x61})
_SOT, _SOD = 0x90, 0x93
_AFTER_PACKETS = re.compile(rb"\xff[\x90\x93-\xff]", re.DOTALL)
"""No packet has such bytes; 0xFF91 and 0xFF92 may stand at its beginning and its end."""


def _rebuild_jpeg_2000(frame: bytes) -> bytes:
    """Return the codestream with the segments that decoding needs. Raises ImageError."""
    if frame.startswith(_JP2_BOX):
        frame = frame[max(frame.find(JPEG_2000_START), 0) :]
    if not frame.startswith(JPEG_2000_START):
        raise bad_input("A frame is not what its transfer syntax says.")
    header, position, levels = _copy_segments(frame, 2, _SOT, _MOST_LEVELS)
    parts = [frame[:2], *header]
    for _ in range(MAX_SEGMENTS):
        if frame[position : position + 2] != b"\xff\x90":
            break
        position = _copy_tile_part(frame, position, parts, levels)
    else:
        raise too_large("A frame is in more pieces than any image needs.")
    if frame[position : position + 2] not in (_END, b"", b"\0", b"\0\0"):
        raise bad_input("A frame is damaged.")
    return b"".join([*parts, _END])


def _copy_tile_part(frame: bytes, start: int, parts: list[bytes], levels: int) -> int:
    """Copy one tile's part, with its new length; return where it ends."""
    length, tile, size, number, count = struct.unpack_from(">HHIBB", frame, start + 2)
    header, body, _ = _copy_segments(frame, start + 12, _SOD, levels)
    match = _AFTER_PACKETS.search(frame, body + 2)
    end = match.start() if match else len(frame)
    if length != 10 or (size and size < body + 2 - start):
        raise bad_input("A frame is damaged.")
    if size:
        end = min(end, start + size)
    size_left = sum(map(len, header)) + end - body
    parts += [struct.pack(">BBHHIBB", 0xFF, _SOT, 10, tile, 12 + size_left, number, count), *header, frame[body:end]]
    return min(start + size, len(frame)) if size else end


def _copy_segments(frame: bytes, position: int, last: int, levels: int) -> tuple[list[bytes], int, int]:
    """Return the segments of a header that decoding needs, where the marker `last` stands, and the most levels.

    Of two segments that say the same, the later one counts. `levels`: those of a header that does not say it.
    """
    segments: dict[tuple[int, bytes], bytes] = {}
    for _ in range(MAX_SEGMENTS):
        if position + 4 > len(frame) or frame[position] != 0xFF:
            raise bad_input("A frame is damaged.")
        marker = frame[position + 1]
        if marker == last:
            own = [one[9 if key[0] == _COD else 6] for key, one in segments.items() if key[0] in (_COD, _COC)]
            levels = max(own, default=levels)
            return [_cut_segment(key[0], one, levels) for key, one in segments.items()], position, levels
        if marker in _NOT_CLEANED:
            raise unsupported_format("A JPEG 2000 frame with packed headers or changes of their order has no copy.")
        end = jpeg.find_segment_end(frame, position + 2)
        component = frame[position + 4 : position + 5] if marker in _PER_COMPONENT else b"\0"
        if component >= frame[41:42] or frame[40]:
            raise bad_input("A frame is damaged.")
        if marker in _DECODER_SEGMENTS:
            segments[marker, component] = frame[position:end]
        position = end
    raise too_large("A frame is in more segments than any image needs.")


def _cut_segment(marker: int, segment: bytes, levels: int) -> bytes:
    """Return a segment without bytes after those that it consists of."""
    length = len(segment)
    if marker == _SIZ:
        length = 40 + 3 * int.from_bytes(segment[38:40], "big")
    elif marker == _COD:
        length = 14 + (segment[9] + 1 if segment[4] & 1 else 0)
    elif marker == _COC:
        length = 11 + (segment[6] + 1 if segment[5] & 1 else 0)
    elif marker == _CAP:
        length = 8 + 2 * int.from_bytes(segment[4:8], "big").bit_count()
    elif marker == _RGN:
        length = 7
    else:
        style = 4 if marker == _QCD else 5
        length = style + 1 + {0: 3 * levels + 1, 1: 2}.get(segment[style] & 0x1F, 6 * levels + 2)
    if length >= len(segment):
        return segment
    return segment[:2] + struct.pack(">H", length - 2) + segment[4:length]


_CLEANERS: dict[str, Callable[[bytes, PixelLayout], bytes]] = {
    "rle": clean_rle,
    # What lies behind an image, or stands where its end lacks, is cut off first, as it is for reading.
    "jpeg": lambda frame, _: _rebuild_jpeg(read_jpeg(frame, alone=False)[1], _AFTER_SCAN),
    "jpeg-ls": lambda frame, _: _rebuild_jpeg(complete_jpeg_ls(frame), _AFTER_JPEG_LS_SCAN),
    "jpeg-2000": lambda frame, _: _rebuild_jpeg_2000(frame),
}
