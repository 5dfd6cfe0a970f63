"""Frames without what is no pixel: comments, applications' data, thumbnails, what lies between or behind, unused bits.

Pixels stay as they were encoded. Whatever cannot be told from a pixel is refused or reported.
"""

import re
import struct
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from imaging.bounds import MAX_SEGMENTS
from imaging.dicom.codecs import split_frames
from imaging.dicom.header import PixelLayout
from imaging.dicom.meta import TRANSFER_SYNTAXES
from imaging.dicom.unused_bits import FRAME_MARKERS, JPEG_2000_START, clear_unused_bits
from imaging.errors import bad_input, too_large, unsupported_format
from imaging.structure import read_jpeg
from segments import jpeg

_BYTE = 8


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
_JPEG_LS_PARAMETERS = 0xF8
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
    """Return the whole image, without tables that nothing in it uses: each has room for a name."""
    quantizers = {table for marker, segment in segments if marker in FRAME_MARKERS for table in segment[12::3]}
    selectors = [one for marker, scan in segments if marker == jpeg.SOS for one in scan[6 : 5 + 2 * scan[4] : 2]]
    codes = {one >> 4 for one in selectors} | {0x10 | one & 0x0F for one in selectors}
    parts = [jpeg.SOI]
    for marker, segment in segments:
        if marker == _DQT:
            parts.append(_keep_tables(segment, quantizers, 0x0F, _quantizer_bytes))
        elif marker == _DHT:
            parts.append(_keep_tables(segment, codes, 0xFF, _code_bytes))
        else:
            parts.append(segment)
    return b"".join([*parts, _END])


def _quantizer_bytes(segment: bytes, at: int) -> int:
    return 65 + 64 * (segment[at] >> 4)


def _code_bytes(segment: bytes, at: int) -> int:
    return 17 + sum(segment[at + 1 : at + 17])


def _keep_tables(segment: bytes, used: set[int], mask: int, length: Callable[[bytes, int], int]) -> bytes:
    tables, position = b"", 4
    while position < len(segment):
        end = position + length(segment, position)
        if segment[position] & mask in used:
            tables += segment[position:end]
        position = end
    return segment[:2] + struct.pack(">H", 2 + len(tables)) + tables if tables else b""


_JP2_BOX = b"\0\0\0\x0cjP  "
_CAP, _SIZ, _COD, _COC, _QCD, _QCC, _RGN, _POC = 0x50, 0x51, 0x52, 0x53, 0x5C, 0x5D, 0x5E, 0x5F
_DECODER_SEGMENTS = frozenset({_CAP, _SIZ, _COD, _COC, _QCD, _QCC, _RGN, _POC})
_PACKED_HEADERS = frozenset({0x60, 0x61})
_SOT, _SOD = 0x90, 0x93
_AFTER_PACKETS = re.compile(rb"\xff[\x90\x93-\xff]", re.DOTALL)
"""No packet has such bytes; 0xFF91 and 0xFF92 may stand at its beginning and its end."""


def _rebuild_jpeg_2000(frame: bytes) -> bytes:
    """Return the codestream with the segments that decoding needs. Raises ImageError."""
    if frame.startswith(_JP2_BOX):
        frame = frame[max(frame.find(JPEG_2000_START), 0) :]
    if not frame.startswith(JPEG_2000_START):
        raise bad_input("A frame is not what its transfer syntax says.")
    parts = [frame[:2]]
    position = _copy_segments(frame, 2, _SOT, parts)
    for _ in range(MAX_SEGMENTS):
        if frame[position : position + 2] != b"\xff\x90":
            break
        position = _copy_tile_part(frame, position, parts)
    else:
        raise too_large("A frame is in more pieces than any image needs.")
    if frame[position : position + 2] not in (_END, b"", b"\0", b"\0\0"):
        raise bad_input("A frame is damaged.")
    return b"".join([*parts, _END])


def _copy_tile_part(frame: bytes, start: int, parts: list[bytes]) -> int:
    """Copy one tile's part, with its new length; return where it ends."""
    length, tile, size, number, count = struct.unpack_from(">HHIBB", frame, start + 2)
    header: list[bytes] = []
    body = _copy_segments(frame, start + 12, _SOD, header)
    match = _AFTER_PACKETS.search(frame, body + 2)
    end = match.start() if match else len(frame)
    if length != 10 or (size and size < body + 2 - start):
        raise bad_input("A frame is damaged.")
    if size:
        end = min(end, start + size)
    size_left = sum(map(len, header)) + end - body
    parts += [struct.pack(">BBHHIBB", 0xFF, _SOT, 10, tile, 12 + size_left, number, count), *header, frame[body:end]]
    return min(start + size, len(frame)) if size else end


