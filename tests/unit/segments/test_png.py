"""PNG chunks: each is found where it stands, and a file that ends too early or has too many is refused."""

from zlib import crc32

import pytest

from segments import TooManyPartsError, TruncationError
from segments.png import END, SIGNATURE, Chunk, read_chunks


def encode_chunk(kind: bytes, payload: bytes) -> bytes:
    return len(payload).to_bytes(4) + kind + payload + crc32(kind + payload).to_bytes(4)


HEADER, TEXT, LAST = encode_chunk(b"IHDR", bytes(13)), encode_chunk(b"tEXt", b"abc"), encode_chunk(END, b"")


def test_chunks_are_yielded_up_to_the_end_of_the_image() -> None:
    data = SIGNATURE + HEADER + TEXT + LAST + b"more"
    header, text, last = read_chunks(data)
    assert header == Chunk(b"IHDR", 16, 33)
    assert (text.kind, text.payload(data), text.checksum(data)) == (b"tEXt", b"abc", crc32(b"tEXtabc").to_bytes(4))
    assert (last.kind, last.payload(data), data[last.end :]) == (END, b"", b"more")


def test_a_checksum_that_does_not_match_is_left_to_the_caller() -> None:
    data = SIGNATURE + TEXT[:-4] + bytes(4) + LAST
    assert next(read_chunks(data)).checksum(data) == bytes(4)


@pytest.mark.parametrize(
    "data",
    [
        SIGNATURE,
        SIGNATURE + b"\x00\x00",
        SIGNATURE + HEADER,
        SIGNATURE + HEADER + TEXT[:7],
        SIGNATURE + HEADER + TEXT[:-1],
        SIGNATURE + HEADER + b"\xff\xff\xff\xfftEXt" + LAST,
        SIGNATURE + HEADER + LAST[:-1],
    ],
)
def test_a_file_that_is_cut_short_is_truncated(data: bytes) -> None:
    with pytest.raises(TruncationError):
        list(read_chunks(data))


def test_no_more_chunks_are_read_than_the_caller_allows() -> None:
    data = SIGNATURE + HEADER + TEXT + LAST
    assert len(list(read_chunks(data, limit=3))) == 3
    with pytest.raises(TooManyPartsError):
        list(read_chunks(data, limit=2))
