"""How often the clinic's reads by id go to DynamoDB, the gate included: twice for an owner, four times for others."""

import pytest

from functions.records.routes import routes
from tests.support.client import ApiClient
from tests.support.departments import admit, assign, department
from tests.support.links import connect
from tests.support.people import own_id
from tests.support.read_units import counted

# Route → what it costs the patient, a doctor in whose care they are, an administrator; a dash where it is not for them.
COSTS = {
    "/patients/{patient_id}": (2, 4, 3),
    "/api/patients/{pk}": ("-", 4, 3),
    "/api/doctors/{pk}": ("-", 4, 4),
    "/api/patient_records/{pk}": (2, 4, 3),
    "/api/questions/{id}": (2, 3, 3),
    "/users/me/export": (2, 2, 2),
}
# What reads lists, however long they are: tests of read units hold those.
LISTS = {
    "/patients",
    "/patients/me/doctors",
    "/patients/me/access",
    "/patients/me/departments",
    "/users/me/access-log",
    "/users/me/notifications",
    "/users/{user_id}/access-log",
    "/api/doctors",
    "/api/patients",
    "/api/department",
    "/api/department/{pk}/doctors",
    "/api/department/{pk}/patients",
    "/api/patient_records",
    "/api/patient_records/{pk}/versions",
    "/api/questions",
    "/api/questions/pending",
    "/api/questions/{id}/{patient_id}",
    "/api/medical_histories_of_patient/{user_id}",
    "/api/medical_histories/{id}/versions",
}


@pytest.fixture
def paths(admin: ApiClient, doctor: ApiClient, ada: ApiClient) -> dict[str, str]:
    """Provide each route's path to something of a patient's who let the doctor in and shares a department with them."""
    ward, me, doctors_id = department(admin), own_id(ada), own_id(doctor)
    assign(admin, ward, doctor)
    connect(doctor, ada)
    admit(doctor, ward, ada)
    doctor.put(f"/patients/{me}", {"diagnosis": "Cold"})
    said = {"patient_id": me, "description": "Cough", "diagnosis": "Cold"}
    record = doctor.post("/api/patient_records/", said).json["pk"]
    question = ada.post("/api/questions", {"question_text": "Why?", "doctor_id": doctors_id}).json["id"]
    for client in (ada, doctor, admin):
        client.get("/users/me/export")
    return {
        "/patients/{patient_id}": f"/patients/{me}",
        "/api/patients/{pk}": f"/api/patients/{me}",
        "/api/doctors/{pk}": f"/api/doctors/{doctors_id}",
        "/api/patient_records/{pk}": f"/api/patient_records/{record}",
        "/api/questions/{id}": f"/api/questions/{question}",
        "/users/me/export": "/users/me/export",
    }


def trips(client: ApiClient, path: str) -> int | str:
    with counted() as units:
        status = client.get(path).status
    assert status in {200, 403}
    return len(units.calls) if status == 200 else "-"


def test_reads_by_id_keep_to_their_budget(
    ada: ApiClient, doctor: ApiClient, admin: ApiClient, paths: dict[str, str]
) -> None:
    assert {route: tuple(trips(who, path) for who in (ada, doctor, admin)) for route, path in paths.items()} == COSTS
    assert all(cost in {2, "-"} for cost, _, _ in COSTS.values())


def test_every_read_is_one_by_id_or_a_list() -> None:
    assert {route.path for route in routes.table if route.method == "GET"} == COSTS.keys() | LISTS
