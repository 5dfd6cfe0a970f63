"""PNG (third edition) without what does not draw: texts, times, Exif, profiles, animation, and what follows its end."""

import struct
from collections.abc import Iterator
from zlib import crc32

from functions.auth.pictures.broken import BrokenPicture, check_size

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = frozenset({b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT"})
_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_LONGEST = 256  # of what is kept beside the critical chunks: a tRNS for each colour of a palette


def cleaned(content: bytes) -> bytes:
    """The picture alone. Raises BrokenPicture."""
    chunks = list(_chunks(content))
    kinds = [kind for kind, _ in chunks]
    whole = kinds[0] == b"IHDR" and kinds.count(b"IHDR") == 1 and b"IDAT" in kinds and not chunks[-1][1]
    if not whole or any(kind[:1].isupper() and kind not in _CRITICAL for kind in kinds):
        raise BrokenPicture
    _check_header(chunks[0][1])
    return SIGNATURE + b"".join(_spelled(kind, said) for kind, said in chunks if _draws(kind, said))


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each chunk up to the end of the picture."""
    place, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        head = content[place : place + 8]
        if len(head) < 8:
            raise BrokenPicture
        length, kind = struct.unpack(">I4s", head)
        said, check = content[place + 8 : place + 8 + length], content[place + 8 + length : place + 12 + length]
        if not kind.isalpha() or check != struct.pack(">I", crc32(kind + said)):
            raise BrokenPicture
        yield kind, said
        place += 12 + length


def _draws(kind: bytes, said: bytes) -> bool:
    return kind in _CRITICAL or (kind in _KEPT and len(said) <= _LONGEST)


def _check_header(said: bytes) -> None:
    if len(said) != 13:
        raise BrokenPicture
    check_size(*struct.unpack(">II", said[:8]))


def _spelled(kind: bytes, said: bytes) -> bytes:
    return struct.pack(">I", len(said)) + kind + said + struct.pack(">I", crc32(kind + said))
