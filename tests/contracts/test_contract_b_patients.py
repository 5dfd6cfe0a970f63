"""Contract B's patient requests, played as its document shows them."""

import pytest

from tests.contracts.replay import Replay
from tests.support.client import ApiClient
from tests.support.people import sign_in, sign_in_administrator


@pytest.fixture
def replay(api: ApiClient) -> Replay:
    """Provide the document's doctor, approved, and one patient."""
    played = Replay("b")
    doctor = sign_in(api, "doctor@example.com", "DOCTOR")
    number = doctor.get("/users/me").data["id"]
    sign_in_administrator(api).post(f"/users/{number}/approval", {"approved": True})
    played.tokens["doctor"] = doctor.token or ""
    played.tokens["patient"] = sign_in(api, "user@example.com").token or ""
    return played


def connected(replay: Replay) -> int:
    """Return the patient's id, once the doctor is let in."""
    token = replay.play("create connect token").data["token"]
    replay.named["connect_token"] = token
    replay.play("connect doctor")
    return int(ApiClient(replay.tokens["patient"]).get("/users/me").data["id"])


def test_contract_b_answers_every_patient_exchange_as_its_document_shows(replay: Replay) -> None:
    replay.named["patient_user_id"] = str(connected(replay))
    replay.play("patients of the doctor", "update patient")


def test_a_doctor_id_in_a_token_is_the_doctors_own(replay: Replay) -> None:
    made = replay.play("create connect token").data
    own = ApiClient(replay.tokens["doctor"]).get("/users/me").data["id"]
    assert (made["doctor_id"], type(made["doctor_id"])) == (own, int)
