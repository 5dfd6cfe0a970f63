"""What the policy says of a small clinic, worked out anew from who did what: what the machine compares with."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scanward.domain.accounts import Role

HOUR = timedelta(hours=1)


@dataclass
class Clock:
    """Moves a millisecond with each look, and by hours when a rule says so."""

    time: datetime

    def now(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


@dataclass
class Asked:
    """A question, whom it was put to (None for all doctors) and who answered it."""

    patient: int
    doctor: int | None
    answered_by: int | None = None


@dataclass
class ClinicRules:
    """Who everybody is, and what they have done."""

    clock: Clock
    roles: dict[int, Role] = field(default_factory=dict)
    approved: set[int] = field(default_factory=set)
    links: dict[tuple[int, int], datetime | None] = field(default_factory=dict)
    glasses: dict[tuple[int, int], datetime] = field(default_factory=dict)
    works: set[int] = field(default_factory=set)
    admitted: set[int] = field(default_factory=set)
    records: dict[int, int] = field(default_factory=dict)
    questions: dict[int, Asked] = field(default_factory=dict)

    def is_linked(self, patient: int, who: int) -> bool:
        if (patient, who) not in self.links:
            return False
        ends_at = self.links[patient, who]
        return ends_at is None or self.clock.time < ends_at

    def shares_department(self, patient: int, who: int) -> bool:
        return who in self.works and patient in self.admitted and who in self.approved

    def looks_through_glass(self, patient: int, who: int) -> bool:
        broken = (patient, who) in self.glasses and self.clock.time < self.glasses[patient, who]
        return broken and who in self.approved

    def sees(self, who: int, patient: int, *, health: bool) -> bool:
        """Tell whether somebody may read who a patient is, or what is written of their health."""
        role = self.roles[who]
        if who == patient or role is Role.ADMIN:
            return True
        if role is Role.LAB:
            return self.is_linked(patient, who) and not health
        if role is Role.HOSPITAL:
            return self.is_linked(patient, who)
        near = self.is_linked(patient, who) or self.shares_department(patient, who)
        return role is Role.DOCTOR and (near or self.looks_through_glass(patient, who))

    def writes_records(self, who: int, patient: int) -> bool:
        near = self.is_linked(patient, who) or self.shares_department(patient, who)
        return self.roles[who] is Role.DOCTOR and who in self.approved and near

    def writes_sheet(self, who: int, patient: int, *, diagnosis: bool) -> bool:
        if self.roles[who] is Role.DOCTOR:
            near = self.is_linked(patient, who) or self.shares_department(patient, who)
            return near and (who in self.approved or not diagnosis)
        return self.roles[who] in {Role.HOSPITAL, Role.LAB} and self.is_linked(patient, who) and not diagnosis

    def reads_question(self, who: int, asked: Asked) -> bool:
        if who == asked.patient or self.roles[who] is Role.ADMIN:
            return True
        if self.roles[who] is not Role.DOCTOR or who not in self.approved:
            return False
        waits_for_all = asked.doctor is None and asked.answered_by is None
        return waits_for_all or who in (asked.doctor, asked.answered_by)

    def answers(self, who: int, asked: Asked) -> bool:
        mine = asked.doctor in (None, who)
        return self.roles[who] is Role.DOCTOR and who in self.approved and mine and asked.answered_by is None

    def takes_back(self, who: int, asked: Asked) -> bool:
        return who == asked.patient and asked.answered_by is None
