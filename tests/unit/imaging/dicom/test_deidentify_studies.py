"""Slices of one study, de-identified one by one: under one key they stay a study, in their order."""

import io
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID

from imaging.dicom.deidentify import deidentify
from tests.support.images import BIG_ENDIAN, EXPLICIT, IMPLICIT, dicom, ramp

KEY, OTHER_KEY = bytes(32), bytes([1]) * 32
DEEP = ramp(32, 33, top=4095)
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")


def cut(number: int, syntax: UID = EXPLICIT) -> bytes:
    """Return one slice, which names the one before it."""
    before = Dataset()
    before.ReferencedSOPClassUID, before.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", f"1.2.3.{number - 1}"
    elements: dict[str, Any] = {keyword: f"1.2.840.99999.{place}" for place, keyword in enumerate(UIDS)}
    return dicom(
        DEEP,
        syntax,
        None,
        SOPInstanceUID=f"1.2.3.{number}",
        InstanceNumber=str(number),
        ImagePositionPatient=[0, 0, 2.5 * number],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        SliceLocation=str(2.5 * number),
        AcquisitionTime=f"1200{number:02}",
        ReferencedImageSequence=[before],
        **elements,
    )


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_slices_share_the_uids_of_their_study_and_keep_their_order(syntax: UID) -> None:
    numbers = [3, 1, 2]
    copies = [dcmread(io.BytesIO(deidentify(cut(number, syntax), KEY).data)) for number in numbers]
    for keyword in UIDS:
        [shared] = {copy.get(keyword) for copy in copies}
        assert shared.startswith("2.25.")
    assert [copy.InstanceNumber for copy in copies] == numbers
    assert [copy.ImagePositionPatient[2] for copy in copies] == [2.5 * number for number in numbers]
    assert [copy.SliceLocation for copy in copies] == [2.5 * number for number in numbers]
    by_number = {int(copy.InstanceNumber): copy for copy in copies}
    assert len({copy.SOPInstanceUID for copy in copies}) == 3
    for number in (2, 3):
        [reference] = by_number[number].ReferencedImageSequence
        assert reference.ReferencedSOPInstanceUID == by_number[number - 1].SOPInstanceUID
        assert reference.ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.2"


def test_copy_under_one_key_is_the_same_each_time_and_another_under_another() -> None:
    assert deidentify(cut(1), KEY) == deidentify(cut(1), KEY)
    one, other = (dcmread(io.BytesIO(deidentify(cut(1), key).data)) for key in (KEY, OTHER_KEY))
    assert all(one.get(keyword) != other.get(keyword) for keyword in (*UIDS, "SOPInstanceUID"))
    assert np.array_equal(one.pixel_array, other.pixel_array)
