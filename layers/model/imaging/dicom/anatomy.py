"""What a header states of modality, part, view and side: each statement, be it a text or a code.

Whatever is stated counts, also what nobody understands. Only what is absent or empty is silence.
"""

import re
from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from imaging.image import Statement

_REGION, _VIEW = "AnatomicRegionSequence", "ViewCodeSequence"
_STRUCTURES = ("PrimaryAnatomicStructureSequence", "AnatomicStructureSpaceOrRegionSequence")
"""The second is retired, and in older files."""

KEYWORDS = (_REGION, *_STRUCTURES, _VIEW)
"""The sequences of a header's first level that are read here."""

MANY = 16
"""Values or items: the standard knows one or a few. Of more none is understood, so that reading stays quick."""

LONGEST = 64
"""Characters of a text that is compared with anything."""

_MODALITIES = "BI;CR;CT;DG;DR;DX;ES;GM;IO;IVUS;LS;MG;MR;NM;OCT;OP;OPT;OT;PT;PX;RF;RG;SC;SM;TG;US;XA;XC"
_SIDES = "L/LEFT 7771000 G-A101; R/RIGHT 24028007 G-A100; B/BOTH/BILATERAL 51440002 G-A102; U/UNPAIRED"
_ONE_SIDE = frozenset({"66459002", "G-A103"})
"""Unilateral: it does not say which."""

_VIEWS = """
    AP 399348003 R-10206; PA 272479007 R-40888 R-10214; LL 399173006 R-10236; RL 399198007 R-10232; LAO 399135007
    R-10220; RAO 399356000 R-40985; LPO 399006002 R-10212; RPO 399038007 R-10210; LATERAL/LAT 399067008 R-102CD;
    FRONTAL 399033003 R-10202; OBLIQUE 399182000 R-102C1; ML 399260004 R-10224; LM 399352003 R-10228; MLO
    399368009 R-10226; LMO 399099002 R-10230; CC 399162004 R-10242; FB 399196006 R-10244; SIO 399188001 R-102D0;
    ISO 441555000 R-40AAA; XCCL 399192008 R-1024A; XCCM 399101009 R-1024B;
    RLD; LLD; RLO; LLO; XCC
"""
"""View Position, with the codes of part 16, CID 4010 and 4014."""

