"""Drawn DICOM files of each kind look as pydicom, GDCM and the standard's formulas have them, and no other way up."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from imaging.decode import decode
from imaging.renderings import preview
from tests.support.encoders import (
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS,
    JPEG_LS,
    in_tile_parts,
    jpeg,
    jpeg_2000,
    lossless_jpeg,
    without_jfif,
)
from tests.support.images import BIG_ENDIAN, EXPLICIT, IMPLICIT, RLE, Pixels, dicom
from tests.support.tables import table

LUMA = np.array([0.299, 0.587, 0.114])


def draw(top: int, rows: int = 96, columns: int = 128) -> Pixels:
    """Return a drawing that is no mirror image of itself: a slope, a bright square at the top left, a dark bar."""
    across, down = np.meshgrid(np.linspace(0.1, 0.6, columns), np.linspace(0, 0.2, rows))
    film = across + down
    film[8:32, 8:40] = 1.0
    film[70:80, 60:120] = 0.0
    return (film * top).round().astype(np.int64)


FILM = draw(4095).astype(np.uint16)
HOUNSFIELD = (draw(4095) - 1024).astype(np.int16)
BYTES = draw(255).astype(np.uint8)
COLOUR = np.stack([BYTES, BYTES // 2, 255 - BYTES // 3], axis=-1)
CURVE = (np.linspace(0, 1, 4096) ** 2 * 65535).astype(np.uint16)
WINDOW = {"WindowCenter": "1500", "WindowWidth": "2000"}
RESCALED = {"RescaleSlope": "1", "RescaleIntercept": "-1024"}


def render(header: Dataset, stored: Pixels) -> Pixels:
    """Return the brightness of stored values, at any scale, as pydicom has it."""
    if header.SamplesPerPixel == 3:
        return np.asarray(stored @ LUMA)
    units = apply_modality_lut(stored, header)
    whole = units.astype(np.int64) if "VOILUTSequence" in header else units
    shown = np.asarray(apply_voi_lut(whole, header), np.float64)
    inverted = header.PhotometricInterpretation == "MONOCHROME1" or header.get("PresentationLUTShape") == "INVERSE"
    return -shown if inverted else shown


def expect_same(data: bytes, expected: Pixels) -> None:
    """Require the picture and its preview to be the expected one, and none of that one's mirror images."""
    shown = np.asarray(Image.open(io.BytesIO(preview(decode(data)))).convert("L"), np.float64)
    assert shown.shape == expected.shape
    assert alike(shown, expected) > 0.99
    for other in (expected[::-1], expected[:, ::-1], expected[::-1, ::-1]):
        assert alike(shown, other) < 0.9


def alike(one: Pixels, other: Pixels) -> float:
    return float(np.corrcoef(one.ravel(), np.asarray(other, np.float64).ravel())[0, 1])


