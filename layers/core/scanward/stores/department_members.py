"""Who belongs to a department: doctors by their gate, patients by what opens their data."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from scanward.domain.care import AccessEntry, CareLink
from scanward.domain.departments import Membership
from scanward.errors import Conflict
from scanward.stores import keys
from scanward.stores.access_log import AccessItem
from scanward.stores.care_items import CareItem
from scanward.stores.clinic_lists import ClinicLists, Ids, Part, RowItem
from scanward.stores.department_items import (
    DepartmentItem,
    MembershipsItem,
    Places,
    doctor_row,
    member_of,
    place_of,
)
from scanward.stores.department_writes import write_admission, write_assignment, write_discharge, write_dismissal
from scanward.stores.dynamo import ConditionFailed, bind, translated
from scanward.stores.gate_items import GateItem, is_working_doctor
from scanward.stores.transactions import write_together, write_unchanged


class DepartmentMembers:
    """`accounts_table` is where gates lie. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str, accounts_table: str) -> None:
        bind(GateItem, accounts_table)
        for model in (DepartmentItem, MembershipsItem, CareItem, AccessItem, RowItem):
            bind(model, table)
        self._lists = ClinicLists(table)

    def departments(self, doctor_ids: Sequence[int]) -> dict[int, frozenset[int]]:
        """Doctor → the departments that they work in."""
        gates = [(keys.account(number), keys.GATE) for number in doctor_ids]
        with translated():
            found = GateItem.batch_get(gates, consistent_read=True, attributes_to_get=["pk", "departments"])
            return {keys.number(item.pk): frozenset(map(int, item.departments or ())) for item in found}

    def assign(self, department_id: int, doctor_id: int, entry: AccessEntry | None) -> None:
        """Lets a doctor work in an open department, with its entry in the log. Raises Conflict where it cannot be."""
        write_unchanged(lambda write: write_assignment(write, department_id, doctor_id, entry))

    def dismiss(self, department_id: int, doctor_id: int, entry: AccessEntry | None = None) -> None:
        """Ends a doctor's work in a department, open or closed, with its entry in the log.

        One who does not work there is no error.
        """
        try:
            write_together(lambda write: write_dismissal(write, department_id, doctor_id, entry))
        except ConditionFailed:  # the account is gone
            with translated():
                doctor_row(department_id, doctor_id).delete()

    def linked_doctor(self, department_id: int, links: Sequence[CareLink]) -> CareLink | None:
        """The newest of these links that is to an approved doctor who works in the department."""
        gates = [(keys.account(link.professional_id), keys.GATE) for link in links]
        asked = ["pk", "role", "active", "approved", "departments"]
        with translated():
            found = GateItem.batch_get(gates, consistent_read=True, attributes_to_get=asked)
            there = {keys.number(gate.pk) for gate in found if is_working_doctor(gate, department_id)}
        return next((link for link in links if link.professional_id in there), None)

    def admit(self, member: Membership, link: CareLink | None) -> None:
        """Takes a patient into an open department, on the condition that the link to one of its doctors holds.

        Without a link it is on an administrator's word. Raises Conflict when something moved on meanwhile, and for who
        is in as many departments as may be.
        """
        write_unchanged(lambda write: write_admission(write, member, link))

    def discharge(self, member: Membership) -> None:
        """Lets a patient go, at once; one who has gone is no error. Raises Conflict when they came anew meanwhile."""
        try:
            write_together(lambda write: write_discharge(write, member))
        except ConditionFailed as lost:
            if self.member(member.department_id, member.patient_id):
                raise Conflict from lost

    def of_patient(self, patient_id: int) -> list[Membership]:
        """The departments that a patient is in, open or closed, strongly consistent, the newest first."""
        with translated():
            prefix = CareItem.sk.startswith(keys.DEPARTMENT_PREFIX)
            found = [member_of(item) for item in CareItem.query(keys.care(patient_id), prefix, consistent_read=True)]
        return sorted(found, key=lambda member: member.since, reverse=True)

    def member(self, department_id: int, patient_id: int) -> Membership | None:
        """A patient's place in a department, strongly consistent."""
        with translated():
            try:
                item = CareItem.get(keys.care(patient_id), keys.department(department_id), consistent_read=True)
            except CareItem.DoesNotExist:
                return None
        return member_of(item)

    def doctors_in(self, department_id: int, part: Part) -> Ids:
        """Who works in a department."""
        return self._lists.ids([keys.doctors_in(department_id)], part)

    def patients_in(self, department_id: int, now: datetime, part: Part) -> Places:
        """Who is in a department, who came last first."""
        return self._places([keys.patients_in(department_id)], now, part)

    def patients_of(self, doctor_id: int, departments: Iterable[int], now: datetime, part: Part) -> Places:
        """Who let a doctor in, and who is in one of these departments: a patient once for each of them."""
        shared = [keys.patients_in(number) for number in sorted(departments)]
        return self._places([keys.patients_of(doctor_id), *shared], now, part)

    def _places(self, lists: Sequence[str], now: datetime, part: Part) -> Places:
        found = self._lists.places(lists, part, now)
        return Places([place_of(row) for row in found.rows], found.last)

    def empty(self, department_id: int) -> None:
        """Dismisses all doctors of a closed department, and lets all patients go; may be done again after half."""
        with translated():
            for row in RowItem.query(keys.doctors_in(department_id), consistent_read=True):
                self.dismiss(department_id, int(row.sk))
            for row in RowItem.query(keys.patients_in(department_id), consistent_read=True):
                member = self.member(department_id, keys.place(row.sk) % keys.PLACES)
                if member:
                    self.discharge(member)
