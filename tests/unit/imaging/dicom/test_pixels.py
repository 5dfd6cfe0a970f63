"""Stored pixels: which of their bits are theirs, what pads them, and where a frame contradicts its header."""

from typing import Any

import numpy as np
import pytest
from pydicom.uid import UID

from imaging.decode import decode
from imaging.dicom.header_values import HEADER_VALUE_IGNORED
from imaging.errors import Reason
from tests.support.encoders import ENCODERS, JPEG_2000_LOSSLESS, JPEG_LOSSLESS, JPEG_LS, jpeg_2000, lossless_jpeg
from tests.support.images import EXPLICIT, IMPLICIT, RLE, Pixels, dicom, ramp
from tests.support.refusals import reason
from tests.support.tables import table

DEEP = ramp(top=4095)


def shown(data: bytes) -> Pixels:
    return decode(data).to_grey().astype(int)


def units(data: bytes) -> Pixels:
    picture = decode(data)
    return picture.pixels * picture.slope + picture.intercept


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_dark_and_decides_no_window(photometric: str) -> None:
    film = DEEP + np.uint16(1000)
    film[:, :40] = 60_000
    grey = shown(dicom(film, PixelPaddingValue=60_000, PhotometricInterpretation=photometric))
    assert (grey[:, :40] == 0).all()
    assert grey[:, 40:].max() == 255
    assert grey[:, 40:].std() > 60


def test_padding_of_an_inverse_film_is_dark() -> None:
    film = DEEP + np.uint16(1000)
    film[:, :40] = 0
    assert (shown(dicom(film, PixelPaddingValue=0, PresentationLUTShape="INVERSE"))[:, :40] == 0).all()


FALLING = table(0, np.linspace(65535, 0, 6000).astype(np.uint16))


@pytest.mark.parametrize(
    "elements",
    [
        {"RescaleSlope": "-1", "RescaleIntercept": "6000"},
        {"VOILUTSequence": [FALLING]},
        {"ModalityLUTSequence": [FALLING]},
        {"RescaleSlope": "-1", "RescaleIntercept": "6000", "PhotometricInterpretation": "MONOCHROME1"},
        {"RescaleSlope": "-1", "RescaleIntercept": "6000", "VOILUTSequence": [FALLING]},
    ],
)
def test_padding_is_dark_where_the_lowest_values_are_the_brightest(elements: dict[str, Any]) -> None:
    film = DEEP + np.uint16(1000)
    film[:, :40] = 0
    grey = shown(dicom(film, PixelPaddingValue=0, **elements))
    assert grey[:, :40].max() == grey.min()
    assert grey[:, 40:].std() > 20


@pytest.mark.parametrize("kind", ["<u2", "<i2"])
@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LS])
def test_padding_that_no_byte_can_have_pads_nothing_of_a_frame_of_bytes(syntax: UID, kind: str) -> None:
    film, frame = ramp(95, 127, top=127), ENCODERS[syntax](ramp(95, 127, top=127))
    data = dicom(film.astype(kind), syntax, frame, BitsStored=8, PixelPaddingValue=[4000, -2000][kind == "<i2"])
    assert np.array_equal(units(data), film)


def test_padding_is_no_seam_in_a_jpeg_2000_that_could_be_read_smaller() -> None:
    film = ramp(64, 2048, top=4095)
    film[:, :501] = 60_000
    small, native = (decode(dicom(film, syntax, PixelPaddingValue=60_000)) for syntax in (JPEG_2000_LOSSLESS, EXPLICIT))
    assert np.array_equal(small.to_grey(), native.to_grey())


def test_padding_may_be_a_range_of_signed_values() -> None:
    film = (DEEP.astype(np.int16) - 1024).astype(np.int16)
    film[:, :20], film[:, 20:40] = -3000, -2500
    data = dicom(film, PixelPaddingValue=-3000, PixelPaddingRangeLimit=-2500)
    assert np.unique(shown(data)[:, :40]).tolist() == [0]
    assert shown(data)[0, 45:].std() > 40


def test_a_picture_that_is_all_padding_is_read() -> None:
    assert decode(dicom(DEEP * 0, PixelPaddingValue=0)).to_grey().max() == 0


@pytest.mark.parametrize(
    "padding",
    [
        {"PixelPaddingValue": 65_535},
        {"PixelPaddingValue": 4096},
        {"PixelPaddingValue": 65_535, "PixelPaddingRangeLimit": 50_000},
        {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 65_535},
        {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 4095},
    ],
)
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, RLE])
def test_padding_that_no_value_or_that_every_value_has_pads_nothing(syntax: UID, padding: dict[str, int]) -> None:
    film = np.minimum(DEEP * 2, 4095).astype(np.uint16)
    elements = {"BitsStored": 12, "WindowCenter": "2048", "WindowWidth": "4096"}
    with_padding = dicom(film, syntax, None, offsets=True, **elements, **padding)
    assert np.array_equal(shown(with_padding), shown(dicom(film, syntax, None, offsets=True, **elements)))


def test_a_range_of_padding_is_cut_at_the_values_that_can_be() -> None:
    film = DEEP.copy()
    film[:, :20] = 4090
    data = dicom(film, BitsStored=12, PixelPaddingValue=4090, PixelPaddingRangeLimit=60_000)
    assert (shown(data)[:, :20] == 0).all()
    assert shown(data)[:, 20:].std() > 60


