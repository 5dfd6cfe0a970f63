"""A picture that was made smaller can be had again with all its pixels, for cards that resize as a library does."""

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import UID

from imaging.bounds import DETAIL_PIXELS, MAX_PIXELS, MAX_SIDE
from imaging.card_schema import Interpolation
from imaging.decode import decode
from imaging.image import shrink_factor
from imaging.model_card import Input
from imaging.preprocess import prepare
from tests.support.encoders import ENCODERS, EXACT
from tests.support.images import BIG_ENDIAN, EXPLICIT, IMPLICIT, RLE, dicom, jpeg, png, ramp

LARGE, DEEP = ramp(1200, 1500), ramp(1200, 1500, 4095)
PLAIN = Input(
    node="image", channels=1, height=64, width=64, low=0.0, high=1.0, resize="stretch", interpolation="bilinear"
)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return jpeg(np.rot90(LARGE), exif=exif, quality=95)


@pytest.mark.parametrize(
    ("data", "pixels"),
    [
        pytest.param(png(LARGE), LARGE, id="png"),
        pytest.param(png(DEEP), DEEP, id="deep png"),
        pytest.param(jpeg(LARGE, quality=95), LARGE, id="jpeg"),
        pytest.param(turned(), LARGE, id="jpeg that is turned"),
        pytest.param(dicom(LARGE), LARGE, id="dicom"),
        pytest.param(dicom(np.stack([DEEP] * 3)), DEEP, id="frames"),
        *(pytest.param(dicom(DEEP, syntax), DEEP, id=syntax.name) for syntax in (IMPLICIT, EXPLICIT, BIG_ENDIAN, RLE)),
        *(pytest.param(dicom(DEEP, syntax), DEEP, id=syntax.name) for syntax in EXACT),
    ],
)
def test_all_pixels_of_a_file_can_be_had(data: bytes, pixels: Any) -> None:
    picture = decode(data)
    assert picture.finer
    finer = picture.finer()
    assert max(picture.pixels.shape) <= 1024
    assert finer.pixels.shape == (1200, 1500)
    assert np.abs(finer.pixels.astype(int) - pixels).max() <= (4 if picture.facts.format == "JPEG" else 0)
    assert (finer.facts, finer.warnings, finer.finer) == (picture.facts, picture.warnings, None)


@pytest.mark.parametrize("syntax", sorted(ENCODERS.keys() - set(EXACT)))
def test_a_lossy_frame_is_read_whole_as_well(syntax: UID) -> None:
    deep = not syntax.endswith(".50")
    finer = decode(dicom(DEEP if deep else LARGE, syntax)).finer
    assert finer
    assert finer().pixels.shape == (1200, 1500)


def test_a_deep_png_is_as_bright_whole_as_small() -> None:
    film = DEEP - DEEP // 10
    film[::7, ::7] += 500
    picture = decode(png(film))
    assert picture.finer
    assert picture.facts == picture.finer().facts
    assert abs(picture.to_grey().mean() - picture.finer().to_grey().mean()) < 1


def test_a_picture_that_is_whole_has_nothing_finer() -> None:
    for data in (png(ramp()), jpeg(ramp()), dicom(ramp())):
        assert decode(data).finer is None


def test_finer_pixels_are_taken_only_by_a_card_that_resizes_as_another_library() -> None:
    picture = decode(png(np.random.default_rng(2).integers(0, 256, (1200, 1500), np.uint8)))
    assert picture.finer
    whole, coarse = picture.finer(), replace(picture, finer=None)
    for how in get_args(Interpolation):
        target = replace(PLAIN, interpolation=how)
        if how == "box-bilinear":
            assert np.array_equal(prepare(picture, target).tensor, prepare(coarse, target).tensor)
            continue
        assert np.array_equal(prepare(picture, target).tensor, prepare(whole, target).tensor)
        assert not np.array_equal(prepare(picture, target).tensor, prepare(coarse, target).tensor)


@pytest.mark.parametrize("size", [(5000, 4800), (8000, 8000), (MAX_SIDE, MAX_PIXELS // MAX_SIDE), (32, MAX_SIDE)])
def test_the_finer_pixels_that_are_kept_are_bounded(size: tuple[int, int]) -> None:
    factor = shrink_factor(*size, whole=True)
    assert (size[0] // factor) * (size[1] // factor) <= DETAIL_PIXELS
    assert (factor == 1) == (size[0] * size[1] <= DETAIL_PIXELS)
