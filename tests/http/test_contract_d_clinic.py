"""Contract D's doctors, patients, records and departments: each documented request, with its documented audience."""

from typing import Any

import pytest

from tests.http.client import Client
from tests.http.replay import compare
from tests.http.signed_in import sign_in, sign_in_administrator
from tests.records.clinic import approved, connect, number
from tests.records.wards import admit, assign, department

DOCTOR: dict[str, Any] = {"pk": "{int}", "name": "doctor", "email": "doctor@example.org", "department": "{int}"}
PATIENT: dict[str, Any] = {"pk": "{int}", "name": "jane", "email": "jane@example.org"}
RECORD: dict[str, Any] = {
    "pk": "{int}",
    "patient_id": "{int}",
    "description": "Cough",
    "diagnosis": "Cold",
    "created_at": "{time}",
}


@pytest.fixture
def clinic(api: Client) -> dict[str, Client]:
    """A doctor and a patient in a department, with a record."""
    admin = sign_in_administrator(api)
    doctor, patient = approved(admin, sign_in(api, "doctor@example.org", "DOCTOR")), sign_in(api, "jane@example.org")
    ward = department(admin)
    assign(admin, ward, doctor)
    connect(doctor, patient)
    assert admit(doctor, ward, patient).status == 200
    said = {"patient_id": number(patient), "description": "Cough", "diagnosis": "Cold"}
    assert doctor.post("/api/patient_records/", said).status == 201
    return {"doctor": doctor, "patient": patient, "nobody": api}


@pytest.mark.parametrize("slash", ["/", ""])
@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("doctors", [DOCTOR]),
        ("patients", [PATIENT]),
        ("patient_records", [RECORD]),
        ("department", [{"pk": "{int}", "name": "Cardiology"}]),
    ],
)
def test_each_list_is_bare_and_newest_first(clinic: dict[str, Client], path: str, slash: str, shown: Any) -> None:
    reply = clinic["doctor"].get(f"/api/{path}{slash}")
    assert reply.status == 200
    compare(shown, reply.json, path)


def test_each_thing_is_read_by_the_pk_that_its_list_gives(clinic: dict[str, Client]) -> None:
    doctor = clinic["doctor"]
    for path, shown in (("doctors", DOCTOR), ("patients", PATIENT), ("patient_records", RECORD)):
        pk = doctor.get(f"/api/{path}/").json[0]["pk"]
        compare(shown, doctor.get(f"/api/{path}/{pk}").json, path)
    pk = doctor.get("/api/department/").json[0]["pk"]
    compare([DOCTOR], doctor.get(f"/api/department/{pk}/doctors").json, "its doctors")
    compare([PATIENT], doctor.get(f"/api/department/{pk}/patients").json, "its patients")


def test_a_patient_reads_their_record_and_the_departments_alone(clinic: dict[str, Client]) -> None:
    doctor, patient = clinic["doctor"], clinic["patient"]
    record, ward = (doctor.get(f"/api/{path}/").json[0]["pk"] for path in ("patient_records", "department"))
    assert patient.get(f"/api/patient_records/{record}").json["diagnosis"] == "Cold"
    assert patient.get("/api/department/").status == 200
    for path in (
        "doctors/",
        f"doctors/{number(doctor)}",
        "patients/",
        f"patients/{number(patient)}",
        "patient_records/",
        f"department/{ward}/doctors",
        f"department/{ward}/patients",
    ):
        assert (patient.get(f"/api/{path}").status, patient.get(f"/api/{path}").json) == (403, {"error": "Not allowed"})


@pytest.mark.parametrize(
    "path",
    [
        "doctors/",
        "doctors/1",
        "patients/",
        "patients/1",
        "patient_records/",
        "patient_records/1",
        "department/",
        "department/1/doctors",
        "department/1/patients",
    ],
)
def test_each_request_needs_a_token(api: Client, path: str) -> None:
    for token in (None, "x", "e30.e30."):
        reply = Client(token).get(f"/api/{path}")
        assert (reply.status, reply.json) == (401, {"error": "Not authenticated"})
