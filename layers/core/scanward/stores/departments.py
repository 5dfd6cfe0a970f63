"""Departments in DynamoDB, with their doctors (by session item) and their patients (by what opens their data)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pynamodb.attributes import NumberAttribute, NumberSetAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.operand import Path
from pynamodb.transactions import TransactWrite

from scanward.domain.accounts import fold
from scanward.domain.care import AccessEntry, CareLink
from scanward.domain.departments import MOST_OF_DOCTOR, MOST_OF_PATIENT, Department, Membership
from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.pagination import ListPage, PageRange
from scanward.errors import AlreadyTaken, Conflict, NotFound
from scanward.stores import keys
from scanward.stores.access_log import AccessItem, write_entry
from scanward.stores.care import CareItem, is_active, member_of
from scanward.stores.dynamo import (
    ConditionFailed,
    TableItem,
    bind_table,
    from_ms,
    get_item,
    sdk_errors_mapped,
    to_ms,
    transact_write,
    transact_write_or_conflict,
)
from scanward.stores.idempotency import IdempotencyItem, put_record
from scanward.stores.identity.unique_names import UNIQUE
from scanward.stores.lists import ListedKey, ListEntry, ListStore
from scanward.stores.sessions import WORKING_DOCTOR, SessionItem


class DepartmentItem(TableItem):
    """DEPARTMENT#id / DEPARTMENT. `ends_ms`: when it was closed, named as in whatever else opens a patient's data."""

    sk = UnicodeAttribute(range_key=True, default=keys.DEPARTMENT)
    name = UnicodeAttribute()
    created_ms = NumberAttribute()
    ends_ms = NumberAttribute(null=True)


class NameItem(TableItem):
    """DEPARTMENT_NAME#folded / MARKER: holds a name for one open department."""

    sk = UnicodeAttribute(range_key=True, default=keys.MARKER)
    department_id = NumberAttribute()


class MembershipsItem(TableItem):
    """CARE#patient / MEMBERSHIPS: the departments that a patient is in, counted where each of them is written."""

    sk = UnicodeAttribute(range_key=True, default=keys.MEMBERSHIPS)
    departments = NumberSetAttribute(null=True)


@dataclass(frozen=True, slots=True)
class DepartmentPatient:
    """A patient in a list, and whether it is of who let the doctor in, or of which departments."""

    patient_id: int
    departments: frozenset[int]
    is_link: bool


IS_OPEN: Condition = DepartmentItem.pk.exists() & DepartmentItem.ends_ms.does_not_exist()


def department_item(department: Department) -> DepartmentItem:
    """Return the item of a department."""
    return DepartmentItem(
        keys.department(department.id),
        name=department.name,
        created_ms=to_ms(department.created_at),
        ends_ms=to_ms(department.closed_at) if department.closed_at else None,
    )


def department_of(item: DepartmentItem) -> Department:
    """Return the department that an item spells."""
    closed_at = from_ms(item.ends_ms) if item.ends_ms is not None else None
    return Department(keys.number(item.pk), item.name, from_ms(item.created_ms), closed_at)


def name_item(department: Department) -> NameItem:
    """Return what holds a department's name, in the form in which it is unique."""
    return NameItem(keys.marker("department_name", fold(department.name)), department_id=department.id)


def department_entry(department: Department) -> ListEntry:
    """Return a department's place in the list of those that are open."""
    return ListEntry(keys.departments(keys.list_shard(department.id)), keys.sortable(department.id))


def doctor_entry(department_id: int, doctor_id: int) -> ListEntry:
    """Return a doctor's place in the list of a department."""
    return ListEntry(keys.doctors_in(department_id), keys.sortable(doctor_id))


def patient_entry(member: Membership) -> ListEntry:
    """Return a patient's place in the list of a department."""
    return ListEntry(keys.patients_in(member.department_id), keys.by_time(to_ms(member.since), member.patient_id))


def member_item(member: Membership) -> CareItem:
    """Return what opens a patient's data to the doctors of a department."""
    place = keys.department(member.department_id)
    return CareItem(keys.care(member.patient_id), place, since_ms=to_ms(member.since))


def link_key(link: CareLink) -> tuple[str, str]:
    """Return where a care link lies."""
    return keys.care(link.patient_id), keys.link(link.professional_id)


