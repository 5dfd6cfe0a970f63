"""Each way of resizing and normalising against the formula that the framework's own documentation gives."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from imaging.card_schema import BitDepth
from imaging.decode import decode
from imaging.errors import ImageError, Reason
from imaging.model_card import Input
from imaging.preprocess import prepare, trace
from imaging.resampling import resample
from tests.support.images import dicom, jpeg, png, ramp

PLAIN = Input(
    node="image", channels=1, height=64, width=64, low=0.0, high=1.0, resize="stretch", interpolation="bilinear"
)
SIZES = [
    ((90, 60), (64, 64)),
    ((100, 100), (50, 50)),
    ((33, 47), (64, 80)),
    ((301, 40), (30, 64)),
    ((64, 64), (64, 64)),
]
Numbers = NDArray[Any]
DEPTHS = get_args(BitDepth)[1:] + get_args(BitDepth)[:1]


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(shape[0]).integers(0, 256, shape, np.uint8)


def bilinear(pixels: Numbers, size: tuple[int, int]) -> Numbers:
    """Blend four: half-pixel centres, the edge repeated, one output pixel at a time."""
    out = np.zeros(size)
    for (row, column), _ in np.ndenumerate(out):
        y, x = ((at + 0.5) * old / new - 0.5 for at, old, new in zip((row, column), pixels.shape, size, strict=True))
        top, left = int(np.floor(y)), int(np.floor(x))
        for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
            pixel = pixels[
                min(max(top + down, 0), pixels.shape[0] - 1), min(max(left + across, 0), pixels.shape[1] - 1)
            ]
            out[row, column] += pixel * (y - top if down else top + 1 - y) * (x - left if across else left + 1 - x)
    return out


def area(pixels: Numbers, size: tuple[int, int]) -> Numbers:
    """Return the mean over a finer grid that both the old and the new pixels are whole numbers of."""
    fine = np.kron(pixels, np.ones(size))
    return np.asarray(fine.reshape(size[0], pixels.shape[0], size[1], pixels.shape[1]).mean(axis=(1, 3)))


def nearest(pixels: Numbers, size: tuple[int, int]) -> Numbers:
    rows, columns = (((2 * np.arange(new) + 1) * old) // (2 * new) for old, new in zip(pixels.shape, size, strict=True))
    return np.asarray(pixels[np.ix_(rows, columns)])


def lanczos(pixels: Numbers, size: tuple[int, int]) -> Numbers:
    """Weigh by Lanczos of three lobes, widened as the image shrinks, cut off at the edge, of sum 1."""
    matrices = []
    for old, new in zip(pixels.shape, size, strict=True):
        scale = max(old / new, 1.0)
        away = (np.arange(old) + 0.5 - (np.arange(new)[:, None] + 0.5) * old / new) / scale
        weights = np.where(np.abs(away) < 3, np.sinc(away) * np.sinc(away / 3), 0)
        matrices.append(weights / weights.sum(axis=1, keepdims=True))
    return np.asarray(matrices[0] @ pixels @ matrices[1].T)


@pytest.mark.parametrize(("shape", "size"), SIZES)
@pytest.mark.parametrize(
    ("how", "formula"),
    [("bilinear-no-antialias", bilinear), ("area", area), ("nearest", nearest), ("lanczos", lanczos)],
)
def test_resized_floats_are_those_of_the_formula(
    shape: tuple[int, int], size: tuple[int, int], how: Any, formula: Callable[..., Numbers]
) -> None:
    pixels = np.asarray(noise(*shape) / 255, np.float32)
    expected = formula(pixels.astype(np.float64), size)
    resized = resample(pixels, size, how, (0, 0, *size))
    assert resized.dtype == np.float32
    assert np.abs(resized - expected).max() <= 1e-6
    assert np.abs(resample(pixels, size, how, (3, 5, 20, 30)) - expected[3:20, 5:30]).max() <= 1e-6


def opencv(pixels: Numbers, size: tuple[int, int]) -> Numbers:
    """Resize as OpenCV's INTER_LINEAR does 8 bits (imgproc/resize.cpp): columns first, in 2048ths, then rows."""
    out = np.zeros(size, np.int64)
    (height, width), (rows, columns) = size, pixels.shape
    for (row, column), _ in np.ndenumerate(out):
        y, x = np.float32((row + 0.5) * rows / height - 0.5), np.float32((column + 0.5) * columns / width - 0.5)
        top, left = int(np.floor(y)), int(np.floor(x))
        down, across = np.float32(y - top), np.float32(x - left)
        if left < 0 or left >= columns - 1:
            left, across = min(max(left, 0), columns - 1), np.float32(0)
        total = 2
        for line, weight in ((top, 1 - down), (top + 1, down)):
            values = pixels[min(max(line, 0), rows - 1)].astype(int)
            sides = ((left, 1 - across), (min(left + 1, columns - 1), across))
            across_sum = sum(int(values[at]) * int(np.rint(share * 2048)) for at, share in sides)
            total += (int(np.rint(weight * 2048)) * (across_sum >> 4)) >> 16
        out[row, column] = total >> 2
    return out


