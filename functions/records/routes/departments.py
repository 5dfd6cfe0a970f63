"""Departments (contract D), and what it leaves unsaid: how they come to be, and who is in them."""

from functions.records.routes.directory import STAFF
from functions.records.schemas.departments import (
    DepartmentBody,
    DepartmentOut,
    MembershipOut,
    NothingBody,
    OwnDepartmentOut,
)
from functions.records.schemas.directory import ListedDoctorOut, ListedPatientOut
from functions.records.schemas.fields import PageQuery
from functions.records.usecases import departments
from functions.records.usecases.dependencies import RecordDeps
from scanward.web.families import Family
from scanward.web.responses import MessageOut
from scanward.web.routes import ADMINISTRATORS, Call, Page, Routes

routes = Routes[RecordDeps]("records", Family.FLAT)
own_routes = Routes[RecordDeps]("records", Family.ENVELOPE)


@routes.get("/api/department", list[DepartmentOut], query=PageQuery)
def list_departments(call: Call[None], deps: RecordDeps) -> Page:
    """List the departments, the newest first."""
    open_departments, cursor = departments.list_departments(deps, call.actor, call.query.page_request())
    return Page([DepartmentOut.from_domain(department) for department in open_departments], cursor)


@routes.post("/api/department", DepartmentOut, DepartmentBody, audience=ADMINISTRATORS, status=201, idempotent=True)
def create_department(call: Call[DepartmentBody], deps: RecordDeps) -> DepartmentOut:
    """Make a department; no other that is open has its name."""
    return DepartmentOut.from_domain(departments.create_department(deps, call.body.name, call.idempotency_key))


@routes.patch("/api/department/{pk}", DepartmentOut, DepartmentBody, audience=ADMINISTRATORS)
def rename_department(call: Call[DepartmentBody], deps: RecordDeps) -> DepartmentOut:
    """Give a department another name."""
    return DepartmentOut.from_domain(departments.rename_department(deps, call.path["pk"], call.body.name))


@routes.delete("/api/department/{pk}", MessageOut, audience=ADMINISTRATORS)
def close_department(call: Call[None], deps: RecordDeps) -> MessageOut:
    """Close a department: it opens nothing from here on; what was written in it stays."""
    departments.close_department(deps, call.path["pk"])
    return MessageOut(message="Department closed")


@routes.get("/api/department/{pk}/doctors", list[ListedDoctorOut], query=PageQuery, audience=STAFF)
def list_department_doctors(call: Call[None], deps: RecordDeps) -> Page:
    """List a department's doctors, the newest account first."""
    colleagues, cursor = departments.list_doctors(deps, call.actor, call.path["pk"], call.query.page_request())
    return Page([ListedDoctorOut.from_domain(colleague) for colleague in colleagues], cursor)


@routes.put(
    "/api/department/{pk}/doctors/{user_id}", ListedDoctorOut, NothingBody, audience=ADMINISTRATORS, body_optional=True
)
def assign_doctor(call: Call[NothingBody], deps: RecordDeps) -> ListedDoctorOut:
    """Let an approved doctor work in a department."""
    return ListedDoctorOut.from_domain(
        departments.assign_doctor(deps, call.actor, call.path["pk"], call.path["user_id"])
    )


@routes.delete("/api/department/{pk}/doctors/{user_id}", MessageOut, audience=ADMINISTRATORS)
def dismiss_doctor(call: Call[None], deps: RecordDeps) -> MessageOut:
    """End a doctor's work in a department, at once."""
    departments.dismiss_doctor(deps, call.actor, call.path["pk"], call.path["user_id"])
    return MessageOut(message="Doctor removed from the department")


@routes.get("/api/department/{pk}/patients", list[ListedPatientOut], query=PageQuery, audience=STAFF)
def list_department_patients(call: Call[None], deps: RecordDeps) -> Page:
    """List the patients of a department that one works in, who came last first."""
    accounts, cursor = departments.list_patients(deps, call.actor, call.path["pk"], call.query.page_request())
    return Page([ListedPatientOut.from_domain(account) for account in accounts], cursor)


@routes.put("/api/department/{pk}/patients/{user_id}", MembershipOut, NothingBody, audience=STAFF, body_optional=True)
def admit_patient(call: Call[NothingBody], deps: RecordDeps) -> MembershipOut:
    """Take in a patient who let the caller in; administrators take in any patient who has not left before."""
    return MembershipOut.from_domain(departments.admit_patient(deps, call.actor, call.path["pk"], call.path["user_id"]))


@routes.delete("/api/department/{pk}/patients/{user_id}", MessageOut, audience=STAFF)
def discharge_patient(call: Call[None], deps: RecordDeps) -> MessageOut:
    """Let a patient go."""
    departments.discharge_patient(deps, call.actor, call.path["pk"], call.path["user_id"])
    return MessageOut(message="Patient discharged")


@own_routes.get("/patients/me/departments", list[OwnDepartmentOut])
def list_own_departments(call: Call[None], deps: RecordDeps) -> list[OwnDepartmentOut]:
    """List the departments that the caller is in as a patient, the newest first."""
    return [
        OwnDepartmentOut.from_domain(department, member)
        for department, member in departments.list_own_departments(deps, call.actor)
    ]


@own_routes.delete("/patients/me/departments/{department_id}", MessageOut)
def leave_department(call: Call[None], deps: RecordDeps) -> MessageOut:
    """Leave a department, at once."""
    departments.leave_department(deps, call.actor, call.path["department_id"])
    return MessageOut(message="Department left")
