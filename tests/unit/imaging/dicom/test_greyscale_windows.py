"""From stored values to brightness: windows of each function, tables of the modality and of the window, or neither."""

import numpy as np
import pytest
from pydicom.uid import UID

from imaging.decode import decode
from imaging.errors import Reason
from tests.support.images import BIG_ENDIAN, EXPLICIT, IMPLICIT, Pixels, dicom, ramp
from tests.support.refusals import reason
from tests.support.tables import table

DEEP = ramp(top=4095)


def shown(data: bytes) -> Pixels:
    return decode(data).to_grey().astype(int)


def expected(low: float, high: float) -> Pixels:
    return np.clip((DEEP - low) / (high - low), 0, 1) * 255


@pytest.mark.parametrize(
    ("function", "low", "high"), [(None, 1000, 1009), ("LINEAR", 1000, 1009), ("LINEAR_EXACT", 1000, 1010)]
)
def test_a_window_is_as_wide_as_its_function_says(function: str | None, low: float, high: float) -> None:
    elements = {"WindowCenter": "1005", "WindowWidth": "10"} | ({"VOILUTFunction": function} if function else {})
    film = np.arange(990, 1030, dtype=np.uint16)[None, :].repeat(40, 0)
    picture = decode(dicom(film, EXPLICIT, None, offsets=True, **elements))
    assert np.abs(picture.to_grey() - np.clip((film.astype(float) - low) / (high - low), 0, 1) * 255).max() <= 1
    assert (picture.facts.window, picture.facts.window_function) == ((1005, 10), function or "LINEAR")


def test_a_sigmoid_bends_towards_black_and_white() -> None:
    grey = shown(dicom(DEEP, WindowCenter="2048", WindowWidth="1000", VOILUTFunction="SIGMOID"))
    assert np.abs(grey - 255 / (1 + np.exp(-4 * (DEEP - 2048.0) / 1000))).max() <= 1


def test_a_voi_table_comes_before_a_window() -> None:
    curve = (np.linspace(0, 1, 4096) ** 2 * 65535).astype(np.uint16)
    picture = decode(dicom(DEEP, VOILUTSequence=[table(0, curve)], WindowCenter="5", WindowWidth="5"))
    assert np.abs(picture.to_grey() - (DEEP / 4095.0) ** 2 * 255).max() <= 1
    assert (picture.facts.window, picture.facts.window_function) == (None, "TABLE")


def test_a_table_of_bytes_may_be_written_as_numbers_two_by_two() -> None:
    curve = (np.linspace(0, 1, 256) ** 2 * 255).astype(np.uint8)
    item = table(0, np.arange(256), bits=8)
    del item.LUTData
    item.add_new("LUTData", "US", np.frombuffer(curve.tobytes(), "<u2").tolist())
    assert np.array_equal(decode(dicom(ramp(), VOILUTSequence=[item])).to_grey(), curve[ramp()])


def test_a_table_that_lacks_some_of_its_words_is_not_taken_for_one_of_bytes() -> None:
    item = table(0, np.arange(4096, dtype=np.uint16))
    item.LUTDescriptor[0] = 4100
    assert reason(dicom(DEEP, VOILUTSequence=[item])) is Reason.BAD_INPUT


def test_inputs_beyond_a_voi_table_take_its_ends() -> None:
    grey = shown(dicom(DEEP, VOILUTSequence=[table(1000, np.array([0, 65535]))]))
    assert (grey[DEEP <= 1000] == 0).all()
    assert (grey[DEEP > 1000] == 255).all()


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_a_voi_table_of_signed_values_starts_below_nought(syntax: UID) -> None:
    signed = (DEEP.astype(np.int16) - 2048).astype(np.int16)
    item = table(0, np.linspace(0, 65535, 4096))
    item.LUTDescriptor = [4096, 63488, 16]
    if syntax == BIG_ENDIAN:
        item.LUTData = np.frombuffer(item.LUTData, "<u2").astype(">u2").tobytes()
    assert np.abs(shown(dicom(signed, syntax, VOILUTSequence=[item])) - DEEP / 4095 * 255).max() <= 1


