"""Patients, as the professionals know them whom they let in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.records.usecases.dependencies import Clinic
from functions.records.usecases.lists import cursor, part
from scanward.domain import sheets
from scanward.domain.accounts import Account, Actor, Role
from scanward.domain.care import CareLink, Glass
from scanward.domain.ids import parse_id
from scanward.domain.policy import Action, Relation, Resource, allows
from scanward.domain.sheets import Sheet
from scanward.domain.windows import Window
from scanward.errors import Conflict, NotAllowed, NotFound
from scanward.security.access import Thing


@dataclass(frozen=True, slots=True)
class Listed:
    """A patient in the list of who let a professional in, and by which link."""

    account: Account
    link: CareLink


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient and their sheet. `shows_diagnosis`: whether the reader may see that as well."""

    account: Account
    sheet: Sheet | None
    shows_diagnosis: bool


def page(clinic: Clinic, actor: Actor, window: Window) -> tuple[list[Listed], str | None]:
    """The patients who let the caller in, the newest link first, and the cursor of the next page."""
    scope = f"patients:{actor.account_id}"
    found = clinic.links.of_professional(actor.account_id, clinic.now(), part(clinic, window, scope))
    accounts = {account.id: account for account in clinic.accounts.many([link.patient_id for link in found.links])}
    listed = [Listed(accounts[link.patient_id], link) for link in found.links if link.patient_id in accounts]
    clinic.access.show(actor, Action.READ_PATIENT, [one.account.id for one in listed], "patient")
    return listed, cursor(clinic, found.last, scope)


def read(clinic: Clinic, actor: Actor, patient: str) -> Patient:
    """One patient. Raises NotFound, also for who did not let the caller in."""
    account, sheet = _found(clinic, parse_id(patient))
    relation = clinic.access.require(actor, Action.READ_PATIENT, account.id, Thing("patient", account.id))
    return _patient(actor, relation, account, sheet)


def write(clinic: Clinic, actor: Actor, patient: str, fields: Mapping[str, Any]) -> Patient:
    """Keeps fields on a patient's sheet. Raises NotFound, and NotAllowed for a diagnosis by who makes none."""
    account, before = _found(clinic, parse_id(patient))
    action = Action.WRITE_DIAGNOSIS if "diagnosis" in fields else Action.WRITE_PATIENT
    relation = clinic.access.require(actor, action, account.id, Thing("patient", account.id))
    for last in (False, False, True):
        now = clinic.now()
        blank = before or sheets.first(account.id, actor.account_id, now)
        after = sheets.write(blank, actor.account_id, fields, now)
        try:
            clinic.sheets.write(before, after)
        except Conflict:
            if last:
                raise
            before = clinic.sheets.get(account.id)
        else:
            break
    return _patient(actor, relation, account, after)


def break_glass(clinic: Clinic, actor: Actor, patient: str, reason: str) -> Glass:
    """Lets a doctor whom the patient did not let in look for a while. Raises NotAllowed, NotFound."""
    patient_id = parse_id(patient)
    if not allows(actor, Action.BREAK_GLASS, Resource(patient_id)):
        raise NotAllowed
    _found(clinic, patient_id)
    return clinic.access.break_glass(actor, patient_id, reason)


def _found(clinic: Clinic, patient_id: int) -> tuple[Account, Sheet | None]:
    found = clinic.patients.get(patient_id)
    if found is None or found[0].role is not Role.PATIENT:
        raise NotFound
    return found


def _patient(actor: Actor, relation: Relation, account: Account, sheet: Sheet | None) -> Patient:
    return Patient(account, sheet, allows(actor, Action.READ_DIAGNOSIS, Resource(account.id, relation)))
