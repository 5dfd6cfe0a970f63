"""Patient records (contract D) and medical histories (contract E), and how they are written and amended."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import BaseModel

from functions.records.schemas.clinical_notes import (
    AmendmentBody,
    HistoryAmendmentBody,
    HistoryBody,
    HistoryOut,
    RecordBody,
    RecordOut,
    RecordsQuery,
    ReplacedEntryOut,
    ReplacedOut,
)
from functions.records.schemas.fields import ProseQuery
from functions.records.usecases import clinical_notes
from functions.records.usecases.clinical_notes import MEDICAL_HISTORY, PATIENT_RECORD
from functions.records.usecases.dependencies import RecordDeps
from scanward.web.families import Family
from scanward.web.routes import Call, Page, Routes

routes = Routes[RecordDeps]("records", Family.FLAT)
T = TypeVar("T")


def _page(to_answer: Callable[[T], BaseModel], page: tuple[Sequence[T], str | None]) -> Page:
    items, cursor = page
    return Page([to_answer(item) for item in items], cursor)


@routes.get("/api/medical_histories_of_patient/{user_id}", list[HistoryOut], query=ProseQuery)
def list_histories(call: Call[None], deps: RecordDeps) -> Page:
    """List a patient's medical history, what was written last first."""
    patient, request = call.path["user_id"], call.query.page_request()
    page = clinical_notes.list_notes_of_patient(
        deps=deps, actor=call.actor, kind=MEDICAL_HISTORY, patient=patient, request=request
    )
    return _page(HistoryOut.from_domain, page)


@routes.post("/api/medical_histories", HistoryOut, HistoryBody, status=201, idempotent=True)
def write_history(call: Call[HistoryBody], deps: RecordDeps) -> HistoryOut:
    """Write an entry of the medical history of a patient of one's own."""
    patient_id, text, idempotency_key = call.body.user_id, call.body.text(), call.idempotency_key
    return HistoryOut.from_domain(
        clinical_notes.write_note(
            deps=deps,
            actor=call.actor,
            kind=MEDICAL_HISTORY,
            patient_id=patient_id,
            text=text,
            idempotency_key=idempotency_key,
        )
    )


@routes.put("/api/medical_histories/{id}", HistoryOut, HistoryAmendmentBody)
def amend_history(call: Call[HistoryAmendmentBody], deps: RecordDeps) -> HistoryOut:
    """Amend an entry; what stood before is kept, with its author and time."""
    note_id, version, change = call.path["id"], call.body.version, call.body.change
    return HistoryOut.from_domain(
        clinical_notes.amend_note(deps, call.actor, MEDICAL_HISTORY, note_id, version=version, change=change)
    )


@routes.get("/api/medical_histories/{id}/versions", list[ReplacedEntryOut], query=ProseQuery)
def list_history_versions(call: Call[None], deps: RecordDeps) -> Page:
    """List what amendments of an entry replaced, the newest first."""
    note_id, request = call.path["id"], call.query.page_request()
    page = clinical_notes.list_note_versions(
        deps=deps, actor=call.actor, kind=MEDICAL_HISTORY, note_id=note_id, request=request
    )
    return _page(ReplacedEntryOut.from_domain, page)


@routes.get("/api/patient_records", list[RecordOut], query=RecordsQuery)
def list_records(call: Call[None], deps: RecordDeps) -> Page:
    """List the records of the doctor's departments, or with `patient_id` those of one patient, the newest first."""
    patient, request = call.query.patient_id, call.query.page_request()
    if patient is None:
        page = clinical_notes.list_records_in_departments(deps, call.actor, request)
    else:
        page = clinical_notes.list_notes_of_patient(
            deps=deps, actor=call.actor, kind=PATIENT_RECORD, patient=patient, request=request
        )
    return _page(RecordOut.from_domain, page)


@routes.post("/api/patient_records", RecordOut, RecordBody, status=201, idempotent=True)
def write_record(call: Call[RecordBody], deps: RecordDeps) -> RecordOut:
    """Write a record of a patient of one's own."""
    patient_id, text, idempotency_key = call.body.patient_id, call.body.text(), call.idempotency_key
    return RecordOut.from_domain(
        clinical_notes.write_note(
            deps=deps,
            actor=call.actor,
            kind=PATIENT_RECORD,
            patient_id=patient_id,
            text=text,
            idempotency_key=idempotency_key,
        )
    )


@routes.get("/api/patient_records/{pk}", RecordOut)
def read_record(call: Call[None], deps: RecordDeps) -> RecordOut:
    """Read one record, of oneself or of a patient of one's own."""
    return RecordOut.from_domain(clinical_notes.read_note(deps, call.actor, PATIENT_RECORD, call.path["pk"]))


@routes.patch("/api/patient_records/{pk}", RecordOut, AmendmentBody)
def amend_record(call: Call[AmendmentBody], deps: RecordDeps) -> RecordOut:
    """Amend a record; what stood before is kept, with its author and time."""
    note_id, version, change = call.path["pk"], call.body.version, call.body.change
    return RecordOut.from_domain(
        clinical_notes.amend_note(deps, call.actor, PATIENT_RECORD, note_id, version=version, change=change)
    )


@routes.get("/api/patient_records/{pk}/versions", list[ReplacedOut], query=ProseQuery)
def list_record_versions(call: Call[None], deps: RecordDeps) -> Page:
    """List what amendments of a record replaced, the newest first."""
    note_id, request = call.path["pk"], call.query.page_request()
    page = clinical_notes.list_note_versions(
        deps=deps, actor=call.actor, kind=PATIENT_RECORD, note_id=note_id, request=request
    )
    return _page(ReplacedOut.from_domain, page)
