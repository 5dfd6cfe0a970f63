"""DICOM: every encoding of the same film shows the same picture."""

import numpy as np
import pytest
from pydicom.uid import UID

from imaging.decode import decode
from tests.support.images import BIG_ENDIAN, EXPLICIT, IMPLICIT, JPEG_BASELINE, RLE, Pixels, dicom, ramp

DEEP = ramp(top=4095)


def shown(data: bytes) -> Pixels:
    return decode(data).to_grey().astype(int)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN, RLE])
def test_sixteen_bits_are_kept_in_each_lossless_syntax(syntax: UID) -> None:
    picture = decode(dicom(DEEP, syntax, BitsStored=12, HighBit=11))
    assert picture.pixels.dtype == np.float32
    assert np.array_equal(picture.pixels, DEEP)
    assert picture.facts.bits == 12


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, RLE])
def test_eight_bits_are_read_in_each_lossless_syntax(syntax: UID) -> None:
    assert np.array_equal(decode(dicom(ramp(), syntax)).pixels, ramp())


def test_baseline_jpeg_inside_dicom_is_read() -> None:
    picture = decode(dicom(ramp(), JPEG_BASELINE))
    assert np.abs(picture.pixels.astype(int) - ramp()).max() <= 4


def test_the_facts_are_the_headers_codes() -> None:
    facts = decode(dicom(DEEP, ImagerPixelSpacing=[0.14, 0.15])).facts
    assert (facts.format, facts.rows, facts.columns, facts.frames) == ("DICOM", 96, 128, 1)
    assert (facts.modality, facts.body_part, facts.view) == ("DX", "CHEST", "PA")
    assert (facts.photometric, facts.pixel_spacing) == ("MONOCHROME2", (0.14, 0.15))


def test_free_text_where_a_code_belongs_is_not_repeated() -> None:
    data = dicom(DEEP, BodyPartExamined="PLACEHOLDER01", ViewPosition="PLACEHOLDER0002")
    data = data.replace(b"PLACEHOLDER01 ", b"Chest, J. Doe!").replace(b"PLACEHOLDER0002 ", b"see John's note.")
    facts = decode(data).facts
    assert (facts.body_part, facts.view) == (None, None)


def test_the_window_decides_black_and_white() -> None:
    narrow = shown(dicom(DEEP, WindowCenter="2048", WindowWidth="1000"))
    assert (narrow[DEEP < 1500] == 0).all()
    assert (narrow[DEEP > 2600] == 255).all()
    assert 100 < narrow[(DEEP > 2000) & (DEEP < 2100)].mean() < 155


def test_the_first_of_several_windows_counts() -> None:
    one = shown(dicom(DEEP, WindowCenter="2048", WindowWidth="1000"))
    two = shown(dicom(DEEP, WindowCenter=["2048", "100"], WindowWidth=["1000", "5"]))
    assert np.array_equal(one, two)


@pytest.mark.parametrize("width", ["0", "-5", ""])
def test_without_a_usable_window_all_values_are_shown(width: str) -> None:
    full = shown(dicom(DEEP, WindowCenter="9", WindowWidth=width))
    assert (full.min(), full.max()) == (0, 255)


def test_rescaling_comes_before_the_window() -> None:
    plain = shown(dicom(DEEP, WindowCenter="2048", WindowWidth="1000"))
    scaled = shown(dicom(DEEP, RescaleSlope="2", RescaleIntercept="-1024", WindowCenter="3072", WindowWidth="2000"))
    assert np.abs(plain - scaled).max() <= 1


def test_monochrome1_is_inverted() -> None:
    normal, inverse = shown(dicom(DEEP)), shown(dicom(DEEP, PhotometricInterpretation="MONOCHROME1"))
    assert np.abs(normal + inverse - 255).max() <= 1


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE])
def test_signed_values_keep_their_order_and_their_units(syntax: UID) -> None:
    hounsfield = (DEEP.astype(np.int16) - 1024).astype(np.int16)
    picture = decode(dicom(hounsfield, syntax, BitsStored=16, WindowCenter="40", WindowWidth="400"))
    units = picture.pixels * picture.slope + picture.intercept
    assert np.array_equal(units, hounsfield)
    assert (picture.to_grey()[hounsfield < -200] == 0).all()
    assert (picture.to_grey()[hounsfield > 300] == 255).all()


def test_bits_above_the_stored_ones_are_ignored() -> None:
    overlaid = DEEP | np.uint16(0xF000)
    assert np.array_equal(decode(dicom(overlaid, BitsStored=12)).pixels, DEEP)


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE])
def test_of_several_frames_the_middle_one_is_read(syntax: UID) -> None:
    frames = np.stack([np.full((64, 64), 50 * i, np.uint16) for i in range(5)])
    frames[:, :, 0] = 0
    picture = decode(dicom(frames, syntax))
    assert (picture.pixels[:, 1:] == 100).all()
    assert picture.facts.frames == 5
    assert picture.warnings == ("MIDDLE_FRAME_ONLY",)


@pytest.mark.parametrize("offsets", [True, False])
def test_the_middle_frame_is_found_with_and_without_a_table_of_offsets(offsets: bool) -> None:
    frames = np.stack([np.full((64, 64), 50 * i, np.uint8) for i in range(5)])
    picture = decode(dicom(frames, JPEG_BASELINE, offsets=offsets))
    assert (picture.pixels == 100).all()


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE])
def test_colour_becomes_grey(syntax: UID) -> None:
    colour = np.stack([ramp()] * 3, axis=-1)
    assert np.abs(shown(dicom(colour, syntax)) - ramp()).max() <= 1


def test_planes_of_colour_are_told_from_pixels() -> None:
    colour = np.stack([ramp()] * 3, axis=-1)
    planes = np.moveaxis(colour, -1, 0).tobytes()
    assert np.abs(shown(dicom(colour, PlanarConfiguration=1, PixelData=planes)) - ramp()).max() <= 1


def test_a_large_frame_is_resized_in_its_own_depth() -> None:
    picture = decode(dicom(ramp(2000, 1500, 16383)))
    assert picture.pixels.dtype == np.float32
    assert picture.pixels.shape == (1000, 750)
    assert len(np.unique(picture.pixels)) > 1000
