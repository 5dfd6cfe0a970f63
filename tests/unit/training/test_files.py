"""Phantoms as DICOM files: complete after PS3.3, one invented patient each, in place where their kind says where.

`dciodvfy` of dicom3tools found no error in the six bundled files; this holds what it asked for.
"""

import io
import json
from itertools import chain

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import FileDataset

from tests.support.cloud import ROOT
from training import files
from training.files import CR, CT, DX, MR, Exposure

SAMPLES = sorted(chain((ROOT / "samples").glob("*.dcm"), (ROOT / "samples" / "slices").glob("*.dcm")))
IMAGE = (
    "PatientName PatientID PatientBirthDate PatientSex StudyInstanceUID StudyDate StudyTime StudyID AccessionNumber "
    "ReferringPhysicianName SeriesInstanceUID SeriesNumber InstanceNumber Manufacturer Modality SOPClassUID "
    "SOPInstanceUID ImageType SamplesPerPixel PhotometricInterpretation Rows Columns BitsAllocated BitsStored HighBit "
    "PixelRepresentation PixelData"
)
FILM = "PatientOrientation ImagerPixelSpacing ViewPosition"
SLICE = (
    "FrameOfReferenceUID PositionReferenceIndicator PatientPosition PixelSpacing ImageOrientationPatient "
    "ImagePositionPatient SliceThickness"
)
DETECTOR = (
    "PresentationIntentType PresentationLUTShape PixelIntensityRelationship PixelIntensityRelationshipSign "
    "ImageLaterality DetectorType PositionerType AnatomicRegionSequence AcquisitionContextSequence BurnedInAnnotation "
    "LossyImageCompression RescaleIntercept RescaleSlope RescaleType"
)
MODULES = {
    "DX": f"{IMAGE} {FILM} {DETECTOR}",
    "CR": f"{IMAGE} {FILM}",
    "CT": f"{IMAGE} {SLICE} AcquisitionNumber RescaleIntercept RescaleSlope KVP",
    "MR": f"{IMAGE} {SLICE} ScanningSequence SequenceVariant ScanOptions MRAcquisitionType RepetitionTime EchoTime "
    "EchoTrainLength",
}
"""Attributes of types 1 and 2 of each kind (PS3.3, annexes A.2, A.3, A.4, A.26), and what these files depend on."""
MAY_BE_EMPTY = (
    "AccessionNumber ReferringPhysicianName DetectorType PositionerType AcquisitionContextSequence "
    "PositionReferenceIndicator KVP ScanOptions RepetitionTime EchoTime EchoTrainLength Laterality"
)


def drawn(exposure: Exposure, name: str = "nodule", part: str = "CHEST") -> FileDataset:
    film = np.linspace(0, 1, 48 * 40, dtype=np.float32).reshape(48, 40)
    return dcmread(io.BytesIO(files.dicom(film, exposure, name, part)))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_sample_has_every_attribute_of_its_kind(path: object) -> None:
    sample = dcmread(str(path))
    assert [name for name in MODULES[sample.Modality].split() if name not in sample] == []
    assert [one.keyword for one in sample if one.is_empty and one.keyword not in MAY_BE_EMPTY.split()] == []


def test_samples_are_of_one_patient_study_and_series_each() -> None:
    samples = [dcmread(path, stop_before_pixels=True) for path in SAMPLES]
    for name in ("PatientID", "PatientName", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        assert len({str(sample[name].value) for sample in samples}) == len(samples) == 6, name


def test_samples_are_what_is_drawn_today() -> None:
    truth = json.loads((ROOT / "samples" / "truth.json").read_text())
    assert {path.name for path in SAMPLES if path.parent.name == "samples"} <= set(truth)
    for path in SAMPLES:
        sample = dcmread(path)
        exposure = {"DX": DX, "CR": CR, "CT": CT, "MR": MR}[sample.Modality]
        other = drawn(exposure, part=sample.BodyPartExamined)
        assert set(other.keys()) == set(sample.keys()), path.name


@pytest.mark.parametrize("exposure", [CT, MR], ids=["CT", "MR"])
def test_slice_lies_around_the_origin(exposure: Exposure) -> None:
    image = drawn(exposure)
    row, column = image.PixelSpacing
    left, top, height = image.ImagePositionPatient
    assert (left + column * (image.Columns - 1) / 2, top + row * (image.Rows - 1) / 2, height) == (0, 0, 0)
    assert list(image.ImageOrientationPatient) == [1, 0, 0, 0, 1, 0]


def test_only_a_part_that_there_are_two_of_has_a_laterality() -> None:
    assert "Laterality" in drawn(CT, part="KIDNEY")
    assert "Laterality" not in drawn(CT, part="CHEST")


def test_file_is_the_same_each_time() -> None:
    film = np.zeros((40, 40), np.float32)
    assert files.dicom(film, MR, "x") == files.dicom(film, MR, "x")
