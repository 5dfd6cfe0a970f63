"""Palettes, brightness and colour kept apart, and colours shared by two pixels."""

import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest
from pydicom.uid import UID

from imaging.decode import decode
from imaging.errors import Reason
from tests.support.encoders import JPEG_LOSSLESS
from tests.support.images import BIG_ENDIAN, EXPLICIT, IMPLICIT, RLE, Pixels, dicom, ramp
from tests.support.refusals import reason

INDEX = ramp()
LUMA = (0.299, 0.587, 0.114)


def palette(tables: dict[str, bytes], first: int = 0, entries: int = 256, bits: int = 16, kind: str = "") -> Any:
    elements: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour, data in tables.items():
        elements[f"{colour}PaletteColorLookupTableDescriptor"] = [entries, first, bits]
        elements[f"{kind}{colour}PaletteColorLookupTableData"] = data
    return elements


def words(values: Pixels, order: str = "<") -> bytes:
    return values.astype(f"{order}u2").tobytes()


RISING = np.arange(256) * 257
TABLES = {"Red": words(RISING), "Green": words(RISING[::-1]), "Blue": words(RISING * 0)}
GREY = (RISING * LUMA[0] + RISING[::-1] * LUMA[1]) / 257


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, RLE, JPEG_LOSSLESS])
def test_a_palette_is_looked_up(syntax: UID) -> None:
    assert np.abs(decode(dicom(INDEX, syntax, **palette(TABLES))).pixels - GREY[INDEX]).max() <= 1


def test_a_big_endian_palette_is_looked_up() -> None:
    swapped = {name: words(np.frombuffer(data, "<u2"), ">") for name, data in TABLES.items()}
    assert np.abs(decode(dicom(INDEX, BIG_ENDIAN, **palette(swapped))).pixels - GREY[INDEX]).max() <= 1


def test_a_palette_of_bytes_is_looked_up() -> None:
    grey = {name: np.arange(256, dtype=np.uint8).tobytes() for name in TABLES}
    assert np.abs(decode(dicom(INDEX, **palette(grey, bits=8))).pixels.astype(int) - INDEX).max() <= 1


def test_indices_beyond_a_palette_take_its_ends() -> None:
    short = {name: words(np.array([0, 65535])) for name in TABLES}
    pixels = decode(dicom(INDEX, **palette(short, first=100, entries=2))).pixels
    assert (pixels[INDEX <= 100] == 0).all()
    assert (pixels[INDEX > 100] == 255).all()


@pytest.mark.parametrize("kind", [np.int8, np.int16])
def test_a_signed_palette_begins_below_nought(kind: type[np.signedinteger[Any]]) -> None:
    elements = palette({name: words(RISING) for name in TABLES}, first=-100)
    signed = (INDEX // 2).astype(kind) - kind(100)
    assert np.abs(decode(dicom(signed, **elements)).pixels.astype(int) - INDEX // 2).max() <= 1


def test_a_sign_that_no_table_knows_changes_no_palette() -> None:
    assert np.abs(decode(dicom(INDEX.view(np.int8), **palette(TABLES))).pixels - GREY[INDEX]).max() <= 1


def test_a_palette_in_segments_is_unfolded() -> None:
    segments = words(np.array([0, 2, 0, 257, 1, 127, 128 * 257, 2, 1, 6, 0]))  # two values, a line, and again the line
    whole = dict.fromkeys(TABLES, segments)
    pixels = decode(dicom(INDEX, **palette(whole, entries=129, kind="Segmented"))).pixels
    assert np.abs(pixels.astype(int) - np.minimum(INDEX, 128)).max() <= 1


def test_a_palette_that_would_unfold_to_millions_is_cut_at_its_length() -> None:
    line = struct.pack("<HHH", 0, 1, 0) + struct.pack("<HHH", 1, 300, 65_535) * 10_000
    bomb = dicom(INDEX, **palette(dict.fromkeys(TABLES, line), kind="Segmented"))
    tracemalloc.start()
    pixels = decode(bomb).pixels
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20_000_000
    assert np.abs(pixels - INDEX * (255 / 300)).max() <= 2


@pytest.mark.parametrize(
    "broken",
    [
        palette({}),
        palette(dict.fromkeys(TABLES, b"\0\0")),
        palette({"Red": words(RISING)}),
        palette({name: struct.pack("<HHH", 1, 9, 9) for name in TABLES}, kind="Segmented"),
        palette({name: struct.pack("<HHHH", 2, 9, 0, 0) for name in TABLES}, kind="Segmented"),
        palette({name: struct.pack("<HHH", 7, 9, 9) for name in TABLES}, kind="Segmented"),
    ],
)
def test_a_broken_palette_is_bad_input(broken: Any) -> None:
    assert reason(dicom(INDEX, **broken)) is Reason.BAD_INPUT


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_of_brightness_and_colour_the_brightness_is_shown(syntax: UID, planar: int) -> None:
    colour = np.stack([INDEX, INDEX * 0 + 90, INDEX[:, ::-1]], axis=-1)
    data = np.moveaxis(colour, -1, 0).tobytes() if planar else colour.tobytes()
    elements = {"PhotometricInterpretation": "YBR_FULL", "PlanarConfiguration": planar, "PixelData": data}
    assert np.array_equal(decode(dicom(colour, syntax, None, offsets=True, **elements)).pixels, INDEX)


def test_two_pixels_that_share_their_colour_keep_their_brightness() -> None:
    colour = np.stack([INDEX] * 3, axis=-1)
    pairs = np.concatenate([INDEX.reshape(-1, 2), np.full((INDEX.size // 2, 2), 128, np.uint8)], axis=1)
    data = dicom(colour, PhotometricInterpretation="YBR_FULL_422", PixelData=pairs.tobytes())
    assert np.array_equal(decode(data).pixels, INDEX)


def test_big_endian_bytes_in_words_are_put_in_order() -> None:
    swapped = INDEX.reshape(-1, 2)[:, ::-1].tobytes()
    data = dicom(INDEX, BIG_ENDIAN, PixelData=swapped)
    assert np.array_equal(decode(data.replace(b"\x7f\xe0\0\x10OB", b"\x7f\xe0\0\x10OW")).pixels, INDEX)
