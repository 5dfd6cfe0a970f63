"""Codestreams that say otherwise than the DICOM header, or more than any image needs: refused before decoding."""

import struct

import numpy as np
import pytest
from pydicom.uid import UID

from imaging.decode import decode
from imaging.errors import ImageError, Reason
from tests.support.encoders import (
    ENCODERS,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS,
    JPEG_LS,
    jpeg,
    jpeg_2000,
    jpeg_ls,
)
from tests.support.images import dicom, ramp
from tests.support.refusals import reason

DEEP = ramp(top=4095)
SIZE = {
    JPEG_BASELINE: (b"\xff\xc0", 5, ">HH"),
    JPEG_LOSSLESS: (b"\xff\xc3", 5, ">HH"),
    JPEG_LS: (b"\xff\xf7", 5, ">HH"),
    JPEG_2000_LOSSLESS: (b"\xff\x51", 6, ">II"),
}
"""Where a codestream keeps its size, and how."""


def claiming(syntax: UID, one: int, other: int) -> bytes:
    marker, after, layout = SIZE[syntax]
    frame = bytearray(ENCODERS[syntax](ramp()))
    struct.pack_into(layout, frame, frame.index(marker) + after - 1 + (marker[1] != 0x51), one, other)
    return bytes(frame)


@pytest.mark.parametrize("syntax", SIZE)
@pytest.mark.parametrize("size", [(16_000, 4_000), (96, 127), (0, 0), (65_535, 65_535)])
def test_a_codestream_larger_than_its_header_is_not_decoded(syntax: UID, size: tuple[int, int]) -> None:
    assert reason(dicom(ramp(), syntax, claiming(syntax, *size))) in (
        Reason.UNSUPPORTED, Reason.TOO_LARGE, Reason.BAD_INPUT,
    )  # fmt: skip


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LS, JPEG_2000_LOSSLESS])
def test_another_number_of_colours_than_the_header_has_is_unsupported(syntax: UID) -> None:
    colour = ENCODERS[syntax](np.stack([ramp()] * 3, axis=-1))
    assert reason(dicom(ramp(), syntax, colour)) is Reason.UNSUPPORTED


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LS, JPEG_2000_LOSSLESS])
def test_deeper_values_than_the_header_has_room_for_are_refused(syntax: UID) -> None:
    assert reason(dicom(ramp(), syntax, ENCODERS[syntax](DEEP))) in (Reason.BAD_INPUT, Reason.UNSUPPORTED)


def test_a_large_jpeg_2000_without_smaller_versions_is_too_large() -> None:
    film = np.zeros((5000, 5000), np.uint8)
    assert reason(dicom(film, JPEG_2000_LOSSLESS, jpeg_2000(film, resolutions=1))) is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param((b"\xff\x51", 22), struct.pack(">II", 1, 1), id="tiles of one pixel"),
        pytest.param((b"\xff\x52", 6), struct.pack(">H", 60_000), id="layers"),
        pytest.param((b"\xff\x52", 9), b"\x7f", id="levels"),
    ],
)
def test_a_jpeg_2000_in_countless_pieces_is_too_large(place: tuple[bytes, int], value: bytes) -> None:
    film = ramp(1024, 1024)
    frame = bytearray(jpeg_2000(film))
    start = frame.index(place[0]) + place[1]
    frame[start : start + len(value)] = value
    assert reason(dicom(film, JPEG_2000_LOSSLESS, bytes(frame))) is Reason.TOO_LARGE


def test_a_jpeg_2000_of_tiny_blocks_is_too_large() -> None:
    film = np.zeros((8000, 8000), np.uint8)
    frame = bytearray(jpeg_2000(film))
    start = frame.index(b"\xff\x52") + 10
    frame[start : start + 2] = b"\0\0"
    assert reason(dicom(film, JPEG_2000_LOSSLESS, bytes(frame))) is Reason.TOO_LARGE


def test_a_jpeg_ls_with_tables_of_its_own_is_unsupported() -> None:
    frame = jpeg_ls(ramp())
    table = b"\xff\xf8" + struct.pack(">HBBB", 5, 4, 0, 0)
    assert reason(dicom(ramp(), JPEG_LS, frame[:2] + table + frame[2:])) is Reason.UNSUPPORTED


def test_deep_colour_in_jpeg_2000_is_unsupported() -> None:
    colour = np.stack([DEEP] * 3, axis=-1)
    assert reason(dicom(colour, JPEG_2000_LOSSLESS)) is Reason.UNSUPPORTED


def test_a_jpeg_ls_frame_without_an_end_is_not_begun() -> None:
    frame = jpeg_ls(ramp())
    with pytest.raises(ImageError, match="ends before its image does"):
        decode(dicom(ramp(), JPEG_LS, frame[:104]))


def test_signed_pixels_in_a_lossy_jpeg_of_eight_bits_are_unsupported() -> None:
    assert reason(dicom(ramp(), JPEG_BASELINE, PixelRepresentation=1)) is Reason.UNSUPPORTED


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LS, JPEG_2000_LOSSLESS])
@pytest.mark.parametrize("share", [0.5, 0.8, 0.97])
def test_a_truncated_file_is_bad_input(syntax: UID, share: float) -> None:
    whole = dicom(DEEP, syntax)
    assert reason(whole[: int(len(whole) * share)]) is Reason.BAD_INPUT


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LS])
def test_a_truncated_codestream_in_a_whole_file_is_bad_input(syntax: UID) -> None:
    frame = ENCODERS[syntax](DEEP)
    assert reason(dicom(DEEP, syntax, frame[: len(frame) // 2])) is Reason.BAD_INPUT


def test_a_lossless_jpeg_outside_dicom_is_unsupported() -> None:
    assert reason(ENCODERS[JPEG_LOSSLESS](ramp())) is Reason.UNSUPPORTED
    assert reason(jpeg(ramp()).replace(b"\xff\xc0", b"\xff\xc3", 1)) is Reason.UNSUPPORTED
