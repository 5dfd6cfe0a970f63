"""Compressed DICOM: every codec in every depth gives back what was put in."""

import struct

import numpy as np
import pytest
from pydicom.uid import UID

from imaging.decode import decode
from imaging.dicom.deidentify import deidentify
from tests.support.encoders import (
    ENCODERS,
    EXACT,
    HTJ2K_LOSSLESS,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LS,
    JPEG_LS_NEAR,
    in_tile_parts,
    jpeg,
    jpeg_2000,
    lossless_jpeg,
    without_adobe,
    without_jfif,
)
from tests.support.images import RLE, Pixels, dicom, ramp

DEEP = ramp(top=4095)
COLOUR = np.stack([ramp(), ramp()[:, ::-1], ramp() // 2], axis=-1)
LUMA_WEIGHTS = np.array([0.299, 0.587, 0.114])
LUMA = COLOUR @ LUMA_WEIGHTS


def units(data: bytes) -> Pixels:
    picture = decode(data)
    return picture.pixels * picture.slope + picture.intercept


@pytest.mark.parametrize("syntax", EXACT)
@pytest.mark.parametrize("top", [255, 4095, 65535])
def test_a_lossless_codec_keeps_each_value_of_each_depth(syntax: UID, top: int) -> None:
    film = ramp(top=top)
    picture = decode(dicom(film, syntax))
    assert np.array_equal(picture.pixels, film)
    assert not picture.facts.lossy


@pytest.mark.parametrize("syntax", [*EXACT, RLE])
def test_a_lossless_codec_keeps_signed_values(syntax: UID) -> None:
    hounsfield = (ramp(top=4095).astype(np.int16) - 1024).astype(np.int16)
    assert np.array_equal(units(dicom(hounsfield, syntax)), hounsfield)


@pytest.mark.parametrize(("syntax", "error"), [(JPEG_EXTENDED, 60), (JPEG_LS_NEAR, 3), (JPEG_2000, 40)])
def test_a_lossy_codec_stays_near(syntax: UID, error: int) -> None:
    picture = decode(dicom(DEEP, syntax, BitsStored=12))
    assert picture.pixels.dtype == np.float32
    assert np.abs(picture.pixels - DEEP).max() <= error
    assert picture.facts.lossy


@pytest.mark.parametrize("syntax", [*EXACT, JPEG_LS_NEAR, RLE])
def test_each_codec_reads_colour(syntax: UID) -> None:
    assert np.abs(decode(dicom(COLOUR, syntax)).pixels - LUMA).max() <= 4


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LS, RLE])
def test_deep_colour_becomes_grey_of_its_own_brightness(syntax: UID) -> None:
    deep = COLOUR.astype(np.uint16) * 257
    assert np.abs(decode(dicom(deep, syntax)).to_grey() - LUMA).max() <= 2


def test_the_predictors_of_lossless_jpeg_are_all_read() -> None:
    for predictor in range(1, 8):
        frame = lossless_jpeg(DEEP, predictor, bits=12)
        assert np.array_equal(decode(dicom(DEEP, JPEG_LOSSLESS, frame, BitsStored=12)).pixels, DEEP)


def test_signed_values_of_fewer_bits_have_their_sign_where_it_was_encoded() -> None:
    signed = (DEEP.astype(np.int16) - 2048).astype(np.int16)
    frame = lossless_jpeg(signed & 0xFFF, bits=12)
    assert np.array_equal(units(dicom(signed, JPEG_LOSSLESS, frame, BitsStored=12)), signed)
    assert np.array_equal(units(dicom(signed, JPEG_LOSSLESS, frame, BitsStored=16)), signed)


def test_a_codestream_without_signs_in_a_signed_image_is_read_as_its_bits() -> None:
    signed = (DEEP.astype(np.int16) - 2048).astype(np.int16)
    frame = jpeg_2000((signed & 0xFFF).astype(np.uint16), 12)
    assert np.array_equal(units(dicom(signed, JPEG_2000_LOSSLESS, frame, BitsStored=12)), signed)


def test_bits_of_signed_values_are_never_averaged_as_if_they_had_no_sign() -> None:
    around_nought = np.where(np.indices((1100, 2048)).sum(0) % 2, -1, 1).astype(np.int16)
    frame = jpeg_2000((around_nought & 0xFFF).astype(np.uint16), 12)
    assert np.abs(units(dicom(around_nought, JPEG_2000_LOSSLESS, frame, BitsStored=12))).max() <= 1


@pytest.mark.parametrize("syntax", [JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS])
def test_a_large_jpeg_2000_is_decoded_at_a_smaller_size(syntax: UID) -> None:
    picture = decode(dicom(ramp(2048, 4096, 4095), syntax, BitsStored=12))
    assert picture.pixels.shape == (512, 1024)
    assert np.abs(picture.to_grey().astype(int) - ramp(512, 1024)).max() <= 2
    assert (picture.facts.rows, picture.facts.columns) == (2048, 4096)


def test_a_file_around_a_jpeg_2000_codestream_is_opened() -> None:
    box = b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 \0\0\0\0jp2c"
    assert np.array_equal(decode(dicom(DEEP, JPEG_2000, box + jpeg_2000(DEEP))).pixels, DEEP)


def test_a_jpeg_that_is_red_green_and_blue_is_not_taken_for_brightness_and_colour() -> None:
    plain = jpeg(COLOUR, quality=95, keep_rgb=True, subsampling=0)
    assert np.abs(decode(dicom(COLOUR, JPEG_BASELINE, plain)).pixels - LUMA).max() <= 4
    usual = jpeg(COLOUR, quality=95, subsampling=0)
    assert np.abs(decode(dicom(COLOUR, JPEG_BASELINE, usual)).pixels - LUMA).max() <= 4


