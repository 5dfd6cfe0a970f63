"""What a DICOM header tells an expert about its image: codes and numbers, never free text."""

import math

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from imaging.dicom_header import PixelLayout, code
from imaging.dicom_meta import LOSSY
from imaging.picture import ImageFacts

_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
"""The first is in the patient or calibrated, the second at the detector, the third that of a scanned film."""

_SIDES = {"R": "R", "L": "L", "U": "U", "B": "B"}


def read_facts(header: Dataset, layout: PixelLayout, syntax: str) -> ImageFacts:
    """The header's facts, those of the frame that is read included."""
    source, spacing = _spacing(header)
    side = code(header, "ImageLaterality") or code(header, "Laterality") or ""
    return ImageFacts(
        "DICOM",
        layout.rows,
        layout.columns,
        layout.stored,
        frames=layout.frames,
        photometric=layout.photometric,
        modality=code(header, "Modality"),
        view=code(header, "ViewPosition"),
        body_part=code(header, "BodyPartExamined"),
        pixel_spacing=spacing,
        spacing_source=source,
        laterality=_SIDES.get(side),
        transfer_syntax=syntax,
        signed=layout.signed,
        lossy=syntax in LOSSY or code(header, "LossyImageCompression") == "01",
    )


def _spacing(header: Dataset) -> tuple[str | None, tuple[float, float] | None]:
    """The attribute that has the spacing of rows and columns in millimetres, and what it says."""
    for name in _SPACINGS:
        value = header.get(name)
        if not isinstance(value, MultiValue) or len(value) != 2 or "" in value:
            continue
        row, column = float(value[0]), float(value[1])
        if 0 < row < math.inf and 0 < column < math.inf:
            return name, (row, column)
    return None, None
