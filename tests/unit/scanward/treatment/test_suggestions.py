"""Suggestions: what a contract's reader gets, adjusted to whom it is for, red flags first."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.treatment.knowledge import knowledge
from scanward.treatment.person import AgeGroup, person
from scanward.treatment.suggestions import Suggestion, disclaimer, red_flags, suggest

LABELS = [(entry.model, entry.label) for entry in knowledge().entries]


def one(label: str, symptoms: str | None = None, age: int | None = None, sex: str | None = None) -> Suggestion:
    (only,) = suggest([(label, 0.8)], symptoms, age, sex, model="chest_xray")
    return only


@pytest.mark.parametrize(("model", "label"), LABELS)
def test_a_suggestion_has_the_documents_fields_and_its_sources(model: str, label: str) -> None:
    (said,) = suggest([(label, 0.83)], None, None, None, model=model)
    shown = json.loads(json.dumps(said.to_dict()))
    assert set(shown) == {"condition", "confidence", "treatment", "precautions", "sources", "red_flags"}
    assert shown["confidence"] == 0.83
    assert all(isinstance(shown[name], str) and shown[name] for name in ("condition", "treatment", "precautions"))
    assert {frozenset(source) for source in shown["sources"]} == {
        frozenset({"title", "publisher", "year", "identifier", "url"})
    }


def test_the_highest_score_comes_first() -> None:
    said = suggest([("nodule", 0.2), ("effusion", 0.9), ("pneumothorax", 0.7)], None, None, None, model="chest_xray")
    assert [each.confidence for each in said] == [0.9, 0.7, 0.2]


def test_nothing_found_suggests_nothing_and_symptoms_still_count() -> None:
    assert suggest([], "chest pain", 50, "MALE") == []
    assert [flag[:10] for flag in red_flags("chest pain, no fever", 50, "MALE")] == ["Chest pain"]
    assert red_flags(None, None, None) == []


def test_a_label_that_nobody_described_gets_no_invented_advice() -> None:
    assert suggest([("mass", 0.9)], None, None, None, model="a_clinics_own") == []


@pytest.mark.parametrize("label", sorted({label for _, label in LABELS}))
def test_a_clinics_own_label_never_gets_what_is_known_of_another_organ(label: str) -> None:
    assert suggest([(label, 0.9)], None, None, None, model="gallbladder") == []


def test_where_no_model_is_named_a_label_that_one_model_has_is_known() -> None:
    (said,) = suggest([("effusion", 0.9)], None, None, None)
    assert said.condition.startswith("Pleural effusion")
    assert suggest([("normal", 0.9)], None, None, None) == []


def test_that_nothing_was_found_is_not_said_beside_a_finding() -> None:
    said = suggest([("normal", 0.6), ("stone", 0.5)], None, None, None, model="kidney_stone")
    assert [each.condition for each in said] == ["Stone of the kidney, possible"]


def test_one_label_of_two_models_has_an_entry_for_each() -> None:
    lung, kidney = (suggest([("normal", 0.9)], None, None, None, model=m)[0] for m in ("chest_cancer", "kidney_stone"))
    assert lung != kidney


def test_red_flags_open_the_precautions_and_those_of_the_told_symptoms_come_first() -> None:
    plain, told = one("pneumothorax"), one("pneumothorax", "I can't breathe")
    assert plain.precautions.startswith(plain.red_flags[0])
    assert told.red_flags[0].startswith("Struggling to breathe")
    assert told.precautions.startswith(" ".join(told.red_flags))
    assert set(plain.red_flags) < set(told.red_flags)


def test_a_finding_makes_a_symptom_urgent() -> None:
    (plain,) = suggest([("stone", 0.9)], "no fever", None, "MALE", model="kidney_stone")
    (hot,) = suggest([("stone", 0.9)], "fever", None, "MALE", model="kidney_stone")
    assert any("drained within hours" in flag for flag in hot.red_flags)
    assert not any("drained within hours" in flag for flag in plain.red_flags)


def test_children_and_older_people_get_advice_of_their_own_first() -> None:
    child, adult, older = (one("consolidation", age=age) for age in (7, 40, 80))
    assert child.treatment.startswith("In a child")
    assert any("A child who cannot drink" in flag for flag in child.red_flags)
    assert "Older people" in older.precautions
    assert "child" not in adult.treatment + adult.precautions
    assert "Older people" not in adult.precautions


@pytest.mark.parametrize(
    ("age", "sex", "symptoms", "possible"),
    [
        (30, "FEMALE", None, True),
        (30, "f", None, True),
        (30, "MALE", None, False),
        (70, "FEMALE", None, False),
        (5, "FEMALE", None, False),
        (30, None, None, True),
        (None, "OTHER", None, True),
        (70, "FEMALE", "12 weeks pregnant", True),
        (30, "MALE", "pregnant", True),
    ],
)
def test_pregnancy_is_thought_of_unless_ruled_out(
    age: int | None, sex: str | None, symptoms: str | None, possible: bool
) -> None:
    assert ("pregnancy" in one("pneumothorax", symptoms, age, sex).precautions) is possible


def test_sex_adjusts_advice_and_an_unknown_one_does_not() -> None:
    female, male, unknown = (
        suggest([("pituitary", 0.9)], None, 70, sex, model="brain_tumor")[0].precautions
        for sex in ("Female", "MALE", None)
    )
    assert "Missed periods" in female
    assert "erection" in male
    assert "Missed periods" not in unknown + male
    assert "erection" not in unknown + female


@pytest.mark.parametrize(
    ("age", "group"),
    [
        (0, AgeGroup.CHILD),
        (17, AgeGroup.CHILD),
        (18, AgeGroup.ADULT),
        (64, AgeGroup.ADULT),
        (65, AgeGroup.OLDER),
        (None, None),
    ],
)
def test_ages_are_grouped_as_guidelines_do(age: int | None, group: AgeGroup | None) -> None:
    assert person(age, None, frozenset()).age_group is group


@given(st.sampled_from(LABELS), st.text(alphabet="<>{}%$ąß日", min_size=3), st.sampled_from([None, 3, 40, 90]))
def test_suggestions_never_repeat_what_somebody_wrote(known: tuple[str, str], text: str, age: int | None) -> None:
    model, label = known
    assert text not in json.dumps([s.to_dict() for s in suggest([(label, 0.5)], text, age, text, model=model)])


def test_the_disclaimer_says_what_this_is_not_and_of_what_model_the_findings_are() -> None:
    said, unread = disclaimer("The findings come from a model of ours."), disclaimer(None)
    assert "not a diagnosis" in unread
    assert "The findings come from a model of ours. A clinician decides" in said
    assert said.replace("The findings come from a model of ours. ", "") == unread
