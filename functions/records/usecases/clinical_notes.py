"""Clinical notes: what doctors record of their patients, and the operations that patients have had."""

from collections.abc import Callable, Sequence
from datetime import datetime

from functions.records.usecases.dependencies import RecordDeps
from functions.records.usecases.directory import require_approved, require_known
from scanward.domain import clinical_notes
from scanward.domain.accounts import Actor, Role
from scanward.domain.clinical_notes import Findings, History, Record, Surgery
from scanward.domain.idempotency import IdempotencyKey, IdempotencyRecord
from scanward.domain.ids import parse_id
from scanward.domain.pagination import PageRequest
from scanward.domain.policy import Action
from scanward.errors import NotAllowed, NotFound
from scanward.security.access import ResourceRef
from scanward.stores.clinical_notes import NoteVersion
from scanward.stores.idempotency import create_once

HISTORY_RESOURCE = "medical_history"


def list_histories(
    deps: RecordDeps, actor: Actor, patient: str, request: PageRequest
) -> tuple[Sequence[History], str | None]:
    """Return part of a patient's history, what was written last first. Raises NotFound, NotAllowed."""
    patient_id = parse_id(patient)
    require_known(deps, actor, patient_id)
    deps.access.require(actor, Action.READ_HISTORY, patient_id, ResourceRef("patient", patient_id))
    scope = f"histories-of:{patient_id}"
    page = deps.histories.of_patient(patient_id, deps.tokens.page_range(request, scope))
    return deps.histories.get_many(page.items), deps.tokens.next_cursor(page.last, scope)


def list_history_versions(
    deps: RecordDeps, actor: Actor, history: str, request: PageRequest
) -> tuple[Sequence[NoteVersion[Surgery]], str | None]:
    """Return part of what amendments of an entry replaced, the newest first. Raises NotFound, NotAllowed."""
    number = _get_history(deps, actor, Action.READ_HISTORY, parse_id(history)).id
    scope = f"history-versions-of:{number}"
    page = deps.histories.versions(number, deps.tokens.page_range(request, scope))
    return page.items, deps.tokens.next_cursor(page.last, scope)


def write_history(
    deps: RecordDeps, actor: Actor, patient_id: int, text: Surgery, once: IdempotencyKey | None
) -> History:
    """Return a new entry of a patient's history. Raises NotFound for a stranger, NotAllowed, IdempotencyKeyReused."""

    def create(now: datetime) -> History:
        number = deps.fresh_id(now)
        deps.access.require(actor, Action.WRITE_HISTORY, patient_id, ResourceRef(HISTORY_RESOURCE, number))
        history = clinical_notes.write_note(number, patient_id, actor.account_id, text, now)
        deps.histories.add(history, once)
        return history

    def replay(record: IdempotencyRecord) -> History:
        return _get_history(deps, actor, Action.READ_HISTORY, int(record.answer["id"]))

    return create_once(deps.idempotency, once, deps.now, create, replay)


def amend_history(deps: RecordDeps, actor: Actor, history: str, version: int, text: Surgery) -> History:
    """Write over a version, which is kept. Raises NotFound, NotAllowed, and Conflict when it has moved on."""
    before = _get_history(deps, actor, Action.WRITE_HISTORY, parse_id(history))
    after = clinical_notes.amend_note(before, version, text, actor.account_id, deps.now())
    deps.histories.amend(before, after)
    return after


def _get_history(deps: RecordDeps, actor: Actor, action: Action, number: int) -> History:
    note = deps.histories.get(number)
    if note is None:
        raise NotFound
    deps.access.require(actor, action, note.patient_id, ResourceRef(HISTORY_RESOURCE, note.id))
    return note


RECORD_RESOURCE = "patient_record"
Records = tuple[Sequence[Record], str | None]


