"""From stored values to brightness: windows of each function, tables of the modality and of the window, padding."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID

from imaging.decode import decode
from tests.support.images import BIG_ENDIAN, EXPLICIT, IMPLICIT, Pixels, dicom, ramp

DEEP = ramp(top=4095)


def shown(data: bytes) -> Pixels:
    return decode(data).to_grey().astype(int)


def table(first: int, values: Pixels, bits: int = 16) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(values) % 65536, first, bits]
    item["LUTDescriptor"].VR = "US"
    item.LUTData = values.astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item


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


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_dark_and_decides_no_window(photometric: str) -> None:
    film = DEEP + np.uint16(1000)
    film[:, :40] = 60_000
    grey = shown(dicom(film, PixelPaddingValue=60_000, PhotometricInterpretation=photometric))
    assert (grey[:, :40] == 0).all()
    assert grey[:, 40:].max() == 255
    assert grey[:, 40:].std() > 60


def test_padding_may_be_a_range_of_signed_values() -> None:
    film = (DEEP.astype(np.int16) - 1024).astype(np.int16)
    film[:, :20], film[:, 20:40] = -3000, -2500
    data = dicom(film, PixelPaddingValue=-3000, PixelPaddingRangeLimit=-2500)
    assert np.unique(shown(data)[:, :40]).tolist() == [0]
    assert shown(data)[0, 45:].std() > 40


def test_a_picture_that_is_all_padding_is_read() -> None:
    assert decode(dicom(DEEP * 0, PixelPaddingValue=0)).to_grey().max() == 0
