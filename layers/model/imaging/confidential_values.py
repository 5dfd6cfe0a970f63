"""Data set → data set of what may stay, element by element, items of sequences included."""

import re
from typing import Any

from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imaging.confidentiality import ACTIONS
from imaging.pseudonyms import Pseudonyms

_DEEPEST = 8
"""Levels of sequences: enhanced images nest four. What lies deeper is left out."""

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


def cleaned(dataset: Dataset, pseudonyms: Pseudonyms, depth: int = 0) -> Dataset:
    """What of a data set, or of a sequence's item, does not tell whose it is."""
    kept = Dataset()
    coded = str(dataset.get("CodingSchemeDesignator") or "") in _SCHEMES
    for tag in sorted(dataset.keys()):
        # The dictionary has neither private attributes nor curves and overlays, whose groups are many.
        if not dictionary_has_tag(tag):
            continue
        element = _element(dataset[tag], pseudonyms, depth, coded=coded)
        if element is not None:
            kept.add(element)
    return kept


def _element(element: DataElement, pseudonyms: Pseudonyms, depth: int, *, coded: bool) -> DataElement | None:
    expected = dictionary_VR(element.tag)
    if element.VR not in expected:  # "US or SS" holds either, and is what an unread one is called
        return None
    action = ACTIONS.get(int(element.tag))
    if action == "remove":
        return None
    if element.VR == "SQ":
        return _sequence(element, pseudonyms, depth, empty=action == "empty")
    if action == "replace-uid" or (element.VR == "UI" and action is None):
        return _with(element, _each(element, pseudonyms.uid))
    if action is not None:
        return _with(element, _DUMMIES.get(element.VR) if action == "dummy" else None)
    return element if _harmless(element, coded=coded) else None


def _sequence(element: DataElement, pseudonyms: Pseudonyms, depth: int, *, empty: bool) -> DataElement | None:
    if depth >= _DEEPEST:
        return None
    items = [] if empty else [cleaned(item, pseudonyms, depth + 1) for item in element.value]
    return _with(element, Sequence(items))


def _harmless(element: DataElement, *, coded: bool) -> bool:
    """An attribute that the profile does not name: kept if its kind, or a list, says that it holds no words."""
    kind, name = element.VR, keyword_for_tag(element.tag)
    if kind in _NUMBERS or (" or " in kind and _BYTES_KEPT.fullmatch(name)):
        return True
    if kind in ("CS", "DS", "IS"):
        pattern = _CODE if kind == "CS" else _NUMBER
        return all(pattern.fullmatch(one) for one in _each(element, str))
    if name in _CODED:
        return coded
    return name in _TEXTS_KEPT or bool(_BYTES_KEPT.fullmatch(name))


def _each(element: DataElement, change: Any) -> list[str]:
    value = element.value
    if value is None or value == "":
        return []
    several = not isinstance(value, str) and hasattr(value, "__iter__")
    return [change(str(one)) for one in (value if several else [value])]


def _with(element: DataElement, value: Any) -> DataElement:
    return DataElement(element.tag, element.VR, value)
