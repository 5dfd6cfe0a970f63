"""Files that look like images and are none that can be read."""

import struct
import zlib
from collections.abc import Iterator
from random import Random

from tests.support.images import dicom, jpeg, png, ramp


def poison(count: int) -> list[bytes]:
    """So many of them, each different, the same ones each time."""
    chance = Random(8)
    kinds = (_cut, _noise, _vast, _lying, _glued, _bomb)
    return [kinds[number % len(kinds)](chance) for number in range(count)]


def _image(chance: Random) -> bytes:
    pixels = ramp(chance.randrange(64, 128), chance.randrange(64, 128))
    return chance.choice([png, jpeg, dicom])(pixels)


def _cut(chance: Random) -> bytes:
    image = _image(chance)
    return image[: chance.randrange(140, len(image) * 3 // 4)]


def _noise(chance: Random) -> bytes:
    head = chance.choice([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", bytes(128) + b"DICM"])
    return head + chance.randbytes(chance.randrange(1, 4096))


def _vast(chance: Random) -> bytes:
    image = png(ramp())
    header = struct.pack(">II", chance.randrange(100_000, 2**31), chance.randrange(100_000, 2**31)) + image[24:29]
    return image[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + image[33:]


def _lying(chance: Random) -> bytes:
    """Return a header of some thousand pixels above the data of a few."""
    image, side = png(ramp()), chance.randrange(1000, 4000)
    header = struct.pack(">II", side, side) + image[24:29]
    return image[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + image[33:]


def _glued(chance: Random) -> bytes:
    return jpeg(ramp()) + b"PK\x03\x04" + chance.randbytes(chance.randrange(1, 99))


def _bomb(chance: Random) -> bytes:
    """Return a text chunk that inflates to many megabytes."""
    size = chance.randrange(10, 30) * 1024 * 1024
    return b"".join(_with_text(png(ramp()), size))


def _with_text(image: bytes, size: int) -> Iterator[bytes]:
    body = b"Comment\0\0" + zlib.compress(bytes(size), 1)
    yield image[:33]
    yield struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    yield image[33 : len(image) // 2]
