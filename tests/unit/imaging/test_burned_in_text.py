"""Text in a grey image: drawn text is covered by regions, and images without any have few."""

import hashlib
import json

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from imaging.burned_in_text import MAX_REGIONS, NETWORK, View, _bounded_boxes, find_text
from imaging.decode import decode
from tests.support.cloud import ROOT

SAMPLES = ("clear-1.png", "nodule-3.dcm", "effusion-1.png")
LINES = ("ZEBRA ANNA 1980-01-01", "ID 12345  M 045Y", "St. Mary's Hospital")


def grey_of(name: str, side: int) -> Image.Image:
    image = Image.fromarray(decode((ROOT / "samples" / name).read_bytes()).to_grey())
    return image.resize((side, side * image.height // image.width))


def covered(image: Image.Image) -> NDArray[np.bool_]:
    grey = np.asarray(image)
    mask = np.zeros(grey.shape, bool)
    for region in find_text([View(grey)], *grey.shape):
        mask[region.top : region.top + region.rows, region.left : region.left + region.columns] = True
    return mask


def written(image: Image.Image, size: int, ink: int, turn: int) -> tuple[Image.Image, NDArray[np.bool_]]:
    """Return the image with lines of text, and where their pixels are."""
    layer = Image.new("L", image.size)
    font = ImageFont.load_default(size)
    for place, line in enumerate(LINES):
        ImageDraw.Draw(layer).text((14, 20 + place * (image.height // 3)), line, fill=255, font=font)
    layer = layer.rotate(turn)
    result = image.copy()
    result.paste(ink, mask=layer)
    return result, np.asarray(layer) > 127


@pytest.mark.parametrize(("size", "side"), [(9, 512), (16, 512), (24, 768), (44, 1024)])
@pytest.mark.parametrize(("ink", "turn"), [(255, 0), (0, 0), (235, 90)])
def test_drawn_text_is_covered(size: int, side: int, ink: int, turn: int) -> None:
    ground = Image.eval(grey_of(SAMPLES[0], side), lambda value: 40 + value * 3 // 5)  # so that any ink is seen on it
    image, ink_pixels = written(ground, size, ink, turn)
    assert covered(image)[ink_pixels].mean() > 0.9


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("side", [256, 512, 1024])
def test_little_is_taken_for_text_where_there_is_none(name: str, side: int) -> None:
    below_the_side_marker = covered(grey_of(name, side))[side // 3 :]
    assert below_the_side_marker.mean() < 0.002


def test_region_is_in_pixels_of_the_image_that_the_picture_was_made_of() -> None:
    image = Image.new("L", (256, 160))
    ImageDraw.Draw(image).text((40, 60), "ZEBRA ANNA", fill=255, font_size=20)
    [small] = find_text([View(np.asarray(image))], 160, 256)
    [large] = find_text([View(np.asarray(image))], 1600, 1024)
    assert (large.top // 10, large.left // 4) == (small.top, small.left)
    assert abs(large.columns - 4 * small.columns) <= 4
    assert large.top + large.rows <= 1600


def test_text_of_any_picture_counts() -> None:
    written_image, plain = Image.new("L", (256, 160)), Image.new("L", (256, 160))
    ImageDraw.Draw(written_image).text((40, 60), "ZEBRA ANNA", fill=255, font_size=20)
    assert find_text([View(np.asarray(plain))], 160, 256) == ()
    assert len(find_text([View(np.asarray(one)) for one in (plain, written_image)], 160, 256)) == 1


def test_regions_are_no_more_than_so_many() -> None:
    chances = np.zeros((256, 256), np.float32)
    for row in range(1, 250, 8):
        for column in range(1, 250, 8):
            chances[row : row + 2, column : column + 5] = 0.9
    boxes = _bounded_boxes(chances)
    assert 0 < len(boxes) <= MAX_REGIONS
    for row, column in np.argwhere(chances > 0.5):
        assert any(top <= row <= bottom and left <= column <= right for top, left, bottom, right in boxes)


def test_slanted_line_is_covered_by_several_small_rectangles() -> None:
    chances = np.zeros((100, 100), np.float32)
    for place in range(80):
        chances[place : place + 4, place : place + 6] = 0.9
    boxes = _bounded_boxes(chances)
    area = sum((bottom - top + 1) * (right - left + 1) for top, left, bottom, right in boxes)
    assert area < 0.3 * 84 * 86


def test_no_view_has_no_text() -> None:
    assert find_text([], 100, 100) == ()


def test_network_is_the_one_that_its_provenance_names() -> None:
    document = json.loads(NETWORK.with_suffix(".json").read_text())
    assert document["sha256"] == hashlib.sha256(NETWORK.read_bytes()).hexdigest()
    assert NETWORK.stat().st_size < 100_000