def test_a_modality_table_comes_before_the_window() -> None:
    squared = (np.arange(4096) ** 2 / 4095).astype(np.uint16)
    grey = shown(dicom(DEEP, ModalityLUTSequence=[table(0, squared)], WindowCenter="1000.5", WindowWidth="2001"))
    assert np.abs(grey - np.clip(DEEP.astype(float) ** 2 / 4095 / 2000, 0, 1) * 255).max() <= 1


def test_a_modality_table_without_a_window_shows_all_that_occurs() -> None:
    grey = shown(dicom(DEEP, ModalityLUTSequence=[table(0, np.arange(4096)[::-1])]))
    assert np.abs(grey - (255 - expected(0, 4095))).max() <= 1


@pytest.mark.parametrize("stated", [-1024, 64_512])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_the_first_input_of_a_voi_table_is_below_nought_where_rescaled_values_are(syntax: UID, stated: int) -> None:
    item = table(stated, np.linspace(0, 65535, 4096))
    data = dicom(DEEP, syntax, BitsStored=12, RescaleSlope="1", RescaleIntercept="-1024", VOILUTSequence=[item])
    assert np.abs(shown(data) - expected(0, 4095)).max() <= 1


@pytest.mark.parametrize("elements", [{}, {"RescaleSlope": "1", "RescaleIntercept": "-10"}, {"Modality": "CT"}])
def test_a_voi_table_that_would_miss_all_inputs_with_a_sign_starts_high(elements: dict[str, str]) -> None:
    film = DEEP + np.uint16(50_000)
    item = table(50_000, np.linspace(0, 65535, 4096))
    data = dicom(film, EXPLICIT, None, offsets=True, VOILUTSequence=[item], **elements)
    assert np.abs(shown(data) - expected(0, 4095)).max() <= 2


def test_a_modality_table_of_unsigned_pixels_starts_high() -> None:
    item = table(40_000, np.linspace(0, 65535, 4096))
    assert np.abs(shown(dicom(DEEP + np.uint16(40_000), ModalityLUTSequence=[item])) - expected(0, 4095)).max() <= 1


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_a_modality_table_of_signed_pixels_starts_below_nought(syntax: UID) -> None:
    signed = (DEEP.astype(np.int16) - 2048).astype(np.int16)
    item = table(-2048, np.linspace(0, 65535, 4096))
    assert np.abs(shown(dicom(signed, syntax, ModalityLUTSequence=[item])) - expected(0, 4095)).max() <= 1


NEAR_1000 = np.arange(990, 1030, dtype=np.uint16)[None, :].repeat(40, 0)


@pytest.mark.parametrize("centre", ["1000", "1000.4", "1000.5"])
@pytest.mark.parametrize("slope", ["1", "-1"])
def test_a_window_of_one_is_black_up_to_a_value_and_white_from_the_next_on(centre: str, slope: str) -> None:
    elements = {"RescaleSlope": slope, "RescaleIntercept": "0" if slope == "1" else "2000"}
    grey = shown(dicom(NEAR_1000, EXPLICIT, None, offsets=True, WindowCenter=centre, WindowWidth="1", **elements))
    units = NEAR_1000 * float(slope) + float(elements["RescaleIntercept"])
    assert np.array_equal(grey, np.where(units <= float(centre) - 0.5, 0, 255))


@pytest.mark.parametrize("function", [None, "LINEAR", "LINEAR_EXACT"])
def test_a_window_narrower_than_one_is_meant_exactly(function: str | None) -> None:
    elements = {"RescaleSlope": "0.0001", "RescaleIntercept": "-0.05", "WindowCenter": "0.1", "WindowWidth": "0.2"}
    elements |= {"VOILUTFunction": function} if function else {}
    picture = decode(dicom(DEEP, EXPLICIT, None, offsets=True, **elements))
    assert np.abs(picture.to_grey() - np.clip((DEEP * 0.0001 - 0.05) / 0.2, 0, 1) * 255).max() <= 1
    assert picture.facts.window == (0.1, 0.2)


