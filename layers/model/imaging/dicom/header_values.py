"""Single values of a DICOM header: read however they are written, and taken out of it where that is impossible."""

import math
from collections.abc import Callable, Iterable
from functools import cache

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

_ABSURD = 1e12
SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
"""The first is in the patient or calibrated, the second at the detector, the third that of a scanned film."""
_PAIRS = (*SPACINGS, "PixelAspectRatio")


def read_numbers(header: Dataset, name: str, most: int) -> list[float] | None:
    """Return the first numbers of an element, `most` at most; none if it is empty, None if one cannot be read.

    Where the value is none of its kind pydicom raises, and the text is read as it stands in the file.
    """
    try:
        value = source = header.get(name)
    except Exception:  # pydicom raises errors of many kinds
        raw = header.get_item(name)
        value = source = raw.value if raw else None
    if isinstance(value, bytes):
        value = value.decode("latin-1").split("\\", most)
    several = [value] if value is None or isinstance(value, (str, int, float, PersonName)) else list(value[:most])
    texts = [str("" if one is None else one).strip(" \0").replace(",", ".") for one in several[:most]]
    if not any(texts):
        return None if isinstance(source, bytes) and source else []
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return None
    return numbers if all(abs(one) < _ABSURD for one in numbers) else None  # true of no NaN


def is_spacing(numbers: list[float]) -> bool:
    """Tell whether numbers are one of rows and one of columns, in millimetres or as a ratio."""
    return len(numbers) == 2 and all(0 < one < math.inf for one in numbers)


HEADER_VALUE_IGNORED = "HEADER_VALUE_IGNORED"
"""A warning: a value of the header could not be read or means nothing, and the image is read as if it were absent."""


_NEEDED = ("Rows", "Columns", "BitsAllocated")
_SMALLEST_SLOPE = 1e-9
_MOST_NUMBERS = 6
_MEANINGFUL: dict[str, Callable[[list[float]], bool]] = {
    **dict.fromkeys(_PAIRS, is_spacing),
    "ImageOrientationPatient": lambda n: len(n) == _MOST_NUMBERS,
    "RescaleSlope": lambda n: abs(n[0]) >= _SMALLEST_SLOPE,
    "WindowWidth": lambda n: n[0] > 0,
    "NumberOfFrames": lambda n: n[0] >= 1 and n[0].is_integer(),
    **dict.fromkeys(("PixelRepresentation", "PlanarConfiguration"), lambda n: n[0] in (0, 1)),
    **dict.fromkeys((*_NEEDED, "BitsStored", "HighBit", "SamplesPerPixel"), lambda n: n[0].is_integer()),
    **dict.fromkeys(("RescaleIntercept", "WindowCenter", "PixelPaddingValue", "PixelPaddingRangeLimit"), bool),
}
"""What numbers of the header must be to mean anything. An image can be read without all but those needed."""
_WORDS = frozenset({"PixelPaddingValue", "PixelPaddingRangeLimit"})
_TABLES = frozenset({"ModalityLUTSequence", "VOILUTSequence"})
_RESCALING = frozenset({"RescaleSlope", "RescaleIntercept"})
_AFTER_RESCALING = (*_RESCALING, "WindowCenter", "WindowWidth", "VOILUTSequence")


def drop_unreadable(header: Dataset, names: tuple[str, ...]) -> set[str]:
    """Take out of a header, or of an item, those elements that cannot be read. Return their names.

    What was written in a way that pydicom does not read, and can be read, is written as the standard has it.
    """
    by_tag = _names_by_tag(names)
    present_names = [by_tag[tag] for tag in header.keys() if tag in by_tag]  # noqa: SIM118 - it yields elements, not tags
    ignored_names = {name for name in present_names if not _is_readable(header, name)}
    _drop(header, ignored_names)
    return ignored_names


@cache
def _names_by_tag(names: tuple[str, ...]) -> dict[int, str]:
    """Return the names by their tags: the dictionary of all attributes is looked into once."""
    return {tag: name for name in names if (tag := tag_for_keyword(name)) is not None}


def drop_meaningless(header: Dataset, ignored_names: set[str]) -> None:
    """Take out what means nothing without what was ignored: a window in units, where nothing says how to reach them."""
    if not _RESCALING.isdisjoint(ignored_names):
        _drop(header, _AFTER_RESCALING)


def _drop(header: Dataset, names: Iterable[str]) -> None:
    for name in names:
        if name in header:
            delattr(header, name)


def _is_readable(header: Dataset, name: str) -> bool:
    try:
        raw = header.get_item(name)
    except Exception:  # an empty one is converted at once, as one of its kind
        return False
    if raw is None:
        return True
    if name not in _MEANINGFUL:
        return _can_be_converted(header, name, raw)
    is_words = name in _WORDS and isinstance(raw.value, bytes) and raw.VR in ("OB", "OW", "UN")
    numbers = [] if is_words else read_numbers(header, name, _MOST_NUMBERS if _counts_all(name) else 1)
    if numbers == []:
        return True
    if numbers is None or not _MEANINGFUL[name](numbers):
        return name in _NEEDED
    vr = dictionary_VR(name)
    if not _is_of_kind(header, name, vr):
        has_fractions = vr == "DS" or name in _PAIRS  # a ratio's whole numbers are often none
        kind = "DS" if has_fractions else vr if len(vr) == 2 else "SS"
        header.add_new(name, kind, numbers if has_fractions else int(numbers[0]))
    return True


def _can_be_converted(header: Dataset, name: str, raw: DataElement | RawDataElement) -> bool:
    """Tell whether pydicom makes something of an element that is no number, and whether a table has entries."""
    if (raw.VR or dictionary_VR(name)) == "CS":  # any bytes are text
        return True
    try:
        # Not kept: what is converted here may never be needed.
        convert_raw_data_element(raw) if isinstance(raw, RawDataElement) else None
        items = header.get(name) if name in _TABLES else None
    except Exception:  # pydicom raises errors of many kinds
        return False
    return not items or all(part in items[0] for part in ("LUTDescriptor", "LUTData"))


def _is_of_kind(header: Dataset, name: str, vr: str) -> bool:
    """Tell whether an element is what its name stands for, and pydicom can read it."""
    raw = header.get_item(name)
    try:
        value = header.get(name)
        first = value if isinstance(value, (str, int, float)) else value[0]
    except Exception:  # as above
        return False
    return isinstance(first, (int, float)) and raw is not None and (raw.VR or vr) in vr


def _counts_all(name: str) -> bool:
    return name in _PAIRS or name == "ImageOrientationPatient"
