"""What doctors record of their patients."""

from collections.abc import Callable, Sequence
from datetime import datetime

from functions.records.usecases.approval import require_approved
from functions.records.usecases.creating import create
from functions.records.usecases.dependencies import Clinic
from functions.records.usecases.lists import cursor, part
from functions.records.usecases.people import require_known
from scanward.domain import writings
from scanward.domain.accounts import Actor, Role
from scanward.domain.ids import parse_id
from scanward.domain.once import Once
from scanward.domain.patient_records import Findings, Record
from scanward.domain.policy import Action
from scanward.domain.windows import Window
from scanward.errors import NotAllowed, NotFound
from scanward.security.access import Thing
from scanward.stores.writing_items import Replaced

KIND = "patient_record"
Records = tuple[Sequence[Record], str | None]


def in_departments(clinic: Clinic, actor: Actor, window: Window) -> Records:
    """Part of the records of the doctor's departments, the newest first. Raises NotAllowed for anybody else.

    Those of patients who have left are left out, so a page may be shorter.
    """
    require_approved(actor)
    if actor.role is not Role.DOCTOR:
        raise NotAllowed
    scope = f"records-for:{actor.account_id}"
    found = clinic.records.in_departments(actor.departments, part(clinic, window, scope))
    records = clinic.records.many(found.ids)
    grants = clinic.access.granted(actor, Action.READ_RECORD, {record.patient_id for record in records})
    shown = [record for record in records if record.patient_id in grants]
    clinic.access.show_each(
        actor, Action.READ_RECORD, [(record.patient_id, Thing(KIND, record.id)) for record in shown], grants
    )
    return shown, cursor(clinic, found.last, scope)


def of_patient(clinic: Clinic, actor: Actor, patient: str, window: Window) -> Records:
    """Part of one patient's records, the newest first. Raises NotFound, NotAllowed."""
    patient_id = parse_id(patient)
    require_known(clinic, actor, patient_id)
    clinic.access.require(actor, Action.READ_RECORD, patient_id, Thing("patient", patient_id))
    scope = f"records-of:{patient_id}"
    found = clinic.records.of_patient(patient_id, part(clinic, window, scope))
    return clinic.records.many(found.ids), cursor(clinic, found.last, scope)


def read(clinic: Clinic, actor: Actor, record: str) -> Record:
    """One record. Raises NotFound, also for a stranger's."""
    return _reach(clinic, actor, Action.READ_RECORD, parse_id(record))


def replaced(
    clinic: Clinic, actor: Actor, record: str, window: Window
) -> tuple[Sequence[Replaced[Findings]], str | None]:
    """Part of what amendments of a record replaced, the newest first. Raises NotFound."""
    number = read(clinic, actor, record).id
    scope = f"versions-of:{number}"
    found = clinic.records.replaced(number, part(clinic, window, scope))
    return found.versions, cursor(clinic, found.last, scope)


def write(clinic: Clinic, actor: Actor, patient_id: int, text: Findings, once: Once | None) -> Record:
    """A new record of a patient. Raises NotFound for a stranger, NotAllowed, KeyReused."""

    def make(number: int, now: datetime) -> Record:
        clinic.access.require(actor, Action.WRITE_RECORD, patient_id, Thing(KIND, number))
        departments = tuple(sorted(member.department_id for member in clinic.members.of_patient(patient_id)))
        record = writings.write(number, patient_id, actor.account_id, text, now, departments)
        clinic.records.add(record, once)
        return record

    return create(clinic, once, make, lambda number: _reach(clinic, actor, Action.READ_RECORD, number))


def amend(clinic: Clinic, actor: Actor, record: str, version: int, change: Callable[[Findings], Findings]) -> Record:
    """Writes over a version, which is kept. Raises NotFound, NotAllowed, and Conflict when it has moved on."""
    before = _reach(clinic, actor, Action.WRITE_RECORD, parse_id(record))
    after = writings.amend(before, version, change(before.text), actor.account_id, clinic.now())
    clinic.records.amend(before, after)
    return after


def _reach(clinic: Clinic, actor: Actor, action: Action, number: int) -> Record:
    found = clinic.records.get(number)
    if found is None:
        raise NotFound
    clinic.access.require(actor, action, found.patient_id, Thing(KIND, found.id))
    return found