def patient_of_key(row: ListedKey) -> DepartmentPatient:
    """Return the patient that a place stands for, whichever lists it is in."""
    departments = frozenset(keys.number(key) for key in row.lists if key.startswith(keys.PATIENTS_IN_PREFIX))
    return DepartmentPatient(
        keys.time_position(row.key) % keys.POSITIONS, departments, len(departments) < len(row.lists)
    )


def write_assignment(write: TransactWrite, department_id: int, doctor_id: int, entry: AccessEntry | None) -> None:
    """Add a doctor's assignment to a transaction, on condition that they are approved, that there is room, and that the
    department is open.
    """
    works = SessionItem.departments.contains(department_id) | _fewer_than(MOST_OF_DOCTOR)
    _check_open(write, department_id)
    addition = SessionItem.departments.add({department_id})
    write.update(_session_item(doctor_id), actions=[addition], condition=WORKING_DOCTOR & works)
    write.save(doctor_entry(department_id, doctor_id))
    _log(write, entry)


def write_dismissal(write: TransactWrite, department_id: int, doctor_id: int, entry: AccessEntry | None) -> None:
    """Add a doctor's dismissal to a transaction, on condition that they have a gate still."""
    removal = SessionItem.departments.delete({department_id})
    write.update(_session_item(doctor_id), actions=[removal], condition=SessionItem.pk.exists())
    write.delete(doctor_entry(department_id, doctor_id))
    _log(write, entry)


def write_admission(write: TransactWrite, member: Membership, link: CareLink | None) -> None:
    """Add a patient's admission to a transaction, on condition that there is room, that the link, if any, is to a
    doctor who works there, and that the patient has not left since it was made.
    """
    _check_open(write, member.department_id)
    if link:
        write.condition_check(CareItem, *link_key(link), condition=is_active(member.since))
        works = WORKING_DOCTOR & SessionItem.departments.contains(member.department_id)
        write.condition_check(SessionItem, keys.account(link.professional_id), keys.GATE, condition=works)
    stays = CareItem.pk.does_not_exist()
    if link:
        stays |= CareItem.since_ms < to_ms(link.since)
    write.delete(_departure_item(member), condition=stays)
    write.save(member_item(member), condition=CareItem.pk.does_not_exist())
    addition = MembershipsItem.departments.add({member.department_id})
    write.update(_memberships(member), actions=[addition], condition=_fewer_than(MOST_OF_PATIENT))
    write.save(patient_entry(member))


def write_discharge(write: TransactWrite, member: Membership, left_at: datetime | None = None) -> None:
    """Add a patient's discharge to a transaction, on condition that it is this time of theirs that they are there.

    `left_at`: when they left by their own will, which is kept.
    """
    if left_at:
        departure = _departure_item(member)
        departure.since_ms = to_ms(left_at)
        write.save(departure)
    write.delete(member_item(member), condition=CareItem.since_ms == to_ms(member.since))
    removal = MembershipsItem.departments.delete({member.department_id})
    write.update(_memberships(member), actions=[removal])
    write.delete(patient_entry(member))


def _session_item(doctor_id: int) -> SessionItem:
    return SessionItem(keys.account(doctor_id), keys.GATE)


def _departure_item(member: Membership) -> CareItem:
    return CareItem(keys.care(member.patient_id), keys.departure(member.department_id))


def _memberships(member: Membership) -> MembershipsItem:
    return MembershipsItem(keys.care(member.patient_id))


def _fewer_than(limit: int) -> Condition:
    """Return the condition that an item's `departments` have room for one more: those of a doctor's gate as those of a
    patient.
    """
    few: Condition = Path("departments").does_not_exist() | (size("departments") < limit)  # type: ignore[no-untyped-call]
    return few


def _check_open(write: TransactWrite, department_id: int) -> None:
    write.condition_check(DepartmentItem, keys.department(department_id), keys.DEPARTMENT, condition=IS_OPEN)


def _log(write: TransactWrite, entry: AccessEntry | None) -> None:
    if entry:
        write_entry(write, entry)


