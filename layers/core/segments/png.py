"""The chunks of a PNG file (third edition, clause 5). Their checksums and contents are the caller's to check."""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from segments import TooManyPartsError, TruncationError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"IEND"
_HEAD_SIZE = 8
_CHECKSUM_SIZE = 4


class Chunk(NamedTuple):
    """A chunk's type, and where in the file its data starts and its checksum ends."""

    kind: bytes
    start: int
    end: int

    def payload(self, data: bytes) -> bytes:
        """Return the chunk's data."""
        return data[self.start : self.end - _CHECKSUM_SIZE]

    def checksum(self, data: bytes) -> bytes:
        """Return the CRC that the file gives for the chunk, as it is stored."""
        return data[self.end - _CHECKSUM_SIZE : self.end]


def read_chunks(data: bytes, limit: int = sys.maxsize) -> Iterator[Chunk]:
    """Yield each chunk after the signature, the last is IEND.

    Raises TruncationError, or TooManyPartsError when IEND is not among the first `limit` chunks.
    """
    end = len(SIGNATURE)
    for _ in range(limit):
        start = end + _HEAD_SIZE
        kind = data[end + 4 : start]
        end = start + int.from_bytes(data[end : end + 4], "big") + _CHECKSUM_SIZE
        if len(kind) < 4 or end > len(data):
            raise TruncationError
        yield Chunk(kind, start, end)
        if kind == END:
            return
    raise TooManyPartsError
