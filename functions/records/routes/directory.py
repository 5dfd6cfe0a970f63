"""Doctors and patients (contract D)."""

from functions.records.schemas.directory import ListedDoctorOut, ListedPatientOut
from functions.records.schemas.fields import PageQuery
from functions.records.usecases import directory
from functions.records.usecases.dependencies import RecordDeps
from scanward.domain.accounts import Role
from scanward.web.families import Family
from scanward.web.routes import Audience, Call, Page, Routes

routes = Routes[RecordDeps]("records", Family.FLAT)
DOCTORS = Audience(roles=frozenset({Role.DOCTOR}))
STAFF = Audience(roles=frozenset({Role.DOCTOR, Role.ADMIN}))


@routes.get("/api/doctors", list[ListedDoctorOut], query=PageQuery, audience=STAFF)
def list_doctors(call: Call[None], deps: RecordDeps) -> Page:
    """List the approved doctors, the newest account first."""
    colleagues, cursor = directory.list_doctors(deps, call.actor, call.query.page_request())
    return Page([ListedDoctorOut.from_domain(colleague) for colleague in colleagues], cursor)


@routes.get("/api/doctors/{pk}", ListedDoctorOut, audience=STAFF)
def read_doctor(call: Call[None], deps: RecordDeps) -> ListedDoctorOut:
    """Read one approved doctor."""
    return ListedDoctorOut.from_domain(directory.read_doctor(deps, call.actor, call.path["pk"]))


@routes.get("/api/patients", list[ListedPatientOut], query=PageQuery, audience=DOCTORS)
def list_patients(call: Call[None], deps: RecordDeps) -> Page:
    """List the patients who let the caller in or are in one of their departments, who came last first."""
    accounts, cursor = directory.list_patients(deps, call.actor, call.query.page_request())
    return Page([ListedPatientOut.from_domain(account) for account in accounts], cursor)


@routes.get("/api/patients/{pk}", ListedPatientOut, audience=STAFF)
def read_directory_patient(call: Call[None], deps: RecordDeps) -> ListedPatientOut:
    """Read one patient of the caller's."""
    return ListedPatientOut.from_domain(directory.read_patient(deps, call.actor, call.path["pk"]))
