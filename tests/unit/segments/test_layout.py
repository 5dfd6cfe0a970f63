"""What JPEG and PNG files say of how their pixels lie: read from every place, and never in the way of the image."""

import struct
import tracemalloc
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from segments.layout import (
    EXIF_HEAD,
    RasterLayout,
    orientation_block,
    read_exif,
    read_jpeg_layout,
    read_orientation,
    read_png_layout,
)
from tests.support.photographs import chunk, drawn

XMP = b'<x:xmpmeta><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="%d"/></x:xmpmeta>'


def exif(orientation: int | None = None, across: Any = None, down: Any = None) -> Image.Exif:
    block = Image.Exif()
    for tag, value in ((274, orientation), (282, across), (283, down)):
        if value is not None:
            block[tag] = value
    return block


def jpeg(**how: Any) -> bytes:
    file = BytesIO()
    drawn().save(file, "JPEG", **how)
    return file.getvalue()


def png(*texts: tuple[bytes, bytes], **how: Any) -> bytes:
    """Return a PNG with chunks of text, each (type, data), before its pixels."""
    file = BytesIO()
    drawn().save(file, "PNG", **how)
    whole = file.getvalue()
    return whole[:33] + b"".join(chunk(kind, body) for kind, body in texts) + whole[33:]


def profile(kind: str, block: bytes) -> str:
    """Return a text as ImageMagick writes it."""
    lines = [block.hex()[start : start + 72] for start in range(0, 2 * len(block), 72)]
    return "\n".join(["", kind, f"{len(block):8}", *lines, ""])


def turned_by_pillow(data: bytes) -> int:
    with Image.open(BytesIO(data)) as image:
        ImageOps.exif_transpose(image)
        return int(image.getexif().get(274, 1))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read_wherever_it_stands(orientation: int) -> None:
    block = EXIF_HEAD + orientation_block(orientation)
    texts = [PngInfo() for _ in range(3)]
    texts[0].add_text("Raw profile type exif", profile("exif", block), zip=True)
    texts[1].add_itxt("XML:com.adobe.xmp", (XMP % orientation).decode(), zip=True)
    texts[2].add_itxt("XML:com.adobe.xmp", (XMP % orientation).decode())
    after = png()[:-12] + chunk(b"eXIf", orientation_block(orientation)) + png()[-12:]
    files = [png(exif=exif(orientation)), after, *(png(pnginfo=one) for one in texts)]
    for data in files:
        assert read_png_layout(data).orientation == orientation == turned_by_pillow(data)
    for data in (jpeg(exif=exif(orientation)), jpeg(xmp=XMP % orientation), jpeg(exif=exif(), xmp=XMP % orientation)):
        assert read_jpeg_layout(data).orientation == orientation == turned_by_pillow(data)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("kind", "value"), [(1, b"\6\0\0\0"), (3, None), (4, None)])
def test_orientation_of_any_integer_type_is_read(order: str, kind: int, value: bytes | None) -> None:
    tiff = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IHHHI", 8, 1, 274, kind, 1)
    field = value or struct.pack(f"{order}{'H2x' if kind == 3 else 'I'}", 6)
    assert read_orientation(tiff + field + bytes(4)) == 6


def test_text_of_the_other_profile_is_read() -> None:
    text = b"Raw profile type APP1\0" + profile("APP1", EXIF_HEAD + orientation_block(3)).encode()
    assert read_png_layout(png((b"tEXt", text))).orientation == 3


@pytest.mark.parametrize(
    ("how", "density"),
    [
        ({"dpi": (200, 100)}, (200, 100)),
        ({"dpi": (72, 72), "exif": exif(None, 200, 100)}, (72, 72)),
        ({"exif": exif(None, 200, 100)}, (200, 100)),
        ({"exif": exif(6, 200, 100)}, (200, 100)),
        ({}, None),
        ({"exif": exif(None, 200)}, None),
    ],
)
def test_density_of_a_jpeg_is_jfifs_or_else_exifs(how: dict[str, Any], density: Any) -> None:
    assert read_jpeg_layout(jpeg(**how)).density == density


@pytest.mark.parametrize(
    ("unit", "across", "down", "density"),
    [(0, 2, 1, (2, 1)), (1, 300, 300, (300, 300)), (2, 80, 40, (80, 40)), (0, 1, 1, None), (1, 0, 0, None)],
)
def test_jfif_without_a_unit_says_a_ratio(unit: int, across: int, down: int, density: Any) -> None:
    data = jpeg()
    start = data.index(b"JFIF\0") + 7
    stamped = data[:start] + struct.pack(">BHH", unit, across, down) + data[start + 5 :]
    assert read_jpeg_layout(stamped).density == density


@pytest.mark.parametrize("unit", [0, 1])
def test_density_of_a_png_is_read_with_and_without_a_unit(unit: int) -> None:
    body = struct.pack(">IIB", 4000, 2000, unit)
    assert read_png_layout(png((b"pHYs", body))).density == (4000, 2000)
    assert read_png_layout(png((b"pHYs", body[:5]))).density is None
    assert read_png_layout(png((b"pHYs", bytes(9)), exif=exif(None, 2, 1))).density == (2, 1)


@given(st.binary(max_size=120))
def test_exif_of_any_shape_is_read_without_harm(said: bytes) -> None:
    for head in (b"", b"Exif\0\0", b"Exif\0\0II*\0", b"Exif\0\0MM\0*\0\0\0\x08"):
        assert read_orientation(head + said) in {None, *range(2, 9)}
        assert set(read_exif(head + said)) <= {274, 282, 283}


@given(st.binary(max_size=60), st.sampled_from([jpeg(exif=exif(6, 2, 1)), png(exif=exif(6, 2, 1))]), st.floats(0, 1))
def test_layout_of_a_damaged_file_is_one(noise: bytes, whole: bytes, where: float) -> None:
    place = int(where * len(whole))
    damaged = whole[:place] + noise + whole[place + len(noise) // 2 :]
    for read in (read_jpeg_layout, read_png_layout):
        assert isinstance(read(damaged), RasterLayout)


def test_text_that_unfolds_to_much_is_read_in_part() -> None:
    bomb = PngInfo()
    bomb.add_text("Raw profile type exif", "0" * 50_000_000, zip=True)
    packed = png(pnginfo=bomb)
    tracemalloc.start()
    assert read_png_layout(packed) == RasterLayout()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 5_000_000
