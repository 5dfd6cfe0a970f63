"""Preprocessing as data: each value, shape and layout that a card may ask for."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from imaging.decode import decode
from imaging.heatmaps import spread_heat
from imaging.image import Picture
from imaging.model_card import Input
from imaging.preprocess import Placement, prepare
from imaging.resampling import resample
from tests.support.images import dicom, png, ramp

PLAIN = Input(
    node="image", channels=1, height=64, width=64, low=0.0, high=1.0, resize="stretch", interpolation="bilinear"
)
HOUNSFIELD: dict[str, Any] = {"RescaleSlope": "1", "RescaleIntercept": "0"}
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def plane(picture: Picture, **changes: Any) -> NDArray[np.float32]:
    target = replace(PLAIN, **changes)
    return prepare(picture, target).plane(target)


def test_black_and_white_become_the_ends_of_the_range() -> None:
    picture = decode(png(ramp(64, 64)))
    for low, high in ((0.0, 1.0), (-1024.0, 1024.0), (0.0, 255.0), (1.0, -1.0)):
        values = plane(picture, low=low, high=high)
        assert values[0, 0] == pytest.approx(low, abs=abs(high - low) / 200)
        assert values[-1, -1] == pytest.approx(high, abs=abs(high - low) / 100)


def test_sixteen_bits_are_kept_and_eight_are_made_where_the_card_says_so() -> None:
    picture = decode(png(ramp(64, 64, 65535)))
    assert len(np.unique(plane(picture))) > 600
    assert len(np.unique(plane(picture, bit_depth="8"))) <= 256


def test_three_channels_are_the_grey_one_standardised_each() -> None:
    mean, std = IMAGENET
    picture = decode(png(ramp(64, 64)))
    grey = plane(picture)
    tensor = prepare(picture, replace(PLAIN, channels=3, mean=mean, std=std)).tensor
    assert tensor.shape == (1, 3, 64, 64)
    for channel in range(3):
        assert np.allclose(tensor[0, channel], (grey - mean[channel]) / std[channel], atol=1e-6)


def test_the_layout_is_the_cards() -> None:
    picture = decode(png(ramp(64, 64)))
    first = prepare(picture, replace(PLAIN, channels=3)).tensor
    last = prepare(picture, replace(PLAIN, channels=3, channels_last=True)).tensor
    assert last.shape == (1, 64, 64, 3)
    assert last.flags.c_contiguous
    assert np.array_equal(np.moveaxis(last, -1, 1), first)


def test_stored_values_are_taken_without_the_headers_window() -> None:
    pixels = ramp(64, 64, 4095)
    data = dicom(pixels, BitsStored=12, HighBit=11, WindowCenter="100", WindowWidth="50")
    assert np.allclose(plane(decode(data), values="stored"), pixels / 4095, atol=1e-6)
    turned = dicom(pixels, BitsStored=12, HighBit=11, PhotometricInterpretation="MONOCHROME1")
    assert np.allclose(plane(decode(turned), values="stored"), 1 - pixels / 4095, atol=1e-6)


def test_hounsfield_units_go_through_the_cards_window() -> None:
    units = (ramp(64, 64, 4095).astype(np.int16) - 1024).astype(np.int16)
    data = dicom(units, WindowCenter="0", WindowWidth="10", Modality="CT", **HOUNSFIELD)
    target = replace(PLAIN, values="units", window=(-160.0, 240.0), low=-160.0, high=240.0)
    prepared = prepare(decode(data), target)
    assert np.allclose(prepared.plane(target), np.clip(units, -160, 240), atol=0.01)
    assert prepared.warnings == ()


def lookup() -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [256, 0, 16]
    item["LUTDescriptor"].VR = "US"
    item.LUTData = np.arange(256, dtype="<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item


PALETTE: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"} | {
    f"{colour}PaletteColorLookupTable{part}": value
    for colour in ("Red", "Green", "Blue")
    for part, value in (("Descriptor", [256, 0, 8]), ("Data", bytes(range(256))))
}
GREY, COLOUR = ramp(64, 64), np.repeat(ramp(64, 64)[..., None], 3, axis=-1)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(png(GREY), id="png"),
        pytest.param(dicom(GREY, Modality="CT"), id="no rescaling, as of a screenshot"),
        pytest.param(dicom(GREY, Modality="CT", RescaleSlope="1"), id="half of it"),
        pytest.param(dicom(GREY, Modality="CT", RescaleSlope="1", RescaleIntercept=""), id="an empty half"),
        pytest.param(dicom(GREY, Modality="CT", ModalityLUTSequence=[lookup()], **HOUNSFIELD), id="table"),
        pytest.param(dicom(GREY, Modality="CT", **PALETTE, **HOUNSFIELD), id="palette"),
        pytest.param(dicom(COLOUR, Modality="CT", **HOUNSFIELD), id="colour"),
    ],
)
def test_an_image_without_units_is_taken_as_shown_and_flagged(data: bytes) -> None:
    target = replace(PLAIN, values="units", window=(-160.0, 240.0))
    prepared, shown = prepare(decode(data), target), decode(data).to_grey() / 255
    assert prepared.warnings == ("NO_UNITS",)
    assert np.allclose(prepared.plane(target), shown, atol=1 / 255)


def test_a_card_may_stretch_pad_or_crop() -> None:
    picture = decode(png(ramp(100, 200)))
    stretched = prepare(picture, PLAIN)
    padded = prepare(picture, replace(PLAIN, resize="pad"))
    cropped = prepare(picture, replace(PLAIN, resize="crop"))
    assert stretched.placement == Placement(0, 0, 1, 1)
    assert padded.placement == Placement(0.25, 0, 0.5, 1)
    assert cropped.placement == Placement(0, -0.5, 1, 2)
    middle = picture.pixels[:, 50:150].astype(np.float32) / 255
    expected = np.asarray(Image.fromarray(middle).resize((64, 64), Image.Resampling.BILINEAR))
    assert np.allclose(cropped.tensor[0, 0], expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(300, 400), (401, 300), (224, 224), (90, 100)])
def test_the_shorter_side_is_resized_and_the_middle_cropped_as_torchvision_does(shape: tuple[int, int]) -> None:
    pixels = ramp(*shape)
    target = replace(PLAIN, height=224, width=224, resize="short-side-crop", short_side=256, bit_depth="8")
    height, width = (
        (256, int(256 * shape[1] / shape[0])) if shape[0] <= shape[1] else (int(256 * shape[0] / shape[1]), 256)
    )
    resized = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))
    top, left = round((height - 224) / 2.0), round((width - 224) / 2.0)
    expected = resized[top : top + 224, left : left + 224].astype(np.float32) / 255
    assert np.allclose(prepare(decode(png(pixels)), target).plane(target), expected, atol=1e-6)


@pytest.mark.parametrize("how", ["box-bilinear", "bilinear", "bicubic"])
@pytest.mark.parametrize("shape", [(4, 1000), (1000, 3)])
def test_what_is_kept_of_a_long_strip_is_what_would_be_cut_out_of_the_whole(how: Any, shape: tuple[int, int]) -> None:
    strip = np.random.default_rng(4).integers(0, 256, shape, np.uint8)
    long = 336 * 1000 // min(shape)
    size, middle = ((336, long), (10, 50_000)) if shape[1] > shape[0] else ((long, 336), (50_000, 10))
    by = Image.Resampling.BICUBIC if how == "bicubic" else Image.Resampling.BILINEAR
    whole = np.asarray(Image.fromarray(strip).resize(size[::-1], by))
    rows, columns = (slice(start, start + 224) for start in middle)
    kept = resample(strip, size, how, (rows.start, columns.start, rows.stop, columns.stop))
    assert np.abs(kept.astype(int) - whole[rows, columns]).max() <= 2


def test_scikit_images_resizing_may_be_done_for_a_part_alone() -> None:
    film = np.random.default_rng(4).random((90, 300)).astype(np.float32)
    whole = resample(film, (64, 213), "gaussian-linear", (0, 0, 64, 213))
    assert np.allclose(resample(film, (64, 213), "gaussian-linear", (0, 75, 64, 139)), whole[:, 75:139], atol=1e-6)


@pytest.mark.parametrize("resize", ["pad", "stretch", "crop", "short-side-crop"])
@pytest.mark.parametrize("shape", [(64, 64), (100, 200), (300, 40), (33, 1000)])
def test_heat_lies_where_the_model_saw_it_under_every_policy(resize: Any, shape: tuple[int, int]) -> None:
    rows, columns = shape
    pixels = np.zeros(shape, np.uint8)
    pixels[rows // 2 - 2 : rows // 2 + 3, columns // 2 - 2 : columns // 2 + 3] = 255
    target = replace(PLAIN, resize=resize, short_side=70 if resize == "short-side-crop" else None)
    prepared = prepare(decode(png(pixels)), target)
    heat = spread_heat(prepared.plane(target), prepared.placement, *shape)
    row, column = np.unravel_index(int(np.argmax(heat)), shape)
    assert heat.shape == shape
    assert abs(row - rows // 2) <= max(2, rows // 20)
    assert abs(column - columns // 2) <= max(2, columns // 20)


def test_pixels_that_were_cropped_off_get_no_heat() -> None:
    picture = decode(png(ramp(100, 200)))
    placement = prepare(picture, replace(PLAIN, resize="crop")).placement
    heat = spread_heat(np.ones((8, 8), np.float32), placement, 100, 200)
    assert (heat[:, 50:150] > 0.99).all()
    assert heat[:, :50].max() == heat[:, 150:].max() == 0
