"""What a header says of the examination: age, plane, species; and that what it says badly is not silence."""

from typing import Any

import pytest
from pydicom.dataset import Dataset

from imaging.dicom.study import read_study_facts
from imaging.image import StudyFacts


def header(**values: Any) -> Dataset:
    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def code(value: str) -> list[Dataset]:
    return [header(CodeValue=value)]


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, of the values that are no ages and no dates
@pytest.mark.parametrize(
    ("values", "age"),
    [
        ({"PatientAge": "007Y"}, 7),
        ({"PatientAge": "018M"}, 1.5),
        ({"PatientAge": "010D"}, 10 / 365.25),
        ({"PatientAge": "26W"}, 26 * 7 / 365.25),
        ({"PatientAge": "seven"}, None),
        ({"PatientBirthDate": "20200101", "StudyDate": "20260101"}, 6),
        ({"PatientBirthDate": "20200101"}, None),
        ({"PatientBirthDate": "20270101", "StudyDate": "20260101"}, None),
        ({"PatientBirthDate": "20201399", "StudyDate": "20260101"}, None),
        ({}, None),
    ],
)
def test_age_is_the_stated_one_else_that_of_the_dates(values: dict[str, Any], age: float | None) -> None:
    assert read_study_facts(header(**values)).age == (None if age is None else pytest.approx(age, abs=0.01))


@pytest.mark.parametrize(
    ("orientation", "plane"),
    [
        ([1, 0, 0, 0, 1, 0], "AXIAL"),
        ([1, 0, 0, 0, 0, -1], "CORONAL"),
        ([0, 1, 0, 0, 0, -1], "SAGITTAL"),
        ([1, 0, 0, 0, 0.9, 0.436], "AXIAL"),
        ([1, 0, 0, 0, 0.7, 0.714], None),
        ([0, 0, 0, 0, 0, 0], None),
        ([1, 0, 0], None),
    ],
)
def test_plane_is_that_of_the_images_normal(orientation: list[float], plane: str | None) -> None:
    assert read_study_facts(header(ImageOrientationPatient=orientation)).plane == plane


@pytest.mark.parametrize(
    ("values", "is_animal"),
    [
        ({}, False),
        ({"PatientSpeciesDescription": "Human"}, False),
        ({"PatientSpeciesDescription": "Canine"}, True),
        ({"PatientSpeciesCodeSequence": code("337915000")}, False),
        ({"PatientSpeciesCodeSequence": code("L-80700")}, True),
        ({"PatientBreedDescription": "Beagle"}, True),
        ({"PatientBreedDescription": "", "PatientBreedCodeSequence": [Dataset()]}, False),
        ({"PatientSpeciesDescription": "", "PatientSpeciesCodeSequence": [Dataset()]}, False),
        ({"PatientSpeciesCodeSequence": [header(LongCodeValue="448771007")]}, True),
        ({"PatientSpeciesCodeSequence": [header(CodeMeaning="Dog")]}, True),
        ({"PatientSpeciesCodeSequence": [*code("337915000"), *code("448771007")]}, True),
    ],
)
def test_another_species_or_a_breed_is_an_animal(values: dict[str, Any], is_animal: bool) -> None:
    assert read_study_facts(header(**values)).is_animal is is_animal


def test_values_of_the_wrong_kind_are_not_said() -> None:
    broken = header(ImageOrientationPatient="", PatientSex="", StudyDescription=None, ImageType=None)
    assert read_study_facts(broken) == StudyFacts()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("values", "unclear"),
    [
        ({"PatientAge": "seven"}, ("age",)),
        ({"PatientAge": "seven", "PatientBirthDate": "20200101", "StudyDate": "20260101"}, ()),
        ({"PatientBirthDate": "20200101"}, ()),
        ({"PatientBirthDate": "20201399", "StudyDate": "20260101"}, ("age",)),
        ({"PatientBirthDate": "20270101", "StudyDate": "20260101"}, ("age",)),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0.7, 0.714]}, ("plane",)),
        ({"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]}, ("plane",)),
        ({"ImageOrientationPatient": [1, 0, 0]}, ("plane",)),
        ({"ImageType": ["", ""]}, ()),
        ({"PatientSex": "F"}, ()),
    ],
)
def test_what_is_stated_and_not_understood_is_named(values: dict[str, Any], unclear: tuple[str, ...]) -> None:
    assert read_study_facts(header(**values)).unclear == unclear


def test_values_of_another_kind_are_stated() -> None:
    broken = Dataset()
    for name, kind, value in (("PatientSex", "US", 7), ("ImageType", "SL", 7), ("PatientAge", "SS", 7)):
        broken.add_new(name, kind, value)
    assert read_study_facts(broken).unclear == ("image_type", "age", "sex")
