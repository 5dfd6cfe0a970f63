"""Bodies and answers of patient records and, in contract E's columns, of medical histories."""

from datetime import datetime
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from functions.records.schemas.fields import AccountId, Prose, ProseQuery, Version
from scanward.domain.clinical_notes import Findings, History, Note, Record, Surgery
from scanward.stores.clinical_notes import NoteVersion
from scanward.web.fields import Body, NameText, Out

T = TypeVar("T")


def _note_columns(note: Note[T]) -> dict[str, Any]:
    """Return what notes of both kinds say beside their text and their patient."""
    return {
        "doctor_id": note.author_id,
        "version": note.version,
        "amended_by": note.amended_by,
        "created_at": note.created_at,
        "updated_at": note.updated_at,
    }


def _version_columns(version: NoteVersion[T]) -> dict[str, Any]:
    """Return what replaced versions of both kinds say beside their text."""
    return {"version": version.version, "doctor_id": version.author_id, "at": version.at}


class SurgeryBody(Body):
    """What an entry says."""

    name_of_surgery: NameText
    description_of_surgery: Prose

    def text(self) -> Surgery:
        return Surgery(self.name_of_surgery, self.description_of_surgery)


class HistoryBody(SurgeryBody):
    """`POST /api/medical_histories`."""

    user_id: AccountId


class HistoryAmendmentBody(SurgeryBody):
    """`PUT /api/medical_histories/{id}`: what is to stand instead, over the version that was read."""

    version: Version

    def change(self, _: Surgery) -> Surgery:
        """Return the text that is to stand; nothing of the one before stays."""
        return self.text()


class HistoryOut(Out):
    """An entry as it stands. `doctor_id` wrote it first, `amended_by` last."""

    id: int
    name_of_surgery: str
    description_of_surgery: str
    user_id: int
    doctor_id: int
    version: int
    amended_by: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_domain(cls, history: History) -> Self:
        return cls(
            id=history.id,
            user_id=history.patient_id,
            name_of_surgery=history.text.name,
            description_of_surgery=history.text.description,
            **_note_columns(history),
        )


class ReplacedEntryOut(Out):
    """What an amendment replaced, who had written it and when."""

    version: int
    name_of_surgery: str
    description_of_surgery: str
    doctor_id: int
    at: datetime

    @classmethod
    def from_domain(cls, version: NoteVersion[Surgery]) -> Self:
        return cls(
            name_of_surgery=version.text.name,
            description_of_surgery=version.text.description,
            **_version_columns(version),
        )


class RecordsQuery(ProseQuery):
    """`GET /api/patient_records/`: of the doctor's departments, or of one patient."""

    patient_id: Annotated[str, Field(min_length=1, max_length=36)] | None = None


class RecordBody(Body):
    """`POST /api/patient_records/`."""

    patient_id: AccountId
    description: Prose
    diagnosis: Prose

    def text(self) -> Findings:
        return Findings(self.description, self.diagnosis)


class AmendmentBody(Body):
    """`PATCH /api/patient_records/{pk}`: what is to stand instead, over the version that was read."""

    version: Version
    description: Prose | None = None
    diagnosis: Prose | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.description is None and self.diagnosis is None:
            raise PydanticCustomError("empty", "Give a description, a diagnosis, or both.")
        return self

    def change(self, before: Findings) -> Findings:
        return Findings(self.description or before.description, self.diagnosis or before.diagnosis)


class RecordOut(Out):
    """A record as it stands. `doctor_id` wrote it first, `amended_by` last."""

    pk: int
    patient_id: int
    doctor_id: int
    departments: list[int]
    description: str
    diagnosis: str
    version: int
    amended_by: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def from_domain(cls, record: Record) -> Self:
        return cls(
            pk=record.id,
            patient_id=record.patient_id,
            departments=list(record.departments),
            description=record.text.description,
            diagnosis=record.text.diagnosis,
            **_note_columns(record),
        )


class ReplacedOut(Out):
    """What an amendment replaced, who had written it and when."""

    version: int
    description: str
    diagnosis: str
    doctor_id: int
    at: datetime

    @classmethod
    def from_domain(cls, version: NoteVersion[Findings]) -> Self:
        return cls(
            description=version.text.description,
            diagnosis=version.text.diagnosis,
            **_version_columns(version),
        )
