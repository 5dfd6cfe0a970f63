"""Clinical notes: patient records and medical histories, which doctors write and amend but never overwrite."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from scanward.errors import Conflict

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Note(Generic[T]):
    """One text of one kind. `author_id`: who wrote it first; `amended_by`: who wrote what stands now.

    `departments`: those that the patient was in when it was written.
    """

    id: int
    patient_id: int
    author_id: int
    text: T
    version: int
    created_at: datetime
    updated_at: datetime
    amended_by: int
    departments: tuple[int, ...] = ()


def write_note(  # noqa: PLR0917 (a first version says as much)
    id: int, patient_id: int, author_id: int, text: T, now: datetime, departments: tuple[int, ...] = ()
) -> Note[T]:
    """Return the first version."""
    return Note(
        id=id,
        patient_id=patient_id,
        author_id=author_id,
        text=text,
        version=1,
        created_at=now,
        updated_at=now,
        amended_by=author_id,
        departments=departments,
    )


def amend_note(note: Note[T], version: int, text: T, by: int, now: datetime) -> Note[T]:
    """Return the next version, written over `version`. Raises Conflict when that is not the one that stands."""
    if version != note.version:
        raise Conflict
    return replace(note, text=text, version=version + 1, updated_at=now, amended_by=by)


@dataclass(frozen=True, slots=True)
class Surgery:
    """What an entry of a history says."""

    name: str
    description: str


History = Note[Surgery]


@dataclass(frozen=True, slots=True)
class Findings:
    """What a record says."""

    description: str
    diagnosis: str


Record = Note[Findings]
