"""Questions of patients: to one doctor, or to the pool that all approved doctors answer from."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from scanward.domain.policy import Relation
from scanward.errors import Conflict


class Status(StrEnum):
    """As contract E spells it."""

    PENDING = "pending"
    ANSWERED = "answered"


class AlreadyAnswered(Conflict):
    """Another doctor was first."""

    message = "The question has been answered"


@dataclass(frozen=True, slots=True)
class Response:
    """A doctor's answer."""

    id: int
    doctor_id: int
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """`doctor_id`: whom it was put to, None for the pool; who answered is said by the response.

    `doctor_left_at`: since when that doctor cannot answer it. It was meant for them, so it goes to nobody else unless
    the patient says so.
    """

    id: int
    patient_id: int
    doctor_id: int | None
    text: str
    created_at: datetime
    updated_at: datetime
    response: Response | None = None
    doctor_left_at: datetime | None = None

    @property
    def status(self) -> Status:
        return Status.ANSWERED if self.response else Status.PENDING

    def reader(self, actor_id: int) -> Relation:
        """Return what its text makes of an actor: the doctor it was put to, who answered, any while the pool waits."""
        waits = self.doctor_id is None and self.response is None
        is_answerer = self.response is not None and self.response.doctor_id == actor_id
        return Relation.ASKED if waits or is_answerer or self.doctor_id == actor_id else Relation.NONE

    def answerer(self, actor_id: int) -> Relation:
        """Return what putting it made of an actor: whether it was for them to answer, answered or not."""
        return Relation.ASKED if self.doctor_id in (None, actor_id) else Relation.NONE


def answer(question: Question, response: Response) -> Question:
    """Return the question as answered. Raises AlreadyAnswered."""
    if question.response:
        raise AlreadyAnswered
    return replace(question, response=response, doctor_left_at=None, updated_at=response.at)


def readdress(question: Question, doctor_id: int | None, now: datetime) -> Question:
    """Return the question put to another doctor, or with None to the pool. Raises AlreadyAnswered."""
    if question.response:
        raise AlreadyAnswered
    return replace(question, doctor_id=doctor_id, doctor_left_at=None, updated_at=now)
