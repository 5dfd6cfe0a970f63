"""Clinical notes of both kinds: patient records, and the operations in a patient's medical history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from functions.records.usecases.dependencies import RecordDeps
from functions.records.usecases.directory import require_approved, require_known
from scanward.domain import clinical_notes
from scanward.domain.accounts import Actor, Role
from scanward.domain.clinical_notes import Findings, Note, Record, Surgery
from scanward.domain.idempotency import IdempotencyKey, IdempotencyRecord
from scanward.domain.ids import parse_id
from scanward.domain.pagination import PageRequest
from scanward.domain.policy import Action
from scanward.errors import NotAllowed, NotFound
from scanward.security.access import ResourceRef
from scanward.stores.clinical_notes import NoteStore, NoteVersion
from scanward.stores.idempotency import create_once

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ClinicalNoteKind(Generic[T]):
    """What differs between the kinds of notes. `resource`: the name of a note in the access log.

    `notes_scope`, `versions_scope`: what cursors are signed for. Clients hold cursors, so these never change.
    `notes_departments`: whether a note says in which departments the patient was when it was written.
    """

    store: Callable[[RecordDeps], NoteStore[T]]
    read_action: Action
    write_action: Action
    resource: str
    notes_scope: str
    versions_scope: str
    notes_departments: bool


MEDICAL_HISTORY: ClinicalNoteKind[Surgery] = ClinicalNoteKind(
    store=lambda deps: deps.histories,
    read_action=Action.READ_HISTORY,
    write_action=Action.WRITE_HISTORY,
    resource="medical_history",
    notes_scope="histories-of",
    versions_scope="history-versions-of",
    notes_departments=False,
)
PATIENT_RECORD: ClinicalNoteKind[Findings] = ClinicalNoteKind(
    store=lambda deps: deps.records,
    read_action=Action.READ_RECORD,
    write_action=Action.WRITE_RECORD,
    resource="patient_record",
    notes_scope="records-of",
    versions_scope="versions-of",
    notes_departments=True,
)


def list_notes_of_patient(
    deps: RecordDeps, actor: Actor, kind: ClinicalNoteKind[T], patient: str, request: PageRequest
) -> tuple[Sequence[Note[T]], str | None]:
    """Return a page of a patient's notes, the newest first. Raises NotFound, NotAllowed."""
    patient_id = parse_id(patient)
    require_known(deps, actor, patient_id)
    deps.access.require(actor, kind.read_action, patient_id, ResourceRef("patient", patient_id))
    scope = f"{kind.notes_scope}:{patient_id}"
    page = kind.store(deps).of_patient(patient_id, deps.tokens.page_range(request, scope))
    return kind.store(deps).get_many(page.items), deps.tokens.next_cursor(page.last, scope)


def list_records_in_departments(
    deps: RecordDeps, actor: Actor, request: PageRequest
) -> tuple[Sequence[Record], str | None]:
    """Return a page of the records of the doctor's departments, the newest first. Raises NotAllowed to all others.

    Records of patients who have left are left out, so a page may be shorter.
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
        [(record.patient_id, ResourceRef(PATIENT_RECORD.resource, record.id)) for record in visible_records],
        grants,
    )
    return visible_records, deps.tokens.next_cursor(page.last, scope)


def read_note(deps: RecordDeps, actor: Actor, kind: ClinicalNoteKind[T], note_id: str) -> Note[T]:
    """Return one note. Raises NotFound, also for a stranger's, and NotAllowed."""
    return _get_note(deps=deps, actor=actor, kind=kind, action=kind.read_action, note_id=parse_id(note_id))


def list_note_versions(
    deps: RecordDeps, actor: Actor, kind: ClinicalNoteKind[T], note_id: str, request: PageRequest
) -> tuple[Sequence[NoteVersion[T]], str | None]:
    """Return a page of what amendments of a note replaced, the newest first. Raises NotFound, NotAllowed."""
    number = read_note(deps, actor, kind, note_id).id
    scope = f"{kind.versions_scope}:{number}"
    page = kind.store(deps).versions(number, deps.tokens.page_range(request, scope))
    return page.items, deps.tokens.next_cursor(page.last, scope)


def write_note(
    deps: RecordDeps,
    actor: Actor,
    kind: ClinicalNoteKind[T],
    patient_id: int,
    text: T,
    *,
    idempotency_key: IdempotencyKey | None,
) -> Note[T]:
    """Write a new note of a patient. Raises NotFound for a stranger, NotAllowed, IdempotencyKeyReused."""

    def create(now: datetime) -> Note[T]:
        number = deps.fresh_id(now)
        deps.access.require(actor, kind.write_action, patient_id, ResourceRef(kind.resource, number))
        departments = _department_ids(deps, patient_id) if kind.notes_departments else ()
        note = clinical_notes.write_note(
            id=number, patient_id=patient_id, author_id=actor.account_id, text=text, now=now, departments=departments
        )
        kind.store(deps).add(note, idempotency_key)
        return note

    def replay(record: IdempotencyRecord) -> Note[T]:
        return _get_note(deps=deps, actor=actor, kind=kind, action=kind.read_action, note_id=int(record.answer["id"]))

    return create_once(store=deps.idempotency, key=idempotency_key, now=deps.now, create=create, replay=replay)


def amend_note(
    deps: RecordDeps, actor: Actor, kind: ClinicalNoteKind[T], note_id: str, *, version: int, change: Callable[[T], T]
) -> Note[T]:
    """Write over `version`, which is kept. Raises NotFound, NotAllowed, and Conflict when a newer version stands."""
    before = _get_note(deps=deps, actor=actor, kind=kind, action=kind.write_action, note_id=parse_id(note_id))
    after = clinical_notes.amend_note(
        note=before, version=version, text=change(before.text), by=actor.account_id, now=deps.now()
    )
    kind.store(deps).amend(before, after)
    return after


def _get_note(deps: RecordDeps, actor: Actor, kind: ClinicalNoteKind[T], action: Action, note_id: int) -> Note[T]:
    note = kind.store(deps).get(note_id)
    if note is None:
        raise NotFound
    deps.access.require(actor, action, note.patient_id, ResourceRef(kind.resource, note.id))
    return note


def _department_ids(deps: RecordDeps, patient_id: int) -> tuple[int, ...]:
    return tuple(sorted(member.department_id for member in deps.members.of_patient(patient_id)))
