"""Images of any format that are refused: too large, cut short, two files at once."""

import io
import struct
import zlib

import pytest

from imaging.bounds import MAX_BYTES
from imaging.decode import decode
from imaging.errors import Reason
from tests.support.images import JPEG_BASELINE, RLE, dicom, jpeg, png, ramp
from tests.support.refusals import reason

DEEP = ramp(top=4095)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_claiming(columns: int, rows: int) -> bytes:
    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def jpeg_claiming(columns: int, rows: int) -> bytes:
    data = bytearray(jpeg(ramp()))
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", rows, columns)
    return bytes(data)


@pytest.mark.parametrize(("columns", "rows"), [(10_000, 10_000), (65_500, 32), (32, 65_500), (16_384, 16_384)])
def test_dimensions_beyond_the_bounds_are_too_large(columns: int, rows: int) -> None:
    assert reason(png_claiming(columns, rows)) is Reason.TOO_LARGE
    assert reason(jpeg_claiming(columns, rows)) is Reason.TOO_LARGE
    assert reason(dicom(DEEP, Rows=rows, Columns=columns)) is Reason.TOO_LARGE
    assert reason(dicom(DEEP, RLE, frame=bytes(64), Rows=rows, Columns=columns)) is Reason.TOO_LARGE


def test_more_bytes_than_an_upload_may_have_are_too_large() -> None:
    assert reason(jpeg(ramp()) + bytes(MAX_BYTES)) is Reason.TOO_LARGE


def test_a_tiny_image_is_bad_input() -> None:
    assert reason(png(ramp(8, 8))) is Reason.BAD_INPUT


@pytest.mark.parametrize("hidden", [b"<html><script>", b"PK\x05\x06" + bytes(18), png(ramp()), b"\0" * 9 + b"x"])
def test_a_file_that_goes_on_after_its_image_is_bad_input(hidden: bytes) -> None:
    assert reason(jpeg(ramp()) + hidden) is Reason.BAD_INPUT
    assert reason(png(ramp()) + hidden) is Reason.BAD_INPUT


def test_an_end_of_image_inside_a_comment_does_not_hide_what_follows() -> None:
    assert reason(jpeg(ramp(), comment=b"\xff\xd9") + b"<html>") is Reason.BAD_INPUT


@pytest.mark.parametrize("share", [0.1, 0.3, 0.7, 0.95, 0.99])
@pytest.mark.parametrize(
    "whole",
    [
        png(ramp()),
        jpeg(ramp()),
        jpeg(ramp(), progressive=True),
        dicom(DEEP),
        dicom(DEEP, RLE),
        dicom(ramp(), JPEG_BASELINE),
    ],
    ids=["png", "jpeg", "progressive", "dicom", "rle", "dicom-jpeg"],
)
def test_a_truncated_image_is_refused(whole: bytes, share: float) -> None:
    assert reason(whole[: int(len(whole) * share)]) is Reason.BAD_INPUT


def test_a_jpeg_with_hundreds_of_scans_is_too_large() -> None:
    data = jpeg(ramp(), progressive=True)
    last = data.rindex(b"\xff\xda")
    assert reason(data[:last] + data[last:-2] * 200 + b"\xff\xd9") is Reason.TOO_LARGE


def test_an_image_in_countless_pieces_is_too_large() -> None:
    film = jpeg(ramp())
    assert reason(film[:2] + b"\xff\xfe\0\x02" * 100_000 + film[2:]) is Reason.TOO_LARGE
    film = png(ramp())
    assert reason(film[:33] + chunk(b"tEXt", b"a\0") * 100_000 + film[33:]) is Reason.TOO_LARGE


def test_fill_bytes_before_a_marker_are_skipped_at_once() -> None:
    film = jpeg(ramp())
    assert decode(film[:2] + b"\xff" * 1_000_000 + film[2:]).facts.rows == 96


def test_other_kinds_of_jpeg_are_unsupported() -> None:
    assert reason(jpeg(ramp()).replace(b"\xff\xc0", b"\xff\xc3", 1)) is Reason.UNSUPPORTED
    assert reason(jpeg(ramp()).replace(b"\xff\xc0", b"\xff\xc9", 1)) is Reason.UNSUPPORTED


def test_text_chunks_that_unfold_to_megabytes_are_refused() -> None:
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000)))
    data = png(ramp())
    assert reason(data[:33] + bomb + data[33:]) is Reason.BAD_INPUT
    assert io.BytesIO(bomb).getbuffer().nbytes < 100_000
