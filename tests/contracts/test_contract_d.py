"""Contract D's identity requests: by user name, a patient where no role is given."""

import pytest

from tests.contracts.replay import Replay
from tests.support.client import ApiClient


def test_contract_d_answers_every_exchange_as_its_document_shows(api: ApiClient) -> None:
    replay = Replay("d")
    replay.play("register", "log in")
    client = ApiClient(replay.tokens["access"])
    assert client.get("/users/me").data["username"] == "jane.doe"
    replay.play("log out")
    assert client.get("/users/me").status == 401


@pytest.mark.parametrize("way", ["form", "post"])
def test_contract_d_registers_and_logs_in_by_form_or_json(api: ApiClient, way: str) -> None:
    fields = {"username": "jane.doe", "password": "correct horse"}
    assert getattr(api, way)("/auth/register/", fields).data["role"] == "PATIENT"
    assert getattr(api, way)("/auth/login/", fields).status == 200


def test_a_user_name_is_somebodys_alone(api: ApiClient) -> None:
    fields = {"username": "jane.doe", "password": "correct horse"}
    api.post("/auth/register/", fields)
    again = api.post("/auth/register/", fields | {"username": "JANE.DOE"})
    assert (again.status, again.json["error"]["details"]) == (409, {"username": ["This field must be unique."]})


def test_logging_out_needs_a_token(api: ApiClient) -> None:
    assert api.send("POST", "/auth/logout/").status == 401
