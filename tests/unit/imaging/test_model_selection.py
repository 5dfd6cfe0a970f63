"""Which model reads: rules on the header, the clinic's before ours, the most specific, and never a guess."""

from typing import Any

import pytest

from imaging.card_schema import Accepts
from imaging.image import ImageFacts, Statement, StudyFacts
from imaging.model_selection import find_overlaps, select_model

FILM = ImageFacts("DICOM", 64, 64, 8, modality="DX", body_part="CHEST", view="PA")


def accepts(**rules: Any) -> Accepts:
    return Accepts(modalities=("DX", "CR"), body_parts=("CHEST",), scan_types=("XRAY",), **rules)


def facts(**changes: Any) -> ImageFacts:
    return ImageFacts("DICOM", 64, 64, 8, **changes)


@pytest.mark.parametrize(
    ("rules", "view", "study", "is_read"),
    [
        ({}, "LL", StudyFacts(), True),
        ({"views": ("PA", "AP")}, "PA", StudyFacts(), True),
        ({"views": ("PA", "AP")}, "LL", StudyFacts(), False),
        ({"views": ("PA", "AP")}, None, StudyFacts(), True),
        ({"views": ("PA",), "required": ("view",)}, None, StudyFacts(), False),
        ({"ages": (16, 120)}, "PA", StudyFacts(age=7), False),
        ({"ages": (16, 120)}, "PA", StudyFacts(age=16), True),
        ({"ages": (16, 120)}, "PA", StudyFacts(), True),
        ({"ages": (16, 120), "required": ("age",)}, "PA", StudyFacts(), False),
        ({"sexes": ("F",)}, "PA", StudyFacts(sex="M"), False),
        ({"planes": ("AXIAL",)}, "PA", StudyFacts(plane="SAGITTAL"), False),
        ({"image_types": ("AXIAL",)}, "PA", StudyFacts(image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")), False),
        ({"image_types": ("PRIMARY",)}, "PA", StudyFacts(image_type=("ORIGINAL", "PRIMARY")), True),
        ({"study_descriptions": ("thorax",)}, "PA", StudyFacts(study_description="RX Thorax 2 planes"), True),
        ({"study_descriptions": ("thorax",)}, "PA", StudyFacts(study_description="Knee"), False),
        ({"series_descriptions": ("ap",)}, "PA", StudyFacts(), False),
        ({}, "PA", StudyFacts(is_animal=True), False),
        ({"animals": True}, "PA", StudyFacts(is_animal=True), True),
        ({}, "PA", StudyFacts(unclear=("age", "sex", "plane", "image_type")), True),
        ({"ages": (16, 120)}, "PA", StudyFacts(unclear=("age",)), False),
        ({"sexes": ("F",)}, "PA", StudyFacts(unclear=("sex",)), False),
        ({"planes": ("AXIAL",)}, "PA", StudyFacts(unclear=("plane",)), False),
        ({"image_types": ("PRIMARY",)}, "PA", StudyFacts(unclear=("image_type",)), False),
        ({"views": ("PA",)}, "PA", StudyFacts(views=(Statement(("PA",)), Statement(("PA ERECT", "PA")))), True),
        ({"views": ("PA",)}, "PA", StudyFacts(views=(Statement(("PA",)), Statement())), False),
        ({"required": ("view",)}, None, StudyFacts(views=(Statement(("OBLIQUE",)),)), True),
        ({"required": ("view",)}, "PA", StudyFacts(views=(Statement(),)), False),
        ({}, "PA", StudyFacts(body_parts=(Statement(("CHEST",)), Statement(("HAND",)))), False),
        ({}, "PA", StudyFacts(modalities=(Statement(),)), False),
    ],
)
def test_header_against_a_rule_of_the_card_is_not_read(
    rules: dict[str, Any], view: str | None, study: StudyFacts, is_read: bool
) -> None:
    image = facts(modality="DX", body_part="CHEST", view=view)
    for how in ({}, {"scan_type": "XRAY"}, {"model": "film"}):
        assert (select_model({"film": accepts(**rules)}, image, study, **how) is not None) is is_read


@pytest.mark.parametrize(
    ("rules", "how", "is_read"),
    [
        ({}, {}, False),
        ({"unlabelled": True}, {}, False),
        ({"unstated": True}, {}, True),
        ({}, {"scan_type": "XRAY"}, True),
        ({}, {"scan_type": "CT"}, False),
        ({}, {"model": "film"}, True),
    ],
)
def test_organ_that_no_header_says_is_read_only_where_card_or_upload_says_so(
    rules: dict[str, Any], how: dict[str, str], is_read: bool
) -> None:
    assert (select_model({"film": accepts(**rules)}, facts(modality="DX"), **how) is not None) is is_read  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["modality", "body_part"])
def test_facts_that_are_unclear_are_read_by_nobody_without_their_study(name: str) -> None:
    image = facts(modality="DX", body_part="CHEST", unclear=(name,))
    assert select_model({"film": accepts(unstated=True)}, image, scan_type="XRAY") is None


def test_statement_without_a_code_counts_for_the_shorter_list_of_parts() -> None:
    one = Accepts(modalities=("DX",), body_parts=("HAND/WRIST",), unstated=True)
    many = Accepts(modalities=("DX",), body_parts=("HAND/WRIST", "KNEE"), unstated=True)
    study = StudyFacts(body_parts=(Statement(("HAND/WRIST",)),))
    assert select_model({"one": one, "many": many}, facts(modality="DX"), study) == "one"


def test_clinics_model_comes_before_a_shipped_one_however_broad_it_is() -> None:
    models = {"shipped": accepts(views=("PA",), ages=(16, 120)), "own": accepts()}
    assert select_model(models, FILM, shipped={"shipped"}) == "own"
    assert select_model(models, facts(modality="DX", body_part="HAND"), shipped={"shipped"}) is None


def test_most_specific_of_the_clinics_models_reads() -> None:
    models = {"any": accepts(), "frontal": accepts(views=("PA",)), "children": accepts(views=("PA",), ages=(0, 15))}
    assert select_model(models, FILM, StudyFacts(age=6)) == "children"
    assert select_model(models, FILM, StudyFacts(age=60)) == "frontal"
    assert select_model(models, facts(modality="DX", body_part="CHEST", view="LL")) == "any"


def test_two_models_that_say_the_same_read_nothing_and_are_named() -> None:
    models = {"one": accepts(), "other": accepts(), "frontal": accepts(views=("PA",))}
    assert select_model(models, facts(modality="DX", body_part="CHEST", view="LL")) is None
    assert list(find_overlaps(models)) == [("one", "other")]
