"""Patient records (contract D) and medical histories (contract E), and how they are written and amended."""

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
from functions.records.usecases.dependencies import RecordDeps
from scanward.web.families import Family
from scanward.web.routes import Call, Page, Routes

routes = Routes[RecordDeps]("records", Family.FLAT)


@routes.get("/api/medical_histories_of_patient/{user_id}", list[HistoryOut], query=ProseQuery)
def list_histories(call: Call[None], deps: RecordDeps) -> Page:
    """List a patient's medical history, what was written last first."""
    histories, cursor = clinical_notes.list_histories(deps, call.actor, call.path["user_id"], call.query.page_request())
    return Page([HistoryOut.from_domain(history) for history in histories], cursor)


@routes.post("/api/medical_histories", HistoryOut, HistoryBody, status=201, idempotent=True)
def write_history(call: Call[HistoryBody], deps: RecordDeps) -> HistoryOut:
    """Write an entry of the medical history of a patient of one's own."""
    body = call.body
    return HistoryOut.from_domain(
        clinical_notes.write_history(deps, call.actor, body.user_id, body.text(), call.idempotency_key)
    )


@routes.put("/api/medical_histories/{id}", HistoryOut, HistoryAmendmentBody)
def amend_history(call: Call[HistoryAmendmentBody], deps: RecordDeps) -> HistoryOut:
    """Amend an entry; what stood before is kept, with its author and time."""
    body = call.body
    return HistoryOut.from_domain(
        clinical_notes.amend_history(deps, call.actor, call.path["id"], body.version, body.text())
    )


@routes.get("/api/medical_histories/{id}/versions", list[ReplacedEntryOut], query=ProseQuery)
def list_history_versions(call: Call[None], deps: RecordDeps) -> Page:
    """List what amendments of an entry replaced, the newest first."""
    versions, cursor = clinical_notes.list_history_versions(
        deps, call.actor, call.path["id"], call.query.page_request()
    )
    return Page([ReplacedEntryOut.from_domain(one) for one in versions], cursor)


@routes.get("/api/patient_records", list[RecordOut], query=RecordsQuery)
def list_records(call: Call[None], deps: RecordDeps) -> Page:
    """List the records of the doctor's departments, or with `patient_id` those of one patient, the newest first."""
    window, patient = call.query.page_request(), call.query.patient_id
    if patient is None:
        records, cursor = clinical_notes.list_records_in_departments(deps, call.actor, window)
    else:
        records, cursor = clinical_notes.list_records_of_patient(deps, call.actor, patient, window)
    return Page([RecordOut.from_domain(record) for record in records], cursor)


@routes.post("/api/patient_records", RecordOut, RecordBody, status=201, idempotent=True)
def write_record(call: Call[RecordBody], deps: RecordDeps) -> RecordOut:
    """Write a record of a patient of one's own."""
    body = call.body
    return RecordOut.from_domain(
        clinical_notes.write_record(deps, call.actor, body.patient_id, body.text(), call.idempotency_key)
    )


@routes.get("/api/patient_records/{pk}", RecordOut)
def read_record(call: Call[None], deps: RecordDeps) -> RecordOut:
    """Read one record, of oneself or of a patient of one's own."""
    return RecordOut.from_domain(clinical_notes.read_record(deps, call.actor, call.path["pk"]))


@routes.patch("/api/patient_records/{pk}", RecordOut, AmendmentBody)
def amend_record(call: Call[AmendmentBody], deps: RecordDeps) -> RecordOut:
    """Amend a record; what stood before is kept, with its author and time."""
    body = call.body
    return RecordOut.from_domain(
        clinical_notes.amend_record(deps, call.actor, call.path["pk"], body.version, body.change)
    )


@routes.get("/api/patient_records/{pk}/versions", list[ReplacedOut], query=ProseQuery)
def list_record_versions(call: Call[None], deps: RecordDeps) -> Page:
    """List what amendments of a record replaced, the newest first."""
    versions, cursor = clinical_notes.list_record_versions(deps, call.actor, call.path["pk"], call.query.page_request())
    return Page([ReplacedOut.from_domain(one) for one in versions], cursor)