GREY: dict[str, tuple[Pixels, UID, dict[str, Any]]] = {
    "window": (FILM, EXPLICIT, WINDOW),
    "signed CT": (HOUNSFIELD, IMPLICIT, {"WindowCenter": "500", "WindowWidth": "2000"}),
    "rescaled": (FILM, RLE, RESCALED | WINDOW),
    "sigmoid": (FILM, EXPLICIT, WINDOW | {"VOILUTFunction": "SIGMOID"}),
    "exact": (FILM, BIG_ENDIAN, WINDOW | {"VOILUTFunction": "LINEAR_EXACT"}),
    "window of 1": (FILM, EXPLICIT, {"WindowCenter": "1500.5", "WindowWidth": "1"}),
    "negative": (FILM, EXPLICIT, WINDOW | {"PhotometricInterpretation": "MONOCHROME1"}),
    "inverse": (FILM, EXPLICIT, WINDOW | {"PresentationLUTShape": "INVERSE"}),
    "negative and inverse": (
        FILM, EXPLICIT, WINDOW | {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"},
    ),
    "negative though identity": (
        FILM, EXPLICIT, WINDOW | {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "IDENTITY"},
    ),
    "table": (FILM, EXPLICIT, {"VOILUTSequence": [table(0, CURVE)]}),
    "signed table": (FILM, EXPLICIT, RESCALED | {"VOILUTSequence": [table(-1024, CURVE)]}),
    "table of signed pixels": (HOUNSFIELD, IMPLICIT, {"VOILUTSequence": [table(-1024, CURVE)]}),
    "modality table": (FILM, EXPLICIT, {"ModalityLUTSequence": [table(0, CURVE)]}),
    "signed modality table": (HOUNSFIELD, EXPLICIT, {"ModalityLUTSequence": [table(-1024, CURVE)]}),
    "both tables": (
        FILM, EXPLICIT, {"ModalityLUTSequence": [table(0, CURVE)], "VOILUTSequence": [table(20_000, CURVE)]},
    ),
    "32 bits": (draw(2_000_000).astype(np.uint32), EXPLICIT, {}),
    "32 bits, big-endian": (draw(2_000_000_000).astype(np.uint32), BIG_ENDIAN, {}),
    "32 bits, rescaled": (
        draw(70_000).astype(np.uint32), IMPLICIT, {"RescaleSlope": "0.001", "RescaleIntercept": "0"},
    ),
    "32 bits, signed": ((draw(200_000) - 90_000).astype(np.int32), EXPLICIT, {
        "RescaleSlope": "0.01", "RescaleIntercept": "5", "WindowCenter": "100", "WindowWidth": "900",
    }),
    "lossless JPEG": (HOUNSFIELD, JPEG_LOSSLESS, RESCALED | {"WindowCenter": "-500", "WindowWidth": "2000"}),
    "JPEG-LS": (FILM, JPEG_LS, WINDOW),
    "JPEG 2000": (HOUNSFIELD, JPEG_2000_LOSSLESS, {"WindowCenter": "500", "WindowWidth": "2000"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", GREY)
def test_a_grey_film_looks_as_pydicom_has_it(kind: str) -> None:
    pixels, syntax, elements = GREY[kind]
    data = dicom(pixels, syntax, **elements)
    expect_same(data, render(dcmread(io.BytesIO(data)), pixels))


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("syntax", [EXPLICIT, BIG_ENDIAN, RLE, JPEG_LOSSLESS])
def test_a_left_justified_film_looks_as_shifted_to_the_right(syntax: UID, signed: bool) -> None:
    film = (draw(4095) - 2048 if signed else draw(4095)).astype(np.int16 if signed else np.uint16)
    centre = "0" if signed else "2000"
    data = dicom(film << 4, syntax, BitsStored=12, HighBit=15, WindowCenter=centre, WindowWidth="2000")
    expect_same(data, render(dcmread(io.BytesIO(data)), film))
    assert np.array_equal(decode(data).pixels, draw(4095))


@pytest.mark.parametrize("header_signed", [False, True])
def test_a_jpeg_2000_of_another_sign_looks_as_gdcm_has_it(header_signed: bool) -> None:
    film = draw(2000)
    stored = film.astype(np.int16 if not header_signed else np.uint16)
    header = film.astype(np.int16 if header_signed else np.uint16)
    data = dicom(header, JPEG_2000_LOSSLESS, jpeg_2000(stored))
    expect_same(data, pixel_array(io.BytesIO(data), decoding_plugin="gdcm"))
    assert decode(data).warnings == ("SIGN_CONTRADICTS",)


COLOURS = {
    "RGB": (dicom(COLOUR), None),
    "RGB in RLE": (dicom(COLOUR, RLE), None),
    "RGB of 16 bits": (dicom(COLOUR.astype(np.uint16) * 257), None),
    "RGB of 12 bits": (dicom(COLOUR.astype(np.uint16) * 16, BitsStored=12), None),
    "RGB of 32 bits": (dicom(COLOUR.astype(np.uint32) * 16_843_009), None),
    "YBR_RCT": (dicom(COLOUR, JPEG_2000_LOSSLESS, PhotometricInterpretation="YBR_RCT"), None),
    "YBR_RCT in tiles of more parts than they say": (
        dicom(COLOUR, JPEG_2000_LOSSLESS, in_tile_parts(COLOUR), PhotometricInterpretation="YBR_RCT"), COLOUR,
    ),
    "YBR_ICT": (dicom(COLOUR, JPEG_2000, PhotometricInterpretation="YBR_ICT"), None),
    "JPEG, YCbCr": (
        dicom(COLOUR, JPEG_BASELINE, jpeg(COLOUR, quality=95), PhotometricInterpretation="YBR_FULL_422"), None,
    ),
    "JPEG, RGB": (dicom(COLOUR, JPEG_BASELINE, jpeg(COLOUR, quality=95, keep_rgb=True)), None),
    "JPEG, YCbCr that the header has as RGB": (
        dicom(COLOUR, JPEG_BASELINE, without_jfif(jpeg(COLOUR, quality=95, subsampling=0))), COLOUR,
    ),
    "JPEG, subsampled YCbCr that the header has as RGB": (
        dicom(COLOUR, JPEG_BASELINE, without_jfif(jpeg(COLOUR, quality=95, subsampling=2))), COLOUR,
    ),
    "JPEG, RGB that the header has as YCbCr": (
        dicom(
            COLOUR, JPEG_BASELINE, jpeg(COLOUR, quality=95, keep_rgb=True), PhotometricInterpretation="YBR_FULL"
        ), COLOUR,
    ),
    "lossless JPEG": (dicom(COLOUR, JPEG_LOSSLESS, lossless_jpeg(COLOUR)), None),
}  # fmt: skip


@pytest.mark.parametrize("kind", COLOURS)
def test_colour_is_as_bright_as_other_decoders_have_it(kind: str) -> None:
    data, pixels = COLOURS[kind]
    expected = (pixel_array(io.BytesIO(data)) if pixels is None else pixels) @ LUMA
    expect_same(data, expected)
    grey = expected * (255 / expected.max())
    assert np.abs(decode(data).to_grey() * (255 / decode(data).to_grey().max()) - grey).mean() < 3


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG_ENDIAN])
def test_pixels_of_one_bit_are_black_and_white(syntax: UID) -> None:
    masks = np.stack([draw(1, 33, 35), draw(1, 33, 35)[::-1], draw(1, 33, 35)]).astype(np.uint8)
    packed = np.packbits(masks.ravel(), bitorder="little").tobytes()
    data = dicom(masks, syntax, PixelData=packed + b"\0" * (len(packed) % 2), BitsAllocated=1, BitsStored=1)
    assert np.array_equal(decode(data).to_grey(), pixel_array(io.BytesIO(data))[1] * 255)
    assert decode(data).facts.bits == 1
