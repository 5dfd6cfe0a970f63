"""Contract E's questions, responses and medical histories: each documented request, in the tables' columns."""

from typing import Any

import pytest

from tests.http.client import Client
from tests.http.replay import compare
from tests.records.clinic import approved, connect, number

PASSWORD = "correct horse"
QUESTION: dict[str, Any] = {
    "id": "{int}",
    "patient_id": "{int}",
    "doctor_id": "{int}",
    "question_text": "Does it heal by itself?",
    "status": "pending",
    "created_at": "{time}",
    "updated_at": "{time}",
}
RESPONSE: dict[str, Any] = {
    "id": "{int}",
    "question_id": "{int}",
    "doctor_id": "{int}",
    "response_text": "It does.",
    "created_at": "{time}",
    "updated_at": "{time}",
}
HISTORY: dict[str, Any] = {
    "id": "{int}",
    "name_of_surgery": "Appendectomy",
    "description_of_surgery": "Laparoscopic",
    "user_id": "{int}",
    "created_at": "{time}",
    "updated_at": "{time}",
}


def member(api: Client, name: str, usertype: str) -> Client:
    """Somebody who registered and logged in through this contract."""
    email = f"{name}@example.org"
    body = {"full_name": name, "email": email, "usertype": usertype, "password": PASSWORD}
    assert api.post("/api/register", body).status == 201
    return Client(api.post("/api/login", {"email": email, "password": PASSWORD}).json["access"])


@pytest.fixture
def patient(api: Client) -> Client:
    """A patient of this contract."""
    return member(api, "ada", "patient")


@pytest.fixture
def doctor(api: Client, admin: Client) -> Client:
    """An approved doctor of this contract."""
    return approved(admin, member(api, "grace", "doctor"))


def test_a_question_goes_to_a_doctor_and_comes_back_answered(patient: Client, doctor: Client) -> None:
    text = {"question_text": "Does it heal by itself?"}
    asked = patient.post("/api/questions", text | {"doctor_id": number(doctor)})
    assert asked.status == 201
    compare(QUESTION, asked.json, "asked")
    compare([QUESTION], doctor.get("/api/questions/pending").json, "pending")
    compare(QUESTION, patient.get(f"/api/questions/{asked.json['id']}").json, "read")
    given = doctor.post(f"/api/questions/{asked.json['id']}/response", {"response_text": "It does."})
    assert given.status == 201
    compare(RESPONSE, given.json, "response")
    answered = QUESTION | {"status": "answered", "responses": [RESPONSE]}
    compare(answered, patient.get(f"/api/questions/{asked.json['id']}/").json, "answered")
    compare([answered], doctor.get(f"/api/questions/{number(doctor)}/{number(patient)}").json, "thread")
    assert doctor.get("/api/questions/pending").json == []


def test_a_question_without_a_doctor_is_for_all(patient: Client, doctor: Client) -> None:
    patient.post("/api/questions", {"question_text": "Does it heal by itself?"})
    compare([QUESTION | {"doctor_id": None}], doctor.get("/api/questions/pending").json, "pending")


def test_a_history_is_read_by_its_patient_their_doctor_and_administrators(
    patient: Client, doctor: Client, admin: Client
) -> None:
    connect(doctor, patient)
    said = {"name_of_surgery": "Appendectomy", "description_of_surgery": "Laparoscopic"}
    written = doctor.post("/api/medical_histories", {"user_id": number(patient), **said})
    assert written.status == 201
    compare(HISTORY, written.json, "written")
    for client in (patient, doctor, admin):
        compare([HISTORY], client.get(f"/api/medical_histories_of_patient/{number(patient)}").json, "read")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "questions"),
        ("GET", "questions/1"),
        ("GET", "questions/pending"),
        ("POST", "questions/1/response"),
        ("GET", "questions/1/2"),
        ("GET", "medical_histories_of_patient/1"),
        ("POST", "medical_histories"),
        ("PUT", "medical_histories/1"),
    ],
)
def test_each_request_needs_a_token(api: Client, method: str, path: str) -> None:
    for token in (None, "x", "e30.e30."):
        reply = Client(token).send(method, f"/api/{path}")
        assert (reply.status, reply.json) == (401, {"error": "Not authenticated"})