def test_a_jpeg_that_does_not_tell_its_colours_is_red_green_and_blue_where_these_rise_together() -> None:
    film = np.stack([ramp(), ramp() // 2 + 40, ramp() // 3 + 90], axis=-1)
    named = jpeg(film, quality=95, keep_rgb=True, subsampling=0)
    anonymous = without_adobe(named).replace(b"R\x11\0G\x11\0B\x11\0", b"\1\x11\0\2\x11\0\3\x11\0")
    anonymous = anonymous.replace(b"R\0G\0B\0", b"\1\0\2\0\3\0")
    assert anonymous.count(b"\1\0\2\0\3\0") == 1
    assert np.abs(decode(dicom(film, JPEG_BASELINE, anonymous)).pixels - film @ LUMA_WEIGHTS).max() <= 4


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("labelled", ["RGB", "YBR_FULL_422"])
def test_a_jpeg_of_luminance_and_colour_needs_no_marker(labelled: str, subsampling: int) -> None:
    frame = without_jfif(jpeg(COLOUR, quality=95, subsampling=subsampling))
    picture = decode(dicom(COLOUR, JPEG_BASELINE, frame, PhotometricInterpretation=labelled))
    assert np.abs(picture.pixels - LUMA).max() <= 4
    assert picture.facts.photometric == labelled


def test_a_lossless_jpeg_has_the_colours_of_its_header() -> None:
    frame = lossless_jpeg(COLOUR)
    assert b"Adobe" in frame
    data = dicom(COLOUR, JPEG_LOSSLESS, frame, PhotometricInterpretation="YBR_FULL")
    assert np.array_equal(decode(data).pixels, COLOUR[..., 0])


def test_a_jpeg_2000_whose_colours_were_transformed_is_red_green_and_blue() -> None:
    frame = in_tile_parts(COLOUR, side=128)
    picture = decode(dicom(COLOUR, JPEG_2000_LOSSLESS, frame, PhotometricInterpretation="YBR_FULL"))
    assert np.abs(picture.pixels - LUMA).max() <= 2


@pytest.mark.parametrize("side", [32, 128])
def test_a_jpeg_2000_that_counts_a_part_of_its_tiles_too_few_is_read(side: int) -> None:
    assert np.array_equal(decode(dicom(ramp(), JPEG_2000_LOSSLESS, in_tile_parts(ramp(), side))).pixels, ramp())


@pytest.mark.parametrize("syntax", [syntax for syntax in ENCODERS if syntax != JPEG_EXTENDED])
@pytest.mark.parametrize("offsets", [True, False])
def test_the_middle_frame_is_found_in_each_syntax(syntax: UID, offsets: bool) -> None:
    frames = np.stack([np.full((64, 64), 40 * i, np.uint8) for i in range(6)])
    picture = decode(dicom(frames, syntax, offsets=offsets))
    assert np.abs(picture.pixels.astype(int) - 120).max() <= 3


@pytest.mark.parametrize("table", [(0, 0, 0), (900, 2000, 2000), (8, 16, 99999)])
@pytest.mark.parametrize("syntax", [JPEG_LS, RLE])
def test_frames_are_told_by_their_fragments_where_the_offset_table_is_wrong(
    syntax: UID, table: tuple[int, ...]
) -> None:
    frames = np.stack([np.full((64, 64), 40 * i, np.uint8) for i in range(3)])
    data = dicom(frames, syntax)
    start = data.index(b"\xfe\xff\0\xe0\x0c\0\0\0\0\0\0\0") + 8
    wrong = data[:start] + struct.pack("<3I", *table) + data[start + 12 :]
    assert (decode(wrong).pixels == 40).all()
    assert (decode(deidentify(wrong).data).pixels == 40).all()


def test_frames_in_several_pieces_are_told_by_how_they_start() -> None:
    frames = np.stack([np.full((64, 64), 40 * i, np.uint8) for i in range(5)])
    whole = dicom(frames, JPEG_LS, offsets=False)
    start = whole.index(b"\xfe\xff\0\xe0\0\0\0\0") + 8
    pieces, position = b"", start
    while whole[position : position + 4] == b"\xfe\xff\0\xe0":
        length = int.from_bytes(whole[position + 4 : position + 8], "little")
        body = whole[position + 8 : position + 8 + length]
        for part in (body[:20], body[20:]):
            pieces += b"\xfe\xff\0\xe0" + len(part).to_bytes(4, "little") + part
        position += 8 + length
    assert (decode(whole[:start] + pieces + whole[position:]).pixels == 80).all()


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LS, JPEG_2000_LOSSLESS])
@pytest.mark.parametrize("count", [1, 3])
def test_frames_without_a_table_before_them_are_read(syntax: UID, count: int) -> None:
    frames = np.stack([DEEP + 10 * place for place in range(count)])
    data = dicom(frames, syntax, offsets=False)
    without_table = data.replace(b"\xff\xff\xff\xff\xfe\xff\0\xe0\0\0\0\0", b"\xff\xff\xff\xff")
    assert len(without_table) == len(data) - 8
    assert np.array_equal(decode(without_table).pixels, DEEP + 10 * (count // 2))
    assert np.array_equal(decode(deidentify(without_table).data).pixels, DEEP + 10 * (count // 2))


def test_frame_of_jpeg_ls_without_its_end_has_a_copy_with_one() -> None:
    frame = ENCODERS[JPEG_LS](DEEP)
    data = dicom(DEEP, JPEG_LS, frame.removesuffix(b"\xff\xd9"))
    assert np.array_equal(decode(data).pixels, DEEP)
    assert np.array_equal(decode(deidentify(data).data).pixels, DEEP)
