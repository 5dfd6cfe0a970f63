"""Who calls, and whose data they reach for: one data set for each role and relation."""

from dataclasses import dataclass
from datetime import timedelta

from scanward import clock
from scanward.domain.accounts import Role
from scanward.domain.care import AccessEntry, CareLink
from scanward.domain.policy import Relation
from scanward.stores.care import CareLinkStore
from scanward.stores.departments import doctor_entry
from tests.contracts.policy.belongings import Target, belongings
from tests.support.cloud import TABLES
from tests.support.departments import Departments
from tests.support.links import add_link
from tests.support.people import Kind, People, Person

CLINIC, ACCOUNTS = TABLES["CLINIC_TABLE"], TABLES["ACCOUNTS_TABLE"]
# What somebody was made to the patient, and what that makes them in the eyes of the policy.
RELATIONS = ("own", "link", "ended link", "expired link", "department", "none")
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Cell:
    """One role in one relation. `desk`: the department that the caller works in if they are a doctor."""

    who: Person
    relation: str
    target: Target
    desk: int

    @property
    def effective(self) -> Relation:
        """What the caller is to the patient."""
        role = self.who.kind.role
        if self.relation == "own":
            return Relation.SELF
        if self.relation == "link" and self.who.kind.role not in {Role.PATIENT, Role.ADMIN}:
            return Relation.CARE_LINK
        return Relation.DEPARTMENT if self.relation == "department" and role is Role.DOCTOR else Relation.NONE

    def __str__(self) -> str:
        return f"{self.who.kind}, {self.relation}"


def cell(kind: Kind, relation: str) -> Cell:
    """Return two people who are that to each other, with all that the one whose data it is has."""
    desk, ward = Departments().add(), Departments().add()
    who = People().add(kind, frozenset({desk, ward} if relation == "department" else {desk}))
    doctor_entry(desk, who.id).save()
    patient = who if relation == "own" else People().add(Kind(Role.PATIENT))
    relate(who, patient, relation, ward)
    return Cell(who, relation, belongings(patient, who, desk, ward), desk)


def relate(who: Person, patient: Person, relation: str, ward: int) -> None:
    """Make the caller what the relation says."""
    now = clock.now()
    if relation in {"link", "ended link"}:
        add_link(CareLink(patient.id, who.id, now - HOUR))
    if relation == "expired link":
        add_link(CareLink(patient.id, who.id, now - 2 * HOUR, now - HOUR))
    if relation == "ended link":
        entry = AccessEntry(
            patient_id=patient.id,
            at=now,
            actor_id=patient.id,
            actor_role=Role.PATIENT,
            action="WITHDRAW",
            resource="care_link",
            resource_id=who.id,
        )
        assert CareLinkStore(CLINIC).withdraw(patient.id, who.id, entry)
    if relation == "department":
        Departments().admit(ward, patient.id)