@pytest.mark.parametrize(("shape", "size"), [*SIZES, ((1047, 40), (50, 200))])
def test_eight_bits_are_resized_in_the_arithmetic_of_opencv(shape: tuple[int, int], size: tuple[int, int]) -> None:
    pixels = noise(*shape)
    resized = resample(pixels, size, "bilinear-no-antialias", (0, 0, *size))
    assert resized.dtype == np.uint8
    assert np.array_equal(resized, opencv(pixels, size))


def test_halves_of_eight_bits_in_area_go_up_for_four_pixels_and_else_to_the_even_number() -> None:
    quarter = np.array([[0, 1], [1, 0]], np.uint8)
    assert resample(quarter, (1, 1), "area", (0, 0, 1, 1)).item() == 1
    eight = np.array([[0, 1, 0, 1], [1, 0, 1, 0]], np.uint8)
    assert resample(eight, (1, 1), "area", (0, 0, 1, 1)).item() == 0
    assert resample(eight + np.uint8(1), (1, 1), "area", (0, 0, 1, 1)).item() == 2


def test_the_bit_depth_says_whether_what_lies_between_256_values_is_kept() -> None:
    pixels = noise(90, 60)
    target = replace(PLAIN, interpolation="bilinear-no-antialias")
    whole, kept, floats = (
        prepare(decode(png(pixels)), replace(target, bit_depth=depth)).tensor[0, 0] * 255 for depth in DEPTHS
    )
    assert np.allclose(whole, np.rint(whole), atol=1e-4)
    assert np.allclose(kept, bilinear(pixels, (64, 64)), atol=1e-3)
    assert np.allclose(kept, floats, atol=1e-4)
    deep = decode(png(ramp(90, 60, 65535)))
    rounded, fine = (prepare(deep, replace(target, bit_depth=depth)).tensor for depth in DEPTHS[1:])
    assert not np.allclose(rounded, fine, atol=1e-4)


@pytest.mark.parametrize("top", [255, 4095])
@pytest.mark.parametrize("values", ["shown", "stored"])
def test_percentiles_of_the_image_become_black_and_white(top: int, values: Any) -> None:
    pixels: Numbers = (np.random.default_rng(1).random((64, 64)) ** 3 * top).astype(
        np.uint8 if top < 256 else np.uint16
    )
    pixels[0, 0] = top
    data = png(pixels) if top < 256 else dicom(pixels, BitsStored=12, HighBit=11)
    target = replace(PLAIN, values=values, window_percentiles=(2.0, 97.5))
    low, high = np.percentile(pixels, (2.0, 97.5))
    expected = np.clip((pixels - low) / (high - low), 0, 1)
    assert np.abs(prepare(decode(data), target).plane(target) - expected).max() <= 1e-5