def list_records_in_departments(deps: RecordDeps, actor: Actor, request: PageRequest) -> Records:
    """Return part of the records of the doctor's departments, the newest first. Raises NotAllowed for anybody else.

    Those of patients who have left are left out, so a page may be shorter.
    """
    require_approved(actor)
    if actor.role is not Role.DOCTOR:
        raise NotAllowed
    scope = f"records-for:{actor.account_id}"
    page = deps.records.in_departments(actor.departments, deps.tokens.page_range(request, scope))
    records = deps.records.get_many(page.items)
    grants = deps.access.read_grants(actor, Action.READ_RECORD, {record.patient_id for record in records})
    visible_records = [record for record in records if record.patient_id in grants]
    deps.access.log_each(
        actor,
        Action.READ_RECORD,
        [(record.patient_id, ResourceRef(RECORD_RESOURCE, record.id)) for record in visible_records],
        grants,
    )
    return visible_records, deps.tokens.next_cursor(page.last, scope)


def list_records_of_patient(deps: RecordDeps, actor: Actor, patient: str, request: PageRequest) -> Records:
    """Return part of one patient's records, the newest first. Raises NotFound, NotAllowed."""
    patient_id = parse_id(patient)
    require_known(deps, actor, patient_id)
    deps.access.require(actor, Action.READ_RECORD, patient_id, ResourceRef("patient", patient_id))
    scope = f"records-of:{patient_id}"
    page = deps.records.of_patient(patient_id, deps.tokens.page_range(request, scope))
    return deps.records.get_many(page.items), deps.tokens.next_cursor(page.last, scope)


def read_record(deps: RecordDeps, actor: Actor, record: str) -> Record:
    """Return one record. Raises NotFound, also for a stranger's."""
    return _get_record(deps, actor, Action.READ_RECORD, parse_id(record))


def list_record_versions(
    deps: RecordDeps, actor: Actor, record: str, request: PageRequest
) -> tuple[Sequence[NoteVersion[Findings]], str | None]:
    """Return part of what amendments of a record replaced, the newest first. Raises NotFound."""
    number = read_record(deps, actor, record).id
    scope = f"versions-of:{number}"
    page = deps.records.versions(number, deps.tokens.page_range(request, scope))
    return page.items, deps.tokens.next_cursor(page.last, scope)


def write_record(
    deps: RecordDeps, actor: Actor, patient_id: int, text: Findings, once: IdempotencyKey | None
) -> Record:
    """Return a new record of a patient. Raises NotFound for a stranger, NotAllowed, IdempotencyKeyReused."""

    def create(now: datetime) -> Record:
        number = deps.fresh_id(now)
        deps.access.require(actor, Action.WRITE_RECORD, patient_id, ResourceRef(RECORD_RESOURCE, number))
        departments = tuple(sorted(member.department_id for member in deps.members.of_patient(patient_id)))
        record = clinical_notes.write_note(number, patient_id, actor.account_id, text, now, departments)
        deps.records.add(record, once)
        return record

    def replay(record: IdempotencyRecord) -> Record:
        return _get_record(deps, actor, Action.READ_RECORD, int(record.answer["id"]))

    return create_once(deps.idempotency, once, deps.now, create, replay)


def amend_record(
    deps: RecordDeps, actor: Actor, record: str, version: int, change: Callable[[Findings], Findings]
) -> Record:
    """Write over a version, which is kept. Raises NotFound, NotAllowed, and Conflict when it has moved on."""
    before = _get_record(deps, actor, Action.WRITE_RECORD, parse_id(record))
    after = clinical_notes.amend_note(before, version, change(before.text), actor.account_id, deps.now())
    deps.records.amend(before, after)
    return after


def _get_record(deps: RecordDeps, actor: Actor, action: Action, number: int) -> Record:
    note = deps.records.get(number)
    if note is None:
        raise NotFound
    deps.access.require(actor, action, note.patient_id, ResourceRef(RECORD_RESOURCE, note.id))
    return note
