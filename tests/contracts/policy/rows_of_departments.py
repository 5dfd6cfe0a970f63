"""The routes of departments."""

from functools import partial

from scanward.domain.accounts import Role
from scanward.domain.policy import Action, Relation
from tests.contracts.policy.belongings import Target
from tests.contracts.policy.cells import Cell
from tests.contracts.policy.requests import get, new_ward, send
from tests.contracts.policy.rows import ADMINISTRATORS, STAFF, Row, always, needs
from tests.support.departments import Departments
from tests.support.people import numbers

A = Action


def discharge(cell: Cell) -> None:
    """Take the patient out of the caller's department again."""
    member = Departments().members().get(cell.desk, cell.target.patient)
    if member:
        Departments().members().discharge(member)


def admit(cell: Cell) -> None:
    """Take the patient into their department again."""
    if cell.relation == "department" and Departments().members().get(cell.target.ward, cell.target.patient) is None:
        Departments().admit(cell.target.ward, cell.target.patient)


def shares_ward(cell: Cell) -> bool:
    return cell.relation == "department"


def works_there(cell: Cell) -> int:
    """Return who is in a department is for its doctors and administrators."""
    return 200 if cell.who.kind.role is Role.ADMIN or shares_ward(cell) else 403


def lets_go(cell: Cell) -> int:
    """Return a patient who is there; else there is nobody to let go."""
    return works_there(cell) if works_there(cell) == 403 or shares_ward(cell) else 404


def name(_: Target) -> dict[str, str]:
    return {"name": f"Ward {next(numbers)}"}


def taken_in(cell: Cell) -> int:
    """Into the caller's department: who let one of its doctors in, and whomever an administrator says."""
    is_patient, shares_another = cell.relation != "own", cell.effective is Relation.DEPARTMENT
    return needs(A.ADMIT_PATIENT)(cell) if is_patient and not shares_another else 404


Own = partial(Row, about_patients=False)
ROWS = (
    Own("GET /api/department", get("/api/department"), always(), approved=True),
    Own("POST /api/department", send("POST", "/api/department", name), always(201), ADMINISTRATORS),
    Own("PATCH /api/department/{pk}", new_ward("PATCH", "/api/department/{new}", name), always(), ADMINISTRATORS),
    Own("DELETE /api/department/{pk}", new_ward("DELETE", "/api/department/{new}"), always(), ADMINISTRATORS),
    Own("GET /api/department/{pk}/doctors", get("/api/department/{desk}/doctors"), always(), STAFF, approved=True),
    Row(
        "PUT /api/department/{pk}/doctors/{user_id}",
        send("PUT", "/api/department/{desk}/doctors/{patient}", {}),
        always(404),
        ADMINISTRATORS,
        note="who is no doctor",
    ),
    Row(
        "DELETE /api/department/{pk}/doctors/{user_id}",
        send("DELETE", "/api/department/{desk}/doctors/{patient}"),
        always(404),
        ADMINISTRATORS,
        note="who is no doctor",
    ),
    Row(
        "GET /api/department/{pk}/patients",
        get("/api/department/{ward}/patients"),
        works_there,
        STAFF,
        approved=True,
        shows=shares_ward,
    ),
    Row(
        "PUT /api/department/{pk}/patients/{user_id}",
        send("PUT", "/api/department/{desk}/patients/{patient}", {}),
        taken_in,
        STAFF,
        approved=True,
        undo=discharge,
    ),
    Row(
        "DELETE /api/department/{pk}/patients/{user_id}",
        send("DELETE", "/api/department/{ward}/patients/{patient}"),
        lets_go,
        STAFF,
        approved=True,
        undo=admit,
    ),
    Own("GET /patients/me/departments", get("/patients/me/departments"), always()),
    Row(
        "DELETE /patients/me/departments/{department_id}",
        send("DELETE", "/patients/me/departments/{ward}"),
        always(404),
    ),
)
