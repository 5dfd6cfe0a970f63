"""Departments: created, renamed, closed; who works in them, and which patients are admitted and discharged."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from functions.records.usecases.dependencies import RecordDeps
from functions.records.usecases.directory import Colleague, is_working_doctor, require_approved, with_departments
from functions.records.usecases.personal_data import SLICE, PersonalDataDeps
from scanward.domain.accounts import Account, Actor, Role
from scanward.domain.care import CareLink
from scanward.domain.departments import MOST_OF_DOCTOR, MOST_OF_PATIENT, Department, Membership
from scanward.domain.idempotency import IdempotencyKey, IdempotencyRecord
from scanward.domain.ids import parse_id
from scanward.domain.pagination import PageRequest
from scanward.domain.policy import Action, Relation, Resource
from scanward.errors import Conflict, NotAllowed, NotFound
from scanward.security.access import ResourceRef
from scanward.stores.idempotency import create_once
from scanward.stores.queues import RequestKind


def list_patients(
    deps: RecordDeps, actor: Actor, department_id: str, request: PageRequest
) -> tuple[list[Account], str | None]:
    """Return part of a department's patients, who came last first.

    Raises NotFound, and NotAllowed for who is not of it.
    """
    department = _get_own_department(deps, actor, department_id)
    scope = f"patients-in:{department.id}"
    page = deps.members.patients_in(department.id, deps.now(), deps.tokens.page_range(request, scope))
    ids = [place.patient_id for place in page.items]
    if not actor.is_admin:
        grants = deps.access.read_grants(actor, Action.READ_PATIENT, ids)
        ids = [number for number in ids if number in grants]
    accounts = deps.accounts.get_many(ids)
    deps.access.log_listed(actor, Action.READ_PATIENT, [account.id for account in accounts], "patient")
    return accounts, deps.tokens.next_cursor(page.last, scope)


def admit_patient(deps: RecordDeps, actor: Actor, department_id: str, patient: str) -> Membership:
    """Take a patient in who let the caller in; administrators take in any patient who has not left before.

    One who is there already stays as they were. Raises NotFound, NotAllowed, and Conflict also for who left and has not
    let the caller in since.
    """
    department, patient_id = _get_own_department(deps, actor, department_id), parse_id(patient)
    _require_patient(deps, patient_id)
    memberships = deps.members.of_patient(patient_id)
    there = next((member for member in memberships if member.department_id == department.id), None)
    if there:
        return there
    link = None if actor.is_admin else _find_link(deps, actor.account_id, patient_id)
    left_at = deps.members.departure(department.id, patient_id)
    # Before the entry: the log says what was done, and to a stranger none of this is told.
    if actor.is_admin or link:
        if left_at and (link is None or link.since <= left_at):
            raise Conflict("The patient left this department; a doctor whom they let in after that can admit them")
        if len(memberships) >= MOST_OF_PATIENT:
            raise Conflict(f"A patient is in {MOST_OF_PATIENT} departments at most")
    resource = Resource(patient_id, Relation.CARE_LINK if link else Relation.NONE)
    deps.access.require_as(actor, Action.ADMIT_PATIENT, resource, ResourceRef("department", department.id))
    member = Membership(patient_id, department.id, deps.now())
    deps.members.admit(member, link)
    return member


def discharge_patient(deps: RecordDeps, actor: Actor, department_id: str, patient: str) -> None:
    """Let a patient go. Raises NotFound, and NotAllowed for who is not of the department."""
    department, patient_id = _get_own_department(deps, actor, department_id), parse_id(patient)
    _discharge(deps=deps, actor=actor, department_id=department.id, patient_id=patient_id, relation=Relation.DEPARTMENT)


def leave_department(deps: RecordDeps, actor: Actor, department_id: str) -> None:
    """Discharge the caller at their own will, whatever has become of the department. Raises NotFound."""
    _discharge(
        deps=deps,
        actor=actor,
        department_id=parse_id(department_id),
        patient_id=actor.account_id,
        relation=Relation.SELF,
    )


def list_own_departments(deps: RecordDeps, actor: Actor) -> Sequence[tuple[Department, Membership]]:
    """Return the open departments that the caller is in as a patient, the newest first."""
    memberships = {member.department_id: member for member in deps.members.of_patient(actor.account_id)}
    return [(department, memberships[department.id]) for department in deps.departments.get_many(memberships)]


def _get_own_department(deps: RecordDeps, actor: Actor, department_id: str) -> Department:
    """Return an open department.

    That it is there is no secret, who is in it is one for its doctors and administrators.
    """
    require_approved(actor)
    department = deps.departments.get_open(parse_id(department_id))
    if not actor.is_admin and department.id not in actor.departments:
        raise NotAllowed
    return department


def _discharge(deps: RecordDeps, actor: Actor, department_id: int, patient_id: int, relation: Relation) -> None:
    member = deps.members.get(department_id, patient_id)
    if member is None:
        raise NotFound
    thing = ResourceRef("department", department_id)
    deps.access.require_as(actor, Action.DISCHARGE_PATIENT, Resource(patient_id, relation), thing)
    deps.members.discharge(member, deps.now() if relation is Relation.SELF else None)


def _find_link(deps: RecordDeps, doctor_id: int, patient_id: int) -> CareLink | None:
    link = deps.links.between(patient_id, doctor_id)
    return link if link and link.is_active(deps.now()) else None


def _require_patient(deps: RecordDeps, patient_id: int) -> None:
    credentials = deps.accounts.get(patient_id)
    if credentials is None or credentials.account.role is not Role.PATIENT or not credentials.account.is_active:
        raise NotFound


RESOURCE = "department"
EMPTY_AFTER = timedelta(minutes=1)  # longer than any call of ours takes


def list_departments(deps: RecordDeps, actor: Actor, request: PageRequest) -> tuple[Sequence[Department], str | None]:
    """Return part of the open departments, the newest first."""
    require_approved(actor)
    scope = "departments"
    page = deps.departments.list_open(deps.tokens.page_range(request, scope))
    return deps.departments.get_many(page.items), deps.tokens.next_cursor(page.last, scope)


def create_department(deps: RecordDeps, name: str, idempotency_key: IdempotencyKey | None) -> Department:
    """Return a new department. Raises AlreadyTaken for the name of another open one, IdempotencyKeyReused."""

    def create(now: datetime) -> Department:
        department = Department(deps.fresh_id(now), name, now)
        deps.departments.add(department, idempotency_key)
        return department

    def replay(record: IdempotencyRecord) -> Department:
        return deps.departments.get_open(int(record.answer["id"]))

    return create_once(store=deps.idempotency, key=idempotency_key, now=deps.now, create=create, replay=replay)


def rename_department(deps: RecordDeps, department_id: str, name: str) -> Department:
    """Return another name. Raises NotFound, AlreadyTaken, Conflict."""
    before = deps.departments.get_open(parse_id(department_id))
    after = replace(before, name=name)
    if after != before:
        deps.departments.rename(before, after)
    return after


def close_department(deps: RecordDeps, department_id: str) -> None:
    """Close a department: it opens nothing any more; doctors and patients leave it, what was written stays.

    That they leave is asked for before it is closed: if that fails, it is open still, and whatever fails behind it,
    they do. Raises NotFound.
    """
    department = deps.departments.get(parse_id(department_id))
    if department is None:
        raise NotFound
    deps.personal_data.enqueue(RequestKind.DEPARTMENT, department.id, EMPTY_AFTER)
    if department.is_open:
        deps.departments.close(department, deps.now())


def empty_department(deps: PersonalDataDeps, department_id: int) -> str:
    """Have everybody leave a closed department, in slices. What was done, in words for a log."""
    department, start = deps.departments.get(department_id), deps.now()
    if department is None or department.is_open:
        return "not closed"
    for _ in deps.members.remove_each(department_id):
        if deps.now() - start > SLICE:
            deps.queue.enqueue(RequestKind.DEPARTMENT, department_id)
            return "left in part"
    return "left by all"


def assign_doctor(deps: RecordDeps, actor: Actor, department_id: str, doctor: str) -> Colleague:
    """Let an approved doctor work in a department; one who does stays as they were.

    Raises NotFound, and Conflict for whom it cannot be.
    """
    department = deps.departments.get_open(parse_id(department_id))
    account = _get_doctor(deps, doctor)
    if not is_working_doctor(account):
        raise Conflict("Only approved doctors work in departments")
    already = deps.members.departments([account.id]).get(account.id, frozenset())
    if department.id not in already:
        if len(already) >= MOST_OF_DOCTOR:
            raise Conflict(f"A doctor works in {MOST_OF_DOCTOR} departments at most")
        entry = deps.access.entry(actor, Action.ASSIGN_DOCTOR, account.id, ResourceRef(RESOURCE, department.id))
        deps.members.assign(department.id, account.id, entry)
    return with_departments(deps, [account])[0]


def dismiss_doctor(deps: RecordDeps, actor: Actor, department_id: str, doctor: str) -> None:
    """End a doctor's work in a department, at once. Raises NotFound."""
    department, doctor_id = deps.departments.get(parse_id(department_id)), parse_id(doctor)
    if department is None or department.id not in deps.members.departments([doctor_id]).get(doctor_id, frozenset()):
        raise NotFound
    entry = deps.access.entry(actor, Action.DISMISS_DOCTOR, doctor_id, ResourceRef(RESOURCE, department.id))
    deps.members.dismiss(department.id, doctor_id, entry)


def list_doctors(
    deps: RecordDeps, actor: Actor, department_id: str, request: PageRequest
) -> tuple[list[Colleague], str | None]:
    """Return part of a department's approved doctors, the newest account first. Raises NotFound."""
    require_approved(actor)
    department = deps.departments.get_open(parse_id(department_id))
    scope = f"doctors-in:{department.id}"
    ids = deps.members.doctors_in(department.id, deps.tokens.page_range(request, scope))
    accounts = [account for account in deps.accounts.get_many(list(ids.items)) if is_working_doctor(account)]
    return with_departments(deps, accounts), deps.tokens.next_cursor(ids.last, scope)


def _get_doctor(deps: RecordDeps, account: str) -> Account:
    credentials = deps.accounts.get(parse_id(account))
    if credentials is None or credentials.account.role is not Role.DOCTOR:
        raise NotFound
    return credentials.account
