"""Departments: made, renamed, closed, and who works in them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from functions.records.usecases.approval import require_approved
from functions.records.usecases.creating import create as create_once
from functions.records.usecases.dependencies import Clinic
from functions.records.usecases.directory import Colleague, colleagues, works
from functions.records.usecases.lists import cursor, part
from scanward.domain.accounts import Account, Actor, Role
from scanward.domain.departments import MOST_OF_DOCTOR, Department
from scanward.domain.ids import parse_id
from scanward.domain.once import Once
from scanward.domain.policy import Action
from scanward.domain.windows import Window
from scanward.errors import Conflict, NotFound
from scanward.security.access import Thing

KIND = "department"


def listed(clinic: Clinic, actor: Actor, window: Window) -> tuple[Sequence[Department], str | None]:
    """Part of the open departments, the newest first."""
    require_approved(actor)
    scope = "departments"
    found = clinic.departments.listed(part(clinic, window, scope))
    return clinic.departments.many(found.ids), cursor(clinic, found.last, scope)


def create(clinic: Clinic, name: str, once: Once | None) -> Department:
    """A new department. Raises AlreadyTaken for the name of another open one, KeyReused."""

    def make(number: int, now: datetime) -> Department:
        department = Department(number, name, now)
        clinic.departments.add(department, once)
        return department

    return create_once(clinic, once, make, clinic.departments.opened)


def rename(clinic: Clinic, department: str, name: str) -> Department:
    """Another name. Raises NotFound, AlreadyTaken, Conflict."""
    before = clinic.departments.opened(parse_id(department))
    after = replace(before, name=name)
    if after != before:
        clinic.departments.rename(before, after)
    return after


def close(clinic: Clinic, department: str) -> None:
    """From here on it opens nothing; doctors and patients leave it, what was written stays. Raises NotFound.

    Closing it again finishes what was interrupted.
    """
    found = clinic.departments.get(parse_id(department))
    if found is None:
        raise NotFound
    if found.is_open:
        clinic.departments.close(found, clinic.now())
    clinic.members.empty(found.id)


def assign(clinic: Clinic, actor: Actor, department: str, doctor: str) -> Colleague:
    """Lets an approved doctor work in a department; one who does stays as they were.

    Raises NotFound, and Conflict for whom it cannot be.
    """
    found = clinic.departments.opened(parse_id(department))
    account = _doctor(clinic, doctor)
    if not works(account):
        raise Conflict("Only approved doctors work in departments")
    already = clinic.members.departments([account.id]).get(account.id, frozenset())
    if found.id not in already:
        if len(already) >= MOST_OF_DOCTOR:
            raise Conflict(f"A doctor works in {MOST_OF_DOCTOR} departments at most")
        entry = clinic.access.entry(actor, Action.ASSIGN_DOCTOR, account.id, Thing(KIND, found.id))
        clinic.members.assign(found.id, account.id, entry)
    return colleagues(clinic, [account])[0]


def dismiss(clinic: Clinic, actor: Actor, department: str, doctor: str) -> None:
    """Ends a doctor's work in a department, at once. Raises NotFound."""
    found, doctor_id = clinic.departments.get(parse_id(department)), parse_id(doctor)
    if found is None or found.id not in clinic.members.departments([doctor_id]).get(doctor_id, frozenset()):
        raise NotFound
    entry = clinic.access.entry(actor, Action.DISMISS_DOCTOR, doctor_id, Thing(KIND, found.id))
    clinic.members.dismiss(found.id, doctor_id, entry)


def doctors(clinic: Clinic, actor: Actor, department: str, window: Window) -> tuple[list[Colleague], str | None]:
    """Part of a department's approved doctors, the newest account first. Raises NotFound."""
    require_approved(actor)
    found = clinic.departments.opened(parse_id(department))
    scope = f"doctors-in:{found.id}"
    ids = clinic.members.doctors_in(found.id, part(clinic, window, scope))
    accounts = [account for account in clinic.accounts.many(list(ids.ids)) if works(account)]
    return colleagues(clinic, accounts), cursor(clinic, ids.last, scope)


def _doctor(clinic: Clinic, account: str) -> Account:
    found = clinic.accounts.get(parse_id(account))
    if found is None or found.account.role is not Role.DOCTOR:
        raise NotFound
    return found.account
