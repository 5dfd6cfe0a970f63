"""How often the clinic's reads and writes go to DynamoDB, the gate included."""

import pytest

from tests.http.client import Client
from tests.records.clinic import connect, number
from tests.records.read_units import counted
from tests.records.wards import admit, assign, department


@pytest.fixture
def paths(admin: Client, doctor: Client, ada: Client) -> dict[str, str]:
    """One of each thing of a patient's who let the doctor in and shares a department with them."""
    ward = department(admin)
    assign(admin, ward, doctor)
    connect(doctor, ada)
    admit(doctor, ward, ada)
    said = {"patient_id": number(ada), "description": "Cough", "diagnosis": "Cold"}
    record = doctor.post("/api/patient_records/", said).json["pk"]
    question = ada.post("/api/questions", {"question_text": "Why?", "doctor_id": number(doctor)}).json["id"]
    return {
        "record": f"/api/patient_records/{record}",
        "question": f"/api/questions/{question}",
        "patient": f"/api/patients/{number(ada)}",
    }


def trips(client: Client, path: str) -> int:
    with counted() as units:
        assert client.get(path).status == 200
    return len(units.calls)


def test_an_owner_reads_in_two_round_trips(ada: Client, paths: dict[str, str]) -> None:
    assert [trips(ada, paths[name]) for name in ("record", "question")] == [2, 2]


def test_somebody_else_reads_in_four_at_most(doctor: Client, admin: Client, paths: dict[str, str]) -> None:
    assert [trips(doctor, paths[name]) for name in ("record", "question", "patient")] == [4, 3, 4]
    assert [trips(admin, paths[name]) for name in ("record", "question", "patient")] == [3, 3, 3]
