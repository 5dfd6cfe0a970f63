"""What each coming and going in a department writes, with its conditions and its entry in the access log."""

from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.operand import Path
from pynamodb.transactions import TransactWrite

from scanward.domain.care import AccessEntry, CareLink
from scanward.domain.departments import MOST_OF_DOCTOR, MOST_OF_PATIENT, Membership
from scanward.stores import keys
from scanward.stores.access_log import access_item
from scanward.stores.care_items import CareItem, holds
from scanward.stores.department_items import (
    IS_OPEN,
    DepartmentItem,
    MembershipsItem,
    doctor_row,
    link_key,
    member_item,
    patient_row,
)
from scanward.stores.dynamo import to_ms
from scanward.stores.gate_items import WORKING_DOCTOR, GateItem


def write_assignment(write: TransactWrite, department_id: int, doctor_id: int, entry: AccessEntry | None) -> None:
    """A doctor comes: on condition that they are approved, that there is room, and that the department is open."""
    works = GateItem.departments.contains(department_id) | _fewer_than(MOST_OF_DOCTOR)
    _check_open(write, department_id)
    added = GateItem.departments.add({department_id})
    write.update(_gate(doctor_id), actions=[added], condition=WORKING_DOCTOR & works)
    write.save(doctor_row(department_id, doctor_id))
    _log(write, entry)


def write_dismissal(write: TransactWrite, department_id: int, doctor_id: int, entry: AccessEntry | None) -> None:
    """A doctor goes, on condition that they have a gate still."""
    gone = GateItem.departments.delete({department_id})
    write.update(_gate(doctor_id), actions=[gone], condition=GateItem.pk.exists())
    write.delete(doctor_row(department_id, doctor_id))
    _log(write, entry)


def write_admission(write: TransactWrite, member: Membership, link: CareLink | None) -> None:
    """A patient comes: on condition that there is room, and that the link, if any, is to a doctor who works there."""
    _check_open(write, member.department_id)
    if link:
        write.condition_check(CareItem, *link_key(link), condition=holds(member.since))
        works = WORKING_DOCTOR & GateItem.departments.contains(member.department_id)
        write.condition_check(GateItem, keys.account(link.professional_id), keys.GATE, condition=works)
    write.save(member_item(member), condition=CareItem.pk.does_not_exist())
    added = MembershipsItem.departments.add({member.department_id})
    write.update(_memberships(member), actions=[added], condition=_fewer_than(MOST_OF_PATIENT))
    write.save(patient_row(member))


def write_discharge(write: TransactWrite, member: Membership) -> None:
    """A patient goes, on condition that it is this time of theirs that they are there."""
    write.delete(member_item(member), condition=CareItem.since_ms == to_ms(member.since))
    gone = MembershipsItem.departments.delete({member.department_id})
    write.update(_memberships(member), actions=[gone])
    write.delete(patient_row(member))


def _gate(doctor_id: int) -> GateItem:
    return GateItem(keys.account(doctor_id), keys.GATE)


def _memberships(member: Membership) -> MembershipsItem:
    return MembershipsItem(keys.care(member.patient_id))


def _fewer_than(bound: int) -> Condition:
    """That an item's `departments` have room for one more: those of a doctor's gate as those of a patient."""
    few: Condition = Path("departments").does_not_exist() | (size("departments") < bound)  # type: ignore[no-untyped-call]
    return few


def _check_open(write: TransactWrite, department_id: int) -> None:
    write.condition_check(DepartmentItem, keys.department(department_id), keys.DEPARTMENT, condition=IS_OPEN)


def _log(write: TransactWrite, entry: AccessEntry | None) -> None:
    if entry:
        write.save(access_item(entry))
