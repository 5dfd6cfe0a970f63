"""What a DICOM data set says about its pixels: typed, bounded, and free of anybody's name."""

import re
from dataclasses import dataclass

from pydicom.dataset import Dataset

from imaging.bounds import check_dimensions, check_frames
from imaging.refusal import bad_input, unsupported

_PALETTE = ("RedPaletteColorLookupTable", "GreenPaletteColorLookupTable", "BluePaletteColorLookupTable")

WANTED = (
    "BitsAllocated", "BitsStored", "BodyPartExamined", "Columns", "ExtendedOffsetTable",
    "ImageLaterality", "ImagerPixelSpacing", "Laterality", "LossyImageCompression", "Modality", "ModalityLUTSequence",
    "NominalScannedPixelSpacing", "NumberOfFrames", "PerFrameFunctionalGroupsSequence", "PhotometricInterpretation",
    "PixelDataProviderURL", "PixelPaddingRangeLimit", "PixelPaddingValue", "PixelRepresentation", "PixelSpacing",
    "PlanarConfiguration", "RescaleIntercept", "RescaleSlope", "RetrieveURL", "Rows", "SamplesPerPixel",
    "SharedFunctionalGroupsSequence", "VOILUTFunction", "VOILUTSequence", "ViewPosition", "WindowCenter",
    "WindowWidth",
    *(f"{table}Descriptor" for table in _PALETTE), *(f"{table}Data" for table in _PALETTE),
    *(f"Segmented{table}Data" for table in _PALETTE),
)  # fmt: skip
"""All that is ever read of a header: names, dates and numbers of a patient are not among it."""

_GREY = frozenset({"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"})
_COLOUR = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"})
_DEPTHS = (8, 16)
_POINTS_ELSEWHERE = ("PixelDataProviderURL", "RetrieveURL")
_ABSURD = 1e12
_CODE = re.compile(r"[A-Z0-9][A-Z0-9_ ]{0,15}")
"""A code string of the standard: upper case, at most 16 characters. Anything else is not repeated."""


@dataclass(frozen=True)
class PixelLayout:
    """How one frame lies in the pixel data."""

    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    signed: bool
    planar: bool
    frames: int
    photometric: str

    @property
    def frame_bytes(self) -> int:
        """Length of an uncompressed frame."""
        samples = 2 if self.subsampled else self.samples
        return self.rows * self.columns * samples * self.allocated // 8

    @property
    def subsampled(self) -> bool:
        """Two pixels share their colours; only pixels that are not compressed are kept so."""
        return self.photometric == "YBR_FULL_422"


def read_layout(header: Dataset) -> PixelLayout:
    """The pixel layout, refused if it is out of bounds, contradicts itself, or is of a kind that is not read."""
    if any(name in header for name in _POINTS_ELSEWHERE):
        raise unsupported("The DICOM file refers to pixels kept elsewhere; only what it holds itself is read.")
    if "Rows" not in header or "Columns" not in header:
        raise unsupported("The DICOM file holds no image.")
    rows, columns = _integer(header, "Rows"), _integer(header, "Columns")
    check_dimensions(rows, columns)
    frames = _integer(header, "NumberOfFrames", 1)
    check_frames(frames)
    photometric = code(header, "PhotometricInterpretation") or ""
    samples = _integer(header, "SamplesPerPixel", 1)
    allocated = _integer(header, "BitsAllocated")
    stored = _integer(header, "BitsStored", allocated)
    _check_kind(photometric, samples, allocated, stored)
    signed = bool(_integer(header, "PixelRepresentation", 0)) and photometric != "PALETTE COLOR"
    planar = bool(_integer(header, "PlanarConfiguration", 0))
    return PixelLayout(rows, columns, samples, allocated, stored, signed, planar, frames, photometric)


def _check_kind(photometric: str, samples: int, allocated: int, stored: int) -> None:
    if not 1 <= stored <= allocated:
        raise bad_input("The DICOM header's bit depths contradict each other.")
    if photometric in _GREY and samples == 1 and allocated in _DEPTHS:
        return
    if photometric in _COLOUR and samples == 3 and allocated == stored and allocated in _DEPTHS:
        return
    raise unsupported("The DICOM file's pixel format is not read: grey, palette or colour of 8 or 16 bits is.")


def code(header: Dataset, name: str) -> str | None:
    """A code string, or None if it is absent or not one."""
    value = str(header.get(name) or "").strip().upper()
    return value if _CODE.fullmatch(value) else None


def number(header: Dataset, name: str) -> float | None:
    """The first value of a decimal element, or None if it is absent or empty. NaN and absurd sizes are refused."""
    value = header.get(name)
    if value is None or value == "":
        return None
    first = value if isinstance(value, (str, int, float)) else next(iter(value), None)
    if first is None or first == "":
        return None
    result = float(first)
    if not abs(result) < _ABSURD:
        raise bad_input("A number in the DICOM header is beyond any unit.")
    return result


def _integer(header: Dataset, name: str, default: int | None = None) -> int:
    value = header.get(name)
    if value is None or value == "":
        if default is None:
            raise bad_input(f"The DICOM header lacks {name}.")
        return default
    return int(value)