@pytest.mark.parametrize("signed", [False, True])
def test_words_of_padding_beyond_the_stored_bits_are_dark(signed: bool) -> None:
    film = (DEEP.astype(np.int32) - 2048 * signed).astype(np.int16 if signed else np.uint16)
    film[:, :20] = -5000 if signed else 65_535
    grey = shown(dicom(film, BitsStored=12, PixelPaddingValue=-5000 if signed else 65_535))
    assert (grey[:, :20] == 0).all()
    assert grey[:, 20:].max() == 255


def test_a_dead_pixel_is_not_what_padding_is_as_dark_as() -> None:
    film = ramp(top=2000) + np.uint16(8000)
    film[:, :40], film[50, 60] = 60_000, 0
    grey = shown(dicom(film, PixelPaddingValue=60_000))
    assert (grey[:, :40] == 0).all()
    assert grey[:, 45:].std() > 40


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE, JPEG_LOSSLESS])
def test_left_justified_values_leave_out_what_lies_below_them(syntax: UID) -> None:
    film = (DEEP << 4) | np.uint16(9)
    assert np.array_equal(decode(dicom(film, syntax, BitsStored=12, HighBit=15)).pixels, DEEP)


def test_bits_below_and_above_the_stored_ones_are_ignored() -> None:
    film = (DEEP << 2) | np.uint16(0xC003)
    assert np.array_equal(decode(dicom(film, BitsStored=12, HighBit=13)).pixels, DEEP)


@pytest.mark.parametrize("high_bit", [0, 7, 10, 16, 255])
def test_high_bit_that_cannot_be_is_ignored(high_bit: int) -> None:
    picture = decode(dicom(DEEP, BitsStored=12, HighBit=high_bit))
    assert np.array_equal(picture.pixels, DEEP)
    assert HEADER_VALUE_IGNORED in picture.warnings
    assert HEADER_VALUE_IGNORED not in decode(dicom(DEEP, BitsStored=12, HighBit=11)).warnings


def test_a_high_bit_is_not_believed_of_values_that_use_the_lowest() -> None:
    assert np.array_equal(decode(dicom(DEEP, BitsStored=12, HighBit=15)).pixels, DEEP)
    signed = (DEEP.astype(np.int16) - 2048).astype(np.int16)
    assert np.array_equal(units(dicom(signed, BitsStored=12, HighBit=15)), signed)


@pytest.mark.parametrize("lowest", [-2_000_000_000, -5000, 0])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_of_32_bits_the_range_that_occurs_is_kept_in_its_units(syntax: UID, lowest: int) -> None:
    film = ramp(top=60_000).astype(np.int64) + lowest
    data = dicom(film.astype(np.int32 if lowest else np.uint32), syntax, RescaleSlope="0.5", RescaleIntercept="3")
    assert np.abs(units(data) - (film * 0.5 + 3)).max() <= abs(lowest) * 1e-6 / 16
    facts = decode(data).facts
    assert (facts.bits, facts.signed) == (32, lowest < 0)


def test_a_modality_table_of_coarser_pixels_is_unsupported() -> None:
    film = ramp(top=60_000).astype(np.uint32) * 1000
    assert reason(dicom(film, ModalityLUTSequence=[table(0, np.arange(300))])) is Reason.UNSUPPORTED


def test_deeper_values_of_a_jpeg_2000_than_its_header_has_are_shown_and_told() -> None:
    film = ramp(top=16_383)
    picture = decode(dicom(film, JPEG_2000_LOSSLESS, jpeg_2000(film, 14), BitsStored=12))
    assert np.array_equal(picture.pixels, film)
    assert picture.warnings == ("DEPTH_CONTRADICTS",)
    assert picture.facts.bits == 14


@pytest.mark.parametrize("bits", [12, 16])
def test_a_jpeg_2000_that_only_states_another_depth_keeps_its_headers(bits: int) -> None:
    picture = decode(dicom(DEEP, JPEG_2000_LOSSLESS, jpeg_2000(DEEP, bits), BitsStored=28 - bits))
    assert np.array_equal(picture.pixels, DEEP)
    assert picture.warnings == ("DEPTH_CONTRADICTS",)
    assert picture.facts.bits == 28 - bits


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LS])
def test_deeper_values_of_a_lossless_frame_are_shown_unless_they_are_an_overlay(syntax: UID) -> None:
    deep = dicom(ramp(top=60_000), syntax, BitsStored=12)
    assert np.array_equal(decode(deep).pixels, ramp(top=60_000))
    assert decode(deep).warnings == ("DEPTH_CONTRADICTS",)
    overlaid = DEEP.copy()
    overlaid[::3] |= 0x8000
    assert np.array_equal(decode(dicom(overlaid, syntax, BitsStored=12)).pixels, DEEP)
    assert decode(dicom(overlaid, syntax, BitsStored=12)).warnings == ()


def test_signed_values_in_a_deeper_frame_contradict_nothing() -> None:
    signed = (DEEP.astype(np.int16) - 2048).astype(np.int16)
    for frame in (lossless_jpeg(signed), lossless_jpeg(signed & 0xFFF, bits=16)):
        data = dicom(signed, JPEG_LOSSLESS, frame, BitsStored=12)
        assert np.array_equal(units(data), signed)
        assert decode(data).warnings == ()
