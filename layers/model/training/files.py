"""Phantom films as the files a clinic would upload: PNG, JPEG, DICOM; and weights that are drawn and kept in none."""

import io
import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

_SOP_CLASSES = {
    "DX": UID("1.2.840.10008.5.1.4.1.1.1.1"),
    "CR": UID("1.2.840.10008.5.1.4.1.1.1"),
    "CT": UID("1.2.840.10008.5.1.4.1.1.2"),
    "MR": UID("1.2.840.10008.5.1.4.1.1.4"),
}
_PIXEL_MM = 0.8
_SLICE_PIXEL_MM = {"CT": 1.5, "MR": 1.0}
_SLICE_MM = 5
_PAIRED = frozenset({"KIDNEY"})
"""Body parts of which there are two: such a series has a laterality, empty where it shows both."""

Film = NDArray[np.float32]


@dataclass(frozen=True)
class Exposure:
    """How a DICOM file stores a film: black and white are the ends of its window, in stored values."""

    modality: str
    bits: int
    black: int
    white: int
    photometric: str
    intercept: int = 0
    """What is added to a stored value to make it one of the modality's units."""


DX = Exposure(modality="DX", bits=14, black=1200, white=14800, photometric="MONOCHROME2")
CR = Exposure(modality="CR", bits=12, black=200, white=3900, photometric="MONOCHROME1")
CT = Exposure(modality="CT", bits=12, black=0, white=4095, photometric="MONOCHROME2", intercept=-1024)
MR = Exposure(modality="MR", bits=12, black=30, white=3200, photometric="MONOCHROME2")


def png(film: Film, bits: int = 8) -> bytes:
    """Return an 8 or 16-bit grey PNG."""
    dtype = np.uint8 if bits == 8 else np.uint16
    return _save(Image.fromarray((film * ((1 << bits) - 1) + 0.5).astype(dtype)), "PNG")


def jpeg(film: Film, quality: int = 90) -> bytes:
    """Return a grey JPEG."""
    return _save(Image.fromarray((film * 255 + 0.5).astype(np.uint8)), "JPEG", quality=quality)


def apply_window(exposure: Exposure, low: float, high: float) -> Exposure:
    """Return the same, with a window given in the modality's units, as Hounsfield units are for CT."""
    return replace(exposure, black=round(low) - exposure.intercept, white=round(high) - exposure.intercept)


def dicom(film: Film, exposure: Exposure, name: str, body_part: str = "CHEST") -> bytes:
    """Return an uncompressed DICOM file of an invented patient `name`, the same bytes each time."""
    level = 1 - film if exposure.photometric == "MONOCHROME1" else film
    pixels = np.clip(exposure.black + level * (exposure.white - exposure.black) + 0.5, 0, None).astype("<u2")
    dataset = _dataset(exposure, name, body_part, film.shape)
    dataset.PixelData = pixels.tobytes()
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


_INVENTED_DATE = "20250102"
_INVENTED_BIRTH = "19700102"


def _code(value: str, meaning: str) -> Dataset:
    """Return an item of a code sequence: a concept of SNOMED CT."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item


def _dataset(exposure: Exposure, name: str, body_part: str, shape: tuple[int, ...]) -> FileDataset:
    """Return a file without pixels that has what its kind (PS3.3, annex A) asks for.

    What is not known of a drawing is empty where the standard allows it.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = _SOP_CLASSES[exposure.modality]
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["scanward phantom", name, exposure.modality])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    _describe_study(dataset, exposure, name)
    dataset.Modality, dataset.BodyPartExamined = exposure.modality, body_part
    dataset.Rows, dataset.Columns = shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, exposure.photometric
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, exposure.bits, exposure.bits - 1
    dataset.PixelRepresentation = 0
    dataset.WindowCenter = f"{(exposure.black + exposure.white) / 2 + exposure.intercept:g}"
    dataset.WindowWidth = str(exposure.white - exposure.black)
    dataset.BurnedInAnnotation, dataset.LossyImageCompression = "NO", "00"
    _DESCRIBE[exposure.modality](dataset, exposure, name)
    return dataset