_PARTS = """
    ABDOMEN 818981001 113345001 T-D4000; ABDOMENPELVIS 818982008 416949008 R-FAB57; ABDOMINALAORTA 7832008
    T-42500; ACJOINT 85856004 T-15420; ADRENAL 23451007 T-B3000; ANKLE 70258002 T-15750; ANUS 53505006 T-59900;
    AORTA 15825003 T-42000; AORTICARCH 57034009 T-42300; APPENDIX 66754008 T-59200; AXILLA 91470000 T-D8104; BACK
    77568009 T-D2100; BILEDUCT 28273000 T-60610; BLADDER 89837001 T-74000; BRAIN 12738006 T-A0100; BREAST 76752008
    T-04000; BRONCHUS 955009 T-26000; BUTTOCK 46862004 T-D2600; CALCANEUS 80144004 T-12770; CALF 53840002 T-D9440;
    CAROTID 69105007 T-45010; CEREBELLUM 113305005 T-A6000; CERVIX 71252005 T-83200; CHEEK 60819002 T-D1206; CHEST
    816094009 51185008 T-D3000; CHESTABDOMEN 416550000 R-FAB55; CHESTABDPELVIS 416775004 R-FAB56; CIRCLEOFWILLIS
    11279006 T-45520 T-45526; CLAVICLE 51299004 T-12310; COCCYX 64688005 T-11BF0; COLON 71854001 T-59300;
    COMMONBILEDUCT 79741001 T-64500; CORNEA 28726007 T-AA200; CORONARYARTERY 41801008 T-43000; CSPINE 122494005
    T-11501; CTSPINE 1217257000 297171002 T-D00F7; DESCAORTA 32672002 T-42400; DUODENUM 38848004 T-58200; EAR
    117590005 T-AB001 T-AB000; ELBOW 16953009 T-15430; ESOPHAGUS 32849002 T-56000; EXTREMITY 66019005 T-D0300; EYE
    81745001 T-AA000; EYELID 80243003 T-AA810; FACE 89545001 T-D1200; FEMUR 71341001 T-12710; FIBULA 87342007
    T-12750; FINGER 7569003 T-D8800; FOOT 56459004 T-D9700; FOREARM 14975008 T-D8500; GALLBLADDER 28231008
    T-63000; HAND 85562004 T-D8700; HEAD 69536005 T-D1100; HEADNECK 774007 T-D1000; HEART 80891009 T-32000; HIP
    24136001 29836001 T-15710 T-D2500; HUMERUS 85050009 T-12410; IAC 361078006 T-AB959; ILEUM 34516001 T-58600;
    ILIUM 22356005 T-12340; JAW 661005 T-D1213; JEJUNUM 21306003 T-58400; KIDNEY 64033007 T-71000; KNEE 72696002
    T-D9200; LARGEINTESTINE 14742008 T-59000; LARYNX 4596009 T-24100; LIVER 10200004 T-62000; LOWERLEG/LEG
    30021000 T-D9400; LOWERLIMB 61685007 T-D9000; LSPINE 122496007 T-11503; LSSPINE 1217253001 297173004 T-D00F9;
    LUNG 39607008 T-28000; MANDIBLE/JAW 91609006 T-11180; MASTOID 59066005 T-11133; MAXILLA 70925003 T-11170;
    MEDIASTINUM 72410000 T-D3300; MOUTH 123851003 T-D0662; NASOPHARYNX 360955006 T-2300C; NECK 45048000
    T-D1600; NECKCHEST 417437006 R-FAB52; NECKCHESTABDOMEN 416152001 R-FAB53; NECKCHESTABDPELV 416319003 R-FAB54;
    NOSE 45206002 T-21000; OPTICCANAL 55024004 T-11102; ORBIT 363654007 T-D14AE; OVARY 15497006 T-87000;
    PANCBILEDUCT 110621006 T-65600; PANCREAS 15776009 T-65000; PANCREATICDUCT 69930009 T-65010; PARATHYROID 111002
    T-B7000; PAROTID 45289007 T-61100; PATELLA 64234005 T-12730; PELVIS 816092008 12921003 T-D6000;
    PELVISLOWEXTREMT 1231522001; PENIS 18911002 T-91000; PHANTOM 706342009 R-FE0C7; PHARYNX 54066008 T-55000;
    PROSTATE 41216001 T-92000 T-9200B; PULMONARYA 81040000 T-44000; RADIUS 62413002 T-12420; RADIUSULNA 110535000
    T-12403; RECTUM 34402009 T-59600; RENALA 2841007 T-46600; RETROPERITONEUM 82849001 T-D4900; RIB 113197003
    T-11300; SCALP 41695006 T-D1160; SCAPULA 79601000 T-12280; SCJOINT 7844006 T-15610; SCLERA 18619003 T-AA110;
    SCROTUM 20233005 T-98000; SELLA 42575006 T-D1460; SESAMOID 58742003 T-12980; SHOULDER 16982005 T-D2220;
    SIGMOID 60184004 T-59470; SIJOINT 39723000 T-15680; SKULL 89546000 T-11100; SMALLINTESTINE 30315005 T-58000;
    SPINALCORD 2748008 T-A7010; SPINE 421060004 T-D04FF; SPLEEN 78961009 T-C3000; SSPINE 54735007 T-11AD0; STERNUM
    56873002 T-11210; STOMACH 69695003 T-57000; SUBMANDIBULAR 54019009 T-61300; TESTIS 40689003 T-94000; THIGH
    68367000 T-D9100; THORACICAORTA 113262008 T-42070; THORAX 43799004 T-D3200; THUMB 76505004 T-D8810; THYMUS
    9875009 T-C8000; THYROID 69748006 T-B6000; TIBIA 12611008 T-12740; TIBIAFIBULA 110536004 T-12701; TLSPINE
    1217256009 297172009 T-D00F8; TMJ 53620006 T-15290; TOE 29707007 T-D9800; TONGUE 21974007 T-53000; TRACHEA
    44567001 T-25000; TSPINE 122495006 T-11502; ULNA 23416004 T-12430; UPPERARM/ARM 40983000 T-D8200; UPPERLIMB
    53120007 T-D8000; UPRURINARYTRACT 431491007 T-7000B; URETER 87953007 T-73000; URETHRA 13648007 T-75000; UTERUS
    35039007 T-83000; VAGINA 76784001 T-82000; VULVA 45292006 T-81000; WHOLEBODY 38266002 T-D0010; WRIST 74670003
    T-15460; ZYGOMA 13881006 T-11166;
    KIDNEYS; LUNGS; RIBS; UROGENITAL
"""
"""Body Part Examined, with the codes of SNOMED CT and SNOMED RT, after part 16, annex L; and what else our cards name.

Some terms have changed with the years: then the one of before follows the one of today.
"""

