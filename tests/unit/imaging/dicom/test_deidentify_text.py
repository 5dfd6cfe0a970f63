"""A de-identified copy of a file with text in its pixels: blanked, said so, and never said to be free of text."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID

from imaging.decode import decode
from imaging.dicom.blanking import MAX_DECODED_SAMPLES
from imaging.dicom.deidentify import (
    BURNED_IN_TEXT_BLANKED,
    BURNED_IN_TEXT_NOT_REMOVED,
    DeidentifiedCopy,
    deidentify,
)
from tests.support.encoders import JPEG_2000_LOSSLESS, JPEG_BASELINE
from tests.support.images import EXPLICIT, RLE, Pixels, dicom

TEXT_ROWS = slice(20, 44)


def film(text: str = "ZEBRA ANNA 1980-01-01", frames: int = 1) -> Pixels:
    image = Image.fromarray(np.tile(np.linspace(60, 110, 256), (160, 1)).astype(np.uint8))
    ImageDraw.Draw(image).text((16, 22), text, fill=250, font_size=18)
    grey = np.asarray(image)
    return grey if frames == 1 else np.stack([grey] * frames)


def copy_of(data: bytes) -> DeidentifiedCopy:
    return deidentify(data, picture=decode(data))


def parsed(data: bytes | None) -> Dataset:
    assert data
    return dcmread(io.BytesIO(data))


def codes(copy: Dataset) -> list[str]:
    return [item.CodeValue for item in copy.DeidentificationMethodCodeSequence]


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE, JPEG_BASELINE, JPEG_2000_LOSSLESS])
@pytest.mark.parametrize("frames", [1, 3])
def test_text_is_blanked_in_every_frame_and_the_copy_says_so(syntax: UID, frames: int) -> None:
    copy = copy_of(dicom(film(frames=frames), syntax))
    assert copy.warnings == (BURNED_IN_TEXT_BLANKED, BURNED_IN_TEXT_NOT_REMOVED)
    blanked = parsed(copy.data)
    assert codes(blanked) == ["113100", "113101"]
    assert "BurnedInAnnotation" not in blanked
    pixels = blanked.pixel_array.reshape(frames, 160, 256)
    assert (pixels[:, TEXT_ROWS] < 120).all()
    assert (pixels[:, 100:] > 50).all()
    for region in copy.regions:
        window = pixels[:, region.top : region.top + region.rows, region.left : region.left + region.columns]
        assert all(len(np.unique(frame)) == 1 for frame in window)


def test_copy_with_its_text_is_another_image_with_the_pixels_as_they_were() -> None:
    data = dicom(film(), RLE, BurnedInAnnotation="YES", StudyInstanceUID="1.2.3")
    copy = copy_of(data)
    blanked, with_text = parsed(copy.data), parsed(copy.with_text)
    assert np.array_equal(with_text.pixel_array, film())
    assert with_text.file_meta.TransferSyntaxUID == RLE
    assert codes(with_text) == ["113100"]
    assert blanked.SOPInstanceUID != with_text.SOPInstanceUID
    assert blanked.file_meta.MediaStorageSOPInstanceUID == blanked.SOPInstanceUID
    assert blanked.StudyInstanceUID == with_text.StudyInstanceUID
    assert blanked.BurnedInAnnotation == with_text.BurnedInAnnotation == "YES"


@pytest.mark.parametrize(
    ("elements", "warnings"),
    [({}, (BURNED_IN_TEXT_NOT_REMOVED,)), ({"BurnedInAnnotation": "NO"}, ())],
)
def test_copy_without_text_that_was_found_is_as_it_was(elements: dict[str, Any], warnings: tuple[str, ...]) -> None:
    copy = copy_of(dicom(film(text=""), RLE, **elements))
    assert (copy.regions, copy.with_text, copy.warnings) == ((), None, warnings)
    assert codes(parsed(copy.data)) == ["113100"]
    assert np.array_equal(parsed(copy.data).pixel_array, film(text=""))


def test_header_that_denies_text_is_not_believed_where_there_is_some() -> None:
    copy = copy_of(dicom(film(), BurnedInAnnotation="NO"))
    assert copy.warnings == (BURNED_IN_TEXT_BLANKED, BURNED_IN_TEXT_NOT_REMOVED)
    assert parsed(copy.data).BurnedInAnnotation == parsed(copy.with_text).BurnedInAnnotation == "YES"


def test_text_that_cannot_be_blanked_is_warned_of_whatever_the_header_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MAX_DECODED_SAMPLES, "rle", 1000)
    copy = copy_of(dicom(film(), RLE, BurnedInAnnotation="NO"))
    assert (copy.regions, copy.with_text, copy.warnings) == ((), None, (BURNED_IN_TEXT_NOT_REMOVED,))
    assert np.array_equal(parsed(copy.data).pixel_array, film())
