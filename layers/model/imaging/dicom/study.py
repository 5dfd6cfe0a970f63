"""What a DICOM header says of the examination and of whom it shows: enough to choose a model by, and nothing else."""

import math
import re
from datetime import date
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from imaging.dicom.header import get_item
from imaging.image import StudyFacts

_HUMAN = frozenset({"337915000", "L-85B00"})
"""Homo sapiens in SNOMED CT and in SNOMED RT."""
_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}
_PLANES = ("SAGITTAL", "CORONAL", "AXIAL")
"""By the axis of the patient, left, back or head, that the image's normal is nearest to."""
_LEAST_COSINE = 0.82  # 35 degrees


def read_study_facts(header: Dataset) -> StudyFacts:
    """Return what the header says of the examination; what it says in a way that is not understood is not said."""
    return StudyFacts(
        image_type=tuple(value.strip().upper() for value in (_text(header, "ImageType") or "").split("\\") if value),
        plane=_plane(header),
        age=_age(header),
        sex=_text(header, "PatientSex"),
        is_animal=_is_animal(header),
        study_description=_text(header, "StudyDescription"),
        series_description=_text(header, "SeriesDescription"),
    )


def _plane(header: Dataset) -> str | None:
    try:
        rx, ry, rz, cx, cy, cz = (float(part) for part in _value(header, "ImageOrientationPatient") or ())
    except (TypeError, ValueError):
        return None
    normal = (ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx)
    length = math.hypot(*normal)
    if not 0 < length < math.inf:
        return None
    cosine, plane = max((abs(part) / length, plane) for part, plane in zip(normal, _PLANES, strict=True))
    return plane if cosine >= _LEAST_COSINE else None


def _age(header: Dataset) -> float | None:
    """Return the age in years, as the header states it, else from the dates of birth and of the study."""
    match = re.fullmatch(r"(\d{1,3})([DWMY])", (_text(header, "PatientAge") or "").upper())
    if match:
        return int(match[1]) * _DAYS[match[2]] / _DAYS["Y"]
    birth, study = _date(header, "PatientBirthDate"), _date(header, "StudyDate")
    if birth is None or study is None or study < birth:
        return None
    return (study - birth).days / _DAYS["Y"]


def _date(header: Dataset, name: str) -> date | None:
    text = _text(header, name) or ""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])) if re.fullmatch(r"[0-9]{8}", text) else None
    except ValueError:
        return None


def _is_animal(header: Dataset) -> bool:
    """Tell whether the header names a species that is not ours, or a breed."""
    if _value(header, "PatientBreedDescription") or _value(header, "PatientBreedCodeSequence"):
        return True
    species_code = _text(get_item(header, "PatientSpeciesCodeSequence", 0), "CodeValue")
    if species_code:
        return species_code not in _HUMAN
    species = (_text(header, "PatientSpeciesDescription") or "human").casefold()
    return species not in {"human", "homo sapiens"}


def _text(header: Dataset, name: str) -> str | None:
    """Return an element's text, its values joined by backslashes; None if it is absent, empty or not understood."""
    value = _value(header, name)
    values = [value] if isinstance(value, str) else value if isinstance(value, MultiValue) else []
    return "\\".join(map(str, values)).strip() or None


def _value(header: Dataset, name: str) -> Any:
    try:
        return header.get(name)
    except Exception:  # of all that pydicom raises for a value that is none of its kind: the image is read
        return None