def _copy_segments(frame: bytes, position: int, last: int, parts: list[bytes]) -> int:
    """Copy the segments of a header that decoding needs; return where the marker `last` stands."""
    for _ in range(MAX_SEGMENTS):
        if position + 4 > len(frame) or frame[position] != 0xFF:
            raise bad_input("A frame is damaged.")
        marker = frame[position + 1]
        if marker == last:
            return position
        if marker in _PACKED_HEADERS:
            raise unsupported_format("A JPEG 2000 frame with packed headers has no copy.")
        end = jpeg.find_segment_end(frame, position + 2)
        if marker in _DECODER_SEGMENTS:
            parts.append(_cut_segment(marker, frame[position:end]))
        position = end
    raise too_large("A frame is in more segments than any image needs.")


def _cut_segment(marker: int, segment: bytes) -> bytes:
    """Return a segment without bytes after those that it consists of."""
    length = len(segment)
    if marker == _SIZ:
        length = 40 + 3 * int.from_bytes(segment[38:40], "big")
    elif marker == _COD:
        length = 14 + (segment[9] + 1 if segment[4] & 1 else 0)
    elif marker == _CAP:
        length = 8 + 2 * int.from_bytes(segment[4:8], "big").bit_count()
    if length >= len(segment):
        return segment
    return segment[:2] + struct.pack(">H", length - 2) + segment[4:length]


_RLE_HEADER = 64
_MOST_RLE_SEGMENTS = 15
_NOTHING = 128


def _clean_rle(frame: bytes, layout: PixelLayout) -> bytes:
    """Return an RLE frame whose segments follow each other, each as long as its pixels need. Raises ImageError."""
    width = layout.bits_allocated // _BYTE
    count = int.from_bytes(frame[:4], "little")
    if count != layout.samples * width or count > _MOST_RLE_SEGMENTS:
        raise bad_input("The RLE frame has another number of segments than its header says.")
    ends = [int.from_bytes(frame[4 * i : 4 * i + 4], "little") for i in range(1, count + 1)] + [len(frame)]
    if ends[0] < _RLE_HEADER or ends != sorted(ends):
        raise bad_input("The RLE frame's segments lie outside it.")
    segments = []
    for i, (start, end) in enumerate(pairwise(ends)):
        table = _rle_table(layout, place=width - 1 - i % width)
        segments.append(_clean_packbits(frame[start:end], layout.rows * layout.columns, table))
    header, place = struct.pack("<I", count), _RLE_HEADER
    for segment in segments:
        header += struct.pack("<I", place)
        place += len(segment)
    return b"".join([header.ljust(_RLE_HEADER, b"\0"), *segments])


def _rle_table(layout: PixelLayout, place: int) -> NDArray[np.uint8] | None:
    """Return what becomes of each value of a segment, which holds the bits from 8 x `place` on; None if all stay."""
    bits = layout.bits_stored - _BYTE * place
    if bits >= _BYTE:
        return None
    values = np.arange(256, dtype=np.uint8)
    if bits > 0:
        clear_unused_bits(values, bits, is_signed=layout.is_signed)
    elif layout.is_signed:
        raise unsupported_format("Signed pixels in bytes that they do not need have no copy.")
    else:
        values[:] = 0
    return values


def _clean_packbits(segment: bytes, size: int, table: NDArray[np.uint8] | None) -> bytes:
    """Return the packets that make the first `size` bytes, each byte as the table has it."""
    controls, position, left = [], 0, size
    end = len(segment) - 1
    last = 0
    while left > 0 and position < end:
        n = segment[position]
        controls.append(position)
        if n == _NOTHING:
            position += 1
            continue
        last = position
        left -= n + 1 if n < _NOTHING else 257 - n
        position += n + 2 if n < _NOTHING else 2
    if left > 0 or position > len(segment):
        raise bad_input("The RLE frame ends before its image does.")
    copy = np.frombuffer(segment, np.uint8, position).copy()
    if table is not None:
        packets = copy[controls]
        copy = table[copy]
        copy[controls] = packets
    n = int(copy[last])
    if left < 0 and n < _NOTHING:  # the last packet goes on beyond the image
        copy = copy[: len(copy) + left]
        copy[last] = n + left
    elif left < 0:
        copy[last] = (n - left) % 256  # a byte that is there once is a packet of one, which begins with 0
    return copy.tobytes() + bytes(len(copy) % 2)


_CLEANERS: dict[str, Callable[[bytes, PixelLayout], bytes]] = {
    "rle": _clean_rle,
    # What lies behind an image, or stands where its end lacks, is cut off first, as it is for reading.
    "jpeg": lambda frame, _: _rebuild_jpeg(read_jpeg(frame, alone=False)[1], _AFTER_SCAN),
    "jpeg-ls": lambda frame, _: _rebuild_jpeg(frame, _AFTER_JPEG_LS_SCAN),
    "jpeg-2000": lambda frame, _: _rebuild_jpeg_2000(frame),
}
