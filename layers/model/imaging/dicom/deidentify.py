"""A DICOM file → a copy that no longer says whose it is, after the basic profile of PS3.15, annex E.

Element by element, items of sequences included; new UIDs for old ones, alike under one key.
"""

import hashlib
import hmac
import io
import re
import secrets
import warnings
from dataclasses import dataclass
from typing import Any

from pydicom import dcmwrite
from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import UID

from imaging.bounds import check_bytes
from imaging.burned_in_text import Region
from imaging.dicom.blanking import BlankedPixels, PixelSource, blank_text
from imaging.dicom.codecs import items_end
from imaging.dicom.header import read_layout
from imaging.dicom.meta import BIG_ENDIAN, IMPLICIT, TRANSFER_SYNTAXES, transfer_syntax
from imaging.dicom.ps3_15 import ACTIONS
from imaging.dicom.read import find_pixel_data, is_word_data, read_header
from imaging.errors import ImageError, bad_input, too_large
from imaging.image import Picture

_STANDARD = "1.2.840.10008."
"""The standard's own UIDs name formats and kinds of things, never a patient or an examination."""


class UidMapping:
    """Replaces UIDs by a keyed digest of them."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def uid(self, original: str) -> str:
        """Return the UID that takes the place of `original`; the standard's own stay."""
        if original.startswith(_STANDARD):
            return original
        digest = hmac.new(self._key, original.encode("utf-8", "replace"), hashlib.sha256).digest()
        return f"2.25.{int.from_bytes(digest[:16], 'big')}"


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
_CODE_KEYWORDS = frozenset({"CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning"})
_SCHEMES = frozenset({"DCM", "FMA", "I10", "ICDO3", "LN", "MDC", "RADLEX", "SCT", "SNM3", "SRT", "UCUM", "UMLS"})
"""Their texts are published. A private code may say anything."""

_DUMMIES: dict[str, Any] = {
    "AE": "ANONYMOUS", "AS": "000Y", "CS": "ANONYMOUS", "DA": "19000101", "DS": "0", "DT": "19000101000000", "IS": "0",
    "LO": "ANONYMOUS", "LT": "ANONYMOUS", "PN": "ANONYMOUS", "SH": "ANONYMOUS", "ST": "ANONYMOUS", "TM": "000000",
    "UC": "ANONYMOUS", "UR": "urn:anonymous", "UT": "ANONYMOUS",
}  # fmt: skip
_TEXTS = frozenset(_DUMMIES) - {"CS", "DS", "IS"}
_Element = DataElement | RawDataElement


class Cleaner:
    """Cleans the data set of one file, and those that are items in it."""

    def __init__(self, pseudonyms: UidMapping) -> None:
        self._pseudonyms = pseudonyms
        self._elements = 0

    def clean(self, dataset: Dataset, depth: int = 0) -> Dataset:
        """Return what of a data set, or of a sequence's item, does not tell whose it is.

        Raises ImageError (TOO_LARGE) if the file's elements, or the encodings of its texts, are too many.
        """
        elements: dict[BaseTag, _Element] = dict(dataset.items())
        self._elements += len(elements)
        if self._elements > MAX_ELEMENTS:
            raise too_large(f"The DICOM header has more than {MAX_ELEMENTS} elements.")
        if _length(elements.get(_CHARACTER_SET)) > _LONGEST_TEXT:  # each text goes through all of them
            raise too_large("The DICOM header names more character sets than there are.")
        is_short = _length(elements.get(_SCHEME)) <= _LONGEST_TEXT
        is_coded = is_short and str(dataset.get("CodingSchemeDesignator") or "") in _SCHEMES
        copy = Dataset()
        for tag in sorted(elements):
            # The dictionary has neither private attributes nor curves and overlays, whose groups are many.
            if not dictionary_has_tag(tag):
                continue
            element = self._clean_element(dataset, elements[tag], depth, is_coded=is_coded)
            if element is not None:
                copy.add(element)
        return copy

    def _clean_element(
        self, dataset: Dataset, raw_element: _Element, depth: int, *, is_coded: bool
    ) -> DataElement | None:
        vr, action = dictionary_VR(raw_element.tag), ACTIONS.get(int(raw_element.tag))
        if action in ("empty", "dummy") and vr != "SQ":
            return DataElement(raw_element.tag, vr, _DUMMIES.get(vr) if action == "dummy" else None)
        if action == "remove" or not _may_stay(raw_element, vr, is_coded=is_coded):
            return None
        element = dataset[raw_element.tag]
        if element.VR == "SQ":
            return self._clean_sequence(element, depth, empty=action == "empty")
        if element.VR == "UI":
            return _with(element, _each(element, self._pseudonyms.uid))
        return element if element.VR in vr and (vr in _TEXTS or _is_harmless(element)) else None

    def _clean_sequence(self, element: DataElement, depth: int, *, empty: bool) -> DataElement | None:
        if depth >= _DEEPEST:
            return None
        items = [] if empty else [self.clean(item, depth + 1) for item in element.value]
        return _with(element, Sequence(items))


