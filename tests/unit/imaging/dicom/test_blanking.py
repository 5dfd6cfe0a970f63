"""Regions blanked in all frames of a DICOM file: black as it is shown, and nothing else changed."""

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.uid import UID

from imaging.burned_in_text import Region
from imaging.decode import decode
from imaging.dicom import blanking
from imaging.dicom.blanking import BlankedPixels, PixelSource, blank_regions, find_burned_in_text
from imaging.dicom.codecs import split_frames
from imaging.dicom.header import read_layout
from imaging.dicom.meta import TRANSFER_SYNTAXES, transfer_syntax
from imaging.dicom.read import find_pixel_data, is_word_data, read_header
from imaging.errors import ImageError, Reason
from tests.support.encoders import EXACT, JPEG_BASELINE, JPEG_LOSSLESS, JPEG_LS
from tests.support.images import BIG_ENDIAN, EXPLICIT, IMPLICIT, RLE, dicom, ramp

REGION = Region(10, 20, 30, 41)
INSIDE = (slice(10, 40), slice(20, 61))


def source_of(data: bytes) -> PixelSource:
    syntax = transfer_syntax(data)
    header, position = read_header(data, keywords=None)
    pixels = find_pixel_data(data, position, syntax)
    layout = read_layout(header)
    if TRANSFER_SYNTAXES[syntax] == "native":
        frames = [bytes(pixels[: layout.pixel_bytes])]
    else:
        frames = [b"".join(fragments) for fragments in split_frames(pixels, layout.frames)]
    return PixelSource(header, layout, frames, syntax, words=is_word_data(data, position, syntax))


def blank(data: bytes, *, is_low_bright: bool = False) -> NDArray[Any]:
    """Return frames x rows x columns x samples, as they were stored, of the file with the region blanked."""
    pixels = blank_regions(source_of(data), (REGION,), is_low_bright=is_low_bright)
    return samples_of(data, pixels)


def samples_of(data: bytes, pixels: BlankedPixels) -> NDArray[Any]:
    layout = read_layout(dcmread(io.BytesIO(data)))
    dtype = {8: "u1", 16: ">u2" if pixels.syntax == BIG_ENDIAN else "<u2"}[layout.bits_allocated]
    flat = np.frombuffer(pixels.data, dtype)
    return flat.reshape(layout.frames, layout.rows, layout.columns, layout.samples)


def assert_blanked(blanked: NDArray[Any], stored: NDArray[Any], black: Any) -> None:
    expected = stored.copy().reshape(blanked.shape)
    expected[:, *INSIDE] = black
    assert np.array_equal(blanked, expected)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN, RLE, *EXACT])
@pytest.mark.parametrize("top", [240, 60_000])
def test_region_is_as_dark_as_its_frame_and_all_else_is_as_it_was(syntax: UID, top: int) -> None:
    film = ramp(top=top) + 9
    frames = np.stack([film, film + 3])
    blanked = blank(dicom(frames, syntax))
    assert_blanked(blanked[:1], film, 9)
    assert_blanked(blanked[1:], film + 3, 12)


def test_negative_is_blanked_with_its_highest_value() -> None:
    film = ramp(top=4000)
    blanked = blank(dicom(film, PhotometricInterpretation="MONOCHROME1"), is_low_bright=True)
    assert_blanked(blanked, film, film.max())


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG_ENDIAN, JPEG_LOSSLESS])
def test_signed_values_are_blanked_with_the_lowest_one(syntax: UID) -> None:
    film = (ramp(top=4000).astype(np.int32) - 2000).astype(np.int16)
    assert_blanked(blank(dicom(film, syntax)).view(np.int16 if syntax != BIG_ENDIAN else ">i2"), film, -2000)


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE, JPEG_LS, JPEG_LOSSLESS])
@pytest.mark.parametrize(("photometric", "black"), [("RGB", (0, 0, 0)), ("YBR_FULL", (0, 128, 128))])
def test_colour_is_blanked_in_all_its_samples(syntax: UID, photometric: str, black: tuple[int, ...]) -> None:
    film = np.stack([ramp(), ramp()[::-1], ramp()[:, ::-1]], -1)
    assert_blanked(blank(dicom(film, syntax, PhotometricInterpretation=photometric)), film, black)


def test_deep_colour_is_blanked_with_the_middle_of_its_own_bits() -> None:
    film = np.stack([ramp(top=4095)] * 3, -1)
    data = dicom(film, PhotometricInterpretation="YBR_FULL", BitsStored=12)
    assert_blanked(blank(data), film, (0, 2048, 2048))


