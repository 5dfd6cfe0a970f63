"""How departments are spelled as DynamoDB items."""

from collections.abc import Sequence
from dataclasses import dataclass

from pynamodb.attributes import NumberAttribute, NumberSetAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from scanward.domain.accounts import fold
from scanward.domain.care import CareLink
from scanward.domain.departments import Department, Membership
from scanward.stores import keys
from scanward.stores.care_items import CareItem
from scanward.stores.clinic_lists import Row, RowItem
from scanward.stores.dynamo import from_ms, to_ms


class DepartmentItem(Model):
    """DEPARTMENT#id / DEPARTMENT. `ends_ms`: when it was closed, named as in whatever else opens a patient's data."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.DEPARTMENT)
    name = UnicodeAttribute()
    created_ms = NumberAttribute()
    ends_ms = NumberAttribute(null=True)


class NameItem(Model):
    """DEPARTMENT_NAME#folded / MARKER: holds a name for one open department."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.MARKER)
    department_id = NumberAttribute()


class MembershipsItem(Model):
    """CARE#patient / MEMBERSHIPS: the departments that a patient is in, counted where each of them is written."""

    class Meta:
        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default=keys.MEMBERSHIPS)
    departments = NumberSetAttribute(null=True)


@dataclass(frozen=True, slots=True)
class Place:
    """A patient in a list, and whether it is of who let the doctor in, or of which departments."""

    patient_id: int
    departments: frozenset[int]
    is_link: bool


@dataclass(frozen=True, slots=True)
class Places:
    """Part of a list of patients. `last`: the place after which the next part begins; None when this is the last."""

    places: Sequence[Place]
    last: int | None


IS_OPEN: Condition = DepartmentItem.pk.exists() & DepartmentItem.ends_ms.does_not_exist()


def department_item(department: Department) -> DepartmentItem:
    """The item of a department."""
    return DepartmentItem(
        keys.department(department.id),
        name=department.name,
        created_ms=to_ms(department.created_at),
        ends_ms=to_ms(department.closed_at) if department.closed_at else None,
    )


def department_of(item: DepartmentItem) -> Department:
    """The department that an item spells."""
    closed_at = from_ms(item.ends_ms) if item.ends_ms is not None else None
    return Department(keys.number(item.pk), item.name, from_ms(item.created_ms), closed_at)


def name_item(department: Department) -> NameItem:
    """What holds a department's name, in the form in which it is unique."""
    return NameItem(keys.marker("department_name", fold(department.name)), department_id=department.id)


def department_row(department: Department) -> RowItem:
    """A department's place in the list of those that are open."""
    return RowItem(keys.departments(keys.list_shard(department.id)), keys.sortable(department.id))


def doctor_row(department_id: int, doctor_id: int) -> RowItem:
    """A doctor's place in the list of a department."""
    return RowItem(keys.doctors_in(department_id), keys.sortable(doctor_id))


def patient_row(member: Membership) -> RowItem:
    """A patient's place in the list of a department."""
    return RowItem(keys.patients_in(member.department_id), keys.placed(to_ms(member.since), member.patient_id))


def member_item(member: Membership) -> CareItem:
    """What opens a patient's data to the doctors of a department."""
    place = keys.department(member.department_id)
    return CareItem(keys.care(member.patient_id), place, since_ms=to_ms(member.since))


def member_of(item: CareItem) -> Membership:
    """The membership that an item spells."""
    return Membership(keys.number(item.pk), keys.number(item.sk), from_ms(item.since_ms))


def link_key(link: CareLink) -> tuple[str, str]:
    """Where a care link lies."""
    return keys.care(link.patient_id), keys.link(link.professional_id)


def place_of(row: Row) -> Place:
    """The patient that a place stands for, whichever lists it is in."""
    departments = frozenset(keys.number(key) for key in row.lists if key.startswith(keys.PATIENTS_IN_PREFIX))
    return Place(keys.place(row.key) % keys.PLACES, departments, len(departments) < len(row.lists))
