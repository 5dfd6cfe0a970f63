"""Who belongs to a department: doctors by their gate, patients by what opens their data."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from pynamodb.expressions.condition import size
from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import Role
from scanward.domain.care import CareLink
from scanward.domain.departments import MOST_OF_DOCTOR, Membership
from scanward.errors import Conflict
from scanward.stores import keys
from scanward.stores.care_items import CareItem, holds
from scanward.stores.clinic_lists import ClinicLists, Ids, Part, RowItem
from scanward.stores.department_items import (
    IS_OPEN,
    DepartmentItem,
    Places,
    doctor_row,
    link_key,
    member_item,
    member_of,
    patient_row,
    place_of,
)
from scanward.stores.dynamo import ConditionFailed, bind, to_ms, translated
from scanward.stores.gate_items import ACTIVE, GateItem
from scanward.stores.transactions import write_together


class DepartmentMembers:
    """`accounts_table` is where gates lie. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str, accounts_table: str) -> None:
        bind(GateItem, accounts_table)
        for model in (DepartmentItem, CareItem, RowItem):
            bind(model, table)
        self._lists = ClinicLists(table)

    def departments(self, doctor_ids: Sequence[int]) -> dict[int, frozenset[int]]:
        """Doctor → the departments that they work in."""
        gates = [(keys.account(number), keys.GATE) for number in doctor_ids]
        with translated():
            found = GateItem.batch_get(gates, consistent_read=True, attributes_to_get=["pk", "departments"])
            return {keys.number(item.pk): frozenset(map(int, item.departments or ())) for item in found}

    def assign(self, department_id: int, doctor_id: int) -> None:
        """Lets a doctor work in an open department. Raises Conflict for whom it cannot be."""
        free = GateItem.departments.does_not_exist() | (size("departments") < MOST_OF_DOCTOR)  # type: ignore[no-untyped-call]
        works = GateItem.departments.contains(department_id) | free
        may = (GateItem.role == Role.DOCTOR.value) & ACTIVE & (GateItem.approved == True) & works  # noqa: E712

        def fill(write: TransactWrite) -> None:
            _check_open(write, department_id)
            write.update(_gate(doctor_id), actions=[GateItem.departments.add({department_id})], condition=may)
            write.save(doctor_row(department_id, doctor_id))

        _all_or_nothing(fill)

    def dismiss(self, department_id: int, doctor_id: int) -> None:
        """Ends a doctor's work in a department, open or closed; one who does not work there is no error."""

        def fill(write: TransactWrite) -> None:
            gone = GateItem.departments.delete({department_id})
            write.update(_gate(doctor_id), actions=[gone], condition=GateItem.pk.exists())
            write.delete(doctor_row(department_id, doctor_id))

        try:
            _all_or_nothing(fill)
        except Conflict:  # the account is gone
            with translated():
                doctor_row(department_id, doctor_id).delete()

    def linked_doctor(self, department_id: int, links: Sequence[CareLink]) -> CareLink | None:
        """The newest of these links that is to a doctor of the department."""
        rows = {doctor_row(department_id, link.professional_id).sk: link for link in links}
        with translated():
            found = RowItem.batch_get([(keys.doctors_in(department_id), row) for row in rows], consistent_read=True)
            there = {item.sk for item in found}
        return next((link for row, link in rows.items() if row in there), None)

    def admit(self, member: Membership, link: CareLink | None) -> None:
        """Takes a patient into an open department, on the condition that the link to one of its doctors holds.

        Without a link it is on an administrator's word. Raises Conflict when something moved on meanwhile.
        """

        def fill(write: TransactWrite) -> None:
            _check_open(write, member.department_id)
            if link:
                write.condition_check(CareItem, *link_key(link), condition=holds(member.since))
                row = doctor_row(member.department_id, link.professional_id)
                write.condition_check(RowItem, row.pk, row.sk, condition=RowItem.pk.exists())
            write.save(member_item(member), condition=CareItem.pk.does_not_exist())
            write.save(patient_row(member))

        _all_or_nothing(fill)

    def discharge(self, member: Membership) -> None:
        """Lets a patient go, at once. Raises Conflict when they came anew meanwhile."""

        def fill(write: TransactWrite) -> None:
            same = CareItem.since_ms == to_ms(member.since)
            write.delete(member_item(member), condition=CareItem.pk.does_not_exist() | same)
            write.delete(patient_row(member))

        _all_or_nothing(fill)

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


def _gate(doctor_id: int) -> GateItem:
    return GateItem(keys.account(doctor_id), keys.GATE)


def _check_open(write: TransactWrite, department_id: int) -> None:
    write.condition_check(DepartmentItem, keys.department(department_id), keys.DEPARTMENT, condition=IS_OPEN)


def _all_or_nothing(fill: Callable[[TransactWrite], None]) -> None:
    try:
        write_together(fill)
    except ConditionFailed as lost:
        raise Conflict from lost
