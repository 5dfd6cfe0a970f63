"""Pixels that are not square: what is shown, read and heated has the shape that the header gives it."""

import io
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from imaging.analysis import analyse
from imaging.bounds import DETAIL_PIXELS, MAX_SIDE, PREVIEW_SIDE
from imaging.card_schema import Interpolation, Resize
from imaging.decode import decode
from imaging.heatmaps import spread_heat
from imaging.image import Fit, plan_fit, square_ratio
from imaging.model import Model
from imaging.preprocess import prepare
from imaging.renderings import heatmap, preview
from tests.support.encoders import ENCODERS, JPEG_BASELINE
from tests.support.images import BIG_ENDIAN, EXPLICIT, IMPLICIT, RLE, Pixels, dicom, half_size
from tests.unit.imaging.test_analysis_samples import SAMPLES, TRUTH
from tests.unit.imaging.test_image_detail import PLAIN


def scene(rows: int, columns: int, top: int = 255) -> Pixels:
    """Something in each corner that is in no other: turned, mirrored or stretched, it is another picture."""
    down, across = np.mgrid[0:rows, 0:columns]
    down, across = down / rows, across / columns
    light = 0.25 + 0.3 * across + 0.15 * down
    light[(down - 0.25) ** 2 + (across - 0.3) ** 2 < 0.02] = 1
    light[(abs(down - 0.75) < 0.1) & (abs(across - 0.7) < 0.2)] = 0
    return np.asarray(light * top, np.uint8 if top < 256 else np.uint16)


def squashed(pixels: Pixels, down: int, across: int) -> Pixels:
    """Return the pixels that a detector with others of so many times the height and width takes."""
    rows, columns = pixels.shape[0] // down, pixels.shape[1] // across
    means = pixels[: rows * down, : columns * across].reshape(rows, down, columns, across).mean(axis=(1, 3))
    return np.asarray(means, pixels.dtype)


def likeness(one: Pixels, other: Pixels) -> float:
    return float(np.corrcoef(one.ravel().astype(float), other.ravel().astype(float))[0, 1])


def shown(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(preview(decode(data)))) as image:
        return np.asarray(image)


def measures(spacing: list[float]) -> list[Dataset]:
    """Return functional groups as an enhanced image has them."""
    group, item = Dataset(), Dataset()
    item.PixelSpacing = spacing
    group.PixelMeasuresSequence = [item]
    return [group]


