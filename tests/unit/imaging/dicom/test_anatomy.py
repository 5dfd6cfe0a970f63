"""What a header states of part, view, side and modality, and which model it leaves: a text or a code that nobody
knows is never silence.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pydicom.sr._snomed_dict as snomed
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from imaging.card_schema import Accepts
from imaging.decode import decode
from imaging.dicom.anatomy import MANY, PARTS, SIDES, VIEWS, Vocabulary
from imaging.image import Picture
from imaging.model_selection import select_model
from tests.support.cloud import ROOT
from tests.support.images import dicom, ramp

CHEST, HAND, KNEE, BRAIN = "816094009", "85562004", "72696002", "12738006"
PRIVATE = "99ACME"
PLACE = "PLACEHOLDER00001"
SHIPPED = {
    card.parent.name: Accepts.model_validate(json.loads(card.read_text())["accepts"])
    for card in Path(ROOT, "layers/model/models").glob("*/card.json")
}


def film(modality: str = "DX", **elements: Any) -> bytes:
    """Return a small image that states of its part what is given, and nothing else."""
    return dicom(ramp(32, 32), **{"Modality": modality, "BodyPartExamined": None, "ViewPosition": None} | elements)


def film_with_text(text: bytes, keyword: str = "BodyPartExamined", kind: bytes = b"CS", **elements: Any) -> bytes:
    """Return an image with a text as it stands, however little it is one."""
    return put_text(film(**{keyword: PLACE} | elements), text, keyword, kind)


def put_text(place: bytes, text: bytes, keyword: str = "BodyPartExamined", kind: bytes = b"CS") -> bytes:
    tag = tag_for_keyword(keyword) or 0
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    old = head + b"CS" + struct.pack("<H", 16) + PLACE.encode()
    assert place.count(old) == 1
    text += b" " * (len(text) % 2)
    long = b"\0\0" + struct.pack("<I", len(text)) if kind in {b"UN", b"SQ", b"OB"} else struct.pack("<H", len(text))
    return place.replace(old, head + kind + long + text)


def coded(value: str | None, scheme: str | None = "SCT", keyword: str = "CodeValue", **more: Any) -> Dataset:
    item = Dataset()
    for name, content in {keyword: value, "CodingSchemeDesignator": scheme, **more}.items():
        if content is not None:
            setattr(item, name, content)
    return item


def frame_groups(*regions: Dataset, name: str = "AnatomicRegionSequence") -> list[Dataset]:
    """Return functional groups of frames, one for each region."""
    groups = []
    for region in regions:
        anatomy, group = Dataset(), Dataset()
        setattr(anatomy, name, [region])
        group.FrameAnatomySequence = [anatomy]
        groups.append(group)
    return groups


def choose(
    data: bytes, scan_type: str | None = "XRAY", own: Mapping[str, Accepts] = MappingProxyType({})
) -> str | None:
    picture = decode(data)
    return select_model({**SHIPPED, **own}, picture.facts, picture.study, scan_type=scan_type, shipped=SHIPPED)


@pytest.mark.parametrize(
    ("text", "model"),
    [
        (b"", "chest_xray"),
        (b"    ", "chest_xray"),
        (b"\0\0", "chest_xray"),
        (b"CHEST", "chest_xray"),
        (b"chest", "chest_xray"),
        (b"  Chest \0", "chest_xray"),
        (b"C-H.E S_T", "chest_xray"),
        (b"THORAX", "chest_xray"),
        (b"CHEST\\", "chest_xray"),
        (b"CHEST\\LUNG", "chest_xray"),
        (b"CHEST\\HAND", None),
        (b"L-SPINE", None),
        (b"C-SPINE", None),
        (b"l-spine", None),
        (b"HAND/WRIST", None),
        (b"CHEST/ABDOMEN", None),
        (b"NOT CHEST", None),
        (b"hand", None),
        (b"RIB", None),
        (b"LEFT LOWER EXTREMIT", None),
        (b"A" * 70, None),
        ("胸部".encode(), None),
        ("手".encode("gb18030"), None),
        ("CHEſT".encode(), None),
        (b"\x1b$B<j\x1b(B", None),
        (b"\xff\xfe\xfd\xfc", None),
        (b"\x0eCHEST", None),
        (b"?", None),
        (b"UNKNOWN", None),
        (b"\\".join([b"CHEST"] * (MANY + 1)), None),
    ],
)
def test_any_text_as_body_part_counts_however_it_is_spelled(text: bytes, model: str | None) -> None:
    assert choose(film_with_text(text)) == model


@pytest.mark.parametrize(("kind", "text"), [(b"UN", b"HAND"), (b"LO", b"Hand"), (b"US", b"\1\2"), (b"OB", b"HAND")])
def test_body_part_of_another_kind_of_value_counts(kind: bytes, text: bytes) -> None:
    assert choose(film_with_text(text, kind=kind)) is None


REGION, STRUCTURE = "AnatomicRegionSequence", "PrimaryAnatomicStructureSequence"


@pytest.mark.parametrize(
    ("elements", "model"),
    [
        ({REGION: []}, "chest_xray"),
        ({REGION: [Dataset()]}, "chest_xray"),
        ({REGION: [coded("", None, CodeMeaning="")]}, "chest_xray"),
        ({REGION: [coded(CHEST)]}, "chest_xray"),
        ({REGION: [coded("51185008")]}, "chest_xray"),
        ({REGION: [coded("T-D3000", "SRT")]}, "chest_xray"),
        ({REGION: [coded("T-D3000", "SNM3")]}, "chest_xray"),
        ({REGION: [coded("T-D3000", "99SDM")]}, "chest_xray"),
        ({REGION: [coded(CHEST, keyword="LongCodeValue")]}, "chest_xray"),
        ({REGION: [coded(f"http://snomed.info/id/{CHEST}", None, "URNCodeValue")]}, "chest_xray"),
        ({REGION: [coded(CHEST)], STRUCTURE: [coded("39607008")]}, "chest_xray"),
        ({REGION: [coded(CHEST)], "BodyPartExamined": "LUNG"}, "chest_xray"),
        ({REGION: [coded(HAND)]}, None),
        ({REGION: [coded("T-D8700", "SRT")]}, None),
        ({REGION: [coded("T-D8700", "99SDM")]}, None),
        ({REGION: [coded(HAND, keyword="LongCodeValue")]}, None),
        ({REGION: [coded("urn:oid:1.2.3.4", None, "URNCodeValue")]}, None),
        ({REGION: [coded(f"http://snomed.info/id/{HAND}", None, "URNCodeValue")]}, None),
        ({REGION: [coded("1234567890")]}, None),
        ({REGION: [coded("416550000")]}, None),
        ({REGION: [coded("86598002")]}, None),
        ({REGION: [coded(CHEST, PRIVATE)]}, None),
        ({REGION: [coded("T-D3000", PRIVATE)]}, None),
        ({REGION: [coded("T-D3000", "SCT")]}, None),
        ({REGION: [coded(CHEST, "SRT")]}, None),
        ({REGION: [coded(CHEST, None)]}, None),
        ({REGION: [coded(None, None, CodeMeaning="Hand")]}, None),
        ({REGION: [coded(CHEST, LongCodeValue=HAND)]}, None),
        ({REGION: [coded(CHEST), coded(HAND)]}, None),
        ({REGION: [coded(CHEST)] * MANY + [coded(HAND)]}, None),
        ({REGION: [coded(HAND)], "BodyPartExamined": "CHEST"}, None),
        ({REGION: [coded(CHEST)], "BodyPartExamined": "HAND"}, None),
        ({STRUCTURE: [coded("39607008")]}, "chest_xray"),
        ({STRUCTURE: [coded(HAND)]}, None),
        ({"AnatomicStructureSpaceOrRegionSequence": [coded("T-D8700", "99SDM")]}, None),
        ({STRUCTURE: [coded("80891009")], "BodyPartExamined": "CHEST"}, None),
        ({STRUCTURE: [coded("122495006")], REGION: [coded(CHEST)]}, None),
    ],
)
def test_any_code_of_a_region_or_structure_counts(elements: dict[str, Any], model: str | None) -> None:
    assert choose(film(**elements)) == model


SHARED, OWN = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
HAND_GROUP, CHEST_GROUP = frame_groups(coded(HAND)), frame_groups(coded(CHEST))


@pytest.mark.parametrize(
    ("modality", "scan_type", "elements", "model"),
    [
        ("MR", "MRI", {}, "brain_tumor"),
        ("MR", "MRI", {SHARED: frame_groups(coded(KNEE))}, None),
        ("MR", "MRI", {SHARED: frame_groups(coded("T-D9200", "SRT"))}, None),
        ("MR", None, {SHARED: frame_groups(coded(BRAIN))}, "brain_tumor"),
        ("MR", None, {SHARED: frame_groups(coded(BRAIN)), "BodyPartExamined": "HEAD"}, "brain_tumor"),
        ("MR", "MRI", {SHARED: frame_groups(coded(BRAIN)), "BodyPartExamined": "KNEE"}, None),
        ("MR", "MRI", {SHARED: frame_groups(coded(KNEE), name=STRUCTURE)}, None),
        ("CT", "CT", {SHARED: frame_groups(coded("64033007"))}, "kidney_stone"),
        ("DX", "XRAY", {OWN: HAND_GROUP + CHEST_GROUP + HAND_GROUP}, "chest_xray"),
        ("DX", "XRAY", {OWN: CHEST_GROUP + HAND_GROUP + CHEST_GROUP}, None),
        ("DX", "XRAY", {OWN: CHEST_GROUP * 3, SHARED: HAND_GROUP}, None),
        ("DX", "XRAY", {OWN: HAND_GROUP}, None),
        ("DX", "XRAY", {OWN: CHEST_GROUP}, "chest_xray"),
    ],
)
def test_anatomy_of_the_frame_that_is_read_counts(
    modality: str, scan_type: str | None, elements: dict[str, Any], model: str | None
) -> None:
    frames = {"NumberOfFrames": 3, "PixelData": bytes(32 * 32) + bytes(range(128)) * 16}
    assert choose(film(modality, **frames, **elements), scan_type) == model


@pytest.mark.parametrize(
    ("view", "codes", "model"),
    [
        (b"", [], "chest_xray"),
        (b"PA", [coded("272479007")], "chest_xray"),
        (b"p.a.", [], "chest_xray"),
        (b"", [coded("R-10214", "SNM3")], "chest_xray"),
        (b"", [coded("R-10206", "SRT")], "chest_xray"),
        (b"LL", [], None),
        (b"Lateral (L)", [], None),
        ("側面".encode(), [], None),
        (b"", [coded("399173006")], None),
        (b"", [coded("399067008")], None),
        (b"", [coded("399348003", PRIVATE)], None),
        (b"", [coded(None, None, CodeMeaning="frog leg")], None),
        (b"PA", [coded("399173006")], None),
    ],
)
def test_view_that_is_not_understood_breaks_a_rule_on_views(
    view: bytes, codes: list[Dataset], model: str | None
) -> None:
    assert choose(film_with_text(view, "ViewPosition", BodyPartExamined="CHEST", ViewCodeSequence=codes)) == model


@pytest.mark.parametrize(
    ("modality", "model"),
    [(b"", "chest_xray"), (b"DX", "chest_xray"), (b"dx", "chest_xray"), (b"X-RAY", None), (b"MR", None), (b"*", None)],
)
def test_modality_that_is_not_understood_is_read_by_nobody(modality: bytes, model: str | None) -> None:
    assert choose(film_with_text(modality, "Modality", BodyPartExamined="CHEST")) == model


RIGHT_HAND = Accepts(modalities=("DX",), body_parts=("HAND",), lateralities=("R",), scan_types=("XRAY",))


@pytest.mark.parametrize(
    ("elements", "reads"),
    [
        ({}, True),
        ({"Laterality": "R", "ImageLaterality": "R"}, True),
        ({"Laterality": "RIGHT"}, True),
        ({"Laterality": "L"}, False),
        ({"Laterality": "L", "ImageLaterality": "R"}, False),
        ({"ImageLaterality": "RECHTS"}, False),
        ({REGION: [coded(HAND, AnatomicRegionModifierSequence=[coded("24028007")])]}, True),
        ({REGION: [coded(HAND, AnatomicRegionModifierSequence=[coded("G-A101", "SRT")])]}, False),
        ({REGION: [coded(HAND, AnatomicRegionModifierSequence=[coded("66459002")])]}, False),
        ({REGION: [coded(HAND, AnatomicRegionModifierSequence=[coded("255561001")])]}, True),
        ({STRUCTURE: [coded(HAND, PrimaryAnatomicStructureModifierSequence=[coded("7771000")])]}, False),
    ],
)
def test_side_that_is_another_or_not_understood_breaks_a_rule_on_sides(elements: dict[str, Any], reads: bool) -> None:
    own = {"right_hand": RIGHT_HAND}
    assert (choose(film(**{"BodyPartExamined": "HAND"} | elements), own=own) == "right_hand") is reads


def test_clinics_card_may_name_what_its_devices_write() -> None:
    own = {"hands": Accepts(modalities=("DX",), body_parts=("HAND/WRIST", "LEG"), scan_types=("XRAY",))}
    assert choose(film_with_text(b"Hand/Wrist"), None, own) == "hands"
    assert choose(film(AnatomicRegionSequence=[coded("30021000")]), None, own) == "hands"
    assert choose(film_with_text(b"Hand, wrist"), "XRAY", own) is None


def test_named_model_does_not_overrule_a_code() -> None:
    picture = decode(film(AnatomicRegionSequence=[coded(HAND)]))
    assert select_model(SHIPPED, picture.facts, picture.study, model="chest_xray") is None


def facts_of(data: bytes) -> tuple[Picture, str]:
    picture = decode(data)
    return picture, json.dumps(asdict(picture.facts))


@pytest.mark.parametrize(
    "text", [b"Jane Doe", b"JANE DOE", b"DOE_1980", b"hand of DOE", b"DOE^JANE", b"Doe \xe9", b"CHEST\\Doe, Jane"]
)
@pytest.mark.parametrize("keyword", ["BodyPartExamined", "ViewPosition", "Modality"])
def test_text_that_is_no_term_is_flagged_and_not_told(text: bytes, keyword: str) -> None:
    picture, told = facts_of(film_with_text(text, keyword))
    name = {"BodyPartExamined": "body_part", "ViewPosition": "view", "Modality": "modality"}[keyword]
    assert name in picture.facts.unclear
    assert "doe" not in told.lower()


def test_facts_tell_the_term_of_a_code_and_that_statements_differ() -> None:
    alone, _ = facts_of(film(AnatomicRegionSequence=[coded(HAND)], ViewCodeSequence=[coded("272479007")]))
    assert (alone.facts.body_part, alone.facts.view, alone.facts.unclear) == ("HAND", "PA", ())
    both, _ = facts_of(film(AnatomicRegionSequence=[coded(HAND)], BodyPartExamined="CHEST"))
    assert (both.facts.body_part, both.facts.unclear) == ("CHEST", ("body_part",))
    assert select_model(SHIPPED, both.facts, scan_type="XRAY") is None


PLACE_FILM = film(BodyPartExamined=PLACE)


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode) | st.sampled_from([b"Chest", b"lungs", b"RIBS"]))
@settings(max_examples=100, deadline=None)
def test_chest_model_reads_no_part_but_those_of_its_card(text: bytes) -> None:
    values = [value.strip(" \0\t\r\n") for value in text.decode("latin-1").split("\\")]
    spelled = ["".join(c for c in value if c not in " ._-").upper() for value in values if value]
    is_chest = all(each.isascii() and each in SHIPPED["chest_xray"].body_parts for each in spelled)
    assert (choose(put_text(PLACE_FILM, text)) == "chest_xray") is is_chest


NOT_IN_PYDICOM = {"R-10214", "T-9200B", "T-45526", "T-AB000"}
"""Codes of earlier editions of the standard, which SNOMED never had, or gave up."""


@pytest.mark.parametrize("vocabulary", [PARTS, VIEWS, SIDES])
def test_each_old_code_has_the_meaning_of_a_new_one_beside_it(vocabulary: Vocabulary) -> None:
    for code, names in vocabulary.codes.items():
        if not code.isdigit() and code not in NOT_IN_PYDICOM:
            assert vocabulary.codes[snomed.mapping["SRT"][code]] == names