class MembershipStore:
    """`accounts_table` is where gates lie. Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str, accounts_table: str) -> None:
        bind_table(SessionItem, accounts_table)
        for model in (DepartmentItem, MembershipsItem, CareItem, AccessItem, ListEntry):
            bind_table(model, table)
        self._lists = ListStore(table)

    def departments(self, doctor_ids: Sequence[int]) -> dict[int, frozenset[int]]:
        """Return doctor → the departments that they work in."""
        gates = [(keys.account(number), keys.GATE) for number in doctor_ids]
        with sdk_errors_mapped():
            items = SessionItem.batch_get(gates, consistent_read=True, attributes_to_get=["pk", "departments"])
            return {keys.number(item.pk): frozenset(map(int, item.departments or ())) for item in items}

    def assign(self, department_id: int, doctor_id: int, entry: AccessEntry | None) -> None:
        """Let a doctor work in an open department, with its entry in the log. Raises Conflict where it cannot be."""
        transact_write_or_conflict(lambda write: write_assignment(write, department_id, doctor_id, entry))

    def dismiss(self, department_id: int, doctor_id: int, entry: AccessEntry | None = None) -> None:
        """End a doctor's work in a department, open or closed, with its entry in the log.

        One who does not work there is no error.
        """
        try:
            transact_write(lambda write: write_dismissal(write, department_id, doctor_id, entry))
        except ConditionFailed:  # the account is gone
            with sdk_errors_mapped():
                doctor_entry(department_id, doctor_id).delete()

    def admit(self, member: Membership, link: CareLink | None) -> None:
        """Take a patient into an open department, on the condition that the link to one of its doctors holds.

        Without a link it is on an administrator's word. Raises Conflict when something moved on meanwhile, and for who
        is in as many departments as may be.
        """
        transact_write_or_conflict(lambda write: write_admission(write, member, link))

    def discharge(self, member: Membership, left_at: datetime | None = None) -> None:
        """Let a patient go, at once; one who has gone is no error. Raises Conflict when they came anew meanwhile.

        `left_at`: when they left by their own will.
        """
        try:
            transact_write(lambda write: write_discharge(write, member, left_at))
        except ConditionFailed as error:
            if self.get(member.department_id, member.patient_id):
                raise Conflict from error

    def of_patient(self, patient_id: int) -> list[Membership]:
        """Return the departments that a patient is in, open or closed, strongly consistent, the newest first."""
        with sdk_errors_mapped():
            prefix = CareItem.sk.startswith(keys.DEPARTMENT_PREFIX)
            memberships = [
                member_of(item) for item in CareItem.query(keys.care(patient_id), prefix, consistent_read=True)
            ]
        return sorted(memberships, key=lambda member: member.since, reverse=True)

    def get(self, department_id: int, patient_id: int) -> Membership | None:
        """Return a patient's place in a department, strongly consistent."""
        item = get_item(CareItem, keys.care(patient_id), keys.department(department_id))
        return member_of(item) if item else None

    def departure(self, department_id: int, patient_id: int) -> datetime | None:
        """Return when a patient left a department, strongly consistent; None when nothing bars their way back."""
        item = get_item(CareItem, keys.care(patient_id), keys.departure(department_id))
        return from_ms(item.since_ms) if item else None

    def doctors_in(self, department_id: int, part: PageRange) -> ListPage[int]:
        """Return who works in a department."""
        return self._lists.by_id([keys.doctors_in(department_id)], part)

    def all_doctors_in(self, department_id: int) -> list[int]:
        """Return all who work in a department, strongly consistent, the newest account first."""
        with sdk_errors_mapped():
            rows = ListEntry.query(keys.doctors_in(department_id), consistent_read=True, scan_index_forward=False)
            return [int(row.sk) for row in rows]

    def patients_in(self, department_id: int, now: datetime, part: PageRange) -> ListPage[DepartmentPatient]:
        """Return who is in a department, who came last first."""
        return self._page_of_patients([keys.patients_in(department_id)], now, part)

    def patients_of(
        self, doctor_id: int, departments: Iterable[int], now: datetime, part: PageRange
    ) -> ListPage[DepartmentPatient]:
        """Return who let a doctor in, and who is in one of these departments: a patient once for each of them."""
        department_lists = [keys.patients_in(number) for number in sorted(departments)]
        return self._page_of_patients([keys.patients_of(doctor_id), *department_lists], now, part)

    def _page_of_patients(self, lists: Sequence[str], now: datetime, part: PageRange) -> ListPage[DepartmentPatient]:
        page = self._lists.by_time(lists, part, now)
        return ListPage([patient_of_key(row) for row in page.items], page.last)

    def remove_each(self, department_id: int) -> Iterator[int]:
        """Dismiss each doctor of a closed department, and let each patient go: one for each id that is drawn.

        Who has left is in no list any more, so that it may be ended anywhere and begun anew.
        """
        for doctor_id in self.all_doctors_in(department_id):
            self.dismiss(department_id, doctor_id)
            yield doctor_id
        with sdk_errors_mapped():
            for row in ListEntry.query(keys.patients_in(department_id), consistent_read=True):
                patient_id = keys.time_position(row.sk) % keys.POSITIONS
                member = self.get(department_id, patient_id)
                if member:
                    self.discharge(member)
                yield patient_id