def _may_stay(element: _Element, vr: str, *, is_coded: bool) -> bool:
    """Tell whether an element has the kind its name stands for, and a text is one that identifies no person."""
    if element.VR not in (None, "UN") and element.VR not in vr:  # "US or SS" holds either
        return False
    name = keyword_for_tag(element.tag)
    is_named = name in _TEXTS_KEPT or (is_coded and name in _CODE_KEYWORDS)
    return vr not in _TEXTS or (is_named and _length(element) <= _LONGEST_TEXT)


def _is_harmless(element: DataElement) -> bool:
    """Tell whether an element that the profile does not name is a number, a code or a table, without words."""
    kind, name = element.VR, keyword_for_tag(element.tag)
    if kind in _NUMBERS:
        return True
    if element.tag == _CHARACTER_SET:  # one that pydicom does not know is looked for again at each text
        return all(one in python_encoding for one in _each(element, str))
    if kind in ("CS", "DS", "IS"):
        pattern = _CODE if kind == "CS" else _NUMBER
        return all(pattern.fullmatch(one) for one in _each(element, str))
    return bool(_BYTES_KEPT.fullmatch(name))


def _length(element: _Element | None) -> int:
    """Return the length of a value as it is in the file, in bytes."""
    return len(element.value) if element is not None and element.value else 0


def _each(element: DataElement, change: Any) -> list[str]:
    value = element.value
    if value is None or value == "":
        return []
    several = not isinstance(value, str) and hasattr(value, "__iter__")
    return [change(str(one)) for one in (value if several else [value])]


def _with(element: DataElement, value: Any) -> DataElement:
    return DataElement(element.tag, element.VR, value)


BURNED_IN_TEXT_NOT_REMOVED = "BURNED_IN_TEXT_NOT_REMOVED"
"""A warning: the pixels, or overlays kept in their unused bits, may still show a name."""

BURNED_IN_TEXT_BLANKED = "BURNED_IN_TEXT_BLANKED"
"""A warning: regions that look like text are blanked. It never comes alone: what was not found is still there."""

_METHOD = "DICOM PS3.15 Basic Application Level Confidentiality Profile"
_PROFILE = ("113100", "DCM", "Basic Application Confidentiality Profile")
_CLEAN_PIXELS = ("113101", "DCM", "Clean Pixel Data Option")
_IMPLEMENTATION = UID("2.25.98474110375041829471029384756102938475")
_END_OF_ITEMS = b"\xfe\xff\xdd\xe0\0\0\0\0"
_UNDEFINED_LENGTH = b"\xff\xff\xff\xff"
_BYTES = b"OB\0\0"


@dataclass(frozen=True)
class DeidentifiedCopy:
    """The new file, and warnings for its users.

    `regions`: what is blanked in all of its frames, in pixels; then `with_text` is the same with nothing blanked.
    """

    data: bytes
    warnings: tuple[str, ...]
    regions: tuple[Region, ...] = ()
    with_text: bytes | None = None


def deidentify(data: bytes, key: bytes | None = None, picture: Picture | None = None) -> DeidentifiedCopy:
    """Return a de-identified copy of a DICOM image, in which burned-in text is blanked as far as it was found.

    `picture`: what `imaging.decode.decode` made of it; without one no text is looked for.

    UIDs are replaced alike throughout the file, and throughout all files that are given the same secret `key`.
    Raises ImageError as `imaging.decode.decode` does, and with the same care for what it says.
    """
    check_bytes(len(data))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # their texts quote the header
            return _deidentify(data, UidMapping(key or secrets.token_bytes(32)), picture)
    except ImageError:
        raise
    except MemoryError:
        raise too_large("The image needs more memory than there is.") from None
    except Exception:  # a parser fed by strangers may raise anything
        raise bad_input("The DICOM image is damaged and cannot be read.") from None


