"""Patients, as the professionals know them whom they let in."""

from functions.records.routes.care import PROFESSIONAL
from functions.records.schemas.fields import WindowQuery
from functions.records.schemas.patients import GlassBody, GlassOut, ListedOut, PatientSheetOut, SheetBody
from functions.records.usecases import patients
from functions.records.usecases.dependencies import Clinic
from scanward.web.call import Call, Page
from scanward.web.families import Family
from scanward.web.routes import Routes

routes = Routes[Clinic]("records", Family.ENVELOPE)


@routes.get("/patients", list[ListedOut], query=WindowQuery, audience=PROFESSIONAL)
def own_patients(call: Call[None], clinic: Clinic) -> Page:
    """The patients who let the caller in, the newest first."""
    listed, cursor = patients.page(clinic, call.actor, call.query.window())
    return Page([ListedOut.of(one) for one in listed], cursor)


@routes.get("/patients/{patient_id}", PatientSheetOut)
def patient(call: Call[None], clinic: Clinic) -> PatientSheetOut:
    """One patient: what professionals keep of them, else what they say of themselves."""
    return PatientSheetOut.of(patients.read(clinic, call.actor, call.path["patient_id"]))


@routes.put("/patients/{patient_id}", PatientSheetOut, SheetBody, audience=PROFESSIONAL)
def change_patient(call: Call[SheetBody], clinic: Clinic) -> PatientSheetOut:
    """Write on a patient's sheet; what the patient says of themselves stays as it is."""
    return PatientSheetOut.of(patients.write(clinic, call.actor, call.path["patient_id"], call.body.fields()))


@routes.post("/patients/{patient_id}/break-glass", GlassOut, GlassBody, status=201)
def break_glass(call: Call[GlassBody], clinic: Clinic) -> GlassOut:
    """Look at a patient who did not let one in, for an hour and a reason that the patient can read."""
    return GlassOut.of(patients.break_glass(clinic, call.actor, call.path["patient_id"], call.body.reason))
