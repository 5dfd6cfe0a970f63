"""Patient records (contract D), and what it leaves unsaid: how they are written and amended."""

from functions.records.schemas.fields import ProseQuery
from functions.records.schemas.patient_records import AmendmentBody, RecordBody, RecordOut, RecordsQuery, ReplacedOut
from functions.records.usecases import patient_records
from functions.records.usecases.dependencies import Clinic
from scanward.web.call import Call, Page
from scanward.web.families import Family
from scanward.web.routes import Routes

routes = Routes[Clinic]("records", Family.FLAT)


@routes.get("/api/patient_records", list[RecordOut], query=RecordsQuery)
def listed(call: Call[None], clinic: Clinic) -> Page:
    """The records of the doctor's departments, or with `patient_id` those of one patient, the newest first."""
    window, patient = call.query.window(), call.query.patient_id
    if patient is None:
        found, cursor = patient_records.in_departments(clinic, call.actor, window)
    else:
        found, cursor = patient_records.of_patient(clinic, call.actor, patient, window)
    return Page([RecordOut.of(record) for record in found], cursor)


@routes.post("/api/patient_records", RecordOut, RecordBody, status=201, idempotent=True)
def write(call: Call[RecordBody], clinic: Clinic) -> RecordOut:
    """Write a record of a patient of one's own."""
    body = call.body
    return RecordOut.of(patient_records.write(clinic, call.actor, body.patient_id, body.text(), call.once))


@routes.get("/api/patient_records/{pk}", RecordOut)
def read(call: Call[None], clinic: Clinic) -> RecordOut:
    """One record, of oneself or of a patient of one's own."""
    return RecordOut.of(patient_records.read(clinic, call.actor, call.path["pk"]))


@routes.patch("/api/patient_records/{pk}", RecordOut, AmendmentBody)
def amend(call: Call[AmendmentBody], clinic: Clinic) -> RecordOut:
    """Amend a record; what stood before is kept, with its author and time."""
    body = call.body
    return RecordOut.of(patient_records.amend(clinic, call.actor, call.path["pk"], body.version, body.change))


@routes.get("/api/patient_records/{pk}/versions", list[ReplacedOut], query=ProseQuery)
def versions(call: Call[None], clinic: Clinic) -> Page:
    """What amendments of a record replaced, the newest first."""
    found, cursor = patient_records.replaced(clinic, call.actor, call.path["pk"], call.query.window())
    return Page([ReplacedOut.of(one) for one in found], cursor)