def test_percentiles_of_a_negative_are_those_of_what_is_shown() -> None:
    pixels = noise(64, 64)
    target = replace(PLAIN, window_percentiles=(5.0, 80.0))
    data = dicom(255 - pixels, PhotometricInterpretation="MONOCHROME1", WindowCenter="128", WindowWidth="256")
    expected, turned = (prepare(decode(one), target).plane(target) for one in (png(pixels), data))
    assert np.allclose(expected, turned, atol=1e-5)


def test_percentiles_that_are_one_value_leave_what_is_above_it_white() -> None:
    pixels = np.full((64, 64), 7, np.uint8)
    pixels[3, 4] = 200
    target = replace(PLAIN, window_percentiles=(1.0, 99.0))
    plane = prepare(decode(png(pixels)), target).plane(target)
    assert (plane[3, 4], plane.sum()) == (1, 1)


@pytest.mark.parametrize(("channels", "high"), [(1, 1.0), (3, 255.0)])
def test_the_image_is_standardised_by_its_own_mean_and_deviation(channels: Any, high: float) -> None:
    pixels = noise(64, 64)
    target = replace(PLAIN, channels=channels, high=high)
    for how in ("z-score", "z-score-floor"):
        tensor = prepare(decode(png(pixels)), replace(target, standardise=how)).tensor
        assert np.allclose(tensor, (pixels - pixels.mean()) / pixels.std(), atol=1e-5)


def test_a_blank_image_is_standardised_to_zeros_and_a_faint_one_no_more_than_the_floor_allows() -> None:
    blank = decode(png(np.full((64, 64), 77, np.uint8)))
    faint = np.full((64, 64), 77, np.uint8)
    faint[0, 0] = 78
    target = replace(PLAIN, channels=3, standardise="z-score-floor")
    for how in ("z-score", "z-score-floor"):
        assert np.abs(prepare(blank, replace(target, standardise=how)).tensor).max() <= 1e-4
    values = np.repeat(faint[None] / 255, 3, axis=0)
    expected = (values - values.mean()) / max(values.std(), 1 / np.sqrt(values.size))
    assert values.std() < 1 / np.sqrt(values.size)
    assert np.allclose(prepare(decode(png(faint)), target).tensor[0], expected, atol=1e-5)


def test_padding_is_what_the_card_says() -> None:
    picture = decode(png(noise(32, 64)))
    target = replace(PLAIN, resize="pad", low=-1.0)
    middle = prepare(picture, target).plane(target)[16:48]
    for padding, value in ((None, -1.0), (0.25, 0.25)):
        plane = prepare(picture, replace(target, padding=padding)).plane(target)
        assert (plane[:16] == value).all()
        assert (plane[48:] == value).all()
        assert np.array_equal(plane[16:48], middle)
    edge = prepare(picture, replace(target, padding="edge")).plane(target)
    assert np.array_equal(edge, np.pad(middle, ((16, 16), (0, 0)), "edge"))


def test_padding_with_the_mean_is_zero_and_counts_in_no_statistic() -> None:
    picture = decode(png(noise(32, 64)))
    target = replace(PLAIN, resize="pad", padding="mean")
    alone = prepare(picture, replace(target, padding=None)).plane(target)[16:48].astype(np.float64)
    plane = prepare(picture, replace(target, standardise="z-score")).plane(target)
    assert np.allclose(plane[16:48], (alone - alone.mean()) / alone.std(), atol=1e-5)
    assert not plane[:16].any()
    tensor = prepare(picture, replace(target, channels=3, mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 3.0))).tensor
    assert tensor.shape == (1, 3, 64, 64)
    assert not tensor[0, :, 48:].any()
    assert np.allclose(tensor[0, 2, 16:48], (alone - 0.3) / 3, atol=1e-6)


COLOURS = np.stack([noise(64, 64), noise(65, 64)[:64], noise(66, 64)[:64]], axis=-1)


