"""Departments: who works in them, and which patients they look after."""

from dataclasses import dataclass
from datetime import datetime

MOST_OF_DOCTOR = 20  # each request of a doctor carries them, and each look at a patient asks them all
MOST_OF_PATIENT = 20


@dataclass(frozen=True, slots=True)
class Department:
    """`closed_at`: None while it is open. A closed one opens nothing; what was written in it stays."""

    id: int
    name: str
    created_at: datetime
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class Membership:
    """A patient is in a department."""

    patient_id: int
    department_id: int
    since: datetime
