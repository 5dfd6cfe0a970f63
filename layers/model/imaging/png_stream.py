"""The structure of a PNG, read without decoding it: its size, its chunks, and where it ends."""

import struct

from imaging.bounds import MAX_SEGMENTS, check_dimensions
from imaging.refusal import bad_input, too_large

_SIGNATURE = 8
_SIZE = 16
_OVERHEAD = 12
_PADDING = b"\x00\r\n"


def check_png(data: bytes) -> None:
    """Refuse a PNG that is out of bounds, cut short, or goes on after its end."""
    if data[_SIGNATURE + 4 : _SIZE] != b"IHDR":
        raise bad_input("The PNG is damaged.")
    columns, rows = struct.unpack_from(">II", data, _SIZE)
    check_dimensions(rows, columns)
    position = _SIGNATURE
    kind = b""
    for _ in range(MAX_SEGMENTS):
        if kind == b"IEND":
            break
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        position += _OVERHEAD + length
        if len(kind) < 4 or position > len(data):
            raise bad_input("The PNG ends before its image does.")
    else:
        raise too_large(f"The PNG has more than {MAX_SEGMENTS} chunks.")
    if data[position:].strip(_PADDING):
        raise bad_input("The file goes on after the end of its PNG image.")