def _deidentify(data: bytes, pseudonyms: UidMapping, picture: Picture | None) -> DeidentifiedCopy:
    syntax = transfer_syntax(data)
    header, position = read_header(data, keywords=None)
    pixels = find_pixel_data(data, position, syntax)
    warnings = _burned_in_text_warnings(header)
    dataset = Cleaner(pseudonyms).clean(header)
    _declare(dataset)
    words = data[position + 4 : position + 6] != b"OB"
    if TRANSFER_SYNTAXES[syntax] == "native":
        element = _native_element(pixels, syntax, _frames_bytes(header), words=words)
    else:
        element = _encapsulated_element(pixels)
    if picture is None:
        return DeidentifiedCopy(_write(dataset, syntax) + element, warnings)
    source = PixelSource(header, read_layout(header), pixels, syntax, words=is_word_data(data, position, syntax))
    regions, blanked_pixels = blank_text(source, picture)
    if regions:
        warnings = (BURNED_IN_TEXT_NOT_REMOVED,)
        if _denies_text(dataset):  # which is not so, as it seems
            del dataset.BurnedInAnnotation
    copy = DeidentifiedCopy(_write(dataset, syntax) + element, warnings)
    if blanked_pixels is None:
        return copy
    dataset.SOPInstanceUID = pseudonyms.uid(dataset.SOPInstanceUID)  # other pixels are another image
    blanked_copy = _write_blanked(dataset, blanked_pixels, words=words)
    return DeidentifiedCopy(blanked_copy, (BURNED_IN_TEXT_BLANKED, *warnings), regions, with_text=copy.data)


def _write_blanked(dataset: Dataset, pixels: BlankedPixels, *, words: bool) -> bytes:
    """Return the file with these pixels, which says so. Whether text is left nobody knows, and it does not tell."""
    for keyword, value in pixels.changes.items():
        setattr(dataset, keyword, value)
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        dataset.pop(keyword, None)
    dataset.DeidentificationMethodCodeSequence.append(_coded_item(*_CLEAN_PIXELS))
    size, is_deep = len(pixels.data), dataset.BitsAllocated > 8
    head = _native_head(pixels.syntax, size + size % 2, words=words or is_deep)
    return b"".join((_write(dataset, pixels.syntax), head, pixels.data, bytes(size % 2)))  # it may be large: one copy


def _burned_in_text_warnings(header: Dataset) -> tuple[str, ...]:
    """Return a warning if the pixels may show text.

    They may, unless the header denies it and keeps no overlay in the pixels' own bits.
    """
    has_overlay = any(tag.group & 0xFF00 == 0x6000 for tag in list(header.keys()))  # elements would be converted
    return () if _denies_text(header) and not has_overlay else (BURNED_IN_TEXT_NOT_REMOVED,)


def _denies_text(header: Dataset) -> bool:
    return str(header.get("BurnedInAnnotation") or "").strip().upper() == "NO"


def _declare(dataset: Dataset) -> None:
    """Write into the copy the attributes that the profile asks for."""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = _METHOD
    dataset.DeidentificationMethodCodeSequence = [_coded_item(*_PROFILE)]
    dataset.LongitudinalTemporalInformationModified = "REMOVED"


def _coded_item(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _write(dataset: Dataset, syntax: str) -> bytes:
    """Return the file up to its pixels, with an empty preamble and meta information of our own."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.ImplementationClassUID = _IMPLEMENTATION
    file = io.BytesIO()
    copy = FileDataset(file, dict(dataset.items()), bytes(128), meta)
    dcmwrite(file, copy, enforce_file_format=True, overwrite=True)
    return file.getvalue()


def _frames_bytes(header: Dataset) -> int:
    """Return how long all frames are, uncompressed."""
    layout = read_layout(header)
    return layout.frame_bytes * layout.frames


def _encapsulated_element(pixels: memoryview) -> bytes:
    """Return the pixel data element with a head of its own, without what followed it in the file."""
    return b"\xe0\x7f\x10\0" + _BYTES + _UNDEFINED_LENGTH + bytes(pixels[: items_end(pixels)]) + _END_OF_ITEMS


def _native_element(pixels: memoryview, syntax: str, size: int, *, words: bool) -> bytes:
    """Return the pixel data element of frames of `size` bytes in all, without what follows the last one in it."""
    return _native_head(syntax, size + size % 2, words=words) + bytes(pixels[:size]) + bytes(size % 2)


def _native_head(syntax: str, length: int, *, words: bool) -> bytes:
    tag = b"\x7f\xe0\0\x10" if syntax == BIG_ENDIAN else b"\xe0\x7f\x10\0"
    kind = b"" if syntax == IMPLICIT else b"OW\0\0" if words else _BYTES
    return tag + kind + length.to_bytes(4, "big" if syntax == BIG_ENDIAN else "little")
