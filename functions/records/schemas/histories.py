"""Bodies and answers of medical histories, in contract E's columns."""

from datetime import datetime
from typing import Self

from functions.records.schemas.fields import AccountId, Prose, Version
from scanward.domain.histories import History, Surgery
from scanward.stores.writing_items import Replaced
from scanward.web.fields import Body, Called, Out


class SurgeryBody(Body):
    """What an entry says."""

    name_of_surgery: Called
    description_of_surgery: Prose

    def text(self) -> Surgery:
        return Surgery(self.name_of_surgery, self.description_of_surgery)


class HistoryBody(SurgeryBody):
    """`POST /api/medical_histories`."""

    user_id: AccountId


class HistoryAmendmentBody(SurgeryBody):
    """`PUT /api/medical_histories/{id}`: what is to stand instead, over the version that was read."""

    version: Version


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
    def of(cls, history: History) -> Self:
        return cls(
            id=history.id,
            name_of_surgery=history.text.name,
            description_of_surgery=history.text.description,
            user_id=history.patient_id,
            doctor_id=history.author_id,
            version=history.version,
            amended_by=history.amended_by,
            created_at=history.created_at,
            updated_at=history.updated_at,
        )


class ReplacedEntryOut(Out):
    """What an amendment replaced, who had written it and when."""

    version: int
    name_of_surgery: str
    description_of_surgery: str
    doctor_id: int
    at: datetime

    @classmethod
    def of(cls, replaced: Replaced[Surgery]) -> Self:
        return cls(
            version=replaced.version,
            name_of_surgery=replaced.text.name,
            description_of_surgery=replaced.text.description,
            doctor_id=replaced.author_id,
            at=replaced.at,
        )
