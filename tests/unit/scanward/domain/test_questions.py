"""What a question makes of a doctor, and what becomes of writings: rules without a store."""

from datetime import UTC, datetime, timedelta

import pytest

from scanward.domain import clinical_notes, questions
from scanward.domain.policy import Relation
from scanward.domain.questions import AlreadyAnswered, Question, Response, Status
from scanward.errors import Conflict

NOW = datetime(2026, 5, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PATIENT, NAMED, OTHER = 1, 2, 3
ASKED, NOBODY = Relation.ASKED, Relation.NONE


def question(doctor_id: int | None, answered_by: int | None = None) -> Question:
    asked = Question(id=9, patient_id=PATIENT, doctor_id=doctor_id, text="Why?", created_at=NOW, updated_at=NOW)
    return questions.answer(asked, Response(8, answered_by, "So.", LATER)) if answered_by else asked


@pytest.mark.parametrize(
    ("asked", "readers", "answerers"),
    [
        (question(NAMED), (ASKED, NOBODY), (ASKED, NOBODY)),
        (question(None), (ASKED, ASKED), (ASKED, ASKED)),
        (question(NAMED, NAMED), (ASKED, NOBODY), (ASKED, NOBODY)),
        (question(None, NAMED), (ASKED, NOBODY), (ASKED, ASKED)),
    ],
    ids=["named", "pool", "named-answered", "pool-answered"],
)
def test_a_question_relates_doctors_to_its_patient_by_whom_it_was_put_to(
    asked: Question, readers: tuple[Relation, ...], answerers: tuple[Relation, ...]
) -> None:
    assert (asked.reader(NAMED), asked.reader(OTHER)) == readers
    assert (asked.answerer(NAMED), asked.answerer(OTHER)) == answerers


def test_a_question_is_answered_only_once() -> None:
    answered = question(None, NAMED)
    assert (answered.status, answered.updated_at, answered.doctor_id) == (Status.ANSWERED, LATER, None)
    with pytest.raises(AlreadyAnswered):
        questions.answer(answered, Response(7, OTHER, "No.", LATER))


def test_an_amendment_goes_over_the_version_that_stands() -> None:
    first = clinical_notes.write_note(id=9, patient_id=PATIENT, author_id=NAMED, text="one", now=NOW)
    second = clinical_notes.amend_note(note=first, version=1, text="two", by=OTHER, now=LATER)
    assert (second.version, second.text, second.author_id, second.amended_by) == (2, "two", NAMED, OTHER)
    assert (second.created_at, second.updated_at) == (NOW, LATER)
    for version in (1, 3):
        with pytest.raises(Conflict):
            clinical_notes.amend_note(note=second, version=version, text="three", by=NAMED, now=LATER)
