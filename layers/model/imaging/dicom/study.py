"""What a DICOM header says of the examination and of whom it shows: enough to choose a model by, and nothing else."""

import math
import re
from datetime import date

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from imaging.dicom.anatomy import read_code_value, read_items, read_statements, read_value, read_words
from imaging.image import StudyFacts

_HUMAN = frozenset({"337915000", "L-85B00"})
"""Homo sapiens in SNOMED CT and in SNOMED RT."""
_HUMAN_WORDS = frozenset({"human", "homo sapiens"})
_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}
_PLANES = ("SAGITTAL", "CORONAL", "AXIAL")
"""By the axis of the patient, left, back or head, that the image's normal is nearest to."""
_LEAST_COSINE = 0.82  # 35 degrees
_AGES = (("PatientAge",), ("PatientBirthDate", "StudyDate"))
"""What says an age: the one, or the other two together."""


def read_study_facts(header: Dataset, frame: int = 0) -> StudyFacts:
    """Return what the header says of the examination and of this frame, and what of it is not understood."""
    image_type = tuple(value.strip().upper() for value in (_text(header, "ImageType") or "").split("\\") if value)
    plane, age, sex = _plane(header), _age(header), _text(header, "PatientSex")
    is_unclear = {
        "image_type": not image_type and _is_stated(header, "ImageType"),
        "plane": plane is None and _is_stated(header, "ImageOrientationPatient"),
        "age": age is None and any(_is_stated(header, *names) for names in _AGES),
        "sex": sex is None and _is_stated(header, "PatientSex"),
    }
    return StudyFacts(
        **read_statements(header, frame),
        image_type=image_type,
        plane=plane,
        age=age,
        sex=sex,
        is_animal=_is_animal(header),
        study_description=_text(header, "StudyDescription"),
        series_description=_text(header, "SeriesDescription"),
        unclear=tuple(name for name, answer in is_unclear.items() if answer),
    )


def _is_stated(header: Dataset, *names: str) -> bool:
    """Tell whether each of these elements has a value, of whatever kind."""
    return all(read_words(header, name) for name in names)


def _plane(header: Dataset) -> str | None:
    try:
        rx, ry, rz, cx, cy, cz = (float(part) for part in read_value(header, "ImageOrientationPatient") or ())
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
    """Tell whether the header names a breed, or a species that is not known to be ours."""
    if read_words(header, "PatientBreedDescription") or read_items(header, "PatientBreedCodeSequence"):
        return True
    codes = [read_code_value(item)[1] for item in read_items(header, "PatientSpeciesCodeSequence")]
    if codes:
        return any(code not in _HUMAN for code in codes)
    return any((word or "").casefold() not in _HUMAN_WORDS for word in read_words(header, "PatientSpeciesDescription"))


def _text(header: Dataset, name: str) -> str | None:
    """Return an element's text, its values joined by backslashes; None if it is absent, empty or not understood."""
    value = read_value(header, name)
    values = [value] if isinstance(value, str) else value if isinstance(value, MultiValue) else []
    return "\\".join(map(str, values)).strip() or None