class DepartmentStore:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        for model in (DepartmentItem, NameItem, ListEntry, IdempotencyItem):
            bind_table(model, table)
        self._lists = ListStore(table)

    def add(self, department: Department, idempotency_key: IdempotencyKey | None = None) -> None:
        """Keep a new one, all or nothing. Raises AlreadyTaken, or Conflict when its id or the key is in use."""

        def fill(write: TransactWrite) -> None:
            write.save(department_item(department), condition=DepartmentItem.pk.does_not_exist())
            write.save(name_item(department), condition=NameItem.pk.does_not_exist())
            write.save(department_entry(department))
            if idempotency_key:
                put_record(write, idempotency_key, {"id": str(department.id)}, department.created_at, is_done=True)

        self._write(fill, department)

    def rename(self, before: Department, after: Department) -> None:
        """Give an open department another name; the old one is free at once. Raises AlreadyTaken, Conflict."""

        def fill(write: TransactWrite) -> None:
            new_name = DepartmentItem.name.set(after.name)
            same = IS_OPEN & (DepartmentItem.name == before.name)
            write.update(DepartmentItem(keys.department(after.id)), actions=[new_name], condition=same)
            if name_item(before).pk != name_item(after).pk:
                write.delete(name_item(before))
                write.save(name_item(after), condition=NameItem.pk.does_not_exist())

        self._write(fill, after)

    def close(self, department: Department, now: datetime) -> None:
        """Close a department: it opens nothing any more, and its name is free.

        Raises Conflict when it was renamed meanwhile.
        """

        def fill(write: TransactWrite) -> None:
            end_action = DepartmentItem.ends_ms.set(to_ms(now))
            same = IS_OPEN & (DepartmentItem.name == department.name)
            write.update(DepartmentItem(keys.department(department.id)), actions=[end_action], condition=same)
            write.delete(name_item(department))
            write.delete(department_entry(department))

        self._write(fill, department)

    def get(self, number: int) -> Department | None:
        """Return the department, open or closed, strongly consistent."""
        item = get_item(DepartmentItem, keys.department(number), keys.DEPARTMENT)
        return department_of(item) if item else None

    def get_open(self, number: int) -> Department:
        """Return the department. Raises NotFound unless it is open."""
        department = self.get(number)
        if department is None or not department.is_open:
            raise NotFound
        return department

    def list_open(self, part: PageRange) -> ListPage[int]:
        """Return the open departments."""
        return self._lists.by_id([keys.departments(shard) for shard in range(keys.LIST_SHARDS)], part)

    def get_many(self, numbers: Iterable[int]) -> list[Department]:
        """Return the open departments among these ids, in their order."""
        item_keys = list(dict.fromkeys(numbers))
        with sdk_errors_mapped():
            items = DepartmentItem.batch_get([(keys.department(number), keys.DEPARTMENT) for number in item_keys])
            by_id = {keys.number(item.pk): department_of(item) for item in items}
        return [by_id[number] for number in item_keys if number in by_id and by_id[number].is_open]

    def _write(self, fill: Callable[[TransactWrite], None], department: Department) -> None:
        try:
            transact_write(fill)
        except ConditionFailed as error:
            if self._is_taken(department):
                raise AlreadyTaken({"name": [UNIQUE]}) from error
            raise Conflict from error

    def _is_taken(self, department: Department) -> bool:
        holder = get_item(NameItem, name_item(department).pk, keys.MARKER)
        if holder is None:
            return False
        return int(holder.department_id) != department.id
