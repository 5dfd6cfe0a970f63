"""Rasters: right brightness, right orientation, no larger than needed."""

import io

import numpy as np
import pytest
from PIL import Image

from imaging.bounds import PREVIEW_SIDE
from imaging.decode import decode
from tests.support.images import jpeg, png, ramp


def test_a_grey_png_keeps_every_pixel() -> None:
    picture = decode(png(ramp()))
    assert np.array_equal(picture.pixels, ramp())
    assert (picture.facts.format, picture.facts.rows, picture.facts.columns, picture.facts.bits) == ("PNG", 96, 128, 8)


def test_a_grey_jpeg_is_nearly_the_same() -> None:
    picture = decode(jpeg(ramp(), quality=95))
    assert np.abs(picture.to_grey().astype(int) - ramp()).max() <= 4


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_a_deep_png_keeps_its_bits_and_is_shown_over_their_range(bits: int) -> None:
    deep = ramp(top=(1 << bits) - 1)
    picture = decode(png(deep))
    assert picture.pixels.dtype == np.float32
    assert np.array_equal(picture.pixels, deep)
    assert picture.facts.bits == bits
    assert np.abs(picture.to_grey().astype(int) - ramp()).max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "1"])
def test_every_png_colour_type_becomes_grey(mode: str) -> None:
    file = io.BytesIO()
    Image.fromarray(ramp()).convert(mode).save(file, "PNG")
    picture = decode(file.getvalue())
    assert picture.pixels.shape == (96, 128)
    assert picture.pixels[:, -20:].mean() > 150
    assert picture.pixels[:, :20].mean() < 100


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_every_jpeg_colour_type_becomes_grey(mode: str) -> None:
    file = io.BytesIO()
    Image.fromarray(ramp()).convert("RGB").convert(mode).save(file, "JPEG", quality=95)
    assert np.abs(decode(file.getvalue()).to_grey().astype(int) - ramp()).max() <= 12


def test_a_progressive_jpeg_is_read() -> None:
    assert np.abs(decode(jpeg(ramp(), progressive=True, quality=95)).to_grey().astype(int) - ramp()).max() <= 4


def test_a_rotated_photograph_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side: the top of the scene is on the right of the stored image
    upright = decode(jpeg(ramp(), exif=exif, quality=95))
    assert upright.pixels.shape == (128, 96)
    assert upright.pixels[-10:].mean() > upright.pixels[:10].mean() + 150


@pytest.mark.parametrize(("rows", "columns"), [(2048, 2048), (3000, 2500), (1100, 90), (1500, 1500)])
def test_a_large_image_is_kept_small_in_its_own_aspect(rows: int, columns: int) -> None:
    for data in (jpeg(ramp(rows, columns)), png(ramp(rows, columns)), png(ramp(rows, columns, 65535))):
        picture = decode(data)
        assert (picture.facts.rows, picture.facts.columns) == (rows, columns)
        assert PREVIEW_SIDE // 2 < max(picture.pixels.shape) <= PREVIEW_SIDE
        assert picture.pixels.shape[0] / picture.pixels.shape[1] == pytest.approx(rows / columns, rel=0.02)
        assert picture.to_grey()[:, -1].mean() > 200


def test_padding_after_the_end_is_accepted() -> None:
    assert decode(jpeg(ramp()) + bytes(16)).facts.format == "JPEG"
    assert decode(png(ramp()) + b"\r\n").facts.format == "PNG"


def test_restart_markers_and_comments_are_part_of_a_jpeg() -> None:
    assert decode(jpeg(ramp(), restart_marker_blocks=2, comment=b"taken at 70 kV")).facts.format == "JPEG"