_CT, _RT = frozenset({"SCT"}), frozenset({"SRT", "SNM3", "99SDM"})
_CT_ADDRESS = "http://snomed.info/id/"
_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")


class Vocabulary:
    """Terms, by their codes and by how people spell them. `is_closed`: nothing else is understood."""

    def __init__(self, table: str, *, is_closed: bool = False) -> None:
        self._is_closed = is_closed
        self.codes: dict[str, tuple[str, ...]] = {}
        self._terms: dict[str, tuple[str, ...]] = {}
        for row in table.split(";"):
            term, *codes = row.split()
            names = tuple(term.split("/"))
            self.codes |= dict.fromkeys(codes, names)
            for name in names:
                self._terms.setdefault(name, names)

    def read_text(self, text: str) -> Statement:
        """Return what a text states: the term that it spells, or else what a card may call by the same text."""
        if len(text) > LONGEST:
            return Statement()
        if not text.isascii():  # upper case makes an S of more than one letter
            return Statement((text,))
        name = text.upper()
        term = self._terms.get(re.sub("[ ._-]", "", name), ())
        if self._is_closed and not term:
            return Statement()
        return Statement(tuple(dict.fromkeys((name, *term))), term[0] if term else None)

    def read_code(self, scheme: str, value: str) -> Statement:
        """Return what a code states; one that is not of this vocabulary has no names."""
        is_ours = scheme in (_CT if value.isdecimal() else _RT)
        names = self.codes.get(value, ()) if is_ours else ()
        return Statement(names, names[0] if names else None)


MODALITIES, PARTS, VIEWS = Vocabulary(_MODALITIES), Vocabulary(_PARTS), Vocabulary(_VIEWS)
SIDES = Vocabulary(_SIDES, is_closed=True)


def read_statements(header: Dataset, frame: int) -> dict[str, tuple[Statement, ...]]:
    """Return what a header states of the image and of this frame, under the names of StudyFacts; each thing once."""
    of_frame = _frame_anatomies(header, frame)
    anatomies = [header, *of_frame]
    regions = [item for each in anatomies for item in read_items(each, _REGION)]
    structures = [item for each in anatomies for name in _STRUCTURES for item in read_items(each, name)]
    statements = {
        "modalities": _read_texts(header, "Modality", MODALITIES),
        "body_parts": [
            *_read_texts(header, "BodyPartExamined", PARTS),
            *_read_codes([*regions, *structures], PARTS),
        ],
        "views": [
            *_read_texts(header, "ViewPosition", VIEWS),
            *_read_codes(read_items(header, _VIEW), VIEWS),
        ],
        "sides": [
            *(side for each in of_frame for side in _read_texts(each, "FrameLaterality", SIDES)),
            *_read_texts(header, "ImageLaterality", SIDES),
            *_read_texts(header, "Laterality", SIDES),
            *_read_modifiers(regions, "AnatomicRegionModifierSequence"),
            *_read_modifiers(structures, "PrimaryAnatomicStructureModifierSequence"),
        ],
    }
    return {name: tuple(dict.fromkeys(each)) for name, each in statements.items()}


