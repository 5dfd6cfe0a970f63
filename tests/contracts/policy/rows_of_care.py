"""The routes of care links, patients, doctors, access logs and exports."""

from functools import partial
from uuid import uuid4

from scanward.domain.accounts import Role
from scanward.domain.policy import Action, Relation
from scanward.stores import keys
from scanward.stores.care import CareItem
from tests.contracts.policy.belongings import Target
from tests.contracts.policy.cells import Cell
from tests.contracts.policy.requests import get, send
from tests.contracts.policy.rows import ADMINISTRATORS, DOCTORS, PATIENTS, PROFESSIONALS, STAFF, Row, always, may, needs
from tests.support.client import ApiClient, Reply
from tests.support.people import Kind, People

A = Action


def token_of_anybody(client: ApiClient, _: Target) -> Reply:
    """Let somebody new in."""
    token = People().add(Kind(Role.LAB)).client.post("/patients/create-connect-token", {}).data["token"]
    return client.post(f"/patients/connect-doctor/{token}", {})


def close_glass(cell: Cell) -> None:
    """Close the glass, which would open everything for an hour."""
    CareItem(keys.care(cell.target.patient), keys.glass(cell.who.id)).delete()


def is_linked(cell: Cell) -> bool:
    return cell.effective is Relation.CARE_LINK


def is_near(cell: Cell) -> bool:
    return cell.relation != "own" and may(cell, A.READ_PATIENT)


def is_colleague(cell: Cell) -> int:
    return 200 if cell.relation == "own" and cell.who.kind.role is Role.DOCTOR else 404


Own = partial(Row, about_patients=False)
ROWS = (
    Own(
        "POST /patients/create-connect-token",
        send("POST", "/patients/create-connect-token", {}),
        always(),
        PROFESSIONALS,
    ),
    Own(
        "DELETE /patients/connect-tokens/{connect_token}",
        lambda client, _: client.delete(f"/patients/connect-tokens/{uuid4()}"),
        always(404),
        PROFESSIONALS,
    ),
    Own("POST /patients/connect-doctor/{connect_token}", token_of_anybody, always(), PATIENTS),
    Own("GET /patients/me/doctors", get("/patients/me/doctors"), always(), PATIENTS),
    Own("GET /patients/me/access", get("/patients/me/access"), always(), PATIENTS),
    Row(
        "DELETE /patients/me/doctors/{doctor_id}",
        send("DELETE", "/patients/me/doctors/{patient}"),
        always(404),
        PATIENTS,
    ),
    Row("GET /patients", get("/patients"), always(), PROFESSIONALS, shows=is_linked),
    Row("GET /patients/{patient_id}", get("/patients/{patient}"), needs(A.READ_PATIENT, of_patients=True)),
    Row(
        "PUT /patients/{patient_id}",
        send("PUT", "/patients/{patient}", {"age": 7}),
        needs(A.WRITE_PATIENT, of_patients=True),
        PROFESSIONALS,
    ),
    Row(
        "PUT /patients/{patient_id}",
        send("PUT", "/patients/{patient}", {"diagnosis": "Cold"}),
        needs(A.WRITE_DIAGNOSIS, of_patients=True),
        PROFESSIONALS,
        note="diagnosis",
    ),
    Row(
        "POST /patients/{patient_id}/break-glass",
        send("POST", "/patients/{patient}/break-glass", {"reason": "unconscious, nobody with them"}),
        lambda cell: 201 if may(cell, A.BREAK_GLASS) else 403,
        undo=close_glass,
    ),
    Own("GET /users/me/access-log", get("/users/me/access-log"), always()),
    Own("GET /users/me/notifications", get("/users/me/notifications"), always()),
    Row("GET /users/{user_id}/access-log", get("/users/{patient}/access-log"), always(), ADMINISTRATORS),
    Own("GET /users/me/export", get("/users/me/export"), always()),
    Own("POST /users/me/export", send("POST", "/users/me/export", {}), always(202)),
    Own("GET /api/doctors", get("/api/doctors"), always(), STAFF, approved=True),
    Row(
        "GET /api/doctors/{pk}",
        get("/api/doctors/{patient}"),
        is_colleague,
        STAFF,
        approved=True,
    ),
    Row("GET /api/patients", get("/api/patients"), always(), DOCTORS, shows=is_near),
    Row("GET /api/patients/{pk}", get("/api/patients/{patient}"), needs(A.READ_PATIENT, of_patients=True), STAFF),
)