@pytest.mark.parametrize("top", [255, 4095])
@pytest.mark.parametrize(("down", "across"), [(2, 1), (1, 2), (3, 1)])
@pytest.mark.parametrize("source", ["PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "aspect"])
def test_image_is_shown_square_whatever_element_says_its_shape(source: str, down: int, across: int, top: int) -> None:
    square = scene(240, 300, top)
    said: dict[str, Any] = {source: [0.2 * down, 0.2 * across]}
    if source == "aspect":
        said = {"PixelAspectRatio": [down, across]}
    picture = decode(dicom(squashed(square, down, across), **said))
    assert picture.pixels.shape == (240, 300)
    assert likeness(picture.to_grey(), square) > 0.99
    assert likeness(shown(dicom(squashed(square, down, across), **said)), square) > 0.98
    assert (picture.facts.rows, picture.facts.columns) == (240 // down, 300 // across)
    assert picture.facts.pixel_spacing == (None if source == "aspect" else pytest.approx((0.2 * down, 0.2 * across)))
    assert picture.finer is None


def test_shape_of_an_enhanced_image_is_its_middle_frames() -> None:
    frames = np.stack([squashed(scene(240, 300), 2, 1)] * 3)
    groups = [*measures([1.0, 1.0]), *measures([0.4, 0.2]), *measures([1.0, 1.0])]
    picture = decode(dicom(frames, PerFrameFunctionalGroupsSequence=groups))
    assert likeness(picture.to_grey(), scene(240, 300)) > 0.99
    assert decode(dicom(frames, SharedFunctionalGroupsSequence=measures([0.2, 0.4]))).pixels.shape == (120, 600)


LARGE = {top: scene(1200, 1200, top) for top in (255, 4095)}


@pytest.mark.parametrize(
    ("syntax", "down", "across"),
    [(EXPLICIT, 1, 3), *((syntax, 4, 1) for syntax in (IMPLICIT, EXPLICIT, BIG_ENDIAN, RLE, *ENCODERS))],
)
def test_large_frame_of_each_syntax_is_made_small_and_square(syntax: Any, down: int, across: int) -> None:
    square = LARGE[255 if syntax == JPEG_BASELINE else 4095]
    picture = decode(dicom(squashed(square, down, across), syntax, PixelSpacing=[0.1 * down, 0.1 * across]))
    rows, columns = picture.pixels.shape
    assert PREVIEW_SIDE // 2 < max(rows, columns) <= PREVIEW_SIDE
    assert rows == pytest.approx(columns, abs=1)
    there = np.asarray(Image.fromarray(square.astype(np.float32)).resize((columns, rows), Image.Resampling.BOX))
    assert likeness(picture.pixels, there) > 0.99
    assert picture.finer
    finer = picture.finer()
    assert finer.pixels.shape == (1200, 1200)
    assert likeness(finer.pixels, square) > 0.99


def test_padding_is_made_dark_before_it_is_stretched() -> None:
    square = np.full((240, 240), 1000, np.uint16)
    square[:, 120:] = 4095
    picture = decode(dicom(squashed(square, 2, 1), PixelSpacing=[0.2, 0.1], PixelPaddingValue=4095))
    assert np.unique(picture.pixels).tolist() == [1000]


@pytest.mark.parametrize(
    "said",
    [
        {"PixelSpacing": [0.2, 0.2]},
        {"PixelSpacing": [0.2, 0.2017]},
        {"PixelSpacing": [0.2, 20]},
        {"PixelSpacing": [0.2, 0.2], "PixelAspectRatio": [2, 1]},
        {"PixelSpacing": [0, 0.2]},
        {"ImagerPixelSpacing": [-0.4, 0.2]},
        {"PixelAspectRatio": [1, 1]},
        {"PixelAspectRatio": [0, 1]},
        {"PixelAspectRatio": [-2, 1]},
        {"PixelAspectRatio": [2000, 1]},
        {"PixelAspectRatio": 2},
        {"PixelAspectRatio": [2, 1, 1]},
        {"PixelAspectRatio": None},
    ],
    ids=str,
)
def test_shape_that_is_square_or_none_changes_no_pixel(said: dict[str, Any]) -> None:
    pixels = scene(96, 128, 4095)
    said = {name: value for name, value in said.items() if value is not None}
    assert np.array_equal(decode(dicom(pixels, **said)).pixels, pixels)


@pytest.mark.parametrize(
    ("stored", "rows"),
    [
        (b"2\\1\0", 192),
        (b" 1.5\\1.0", 144),
        (b"2,0\\1 ", 192),
        (b"-2\\1", 96),
        (b"wide\\high ", 96),
        (b"\\", 96),
        (b"", 96),
    ],
)
def test_aspect_of_any_bytes_refuses_no_image(stored: bytes, rows: int) -> None:
    data = dicom(scene(96, 128), PixelAspectRatio=[123456789, 6]).replace(b"123456789\\6 ", stored.ljust(12))
    assert stored in data
    assert decode(data).pixels.shape == (rows, 128)


@pytest.mark.parametrize(
    ("height", "width", "ratio"),
    [
        (0.4, 0.2, 2),
        (0.2, 0.4, 0.5),
        (1, 16, 1 / 16),
        (1, 17, 1),
        (1, float("nan"), 1),
        (1, 1.009, 1),
        (1, 1.02, 1 / 1.02),
    ],
)
def test_ratio_is_that_of_a_pixel_or_1(height: float, width: float, ratio: float) -> None:
    assert square_ratio(height, width) == pytest.approx(ratio)


def test_narrow_image_keeps_the_rows_that_its_high_pixels_leave_it() -> None:
    """64 rows of pixels eight times as high as wide are 512 rows: to an eighth, they are all kept."""
    fit = plan_fit(64, 8192, 8.0)
    assert (fit.block, fit.rows, fit.columns) == ((1, 8), 64, None)


def test_image_that_just_fits_is_not_halved() -> None:
    ratio = 2 + 1e-12
    assert plan_fit(512, 1024, ratio) == plan_fit(512, 1024, 2.0) == Fit((1, 1), rows=1024)


@pytest.mark.parametrize("ratio", [1 / 16, 1 / 3, 0.98, 1.02, 1.9, 5, 16])
@pytest.mark.parametrize("size", [(32, MAX_SIDE), (MAX_SIDE, 32), (8000, 8000), (32, 32), (3000, 5001)])
def test_no_shape_leads_beyond_the_bounds(size: tuple[int, int], ratio: float) -> None:
    for whole in (False, True):
        fit = plan_fit(*size, ratio, whole=whole)
        rows = fit.rows or size[0] // fit.block[0]
        columns = fit.columns or size[1] // fit.block[1]
        assert min(rows, columns) >= 1
        assert max(rows, columns) <= (MAX_SIDE if whole else PREVIEW_SIDE)
        assert rows * columns <= DETAIL_PIXELS
        assert (size[0] // fit.block[0]) * (size[1] // fit.block[1]) <= 2 * DETAIL_PIXELS


@pytest.mark.parametrize("spacing", [[16, 1], [1, 16]])
@pytest.mark.parametrize("size", [(32, 2048), (2048, 32)])
def test_strip_that_is_made_longer_is_prepared_in_every_way(size: tuple[int, int], spacing: list[float]) -> None:
    data = dicom(scene(*size), PixelSpacing=spacing)
    small, whole = decode(data), decode(data, whole=True)
    with Image.open(io.BytesIO(preview(small))) as image:
        assert image.size == small.pixels.shape[::-1]
    for resize in get_args(Resize):
        for how in get_args(Interpolation):
            short = 80 if resize == "short-side-crop" else None
            target = replace(PLAIN, resize=resize, interpolation=how, short_side=short)
            assert prepare(whole, target).tensor.shape == (1, 1, 64, 64)


def test_findings_and_their_heat_are_those_of_the_square_image(model: Model) -> None:
    square = half_size(SAMPLES / "nodule-1.png")
    same = analyse(decode(dicom(square)), model)
    picture = decode(dicom(squashed(square, 2, 1), PixelSpacing=[0.4, 0.2]))
    analysis = analyse(picture, model)
    assert {finding.label for finding in analysis.positive} == {"nodule"}
    assert {finding.label for finding in same.positive} == {"nodule"}
    rows, columns = picture.pixels.shape
    heat = spread_heat(analysis.grids["nodule"], analysis.placement, rows, columns)
    assert likeness(heat, spread_heat(same.grids["nodule"], same.placement, rows, columns)) > 0.95
    row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
    left, top, right, bottom = TRUTH["nodule-1.png"]["nodule"]
    assert left <= column / columns <= right
    assert top <= row / rows <= bottom
    with Image.open(io.BytesIO(heatmap(picture, analysis))) as overlay:
        assert overlay.size == (columns, rows)
