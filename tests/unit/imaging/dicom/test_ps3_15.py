"""The confidentiality profile's table: what it says of the attributes that matter most, and that all of it is known."""

import pytest
from pydicom.datadict import dictionary_has_tag, tag_for_keyword

from imaging.dicom.ps3_15 import ACTIONS


@pytest.mark.parametrize(
    ("action", "keywords"),
    [
        ("remove", "PatientAddress PatientAge OtherPatientIDs PatientBirthTime StudyDescription InstitutionAddress"),
        ("remove", "PatientTelephoneNumbers MilitaryRank EthnicGroup Occupation ImageComments IconImageSequence"),
        ("empty", "PatientName PatientBirthDate PatientSex StudyDate StudyTime AccessionNumber StudyID"),
        ("empty", "ReferringPhysicianName"),
        ("dummy", "DeviceSerialNumber InstitutionName StationName ContentDate ContentTime OperatorsName"),
        ("replace-uid", "StudyInstanceUID SeriesInstanceUID SOPInstanceUID FrameOfReferenceUID"),
        ("replace-uid", "ReferencedSOPInstanceUID SourceImageSequence ReferencedImageSequence"),
    ],
)
def test_the_table_says_of_well_known_attributes_what_the_standard_does(action: str, keywords: str) -> None:
    actions = {keyword: ACTIONS[tag_for_keyword(keyword) or 0] for keyword in keywords.split()}
    assert actions == dict.fromkeys(keywords.split(), action)


def test_the_table_is_whole() -> None:
    assert len(ACTIONS) > 640
    unknown = [tag for tag in ACTIONS if not dictionary_has_tag(tag)]
    # Newer than, or retired before, the installed dictionary: unknown attributes are left out anyway.
    assert len(unknown) < 30


def test_the_confidentiality_profile_leaves_attributes_that_describe_pixels() -> None:
    needed = "Rows Columns BitsStored PhotometricInterpretation WindowCenter RescaleSlope PixelSpacing Modality"
    assert [keyword for keyword in needed.split() if tag_for_keyword(keyword) in ACTIONS] == []
