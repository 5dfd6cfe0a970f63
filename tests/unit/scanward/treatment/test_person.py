"""Reading symptoms: what is told, what is denied, and doubt on the safe side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.treatment.knowledge import knowledge
from scanward.treatment.person import find_symptoms


def read(text: str | None) -> set[str]:
    return set(find_symptoms(text, knowledge().phrases))


@pytest.mark.parametrize(
    ("text", "symptoms"),
    [
        ("Fever and chest pain since Monday", {"fever", "chest_pain"}),
        ("I’m SHORT-OF-BREATH", {"breathless"}),
        ("can't breathe", {"cannot_breathe"}),
        ("I cannot pee, and there was blood in my urine", {"no_urine", "blood_in_urine"}),
        ("coughing\nblood in sputum", {"coughing_blood"}),
        ("", set()),
        (None, set()),
        ("feverfew tea for the chest", set()),
    ],
)
def test_symptoms_are_found_as_people_write_them(text: str | None, symptoms: set[str]) -> None:
    assert read(text) == symptoms


@pytest.mark.parametrize(
    "text",
    [
        "no fever",
        "No fever today.",
        "without any fever",
        "denies fever or chest pain",
        "I do not have a fever",
        "I don't have fever nor chills",
        "no history of seizures",
        "no longer short of breath",
        "no chest pain at all",
        "no severe sudden headache",
    ],
)
def test_a_symptom_that_is_plainly_denied_is_not_counted(text: str) -> None:
    assert read(text) == set()


@pytest.mark.parametrize(
    ("text", "symptoms"),
    [
        ("no fever but chest pain", {"chest_pain"}),
        ("no fever, chest pain since morning", {"chest_pain"}),
        ("No cough. Fever", {"fever"}),
        ("no fever\nchest pain", {"chest_pain"}),
        ("no fever\rchest pain", {"chest_pain"}),
        ("no fever chest pain", {"chest_pain"}),
        ("no relief from chest pain", {"chest_pain"}),
        ("could not sleep because of chest pain", {"chest_pain"}),
        ("not only fever", {"fever"}),
        ("no fever until today", {"fever"}),
        ("no chest pain at rest", {"chest_pain"}),
        ("not without chest pain", {"chest_pain"}),
        ("no fever and chest pain for two days", {"chest_pain"}),
        ("no fever last week, fever now", {"fever"}),
    ],
)
def test_where_a_denial_is_doubtful_the_symptom_counts(text: str, symptoms: set[str]) -> None:
    assert read(text) == symptoms


@given(st.sampled_from(sorted(knowledge().phrases)), st.data())
def test_each_way_of_saying_a_symptom_is_heard(symptom: str, data: st.DataObject) -> None:
    words = data.draw(st.sampled_from(knowledge().phrases[symptom]))
    assert symptom in read(f"Since yesterday: {' '.join(words).upper()}!")


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert read(text) <= set(knowledge().phrases)
