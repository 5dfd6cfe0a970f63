"""Words for patients: plain, careful, urgent things first."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import textstat
from hypothesis import given
from hypothesis import strategies as st

from functions.inference.reports import friendly, words
from imaging.card_schema import Flag
from imaging.findings import BELOW_OPERATING_POINT
from scanward.domain.results import DISCLAIMER, FOREIGN, MEANINGS, NO_SUITABLE_MODEL, NOT_A_PHANTOM
from tests.support.findings import ALL, MODELS, NAMES, OWN, SHIPPED, finding, of, version

HIGHEST_GRADE = 8
SCORES = ((0.31, 0.3), (0.5, 0.3), (0.9996, 0.12))
CERTAIN = re.compile(r"\byou(?:'ve| have| suffer| are suffering| do have| are ill)\b|\byour (?:cancer|tumou?r)\b", re.I)


def results() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every result that words are composed for, up to which labels were found together in threes."""
    for name, label, title in ALL:
        for score, point in SCORES:
            yield f"{name} {label} {score}", friendly([finding(label, score, point, title)], version(name), [])
    for name in NAMES:
        every = of(name)
        for size in (2, 3, len(every)):
            for some in itertools.combinations(every, size):
                yield f"{name} {size}", friendly(some, version(name), ["LOW_CONTRAST"])
        yield f"{name} none", friendly(of(name, 0.1), version(name), ["MIDDLE_FRAME_ONLY"])
    for code in words().phrases["warnings"]:
        yield code, friendly(of("chest_xray", 0.1), version("chest_xray"), [code])
    yield "no model", friendly([], None, [NO_SUITABLE_MODEL])
    yield "a clinic's model", friendly([finding("mass", 0.9, 0.5, "Lung mass")], version("a_clinics_own", OWN), [])


def texts(said: dict[str, Any]) -> list[str]:
    """Return every piece of text that a result shows."""
    findings = [part for each in said["findings"] for part in (each["explanation"], each["how_sure"])]
    return [said["summary"], *findings, *said["next_steps"], said["notice"]]


def whole(said: dict[str, Any]) -> str:
    """Return the result as somebody reads it."""
    return " ".join([*texts(said), *(f"{each['title']}." for each in said["findings"])])


RESULTS = list(results())


def test_every_composed_text_reads_at_grade_eight_or_lower() -> None:
    graded = {text: textstat.flesch_kincaid_grade(text) for _, said in RESULTS for text in (*texts(said), whole(said))}
    assert {text: grade for text, grade in graded.items() if grade > HIGHEST_GRADE} == {}


def test_no_sentence_hides_a_hard_one_among_plain_ones_but_for_those_that_name_a_disease() -> None:
    known = [text for said in words().labels.values() for text in (said.explanation, said.step or "")]
    texts = [
        *known,
        *words().urgent.values(),
        *words().phrases["steps"].values(),
        *words().phrases["warnings"].values(),
    ]
    sentences = {sentence for text in texts for sentence in re.split(r"(?<=[.?!]) (?=[A-Z])", text) if sentence}
    plain = [sentence for sentence in sentences if not sentence.startswith("Doctors call")]
    assert [each for each in plain if textstat.flesch_kincaid_grade(each) > HIGHEST_GRADE] == []


def test_the_grade_tells_plain_words_from_a_radiologists() -> None:
    hard = "Opacification obscuring the costophrenic angle demonstrates characteristics of parapneumonic effusion."
    assert textstat.flesch_kincaid_grade(hard) > HIGHEST_GRADE


def test_a_friendly_report_never_says_that_a_patient_has_a_disease() -> None:
    assert [text for _, said in RESULTS for text in texts(said) if CERTAIN.search(text)] == []


def test_every_label_of_every_shipped_model_has_words_of_its_own() -> None:
    assert [(name, label) for name, label, _ in SHIPPED if (name, label) not in words().labels] == []


@pytest.mark.parametrize(("name", "label", "title"), ALL)
def test_a_finding_is_said_as_a_maybe_and_explained(name: str, label: str, title: str) -> None:
    said = friendly([finding(label, 0.87, 0.3, title)], version(name), [])
    if words().labels[name, label].clear:
        assert said["findings"] == []
        return
    (one,) = said["findings"]
    assert one["label"] == label
    assert re.search(r"\bmay\b", one["explanation"])
    assert "87 out of 100" in one["how_sure"]
    assert one["title"].lower() in said["summary"].lower()


def test_when_to_seek_help_at_once_comes_first_and_is_the_organs_own() -> None:
    first = {name: friendly(of(name), version(name), [])["next_steps"][0] for name in NAMES}
    assert len(set(first.values())) == len(NAMES)
    assert [name for name, step in first.items() if not re.match(r"(Call for emergency|Get) help at once", step)] == []
    assert "emergency help at once" in friendly([], None, [NO_SUITABLE_MODEL])["next_steps"][0]