def _frame_anatomies(header: Dataset, frame: int) -> list[Dataset | None]:
    groups = read_value(header, "PerFrameFunctionalGroupsSequence")
    own: list[Dataset | None] = [*groups[frame : frame + 1]] if isinstance(groups, Sequence) else []
    # A frame without a group of its own may be any of those that have one.
    own = own or read_items(header, "PerFrameFunctionalGroupsSequence")
    every = [*read_items(header, "SharedFunctionalGroupsSequence"), *own]
    return [item for group in every for item in read_items(group, "FrameAnatomySequence")]


def _read_modifiers(items: list[Dataset | None], name: str) -> Iterator[Statement]:
    """Yield the sides among what modifies a region or structure; whatever else does changes no part into another."""
    for item in items:
        for modifier in read_items(item, name) if item is not None else ():
            scheme, value = read_code_value(modifier)
            statement = SIDES.read_code(scheme, value)
            if statement.names or value in _ONE_SIDE:
                yield statement


def _read_codes(items: list[Dataset | None], vocabulary: Vocabulary) -> Iterator[Statement]:
    for item in items:
        yield vocabulary.read_code(*read_code_value(item))


def read_code_value(item: Dataset | None) -> tuple[str, str]:
    """Return a code's scheme and value, empty where it has none that is understood, or more than one."""
    schemes = read_words(item, "CodingSchemeDesignator")
    values = [word for name in _VALUES for word in read_words(item, name)]
    scheme, value = (words[0] or "" if len(words) == 1 else "" for words in (schemes, values))
    if value.startswith(_CT_ADDRESS):
        return "SCT", value.removeprefix(_CT_ADDRESS)
    return scheme.upper(), value.upper()


def _read_texts(header: Dataset | None, name: str, vocabulary: Vocabulary) -> Iterator[Statement]:
    for word in read_words(header, name):
        yield vocabulary.read_text(word) if word else Statement()


def read_words(dataset: Dataset | None, name: str) -> list[str | None]:
    """Return the values of an element that are not empty; None for each that is no text."""
    value = read_value(dataset, name)
    values = list(value) if isinstance(value, MultiValue) else [value]
    if len(values) > MANY:
        return [None]
    words = [each.strip(" \0\t\r\n") if isinstance(each, str) else each for each in values]
    return [word if isinstance(word, str) else None for word in words if not _is_empty(word)]


def read_items(dataset: Dataset | None, name: str) -> list[Dataset | None]:
    """Return the items of a sequence that are not blank; None for each that cannot be read."""
    value = read_value(dataset, name)
    if not isinstance(value, Sequence):
        return [] if _is_empty(value) else [None]
    items = [item for item in value[:MANY] if not _is_blank(item)]
    return [*items, None] if len(value) > MANY else [*items]


_UNREADABLE = object()
"""Stands for a value that is there and of no kind that is known."""


def read_value(dataset: Dataset | None, name: str | int) -> Any:
    """Return the value of an element; None if it is absent."""
    try:
        return _UNREADABLE if dataset is None else dataset.get(name)
    except Exception:  # of all that pydicom raises for a value that is none of its kind: the image is read
        return _UNREADABLE


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | bytes | MultiValue | Sequence) and not value)


def _is_blank(item: Dataset) -> bool:
    """Tell whether an item has no element, or only empty ones, as devices write them that know nothing."""
    tags = list(item.keys())
    return len(tags) <= MANY and all(getattr(read_value(item, tag), "is_empty", False) for tag in tags)
