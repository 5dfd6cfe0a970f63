"""Contract E's questions, responses, X-rays and medical histories: each documented request, in the tables' columns."""

import pytest

from tests.contracts.replay import Replay
from tests.support.client import ApiClient
from tests.support.links import connect
from tests.support.people import approve, own_id

HISTORY = {"name_of_surgery": "Appendectomy", "description_of_surgery": "Laparoscopic"}


@pytest.fixture
def replay(admin: ApiClient) -> Replay:
    """Provide the document's patient, its doctor, whom an administrator has approved, and that administrator."""
    played = Replay("e")
    for kind in ("patient", "doctor"):
        played.play(f"register {kind}", f"log in {kind}")
        played.tokens[kind] = played.tokens["access"]
        played.named[f"{kind}_id"] = own_id(ApiClient(played.tokens[kind]))
    approve(admin, ApiClient(played.tokens["doctor"]))
    played.tokens["administrator"] = admin.token or ""
    return played


def let_in(replay: Replay) -> ApiClient:
    """Return the doctor, whom the patient lets in."""
    doctor = ApiClient(replay.tokens["doctor"])
    connect(doctor, ApiClient(replay.tokens["patient"]))
    return doctor


def test_a_question_goes_to_a_doctor_and_comes_back_answered(replay: Replay) -> None:
    replay.named["question_id"] = replay.play("ask question").json["id"]
    replay.play("question", "pending questions", "respond to question")
    replay.play("answered question", "questions of a patient to a doctor")
    assert replay.play_as(replay.tokens["doctor"], "pending questions").json == []


def test_a_question_without_a_doctor_is_for_all(replay: Replay) -> None:
    asked = replay.play("ask question of any doctor").json
    assert replay.play_as(replay.tokens["doctor"], "pending questions").json == [asked]


def test_an_xray_is_seen_by_the_patients_doctor_and_an_administrator(replay: Replay) -> None:
    let_in(replay)
    replay.named["xray_id"] = replay.play("upload xray").json["id"]
    replay.play("xrays of a patient", "unique xray")


def test_a_history_is_read_by_its_patient_their_doctor_and_administrators(replay: Replay) -> None:
    doctor = let_in(replay)
    written = doctor.post("/api/medical_histories", {"user_id": replay.named["patient_id"], **HISTORY})
    assert written.status == 201
    replay.play("own medical histories", "medical histories of a patient")
    for token in (replay.tokens[kind] for kind in ("patient", "doctor")):
        assert replay.play_as(token, "medical histories of a patient").json == [written.json]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "questions"),
        ("GET", "questions/1"),
        ("DELETE", "questions/1"),
        ("GET", "questions/pending"),
        ("POST", "questions/1/response"),
        ("GET", "questions/1/2"),
        ("GET", "medical_histories_of_patient/1"),
        ("POST", "medical_histories"),
        ("PUT", "medical_histories/1"),
        ("GET", "medical_histories/1/versions"),
    ],
)
def test_contract_e_clinic_requests_without_a_token_are_refused(api: ApiClient, method: str, path: str) -> None:
    for token in (None, "x", "e30.e30."):
        reply = ApiClient(token).send(method, f"/api/{path}")
        assert (reply.status, reply.json) == (401, {"error": "Not authenticated"})