def test_every_result_says_that_it_is_no_diagnosis() -> None:
    assert [what for what, said in RESULTS if not said["notice"].endswith("This is not a diagnosis.")] == []


@pytest.mark.parametrize("name", sorted({name for name, _, _ in SHIPPED}))
def test_a_shipped_model_is_said_to_have_learned_from_drawings(name: str) -> None:
    card = json.loads((MODELS / name / "card.json").read_text(encoding="utf-8"))
    said = friendly(of(name), version(name, card["notice"]), [])["notice"]
    assert said.endswith(DISCLAIMER)
    assert "drawings, not from people" in said


@pytest.mark.parametrize("name", ["a_clinics_own", "chest_xray"])
def test_a_clinics_own_model_is_told_with_its_own_notice_whatever_it_is_called(name: str) -> None:
    said = friendly([finding("nodule", 0.9)], version(name, OWN), [])["notice"]
    assert "Trained on films of this clinic; not a medical device." in said
    assert "It can miss things" in said
    assert not re.search("drawings|phantoms", said)


def test_where_no_model_read_the_image_none_is_told_of() -> None:
    assert friendly([], None, [NO_SUITABLE_MODEL])["notice"] == "This is not a diagnosis."


def test_the_highest_score_is_said_first() -> None:
    said = friendly([finding("nodule", 0.4), finding("effusion", 0.9)], version("chest_xray"), [])
    assert [each["label"] for each in said["findings"]] == ["effusion", "nodule"]


def test_a_label_that_says_nothing_was_found_is_not_told_as_a_finding() -> None:
    said = friendly([finding("normal", 0.97)], version("kidney_stone"), [])
    assert said["findings"] == []
    assert "The program did not mark anything" in said["summary"]
    assert words().labels["kidney_stone", "normal"].step in said["next_steps"]


@pytest.mark.parametrize("flag", sorted(FOREIGN - {NOT_A_PHANTOM}))
@pytest.mark.parametrize("model", ["chest_xray", "a_clinics_own"])
def test_foreign_picture_is_told_no_finding_and_no_step_but_a_doctor(flag: str, model: str) -> None:
    said = friendly([finding("effusion", 0.97)], version(model), [flag])
    assert said["findings"] == []
    assert said["next_steps"] == ["Show the picture to a doctor."]
    assert said["summary"] == f"{words().phrases['warnings'][flag]} {words().phrases['foreign']}"


def test_a_model_without_a_finding_says_when_to_see_a_doctor_all_the_same() -> None:
    steps = friendly(of("brain_tumor", 0.1), version("brain_tumor"), [])["next_steps"]
    assert words().labels["brain_tumor", "no_tumor"].step in steps


def test_whatever_the_input_gate_may_say_is_told_to_both_readers() -> None:
    codes = {*get_args(Flag), BELOW_OPERATING_POINT}
    assert codes <= set(words().phrases["warnings"])
    assert codes <= set(MEANINGS)


def test_nothing_found_is_not_said_to_mean_that_all_is_well() -> None:
    assert "does not mean that all is well" in friendly(of("chest_xray", 0.1), version("chest_xray"), [])["summary"]


def test_an_image_that_no_model_read_is_said_to_be_unread() -> None:
    said = friendly([], None, [NO_SUITABLE_MODEL])
    assert "was not read" in said["summary"]
    assert said["findings"] == []


def test_warnings_that_concern_a_patient_are_told_and_others_are_not() -> None:
    plain = friendly([], version("chest_xray"), [])["summary"]
    assert friendly([], version("chest_xray"), ["SOME_CODE"])["summary"] == plain
    assert "flat and grey" in friendly([], version("chest_xray"), ["LOW_CONTRAST"])["summary"]


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_score_is_never_said_to_be_all_or_nothing(one: float, other: float) -> None:
    (told,) = friendly([finding("nodule", max(one, other), min(one, other))], version("chest_xray"), [])["findings"]
    numbers = re.search(r"is (\d+) out of 100\. .* score of (\d+) on", told["how_sure"])
    assert numbers
    assert 1 <= int(numbers[2]) <= int(numbers[1]) <= 99


def test_steps_after_the_urgent_are_an_example_where_a_drawing_was_read() -> None:
    example = words().phrases["steps"]["example"]
    for score in (0.1, 0.8):
        steps = friendly(of("brain_tumor", score), version("brain_tumor"), ())["next_steps"]
        assert steps[:2] == [words().urgent_for("brain_tumor"), example]
        clinic = friendly(of("brain_tumor", score), version("brain_tumor", OWN), ())
        assert example not in clinic["next_steps"]
        assert [steps[0], *steps[2:]] == clinic["next_steps"]
