"""The Basic Application Level Confidentiality Profile (DICOM PS3.15, annex E, table E.1-1), and a data set after it.

Where the standard leaves a choice, the one that keeps a file valid is taken: a dummy before an empty value, an empty
value before none. It goes element by element, items of sequences included. Private attributes, curves and overlays are
whole groups and are left out, as is all that the table does not name and no reader needs.
"""

import hashlib
import hmac
import re
import struct
from typing import Any, Literal

from pydicom.datadict import dictionary_has_tag, dictionary_VM, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from imaging.dicom.lookup_tables import measure_segments
from imaging.dicom.terms import (
    DUMMY,
    TEXTS,
    UNKNOWN_CODE,
    find_code,
    is_registered_uid,
    replace_unknown_terms,
    replace_unknown_text,
)
from imaging.errors import too_large

Action = Literal["remove", "empty", "dummy", "replace-uid"]

# Tags as groups and elements in hexadecimal digits.
_TABLE: dict[Action, str] = {
    "remove": """
    00001000 00080015 00080024 00080025 00080034 00080035 00080054 00080055 00080081 00080092 00080094 00080096 0008009D
    00080201 00081000 00081030 0008103E 00081040 00081041 00081048 00081049 00081050 00081052 00081060 00081062 00081080
    00081084 00081088 00081120 00081301 00081302 00081303 00081304 00082111 00084000 00100011 00100012 00100013 00100014
    00100015 00100016 00100021 00100032 00100041 00100042 00100043 00100044 00100045 00100046 00100047 00100050 00100101
    00100102 00101000 00101001 00101002 00101005 00101010 00101020 00101030 00101040 00101050 00101060 00101080 00101081
    00101090 00101100 00102000 00102110 00102150 00102152 00102154 00102155 00102160 00102161 00102162 00102180 001021A0
    001021B0 001021C0 001021D0 001021F0 00102297 00102299 00104000 00120022 00120023 00120032 00120041 00120043 00120051
    00120055 00120071 00120072 00120073 00120082 00120086 00120087 0014407C 0014407E 0016002B 0016004B 0016004D 0016004E
    0016004F 00160050 00160051 00160070 00160071 00160072 00160073 00160074 00160075 00160076 00160077 00160078 00160079
    0016007A 0016007B 0016007C 0016007D 0016007E 0016007F 00160080 00160081 00160082 00160083 00160084 00160085 00160086
    00160087 00160088 00160089 0016008A 0016008B 0016008C 0016008D 0016008E 00180027 00180035 00181004 00181005 00181007
    00181008 00181009 0018100A 00181010 00181011 00181012 00181014 00181042 00181043 00181072 00181073 00181078 00181079
    00181200 00181201 00181202 00181204 00181205 00184000 00185011 00189185 00189373 0018937B 0018937F 00189424 00189937
    0018A002 0018A003 00200027 00203401 00203403 00203405 00203406 00204000 00209158 00284000 00320012 00320032 00320033
    00320034 00320035 00321000 00321001 00321010 00321011 00321020 00321021 00321030 00321032 00321033 00321040 00321041
    00321050 00321051 00321066 00321067 00321070 00324000 00380004 00380010 00380011 00380014 0038001A 0038001B 0038001C
    0038001D 0038001E 00380020 00380021 00380030 00380032 00380040 00380050 00380060 00380061 00380062 00380064 00380300
    00380400 00380500 00384000 003A0020 003A0203 003A020C 003A0329 003A032B 00400001 00400002 00400003 00400004 00400005
    00400006 00400007 00400009 0040000B 00400010 00400011 00400012 00400241 00400242 00400243 00400244 00400245 00400250
    00400251 00400253 00400254 00400275 00400280 00400310 0040050A 0040051A 00400556 00400600 00400602 004006FA 00401001
    00401002 00401004 00401005 0040100A 00401010 00401011 00401102 00401103 00401104 00401400 00402001 00402004 00402005
    00402008 00402009 00402010 00402011 00402400 00403001 00404005 00404008 00404010 00404011 00404025 00404027 00404028
    00404030 00404034 00404035 00404036 00404037 00404050 00404051 00404052 0040A023 0040A024 0040A033 0040A034 0040A035
    0040A078 0040A07A 0040A07C 0040A110 0040A112 0040A192 0040A193 0040A307 0040A352 0040A353 0040A354 0040A358 0040B034
    0040B036 0040B03B 0040B03F 0040DB06 0040DB07 0040E004 0040E012 00440004 0044000B 00440010 00440105 0050001B 00500020
    00500021 006A0006 00700082 00700083 00700086 00741234 00741236 00880200 00880904 00880906 00880910 00880912 01000420
    04000310 04000402 04000403 04000404 04000550 04000551 04000552 04000561 04000600 20300020 21000040 21000050 21000070
    30020121 30020123 30060004 30060006 30060028 3006002D 3006002E 30060038 3006004D 3006004E 30060085 30060088 300A0003
    300A0004 300A000B 300A000E 300A0016 300A0072 300A00C3 300A00DD 300A0196 300A01A6 300A01B2 300A0216 300A02EB 300A0676
    300A078E 300A0792 300A0794 300A079A 300C0113 30100036 30100037 30100061 30100085 40000010 40004000 40080040 40080042
    40080100 40080101 40080102 40080108 40080109 4008010A 4008010B 4008010C 40080111 40080112 40080113 40080114 40080115
    40080118 40080119 4008011A 40080200 40080202 40080300 40084000 00081110 FFFAFFFA FFFCFFFC
    """,
    "empty": """
    00080020 00080022 00080030 00080032 00080050 00080090 0008009C 00100010 00100030 00100040 00102203 00120021
    00120030 00120031 00120050 00120060 00181203 00200010 00321060 00400513 00400555 00400562 00400610 00402016 00402017
    0040A082 0040A088 04000564 22000002 22000005 30060008 30060009 30060026 300600A6 30080105 300A00B2 300A0611 300A0615
    300A067D 300E0004 300E0005 300E0008 3010000F 30100017 3010001B 30100043 3010005A 3010005C 3010007A 3010007B 3010007F
    30100081
    """,
    "dummy": """
    00080012 00080013 00080021 00080023 0008002A 00080031 00080033 00080080 00080082 00080106 00080107 00081010 00081070
    00081072 00081111 00100020 00120010 00120020 00120040 00120042 00120081 00180010 00181000 00181030 001811BB 00181400
    0018700A 0018700C 0018700E 00189074 00189151 00189367 00189369 0018936A 00189371 00189516 00189517 00189623 00189701
    00189804 00189919 00340001 00340002 00340005 00340007 003A0314 00400512 00400551 00401101 0040A027 0040A030 0040A032
    0040A073 0040A075 0040A120 0040A121 0040A122 0040A123 0040A13A 0040A730 0040B020 00420011 00440104 00686226 00686270
    006A0003 006A0005 00700001 00700006 00700084 0072000A 0072005E 0072005F 00720061 00720063 00720065 00720066 00720068
    0072006A 0072006B 0072006C 0072006D 0072006E 00720070 00720071 04000105 04000115 04000562 04000563 04000565 21000140
    30060002 30080024 30080025 30080054 30080056 30080162 30080164 30080166 30080168 30080250 30080251 300A0002 300A0006
    300A0007 300A022C 300A022E 300A0608 300A0619 300A0623 300A062A 300A067C 300A0734 300A0736 300A073A 300A0741 300A0742
    300A0760 300A0783 300C0127 3010002D 30100033 30100034 30100035 30100038 3010004C 3010004D 30100054 30100056 30100077
    """,
    "replace-uid": """
    00001001 00020003 00041511 00080014 00080017 00080018 00080019 00080058 00081140 00081155 00081195 00082112 00083010
    00181002 0018100B 00182042 0020000D 0020000E 00200052 00200200 00209161 00209164 00281199 00281214 003A0310 00400554
    00404023 0040A124 0040A171 0040A172 0040A402 0040DB0C 0040DB0D 00620021 00640003 0070031A 00701101 00701102 00880140
    04000100 30060024 300600C2 300A0013 300A0054 300A0083 300A0609 300A0650 300A0700 300A0785 30100006 3010000B 30100013
    30100015 30100031 3010003B 3010006E 3010006F
    """,
}