def _describe_study(dataset: FileDataset, exposure: Exposure, name: str) -> None:
    """Write whom the file shows, and of which study and series it is the only image."""
    dataset.PatientName, dataset.PatientID = (
        f"PHANTOM^{name.upper()}",
        f"PHANTOM-{zlib.crc32(name.encode()) % 10**6:06}",
    )
    dataset.PatientBirthDate, dataset.PatientSex = _INVENTED_BIRTH, "O"
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["scanward study", name])
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID = _INVENTED_DATE, "090000", "1"
    dataset.StudyDescription = "Drawn phantom, not a patient"
    dataset.AccessionNumber, dataset.ReferringPhysicianName = "", ""
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["scanward series", name, exposure.modality])
    dataset.SeriesNumber, dataset.InstanceNumber = 1, 1
    dataset.Manufacturer, dataset.ManufacturerModelName = "Scanward", "Phantom"
    dataset.SoftwareVersions, dataset.DeviceSerialNumber = "1", "0"


def _describe_film(dataset: FileDataset, exposure: Exposure, name: str) -> None:
    dataset.ViewPosition, dataset.PatientOrientation = "PA", ["L", "F"]
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.ImagerPixelSpacing = [_PIXEL_MM, _PIXEL_MM]
    _describe_rescaling(dataset, exposure, "US")


def _describe_detector_film(dataset: FileDataset, exposure: Exposure, name: str) -> None:
    """Write what a DX image has beyond a film: bright is where less radiation came through."""
    _describe_film(dataset, exposure, name)
    dataset.PresentationIntentType, dataset.PresentationLUTShape = "FOR PRESENTATION", "IDENTITY"
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LOG", -1
    dataset.ImageLaterality, dataset.DetectorType, dataset.PositionerType = "U", "", ""
    dataset.AnatomicRegionSequence = [_code("816094009", "Chest")]
    dataset.ViewCodeSequence, dataset.AcquisitionContextSequence = [_code("272479007", "postero-anterior")], []


def _describe_slice(dataset: FileDataset, exposure: Exposure, name: str) -> None:
    """Write where a slice lies: axial, seen from the feet, its middle at the origin."""
    spacing = _SLICE_PIXEL_MM[exposure.modality]
    left, top = (-spacing * (side - 1) / 2 for side in (dataset.Columns, dataset.Rows))
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=["scanward frame of reference", name, exposure.modality])
    dataset.PositionReferenceIndicator, dataset.PatientPosition = "", "HFS"
    dataset.PixelSpacing = [spacing, spacing]
    dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [left, top, 0]
    dataset.SliceThickness, dataset.AcquisitionNumber = _SLICE_MM, 1
    if dataset.BodyPartExamined in _PAIRED:
        dataset.Laterality = ""


def _describe_ct(dataset: FileDataset, exposure: Exposure, name: str) -> None:
    _describe_slice(dataset, exposure, name)
    _describe_rescaling(dataset, exposure, "HU")
    dataset.ImageType, dataset.KVP = ["ORIGINAL", "PRIMARY", "AXIAL"], None


def _describe_mr(dataset: FileDataset, exposure: Exposure, name: str) -> None:
    _describe_slice(dataset, exposure, name)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    dataset.ScanningSequence, dataset.SequenceVariant, dataset.ScanOptions = "SE", "NONE", ""
    dataset.MRAcquisitionType, dataset.RepetitionTime, dataset.EchoTime, dataset.EchoTrainLength = (
        "2D",
        None,
        None,
        None,
    )


def _describe_rescaling(dataset: FileDataset, exposure: Exposure, units: str) -> None:
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = "1", str(exposure.intercept), units


_DESCRIBE = {"DX": _describe_detector_film, "CR": _describe_film, "CT": _describe_ct, "MR": _describe_mr}


def _save(image: Image.Image, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def draw_weights(seed: int, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Draw weights of a size that keeps activations about as large as they come in.

    They are the same for the same seed and name, wherever they are drawn.
    """
    uniform = 2 * np.random.default_rng([seed, zlib.crc32(name.encode())]).random(shape) - 1
    if len(shape) > 1:
        fan_in = int(np.prod(shape[1:]))
        return np.asarray(uniform * np.sqrt(6 / fan_in), np.float32)
    if name.endswith("weight"):
        return np.asarray(1 + 0.1 * uniform, np.float32)
    return np.asarray(0.1 * uniform, np.float32)
