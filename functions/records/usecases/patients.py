"""Patients, as the professionals know them whom they let in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.records.usecases.dependencies import Clinic
from functions.records.usecases.windows import Window
from scanward.domain import sheets
from scanward.domain.accounts import Account, Actor, Role
from scanward.domain.care import CareLink, Glass
from scanward.domain.ids import parse_id
from scanward.domain.policy import Action, Relation, Resource, allows
from scanward.domain.sheets import Sheet
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
    before = clinic.tokens.read_cursor(window.cursor, scope) if window.cursor else None
    found = clinic.links.of_professional(actor.account_id, clinic.now(), window.skip, window.limit, before)
    accounts = {account.id: account for account in clinic.accounts.many([link.patient_id for link in found.links])}
    listed = [Listed(accounts[link.patient_id], link) for link in found.links if link.patient_id in accounts]
    clinic.access.show(actor, Action.READ_PATIENT, [one.account.id for one in listed], "patient")
    return listed, clinic.tokens.cursor(found.last, scope) if found.last is not None else None


def read(clinic: Clinic, actor: Actor, patient: str) -> Patient:
    """One patient. Raises NotFound, also for who did not let the caller in."""
    patient_id = parse_id(patient)
    relation = clinic.access.require(actor, Action.READ_PATIENT, patient_id, Thing("patient", patient_id))
    return _patient(actor, relation, _account(clinic, patient_id), clinic.sheets.get(patient_id))


def write(clinic: Clinic, actor: Actor, patient: str, fields: Mapping[str, Any]) -> Patient:
    """Keeps fields on a patient's sheet. Raises NotFound, and NotAllowed for a diagnosis by who makes none."""
    patient_id = parse_id(patient)
    action = Action.WRITE_DIAGNOSIS if "diagnosis" in fields else Action.WRITE_PATIENT
    relation = clinic.access.require(actor, action, patient_id, Thing("patient", patient_id))
    account = _account(clinic, patient_id)
    for last in (False, False, True):
        before, now = clinic.sheets.get(patient_id), clinic.now()
        blank = before or sheets.first(patient_id, actor.account_id, now)
        after = sheets.write(blank, actor.account_id, fields, now)
        try:
            clinic.sheets.write(before, after)
        except Conflict:
            if last:
                raise
        else:
            break
    return _patient(actor, relation, account, after)


def break_glass(clinic: Clinic, actor: Actor, patient: str, reason: str) -> Glass:
    """Lets a doctor whom the patient did not let in look for a while. Raises NotAllowed, NotFound."""
    patient_id = parse_id(patient)
    if not allows(actor, Action.BREAK_GLASS, Resource(patient_id)):
        raise NotAllowed
    _account(clinic, patient_id)
    return clinic.access.break_glass(actor, patient_id, reason)


def _account(clinic: Clinic, patient_id: int) -> Account:
    found = clinic.accounts.get(patient_id)
    if found is None or found.account.role is not Role.PATIENT:
        raise NotFound
    return found.account


def _patient(actor: Actor, relation: Relation, account: Account, sheet: Sheet | None) -> Patient:
    return Patient(account, sheet, allows(actor, Action.READ_DIAGNOSIS, Resource(account.id, relation)))
