"""Rasters that are turned, not square or transparent: as an independent reader shows them."""

import io
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from imaging.analysis import analyse
from imaging.decode import decode
from imaging.image import Picture
from imaging.model import Model
from imaging.renderings import preview
from segments.layout import EXIF_HEAD, orientation_block
from tests.support.images import JPEG_BASELINE, Pixels, dicom, half_size, jpeg, png
from tests.support.photographs import chunk
from tests.unit.imaging.test_analysis_samples import SAMPLES
from tests.unit.imaging.test_image_square import likeness, scene, squashed


def file_of(image: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def exif(orientation: int, across: int | None = None, down: int | None = None) -> Image.Exif:
    block = Image.Exif()
    for tag, value in ((274, orientation), (282, across), (283, down)):
        if value is not None:
            block[tag] = value
    return block


def by_pillow(data: bytes, across: int = 1, down: int = 1) -> Pixels:
    """Return what Pillow shows: stretched as the stored axes ask for, then turned."""
    with Image.open(io.BytesIO(data)) as image:
        orientation = image.getexif().get(274, 1)
        grey = image.convert("L") if image.mode != "I;16" else Image.fromarray(np.asarray(image) >> 4).convert("L")
    large = grey.resize((grey.width * across, grey.height * down), Image.Resampling.BICUBIC)
    large.getexif()[274] = orientation
    return np.asarray(ImageOps.exif_transpose(large))


def coloured(pixels: Pixels) -> Pixels:
    return np.stack([pixels, 255 - pixels, pixels // 2], axis=2)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpeg", "colour jpeg", "png", "colour png", "deep png", "late png"])
def test_turned_image_is_shown_upright_and_square(kind: str, orientation: int) -> None:
    pixels = squashed(scene(200, 300, 4095 if kind == "deep png" else 255), 2, 1)
    if kind.startswith("colour"):
        pixels = coloured(pixels)
    if kind.endswith("jpeg"):
        data = jpeg(pixels, exif=exif(orientation), dpi=(200, 100), quality=95)
    else:
        data = png(pixels, exif=exif(orientation), dpi=(200, 100))
    if kind == "late png":
        bare = png(pixels, dpi=(200, 100))
        data = bare[:-12] + chunk(b"eXIf", orientation_block(orientation)) + bare[-12:]
    picture, there = decode(data), by_pillow(data, down=2)
    assert picture.pixels.shape == there.shape == ((200, 300) if orientation < 5 else (300, 200))
    assert likeness(picture.to_grey(), there) > 0.99
    with Image.open(io.BytesIO(preview(picture))) as shown:
        assert likeness(np.asarray(shown), there) > 0.98
    assert (picture.facts.rows, picture.facts.columns) == (100, 300)
    if kind.startswith("colour"):
        assert picture.colours
        colours = picture.colours(False)
        assert colours.shape[:2] == picture.pixels.shape
        luma = np.asarray(Image.fromarray(colours).convert("L"))
        assert likeness(luma, there) > 0.99


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("kind", ["jpeg", "png", "deep png"])
def test_large_image_is_turned_and_square_small_and_whole(kind: str, orientation: int) -> None:
    square = scene(1600, 2400, 4095 if kind == "deep png" else 255)
    pixels, how = squashed(square, 1, 2), {"exif": exif(orientation), "dpi": (100, 200)}
    picture = decode(jpeg(pixels, **how) if kind == "jpeg" else png(pixels, **how))
    assert picture.finer
    finer = picture.finer()
    assert finer.pixels.shape == ((1600, 2400) if orientation == 1 else (2400, 1600))
    rows, columns = picture.pixels.shape
    assert (rows / columns) == pytest.approx(finer.pixels.shape[0] / finer.pixels.shape[1], rel=0.01)
    assert 512 < max(rows, columns) <= 1024
    there = np.asarray(Image.fromarray(finer.pixels.astype(np.float32)).resize((columns, rows), Image.Resampling.BOX))
    assert likeness(picture.pixels, there) > 0.99


@pytest.mark.parametrize(
    ("unit", "across", "down", "shape"),
    [
        (0, 2, 1, (200, 300)),
        (1, 300, 150, (200, 300)),
        (2, 40, 80, (100, 600)),
        (0, 1, 1, (100, 300)),
        (1, 72, 72, (100, 300)),
        (0, 0, 0, (100, 300)),
        (1, 300, 0, (100, 300)),
        (1, 300, 1, (100, 300)),
    ],
)
def test_density_of_jfif_makes_square_unless_it_is_junk(unit: int, across: int, down: int, shape: Any) -> None:
    pixels = scene(100, 300)
    data = jpeg(pixels, quality=95)
    start = data.index(b"JFIF\0") + 7
    stamped = data[:start] + struct.pack(">BHH", unit, across, down) + data[start + 5 :]
    assert decode(stamped).pixels.shape == shape


@pytest.mark.parametrize(("unit", "across", "down", "rows"), [(0, 2, 1, 200), (1, 5906, 2953, 200), (1, 0, 0, 100)])
def test_density_of_a_png_makes_square_unless_it_is_junk(unit: int, across: int, down: int, rows: int) -> None:
    data = png(scene(100, 300))
    stamped = data[:33] + chunk(b"pHYs", struct.pack(">IIB", across, down, unit)) + data[33:]
    assert decode(stamped).pixels.shape == (rows, 300)


def test_frame_inside_a_dicom_file_lies_as_the_header_says_alone() -> None:
    pixels = scene(96, 128)
    frame = jpeg(pixels, exif=exif(6, 300, 100), dpi=(300, 100), quality=95)
    picture = decode(dicom(pixels, JPEG_BASELINE, frame))
    assert picture.pixels.shape == (96, 128)
    assert likeness(picture.pixels, pixels) > 0.99


@pytest.mark.filterwarnings("ignore:.*EXIF")  # of Pillow, which reads on
@pytest.mark.parametrize("block", [b"", b"II*\0", b"MM\0*\xff\xff\xff\xff", b"rubbish", EXIF_HEAD * 3])
def test_exif_that_cannot_be_read_refuses_no_image(block: bytes) -> None:
    pixels = scene(96, 128)
    bare = png(pixels)
    assert np.array_equal(decode(bare[:-12] + chunk(b"eXIf", block) + bare[-12:]).pixels, pixels)
    film = jpeg(pixels)
    payload = EXIF_HEAD + block
    spoilt = film[:2] + b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload + film[2:]
    assert np.array_equal(decode(spoilt).pixels, decode(film).pixels)


def test_findings_of_a_turned_image_are_those_of_the_upright_one(model: Model) -> None:
    square = half_size(SAMPLES / "nodule-1.png")
    turned = Image.fromarray(square).transpose(Image.Transpose.ROTATE_90)
    picture = decode(file_of(turned, exif=exif(6)))
    assert np.array_equal(picture.pixels, square)
    assert {finding.label for finding in analyse(picture, model).positive} == {"nodule"}


HIDDEN = 137
"""A grey under what is transparent, which nobody sees."""


def bones(rows: int = 200, columns: int = 160) -> tuple[Pixels, Pixels]:
    """Return grey and alpha of an X-ray that was cut out: bright bones in dim tissue."""
    there = np.zeros((rows, columns), bool)
    there[20:-20, 30:-30] = True
    grey = np.where(there, 60, HIDDEN)
    grey[40:-40, 60:75] = grey[40:-40, 85:100] = 235
    return grey.astype(np.uint8), (there * 255).astype(np.uint8)


def ink(rows: int = 200, columns: int = 160) -> tuple[Pixels, Pixels]:
    """Return grey and alpha of black lines on nothing, with soft edges."""
    page = Image.new("L", (columns * 4, rows * 4))
    ImageDraw.Draw(page).line([(40, 80), (500, 700), (560, 120)], fill=255, width=24)
    alpha = np.asarray(page.resize((columns, rows), Image.Resampling.BOX))
    return np.where(alpha, 8, HIDDEN).astype(np.uint8), alpha


def over(grey: Pixels, alpha: Pixels, ground: int) -> Pixels:
    share = alpha / 255
    return np.rint(grey * share + ground * (1 - share)).astype(np.uint8)


def holed(mode: str, grey: Pixels, alpha: Pixels) -> tuple[bytes, Pixels]:
    """Return a PNG of this mode, and the alpha that it keeps."""
    image, hard = Image.fromarray(grey), np.where(alpha >= 128, 255, 0).astype(np.uint8)
    if mode in ("LA", "RGBA"):
        image = image.convert(mode)
        image.putalpha(Image.fromarray(alpha))
        return file_of(image), alpha
    grey = np.where(hard == 255, np.where(grey == HIDDEN, HIDDEN - 1, grey), HIDDEN).astype(np.uint8)
    if mode == "P":
        image = Image.fromarray(grey).convert("P")
        return file_of(image, transparency=int(np.asarray(image)[hard == 0][0])), hard
    key: Any = (HIDDEN,) * 3 if mode == "RGB" else HIDDEN
    return file_of(Image.fromarray(grey).convert(mode), transparency=key), hard


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P", "L", "RGB"])
@pytest.mark.parametrize(("drawing", "ground"), [(bones, 0), (ink, 255)])
def test_transparent_image_lies_on_the_ground_that_shows_it(mode: str, drawing: Any, ground: int) -> None:
    grey, alpha = drawing()
    data, alpha = holed(mode, grey, alpha)
    picture = decode(data)
    assert np.abs(picture.to_grey().astype(int) - over(grey, alpha, ground)).max() <= 1
    assert picture.colour == 0
    if picture.colours:
        assert np.abs(picture.colours(False).astype(int) - over(grey, alpha, ground)[..., None]).max() <= 1


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(("drawing", "ground"), [(bones, 0), (ink, 255)])
def test_large_transparent_image_has_one_ground_in_all_its_pictures(drawing: Any, ground: int, whole: bool) -> None:
    data, alpha = holed("RGBA", *drawing(1300, 1200))
    picture = decode(data, whole=whole)
    there = Image.fromarray(over(drawing(1300, 1200)[0], alpha, ground))
    size = picture.pixels.shape[::-1]
    assert likeness(picture.pixels, np.asarray(there.resize(size, Image.Resampling.BOX))) > 0.99
    assert picture.colours
    assert np.abs(picture.colours(whole).astype(int) - picture.pixels[..., None]).max() <= 1


@pytest.mark.parametrize("bits", [12, 16])
@pytest.mark.parametrize("is_ink", [False, True])
def test_deep_image_with_a_transparent_value_lies_on_the_ground_that_shows_it(is_ink: bool, bits: int) -> None:
    grey, alpha = ink() if is_ink else bones()
    top = (1 << bits) - 1
    deep = np.where(alpha >= 128, grey.astype(np.uint16) * (top // 255), 65535).astype(np.uint16)
    deep[100, 80] = top - 1 if is_ink else 60
    picture = decode(png(deep, transparency=65535))
    assert picture.facts.bits == bits
    assert picture.pixels[0, 0] == (top if is_ink else 0)
    assert np.array_equal(picture.pixels[alpha >= 128], deep[alpha >= 128])


def blank(mode: str, colour: Any, alpha: int) -> bytes:
    image = Image.new(mode, (96, 96), colour)
    image.putalpha(Image.fromarray((scene(96, 96) if alpha < 0 else np.full((96, 96), alpha)).astype(np.uint8)))
    return file_of(image)


def test_image_whose_alpha_is_all_of_it_is_seen() -> None:
    """White paint is an X-ray of light, black paint one of shade: each is the same scene."""
    light, shade = decode(blank("L", 255, -1)), decode(blank("L", 0, -1))
    assert np.array_equal(light.pixels, scene(96, 96))
    assert np.array_equal(shade.pixels, 255 - scene(96, 96))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_image_that_is_all_transparent_is_blank(mode: str, model: Model) -> None:
    picture = decode(blank(mode, 200 if mode == "L" else (200, 20, 20), 0))
    assert (picture.pixels.min(), picture.pixels.max(), picture.colour) == (0, 0, 0)
    assert "LOW_CONTRAST" in analyse(picture, model).warnings


def test_opaque_alpha_changes_no_pixel() -> None:
    pixels = scene(96, 128)
    assert np.array_equal(decode(file_of(Image.fromarray(pixels).convert("LA"))).pixels, pixels)
    assert np.array_equal(decode(file_of(Image.fromarray(coloured(pixels)).convert("RGBA"))).pixels, by_png(pixels))


def by_png(pixels: Pixels) -> Pixels:
    return decode(png(coloured(pixels))).pixels.astype(np.uint8)


def same(picture: Picture, there: Pixels) -> bool:
    return bool(np.abs(picture.to_grey().astype(int) - there).max() <= 2)


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("kind", [0, 3])
def test_png_of_few_bits_is_shown_in_all_of_its_greys(kind: int, bits: int) -> None:
    """Grey of 1, 2 and 4 bits, and palettes of as many: the levels are spread over black to white."""
    levels = (scene(64, 64).astype(int) * (1 << bits) // 256).astype(np.uint8)
    packed = np.packbits(np.unpackbits(levels[..., None], axis=2)[..., 8 - bits :].reshape(64, -1), axis=1)
    spread = np.arange(1 << bits) * 255 // ((1 << bits) - 1)
    parts = [chunk(b"PLTE", np.repeat(spread, 3).astype(np.uint8).tobytes())] if kind == 3 else []
    data = raw_png(packed, (64, 64), bits, kind, chunk(b"gAMA", struct.pack(">I", 45455)), *parts)
    assert same(decode(data), spread[levels])


def raw_png(rows: Pixels, size: tuple[int, int], depth: int, kind: int, *parts: bytes) -> bytes:
    """Return a PNG of packed rows, each an array of bytes."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, kind, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(parts) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize("depth", [2, 4])
def test_transparent_value_of_few_bits_is_the_pixels(depth: int) -> None:
    levels = (scene(64, 64).astype(int) * (1 << depth) // 256).astype(np.uint8)
    packed = np.packbits(np.unpackbits(levels[..., None], axis=2)[..., 8 - depth :].reshape(64, -1), axis=1)
    data = raw_png(packed, (64, 64), depth, 0, chunk(b"tRNS", b"\0\1"))
    seen = np.where(levels == 1, 0, levels.astype(int) * 255 // ((1 << depth) - 1))
    assert np.array_equal(decode(data).pixels, seen)


@pytest.mark.parametrize(("kind", "channels"), [(4, 1), (6, 3)])
@pytest.mark.parametrize(("drawing", "ground"), [(bones, 0), (ink, 255)])
def test_alpha_of_16_bits_lies_on_the_ground_that_shows_it(drawing: Any, ground: int, kind: int, channels: int) -> None:
    grey, alpha = drawing()
    deep = (np.stack([grey] * channels + [alpha], axis=2).astype(np.uint16) * 257).astype(">u2")
    data = raw_png(deep, grey.shape[::-1], 16, kind)
    assert np.abs(decode(data).to_grey().astype(int) - over(grey, alpha, ground)).max() <= 1


def test_transparent_colour_of_16_bits_is_the_pixels() -> None:
    deep = np.stack([scene(64, 64).astype(np.uint16) * 256 + 7] * 3, axis=2)
    data = raw_png(deep.astype(">u2"), (64, 64), 16, 2, chunk(b"tRNS", deep[0, 0].astype(">u2").tobytes()))
    assert decode(data).pixels[0, 0] == 0
    assert decode(data).pixels[32, 60] == scene(64, 64)[32, 60]


def test_animation_shows_its_first_image() -> None:
    file, first = io.BytesIO(), scene(96, 128)
    Image.fromarray(first).save(file, "PNG", save_all=True, append_images=[Image.new("L", (128, 96), 9)])
    assert np.array_equal(decode(file.getvalue()).pixels, first)


@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"keep_rgb": True}, {"subsampling": 0}], ids=str)
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_jpeg_of_each_colour_model_is_as_pillow_shows_it(mode: str, how: dict[str, Any]) -> None:
    image = Image.fromarray(coloured(scene(200, 300))).convert(mode)
    data = file_of(image, "JPEG", quality=95, **how)
    picture = decode(data)
    with Image.open(io.BytesIO(data)) as there:
        grey = np.asarray(there.convert("L"))
        colours = np.asarray(there.convert("RGB"))
    assert likeness(picture.pixels, grey) > 0.99
    assert np.abs(picture.pixels.astype(int) - grey).mean() < 2
    assert picture.colours
    assert np.abs(picture.colours(False).astype(int) - colours).mean() < 2


def test_picture_keeps_what_it_says_when_its_pixels_are_replaced() -> None:
    picture = decode(jpeg(scene(100, 300), dpi=(2, 1)))
    assert replace(picture, pixels=picture.pixels[:50]).pixel_ratio == 2