def colour_png(mode: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(COLOURS).convert(mode).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_colour_model_gets_red_green_and_blue_in_the_order_of_its_card(mode: str) -> None:
    target = replace(PLAIN, channels=3, colour=True, mean=(0.1, 0.2, 0.3), std=(1.0, 1.0, 2.0))
    tensor = prepare(decode(colour_png(mode)), target).tensor[0]
    expected = np.moveaxis(COLOURS / 255, -1, 0)
    less, by = np.array([[[0.1]], [[0.2]], [[0.3]]]), np.array([[[1]], [[1]], [[2]]])
    assert np.allclose(tensor, (expected - less) / by, atol=1e-6)
    turned = prepare(decode(colour_png(mode)), replace(target, blue_first=True)).tensor[0]
    assert np.allclose(turned, (expected[::-1] - less) / by, atol=1e-6)
    last = prepare(decode(colour_png(mode)), replace(target, channels_last=True)).tensor[0]
    assert np.array_equal(np.moveaxis(last, -1, 0), tensor)


def test_a_colour_jpeg_is_upright_and_in_colour_whole_and_small() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    large = np.zeros((1200, 1500, 3), np.uint8)
    large[:, :750], large[:, 750:] = (200, 40, 60), (30, 90, 220)
    picture = decode(jpeg(np.rot90(large), exif=exif, quality=95))
    for how in ("bilinear", "box-bilinear"):
        tensor = prepare(picture, replace(PLAIN, channels=3, colour=True, interpolation=how)).tensor[0] * 255
        assert np.abs(tensor[:, 32, 10] - (200, 40, 60)).max() <= 4
        assert np.abs(tensor[:, 32, 50] - (30, 90, 220)).max() <= 4


def test_a_grey_picture_for_a_colour_model_is_three_times_the_same() -> None:
    target = replace(PLAIN, channels=3, colour=True)
    for data in (png(ramp(64, 64)), jpeg(ramp(64, 64)), dicom(ramp(64, 64)), png(ramp(64, 64, 65535))):
        tensor = prepare(decode(data), target).tensor[0]
        assert np.array_equal(tensor[0], tensor[1])
        assert np.array_equal(tensor, prepare(decode(data), replace(target, colour=False)).tensor[0])


def test_a_colour_model_refuses_a_dicom_file_in_colour_rather_than_read_it_as_grey() -> None:
    data = dicom(COLOURS)
    assert prepare(decode(data), PLAIN).tensor.any()
    with pytest.raises(ImageError) as refused:
        prepare(decode(data), replace(PLAIN, channels=3, colour=True))
    assert refused.value.reason is Reason.UNSUPPORTED


def test_percentiles_of_a_colour_picture_are_those_of_all_its_colours() -> None:
    target = replace(PLAIN, channels=3, colour=True, window_percentiles=(10.0, 90.0))
    low, high = np.percentile(COLOURS, (10, 90))
    expected = np.clip((np.moveaxis(COLOURS, -1, 0) - low) / (high - low), 0, 1)
    assert np.allclose(prepare(decode(png(COLOURS)), target).tensor[0], expected, atol=1e-5)


def test_the_steps_that_are_told_end_in_the_tensor_of_the_network() -> None:
    picture = decode(png(noise(90, 64)))
    target = replace(PLAIN, low=-1.0, resize="short-side-crop", short_side=70, mean=(0.5,), std=(0.5,))
    size, steps = trace(picture, target)
    assert (size, list(steps)) == ((98, 70), ["resize", "range", "normalise"])
    expected = resample(picture.pixels.astype(np.float32) / 255, size, "bilinear", (0, 0, *size))
    assert np.allclose(steps["resize"][0], expected, atol=1e-6)
    assert np.allclose(steps["range"][0], 2 * expected[17:81, 3:67] - 1, atol=1e-6)
    assert np.array_equal(steps["normalise"], prepare(picture, target).tensor[0])