def test_planes_of_colour_stay_planes() -> None:
    film = np.stack([ramp(), ramp()[::-1], ramp()[:, ::-1]], -1)
    planes = np.moveaxis(film, -1, 0)
    data = dicom(film, PlanarConfiguration=1, PixelData=planes.tobytes())
    pixels = blank_regions(source_of(data), (REGION,), is_low_bright=False)
    stored = np.frombuffer(pixels.data, np.uint8).reshape(planes.shape)
    assert_blanked(np.moveaxis(stored, 0, -1)[None], film, 0)


def test_subsampled_colour_is_blanked_by_whole_pairs() -> None:
    pairs = np.tile(np.array([90, 120, 30, 200], np.uint8), (96, 64, 1))
    film = np.zeros((96, 128, 3), np.uint8)
    data = dicom(film, PhotometricInterpretation="YBR_FULL_422", PixelData=pairs.tobytes())
    pixels = blank_regions(source_of(data), (REGION,), is_low_bright=False)
    pairs[10:40, 10:31] = [0, 0, 128, 128]
    assert np.array_equal(np.frombuffer(pixels.data, np.uint8).reshape(pairs.shape), pairs)


def test_palette_is_blanked_with_its_darkest_colour() -> None:
    brightness = np.arange(256)[::-1].astype(np.uint8)
    tables: dict[str, Any] = {}
    for colour in ("Red", "Green", "Blue"):
        tables[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
        tables[f"{colour}PaletteColorLookupTableData"] = brightness.tobytes()
    film = ramp()
    assert_blanked(blank(dicom(film, PhotometricInterpretation="PALETTE COLOR", **tables)), film, 255)


def test_bytes_in_big_endian_words_are_blanked_where_they_are_shown() -> None:
    film = ramp()
    data = dicom(film, BIG_ENDIAN, PixelData=film.reshape(-1, 2)[:, ::-1].tobytes())
    words = data.replace(b"\x7f\xe0\0\x10OB", b"\x7f\xe0\0\x10OW")
    assert words != data
    pixels = blank_regions(source_of(words), (REGION,), is_low_bright=False)
    swapped = np.frombuffer(pixels.data, np.uint8).reshape(-1, 2)[:, ::-1]
    assert_blanked(swapped.reshape(1, *film.shape, 1), film, 0)


@pytest.mark.parametrize("colour", [False, True])
def test_lossy_jpeg_is_blanked_and_its_header_says_what_it_became(colour: bool) -> None:
    film = np.stack([ramp(), ramp(), ramp()], -1) if colour else ramp()
    data = dicom(film, JPEG_BASELINE, PhotometricInterpretation="YBR_FULL_422" if colour else "MONOCHROME2")
    pixels = blank_regions(source_of(data), (REGION,), is_low_bright=False)
    assert pixels.syntax == EXPLICIT
    assert pixels.changes["PhotometricInterpretation"] == ("RGB" if colour else "MONOCHROME2")
    assert pixels.changes["LossyImageCompression"] == "01"
    blanked = samples_of(data, pixels)[0]
    assert not blanked[INSIDE].any() if colour else len(np.unique(blanked[INSIDE])) == 1
    outside = np.ones(film.shape[:2], bool)
    outside[INSIDE] = False
    assert np.abs(blanked.reshape(film.shape).astype(int) - film)[outside].max() < 12


def test_more_than_may_be_decoded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(blanking.MAX_DECODED_SAMPLES, "rle", 2 * 96 * 128 - 1)
    with pytest.raises(ImageError) as refused:
        blank(dicom(np.stack([ramp(), ramp()]), RLE))
    assert refused.value.reason is Reason.TOO_LARGE
    monkeypatch.setattr(blanking, "MAX_FRAME_SAMPLES", 96 * 128 - 1)
    with pytest.raises(ImageError) as refused:
        blank(dicom(ramp(), RLE))
    assert refused.value.reason is Reason.TOO_LARGE
    assert blank(dicom(ramp())).any()


def test_frames_that_are_looked_at_are_few_and_with_them_the_first_and_the_last() -> None:
    layout = source_of(dicom(np.zeros((40, 40, 40), np.uint8))).layout
    sample = blanking._sample(layout)
    assert {0, 39} <= set(sample)
    assert len(sample) <= 9


@pytest.mark.parametrize("frame", [0, 3, 6])
def test_text_that_one_looked_at_frame_shows_is_found(frame: int) -> None:
    from PIL import Image, ImageDraw

    plain = Image.fromarray(np.full((160, 256), 60, np.uint8))
    written = plain.copy()
    ImageDraw.Draw(written).text((20, 70), "ZEBRA ANNA 1980-01-01", fill=240, font_size=18)
    frames = np.stack([np.asarray(written if index == frame else plain) for index in range(7)])
    data = dicom(frames, RLE)
    regions = find_burned_in_text(source_of(data), decode(data))
    assert any(region.top < 80 < region.top + region.rows and region.columns > 100 for region in regions)