ACTIONS: dict[int, Action] = {int(tag, 16): action for action, tags in _TABLE.items() for tag in tags.split()}
"""What becomes of an attribute, by its tag."""


class UidMapping:
    """Replaces UIDs by a keyed digest of them."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def uid(self, original: str) -> str:
        """Return the UID that takes the place of `original`; those that the standard itself gave out stay."""
        if is_registered_uid(original):
            return original
        digest = hmac.new(self._key, original.encode("utf-8", "replace"), hashlib.sha256).digest()
        return f"2.25.{int.from_bytes(digest[:16], 'big')}"


MAX_ELEMENTS = 150_000
"""Of one file, items' included: the groups of two thousand frames have fewer. Each takes 25 microseconds."""

_LONGEST_TEXT = 256
"""Bytes of a text that is looked at. The standard allows 64 characters."""

_DEEPEST = 8
"""Levels of sequences: enhanced images nest four. What lies deeper is left out."""

_CHARACTER_SET = BaseTag(0x00080005)
"""Left out of the copy, whose texts are all in ASCII."""
_OTHER_GROUPS = frozenset({0x0000, 0x0002, 0x0004, 0x4FFE, 0xFFFA, 0xFFFC})
"""Of messages, of a file's own head, of directories, of signatures over what has changed, of padding."""
_CODE_TAGS = range(0x00080100, 0x00080125)
_VALUE, _SCHEME = BaseTag(0x00080100), BaseTag(0x00080102)
_CODE_KEYWORDS = ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
_NAMING_CODES = frozenset({0x00080100, 0x00080102, 0x00080104, 0x00080119, 0x00080120})
_LOOKUP_TABLE = re.compile(r"((Segmented)?(Red|Green|Blue|Alpha)PaletteColorLookupTable|LUT)Data")
_EMPTY_ALLOWED = frozenset({"AnatomicRegionSequence", "ViewModifierCodeSequence"})
"""Sequences that must be there, if without items."""

