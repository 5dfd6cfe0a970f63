"""Bodies and answers of questions, in contract E's columns."""

from datetime import datetime
from typing import Self

from functions.records.schemas.fields import AccountId, Prose
from scanward.domain.questions import Question
from scanward.web.fields import Body, Out


class QuestionBody(Body):
    """`POST /api/questions`. Without a `doctor_id` every approved doctor can read it until one has answered."""

    question_text: Prose
    doctor_id: AccountId | None = None


class ReaddressBody(Body):
    """`PUT /api/questions/{id}`. A null `doctor_id` puts it to every approved doctor; it has to be said."""

    doctor_id: AccountId | None


class ResponseBody(Body):
    """`POST /api/questions/{id}/response`."""

    response_text: Prose


class ResponseOut(Out):
    """A doctor's answer. It is written once, so `updated_at` is when it was made."""

    id: int
    question_id: int
    doctor_id: int
    response_text: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_question(cls, question: Question) -> list[Self]:
        """Return what was answered: nothing yet, or one response."""
        response = question.response
        if response is None:
            return []
        stored_question = cls(
            id=response.id,
            question_id=question.id,
            doctor_id=response.doctor_id,
            response_text=response.text,
            created_at=response.at,
            updated_at=response.at,
        )
        return [stored_question]


class QuestionOut(Out):
    """A question. `doctor_id`: whom it was put to, None for all; who answered is said by the response.

    `doctor_left_at`: since when that doctor cannot answer it; it waits for its patient's word.
    """

    id: int
    patient_id: int
    doctor_id: int | None
    question_text: str
    status: str
    created_at: datetime
    updated_at: datetime
    responses: list[ResponseOut]
    doctor_left_at: datetime | None

    @classmethod
    def from_domain(cls, question: Question) -> Self:
        return cls(
            id=question.id,
            patient_id=question.patient_id,
            doctor_id=question.doctor_id,
            question_text=question.text,
            status=question.status.value,
            created_at=question.created_at,
            updated_at=question.updated_at,
            responses=ResponseOut.from_question(question),
            doctor_left_at=question.doctor_left_at,
        )
