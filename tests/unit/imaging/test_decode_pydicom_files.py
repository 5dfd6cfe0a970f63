"""Every file of pydicom's own test data: a picture and what follows from it, or a reasoned refusal; never a crash."""

from collections import Counter
from functools import cache
from pathlib import Path

import data_store  # type: ignore[import-untyped]
import numpy as np
import pydicom.data
import pytest

from imaging.analysis import analyse
from imaging.decode import decode
from imaging.dicom.deidentify import deidentify
from imaging.errors import ImageError, Reason
from imaging.image import Picture
from imaging.model import Model
from imaging.model_selection import select_model
from imaging.renderings import preview
from imaging.structure import JPEG_START

ROOTS = (Path(pydicom.data.__file__).parent, Path(data_store.__file__).parent)
FILES = sorted(
    file for root in ROOTS for file in root.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")
)
KNOWN_TO_BE_READ = (
    "693_J2KI.dcm", "693_J2KR.dcm", "CT_small.dcm", "ExplVR_BigEnd.dcm", "J2K_pixelrep_mismatch.dcm", "JPEG-LL.dcm",
    "JPEG-lossy.dcm", "JPEG2000.dcm", "JPGExtended.dcm", "JPGLosslessP14SV1_1s_1f_8b.dcm", "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm", "MR_small_jpeg_ls_lossless.dcm", "OBXXXX1A_expb.dcm", "SC_rgb_gdcm_KY.dcm",
    "SC_rgb_jls_lossy_line.dcm", "SC_rgb_jpeg.dcm", "SC_rgb_rle_16bit.dcm", "SC_ybr_full_422_uncompressed.dcm",
    "color-pl.dcm", "color3d_jpeg_baseline.dcm", "eCT_Supplemental.dcm", "emri_small_jpeg_2k_lossless.dcm",
    "examples_palette.dcm", "gdcm-US-ALOKA-16_big.dcm", "mlut_18.dcm", "vlut_04.dcm", "GDCMJ2K_TextGBR.dcm",
    "SC_rgb_32bit_2frame.dcm", "SC_rgb_rle_32bit.dcm", "liver_expb_1frame.dcm",
)  # fmt: skip
REFUSED = {
    "DICOMDIR": Reason.UNSUPPORTED,
    "JPEG2000-embedded-sequence-delimiter.dcm": Reason.UNSUPPORTED,
    "MR_truncated.dcm": Reason.BAD_INPUT,
    "SC_rgb_small_odd.dcm": Reason.BAD_INPUT,
    "image_dfl.dcm": Reason.UNSUPPORTED,
    "meta_missing_tsyntax.dcm": Reason.BAD_INPUT,
    "reportsi.dcm": Reason.UNSUPPORTED,
    "rtdose.dcm": Reason.BAD_INPUT,
    "rtplan.dcm": Reason.UNSUPPORTED,
    "waveform_ecg.dcm": Reason.UNSUPPORTED,
}
SAME = (
    ("693_UNCR.dcm", "693_J2KR.dcm"), ("JPEG2000_UNC.dcm", "JPEG2000.dcm"), ("MR2_UNCR.dcm", "MR2_J2KR.dcm"),
    ("MR_small.dcm", "MR_small_RLE.dcm"), ("MR_small.dcm", "MR_small_bigendian.dcm"),
    ("MR_small.dcm", "MR_small_jp2klossless.dcm"), ("MR_small.dcm", "MR_small_jpeg_ls_lossless.dcm"),
    ("OBXXXX1A.dcm", "OBXXXX1A_rle.dcm"), ("RG1_UNCR.dcm", "RG1_J2KR.dcm"), ("RG3_UNCI.dcm", "RG3_J2KI.dcm"),
    ("SC_rgb.dcm", "SC_rgb_rle.dcm"), ("US1_UNCR.dcm", "US1_J2KR.dcm"), ("color-px.dcm", "color-pl.dcm"),
    ("emri_small.dcm", "emri_small_jpeg_2k_lossless.dcm"), ("gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm"),
    ("SC_rgb.dcm", "SC_rgb_32bit.dcm"), ("SC_rgb.dcm", "SC_rgb_expb_32bit.dcm"), ("SC_rgb.dcm", "SC_rgb_rle_32bit.dcm"),
    ("liver.dcm", "liver_expb.dcm"), ("SC_rgb_32bit_2frame.dcm", "SC_rgb_rle_32bit_2frame.dcm"),
)  # fmt: skip
"""The same image, uncompressed and compressed, by others' encoders."""


@cache
def outcome(file: Path) -> Picture | ImageError:
    try:
        return decode(file.read_bytes())
    except ImageError as refused:
        return refused


def named(name: str) -> Path:
    [file] = [file for file in FILES if file.name == name][:1]
    return file


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_file_gives_a_preview_and_a_result_or_is_refused_with_a_reason(file: Path, model: Model) -> None:
    picture = outcome(file)
    if isinstance(picture, ImageError):
        assert picture.reason in Reason
        assert len(picture.message) > 20
        return
    assert preview(picture).startswith(JPEG_START)
    if select_model({model.card.name: model.card.accepts}, picture.facts, model=model.card.name):
        assert all(np.isfinite(finding.score) for finding in analyse(picture, model).findings)


@pytest.mark.parametrize("name", KNOWN_TO_BE_READ)
def test_files_of_every_kind_that_is_read_are_read(name: str) -> None:
    picture = outcome(named(name))
    assert isinstance(picture, Picture)
    assert picture.to_grey().std() > 0.5


@pytest.mark.parametrize(("name", "expected"), REFUSED.items())
def test_files_that_are_refused_have_the_right_reason(name: str, expected: Reason) -> None:
    refused = outcome(named(name))
    assert isinstance(refused, ImageError)
    assert refused.reason is expected


@pytest.mark.parametrize(("plain", "packed"), SAME)
def test_others_encoders_hold_the_same_picture(plain: str, packed: str) -> None:
    one, other = outcome(named(plain)), outcome(named(packed))
    assert isinstance(one, Picture)
    assert isinstance(other, Picture)
    # Means of blocks and smaller versions inside JPEG 2000 differ a little.
    assert np.abs(one.to_grey().astype(int) - other.to_grey()).mean() < 2


def test_most_of_the_images_are_read() -> None:
    counts = Counter(type(outcome(file)) for file in FILES)
    assert counts[Picture] >= 120


@pytest.mark.parametrize(
    "file", [file for file in FILES if isinstance(outcome(file), Picture)], ids=lambda file: file.name
)
def test_each_image_has_a_de_identified_copy_that_shows_the_same(file: Path) -> None:
    picture = outcome(file)
    assert isinstance(picture, Picture)
    copy = decode(deidentify(file.read_bytes()).data)
    assert np.array_equal(copy.to_grey(), picture.to_grey())
    assert copy.facts == picture.facts