_DUMMIES: dict[str, Any] = {
    "AE": DUMMY, "AS": "000Y", "CS": DUMMY, "DA": "19000101", "DS": "0", "DT": "19000101000000", "IS": "0", "LO": DUMMY,
    "LT": DUMMY, "PN": DUMMY, "SH": DUMMY, "ST": DUMMY, "TM": "000000", "UC": DUMMY, "UR": "urn:anonymous", "UT": DUMMY,
}  # fmt: skip
_TEXTS = frozenset(_DUMMIES) - {"CS", "DS", "IS"}
_NUMBERS = frozenset({"US", "SS", "UL", "SL", "UV", "SV", "FL", "FD"})
_DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")
_INTEGER = re.compile(r"[-+]?\d{1,7}")
_LETTERS = re.compile(rb"(?!.?(.)\1{3})[0-9A-Za-z^-]{5}", re.DOTALL)  # 0.3 and 0.7 are "333333", "ffffff"
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
        if _length(elements.get(_CHARACTER_SET)) > _LONGEST_TEXT:  # pydicom goes through all of them
            raise too_large("The DICOM header names more character sets than there are.")
        copy = Dataset()
        for tag in sorted(elements):
            # The dictionary has neither private attributes nor curves and overlays, whose groups are many.
            if tag.group in _OTHER_GROUPS or not dictionary_has_tag(tag):
                continue
            element = self._clean_element(dataset, elements[tag], depth)
            if element is not None:
                copy.add(element)
        if depth and not _NAMING_CODES.isdisjoint(elements):
            code = find_code(_text(elements.get(_VALUE)), _text(elements.get(_SCHEME))) or UNKNOWN_CODE
            for keyword, text in zip(_CODE_KEYWORDS, code, strict=True):
                setattr(copy, keyword, text)
        return copy

    def _clean_element(self, dataset: Dataset, raw_element: _Element, depth: int) -> DataElement | None:
        tag = raw_element.tag
        vr, action = dictionary_VR(tag), ACTIONS.get(int(tag))
        if action in ("empty", "dummy") and vr != "SQ":
            return DataElement(tag, vr, _DUMMIES.get(vr) if action == "dummy" else None)
        is_other_kind = raw_element.VR not in (None, "UN") and raw_element.VR not in vr  # "US or SS" holds either
        if action == "remove" or is_other_kind or (tag in _CODE_TAGS and vr != "SQ") or tag == _CHARACTER_SET:
            return None
        if vr in _TEXTS or vr in ("CS", "DS", "IS"):
            return _clean_text(raw_element, vr) if vr in _TEXTS else _clean_values(raw_element, vr)
        return self._clean_parsed(dataset, raw_element, depth, empty=action == "empty")

    def _clean_parsed(self, dataset: Dataset, raw_element: _Element, depth: int, *, empty: bool) -> DataElement | None:
        try:
            element, vr = dataset[raw_element.tag], dictionary_VR(raw_element.tag)
        except Exception:  # of all that pydicom raises for a value that is none of its kind: it is left out
            return None
        if element.VR == "SQ":
            return self._clean_sequence(element, depth, empty=empty)
        if element.VR == "UI":
            return _with(element, [self._pseudonyms.uid(one) for one in _values(element)])
        return _clean_binary(dataset, element, raw_element) if element.VR in vr else None

    def _clean_sequence(self, element: DataElement, depth: int, *, empty: bool) -> DataElement | None:
        """Return a sequence without what tells whose it is, and without emptied items but for the groups of frames."""
        if depth >= _DEEPEST:
            return None
        keyword = keyword_for_tag(element.tag)
        items = [] if empty else [self.clean(item, depth + 1) for item in element.value]
        if keyword != "PerFrameFunctionalGroupsSequence" or not any(items):
            items = [item for item in items if len(item)]
        if items or empty or not element.value or keyword in _EMPTY_ALLOWED:
            return _with(element, Sequence(items))
        return None