@pytest.mark.parametrize(("width", "grey_of_centre"), [("0.2", 128), ("1e-9", 128), ("1e-300", 0)])
def test_a_window_narrower_than_a_step_parts_the_values_below_it_from_those_above(
    width: str, grey_of_centre: int
) -> None:
    grey = shown(dicom(NEAR_1000, WindowCenter="1000", WindowWidth=width))
    assert (grey[NEAR_1000 < 1000] == 0).all()
    assert (grey[NEAR_1000 > 1000] == 255).all()
    assert np.abs(grey[NEAR_1000 == 1000] - grey_of_centre).max() <= 1


@pytest.mark.parametrize("width", ["1", "0.01"])
def test_a_narrow_sigmoid_is_as_steep_as_can_be(width: str) -> None:
    grey = shown(dicom(NEAR_1000, WindowCenter="1000", WindowWidth=width, VOILUTFunction="SIGMOID"))
    assert np.abs(grey - 255 / (1 + np.exp(-np.clip(4 * (NEAR_1000 - 1000.0) / float(width), -50, 50)))).max() <= 1


@pytest.mark.parametrize("number", [b"nan", b"inf", b"-inf", b"1e999", b"1e300", b"one", b"", b"-1", b"0"])
@pytest.mark.parametrize("name", ["WindowCenter", "WindowWidth"])
def test_a_window_that_is_none_is_left_out(name: str, number: bytes) -> None:
    if name == "WindowCenter" and number in (b"-1", b"0"):
        return
    whole = decode(dicom(DEEP)).to_grey()
    placed = dicom(DEEP, EXPLICIT, None, offsets=True, **{"WindowCenter": "9", "WindowWidth": "9", name: "77777777"})
    picture = decode(placed.replace(b"77777777", number.ljust(8)))
    assert np.array_equal(picture.to_grey(), whole)
    assert picture.facts.window is None


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("rows", [96, 1500])
@pytest.mark.parametrize("odd", [((50, 60), 30_000), ((50, 61), 0)])
def test_without_a_window_a_hot_and_a_dead_pixel_change_nothing(
    odd: tuple[tuple[int, int], int], rows: int, signed: bool
) -> None:
    film = ramp(rows, 128, 2000) + np.uint16(8000)
    film = (film.astype(int) - 9000).astype(np.int16) if signed else film
    clean = shown(dicom(film))
    film[odd[0]] = odd[1] - (9000 if signed else 0)
    spoilt = shown(dicom(film))
    assert np.median(np.abs(spoilt - clean)) <= 1
    assert (spoilt.min(), spoilt.max()) == (0, 255)


def test_the_headers_own_extremes_are_not_believed() -> None:
    lying = dicom(DEEP, SmallestImagePixelValue=2000, LargestImagePixelValue=2001)
    assert np.array_equal(shown(lying), shown(dicom(DEEP)))


@pytest.mark.parametrize("marks", [1, 3, 20, 200])
def test_marks_on_a_plain_ground_remain_what_they_are(marks: int) -> None:
    plain = np.full((96, 128), 100, np.uint16)
    plain.flat[np.arange(marks) * 37] = 3000
    assert np.unique(shown(dicom(plain))).tolist() == [0, 255]


def test_marks_brighter_than_a_film_leave_it_its_contrast() -> None:
    film = ramp(top=1000)
    film[4:8, 4:12] = 4000
    grey = shown(dicom(film))
    assert (grey[4:8, 4:12] == 255).all()
    assert grey[20:].std() > 60


def test_eight_bits_without_a_window_show_all_that_occurs() -> None:
    film = ramp() // 4
    film[5, 5] = 255
    assert np.array_equal(shown(dicom(film)), film)
