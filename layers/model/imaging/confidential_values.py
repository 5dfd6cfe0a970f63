"""Data set → data set of what may stay, element by element, items of sequences included.

An element's value is converted only if it may stay: most are dropped, and converting costs far more than looking.
"""

import re
from typing import Any

from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from imaging.confidentiality import ACTIONS
from imaging.pseudonyms import Pseudonyms
from imaging.refusal import too_large

MAX_ELEMENTS = 150_000
"""Of one file, items' included: the groups of two thousand frames have fewer. Each takes 25 microseconds."""

_LONGEST_TEXT = 256
"""Bytes of a text that is kept. The standard allows 64 characters; some encodings take minutes over megabytes."""

_DEEPEST = 8
"""Levels of sequences: enhanced images nest four. What lies deeper is left out."""

_CHARACTER_SET, _SCHEME = BaseTag(0x00080005), BaseTag(0x00080102)
_NUMBERS = frozenset({"US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "AT"})
_CODE = re.compile(r"[A-Z0-9 _]{0,16}")
_NUMBER = re.compile(r"[-+0-9.eE ]{0,16}")
_TEXTS_KEPT = frozenset({"ConvolutionKernel", "Manufacturer", "ManufacturerModelName", "RescaleType"})
_BYTES_KEPT = re.compile(r"(Segmented)?(Red|Green|Blue|Alpha)PaletteColorLookupTableData|LUTData|ExtendedOffsetTable.*")
_CODED = frozenset({"CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning"})
_SCHEMES = frozenset({"DCM", "FMA", "I10", "ICDO3", "LN", "MDC", "RADLEX", "SCT", "SNM3", "SRT", "UCUM", "UMLS"})
"""Their texts are published. A code of anybody's own may say anything."""

_DUMMIES: dict[str, Any] = {
    "AE": "ANONYMOUS", "AS": "000Y", "CS": "ANONYMOUS", "DA": "19000101", "DS": "0", "DT": "19000101000000", "IS": "0",
    "LO": "ANONYMOUS", "LT": "ANONYMOUS", "PN": "ANONYMOUS", "SH": "ANONYMOUS", "ST": "ANONYMOUS", "TM": "000000",
    "UC": "ANONYMOUS", "UR": "urn:anonymous", "UT": "ANONYMOUS",
}  # fmt: skip
_TEXTS = frozenset(_DUMMIES) - {"CS", "DS", "IS"}
_Element = DataElement | RawDataElement


class Cleaner:
    """Cleans the data set of one file, and those that are items in it."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._elements = 0

    def cleaned(self, dataset: Dataset, depth: int = 0) -> Dataset:
        """What of a data set, or of a sequence's item, does not tell whose it is.

        Raises ImageRefused (TOO_LARGE) if the file's elements, or the encodings of its texts, are too many.
        """
        elements: dict[BaseTag, _Element] = dict(dataset.items())
        self._elements += len(elements)
        if self._elements > MAX_ELEMENTS:
            raise too_large(f"The DICOM header has more than {MAX_ELEMENTS} elements.")
        if _length(elements.get(_CHARACTER_SET)) > _LONGEST_TEXT:  # each text goes through all of them
            raise too_large("The DICOM header names more character sets than there are.")
        known = _length(elements.get(_SCHEME)) <= _LONGEST_TEXT
        coded = known and str(dataset.get("CodingSchemeDesignator") or "") in _SCHEMES
        kept = Dataset()
        for tag in sorted(elements):
            # The dictionary has neither private attributes nor curves and overlays, whose groups are many.
            if not dictionary_has_tag(tag):
                continue
            element = self._element(dataset, elements[tag], depth, coded=coded)
            if element is not None:
                kept.add(element)
        return kept

    def _element(self, dataset: Dataset, found: _Element, depth: int, *, coded: bool) -> DataElement | None:
        expected, action = dictionary_VR(found.tag), ACTIONS.get(int(found.tag))
        if action in ("empty", "dummy") and expected != "SQ":
            return DataElement(found.tag, expected, _DUMMIES.get(expected) if action == "dummy" else None)
        if action == "remove" or not _may_stay(found, expected, coded=coded):
            return None
        element = dataset[found.tag]
        if element.VR == "SQ":
            return self._sequence(element, depth, empty=action == "empty")
        if element.VR == "UI":
            return _with(element, _each(element, self._pseudonyms.uid))
        return element if element.VR in expected and (expected in _TEXTS or _harmless(element)) else None

    def _sequence(self, element: DataElement, depth: int, *, empty: bool) -> DataElement | None:
        if depth >= _DEEPEST:
            return None
        items = [] if empty else [self.cleaned(item, depth + 1) for item in element.value]
        return _with(element, Sequence(items))


def _may_stay(found: _Element, expected: str, *, coded: bool) -> bool:
    """Whether an element has the kind its name stands for and is, if it is a text, one that says nothing of anybody."""
    if found.VR not in (None, "UN") and found.VR not in expected:  # "US or SS" holds either
        return False
    name = keyword_for_tag(found.tag)
    named = name in _TEXTS_KEPT or (coded and name in _CODED)
    return expected not in _TEXTS or (named and _length(found) <= _LONGEST_TEXT)


def _harmless(element: DataElement) -> bool:
    """A number, a code or a table that the profile does not name: kept if it holds no words."""
    kind, name = element.VR, keyword_for_tag(element.tag)
    if kind in _NUMBERS:
        return True
    if element.tag == _CHARACTER_SET:  # one that pydicom does not know is looked for again at each text
        return all(one in python_encoding for one in _each(element, str))
    if kind in ("CS", "DS", "IS"):
        pattern = _CODE if kind == "CS" else _NUMBER
        return all(pattern.fullmatch(one) for one in _each(element, str))
    return bool(_BYTES_KEPT.fullmatch(name))


def _length(found: _Element | None) -> int:
    """Of a value as it is in the file, in bytes."""
    return len(found.value) if found is not None and found.value else 0


def _each(element: DataElement, change: Any) -> list[str]:
    value = element.value
    if value is None or value == "":
        return []
    several = not isinstance(value, str) and hasattr(value, "__iter__")
    return [change(str(one)) for one in (value if several else [value])]


def _with(element: DataElement, value: Any) -> DataElement:
    return DataElement(element.tag, element.VR, value)