def _clean_text(element: _Element, vr: str) -> DataElement | None:
    """Return a text that is known to name a product or a unit, a dummy for another that has to be there, or None."""
    keyword = keyword_for_tag(element.tag)
    if keyword not in TEXTS:
        return None
    values = _values(element) if _length(element) <= _LONGEST_TEXT else [DUMMY]
    if len(values) > _most_values(element.tag):
        values = [DUMMY]
    return DataElement(element.tag, vr, _one_or_all([replace_unknown_text(keyword, one) for one in values]))


def _clean_values(element: _Element, vr: str) -> DataElement | None:
    """Return terms of the standard, or numbers written in digits, without what is neither."""
    values, most = _values(element), _most_values(element.tag)
    keyword = keyword_for_tag(element.tag)
    if vr == "CS":
        return DataElement(element.tag, vr, _one_or_all(replace_unknown_terms(keyword, values, most)))
    pattern = _INTEGER if vr == "IS" else _DECIMAL
    values = [one.replace(",", ".") for one in values]
    if len(values) > most or any(len(one) > 16 or (one and not pattern.fullmatch(one)) for one in values):
        values = []
    return DataElement(element.tag, vr, _one_or_all(values))


def _clean_binary(dataset: Dataset, element: DataElement, raw_element: _Element) -> DataElement | None:
    """Return numbers or a lookup table, as far as it goes; None for any other bytes, or numbers that spell words."""
    keyword = keyword_for_tag(element.tag)
    if _LOOKUP_TABLE.fullmatch(keyword):
        return _with(element, _cut_table(dataset, element, keyword))
    values = _several(element.value)
    if element.VR == "AT":
        return element if all(dictionary_has_tag(tag) for tag in values) else None
    if element.VR not in _NUMBERS or len(values) > _most_values(element.tag):
        return None
    raw = raw_element.value if isinstance(raw_element.value, bytes) else b""
    if not _has_letters(raw):
        return element
    return _round(element, values) if element.VR == "FD" else None


def _round(element: DataElement, values: list[Any]) -> DataElement | None:
    """Return numbers with nine digits, which a measurement has at most; None if they still spell words."""
    results = [float(f"{one:.9g}") for one in values]
    spells = _has_letters(struct.pack(f"<{len(results)}d", *results))
    if spells or not all(one == 0 or 1e-100 < abs(one) < 1e100 for one in results):
        return None
    return _with(element, _one_or_all(results))


def _has_letters(raw: bytes) -> bool:
    """Tell whether bytes, or every other one of them as in text of 16 bits, spell a word or a patient's number."""
    return any(_LETTERS.search(part) for part in (raw, raw[::2], raw[1::2]))


def _cut_table(dataset: Dataset, element: DataElement, keyword: str) -> Any:
    """Return the entries of a lookup table that its descriptor counts, without what follows them."""
    descriptor = _several(dataset[keyword.removeprefix("Segmented").removesuffix("Data") + "Descriptor"].value)
    entries = int(descriptor[0]) or 1 << 16
    if keyword.startswith("Segmented"):
        return element.value[: measure_segments(dataset, keyword, entries)]
    if not isinstance(element.value, bytes):
        return _one_or_all(_several(element.value)[:entries])
    is_packed = int(descriptor[2]) <= 8 and len(element.value) < 2 * entries
    return element.value[: entries + entries % 2 if is_packed else 2 * entries]


def _most_values(tag: BaseTag) -> int:
    """Return how many values an attribute may have; of one that is a list, any number."""
    last = dictionary_VM(tag).rpartition("-")[2]
    return int(last) if last.isdigit() else MAX_ELEMENTS


def _length(element: _Element | None) -> int:
    """Return the length of a value as it is in the file, in bytes."""
    return len(element.value) if element is not None and element.value else 0


def _text(element: _Element | None) -> str:
    """Return a text of ASCII; nothing of one that is longer than the standard allows."""
    if element is None or _length(element) > _LONGEST_TEXT:
        return ""
    return "\\".join(_values(element))


def _values(element: _Element) -> list[str]:
    """Return the values of an element as texts, without the blanks around them, read as ASCII."""
    value = element.value
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace").split("\\")
    return [] if value == [""] else [str(one).strip(" \0") for one in _several(value)]  # 0 is a value


def _several(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if not isinstance(value, str) and hasattr(value, "__iter__") else [value]


def _one_or_all(values: list[Any]) -> Any:
    return values if len(values) > 1 else values[0] if values else None


def _with(element: DataElement, value: Any) -> DataElement:
    return DataElement(element.tag, element.VR, value)
