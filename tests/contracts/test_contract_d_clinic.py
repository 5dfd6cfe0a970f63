"""Contract D's doctors, patients, records and departments: each documented request, with its documented audience."""

import pytest

from tests.contracts.replay import Replay
from tests.support.client import ApiClient
from tests.support.departments import admit, assign, department
from tests.support.links import connect
from tests.support.people import approve, own_id, sign_in, sign_in_administrator


@pytest.fixture
def replay(api: ApiClient) -> Replay:
    """Provide a doctor and a patient in a department, with a record."""
    admin = sign_in_administrator(api)
    doctor, patient = approve(admin, sign_in(api, "doctor@example.org", "DOCTOR")), sign_in(api, "jane@example.org")
    ward = department(admin)
    assign(admin, ward, doctor)
    connect(doctor, patient)
    assert admit(doctor, ward, patient).status == 200
    said = {"patient_id": own_id(patient), "description": "Cough", "diagnosis": "Cold"}
    written = doctor.post("/api/patient_records/", said)
    assert written.status == 201
    played = Replay("d")
    played.tokens |= {"doctor": doctor.token or "", "patient": patient.token or ""}
    played.named |= {"doctor_id": own_id(doctor), "patient_id": own_id(patient)}
    played.named |= {"department_id": ward, "record_id": written.json["pk"]}
    return played


@pytest.mark.parametrize(
    "name",
    [
        "doctors",
        "doctor",
        "patients",
        "patient",
        "patient records",
        "patient record",
        "own patient record",
        "departments",
        "doctors of a department",
        "patients of a department",
    ],
)
def test_contract_d_answers_every_clinic_exchange_as_its_document_shows(replay: Replay, name: str) -> None:
    with_slash = replay.play(name)
    path = replay.exchange(name)["request"]["path"]
    token = replay.tokens[replay.exchange(name)["request"]["token"]]
    assert ApiClient(token).get(path.removesuffix("/")).body == with_slash.body


def test_contract_d_items_are_read_by_the_pk_that_their_list_gives(replay: Replay) -> None:
    for listed, one, pk in (
        ("doctors", "doctor", "doctor_id"),
        ("patients", "patient", "patient_id"),
        ("patient records", "patient record", "record_id"),
        ("departments", "doctors of a department", "department_id"),
    ):
        replay.named[pk] = replay.play(listed).json[0]["pk"]
        replay.play(one)


def test_a_patient_reads_their_record_and_the_departments_alone(replay: Replay) -> None:
    patient = replay.tokens["patient"]
    for name in ("own patient record", "departments"):
        assert replay.play_as(patient, name).status == 200
    for name in (
        "doctors",
        "doctor",
        "patients",
        "patient",
        "patient records",
        "doctors of a department",
        "patients of a department",
    ):
        refused = replay.play_as(patient, name)
        assert (refused.status, refused.json) == (403, {"error": "Not allowed"}), name
