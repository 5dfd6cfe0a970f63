"""Contract C: patients, doctors, hospitals and labs, each by a path of its own."""

from typing import Any

import pytest

from tests.contracts.replay import Replay
from tests.support.client import ApiClient
from tests.support.people import sign_in_administrator
from tests.support.registrations import KINDS, body


def login(api: ApiClient, kind: str, **fields: str) -> tuple[int, Any]:
    reply = api.post(f"/api/{kind}/login", {"email": "ada@example.org", "password": "correct horse"} | fields)
    return reply.status, reply.json


def test_contract_c_answers_every_exchange_as_its_document_shows(api: ApiClient) -> None:
    replay = Replay("c")
    replay.play("register patient", "log in patient", "register doctor")
    hospital = replay.play("register hospital").json["id"]
    sign_in_administrator(api).post(f"/users/{hospital}/approval", {"approved": True})
    replay.play("log in hospital", "register labo", "log in labo that is not approved")


def test_a_patients_answer_has_the_documents_fields_alone(api: ApiClient) -> None:
    replay = Replay("c")
    sent = replay.sent("register patient").keys() - {"password", "married"}
    assert replay.play("register patient").json.keys() == sent | {"id", "image", "access", "refresh", "isPatient"}


@pytest.mark.parametrize("kind", KINDS)
def test_contract_c_answers_invent_no_values(api: ApiClient, kind: str) -> None:
    answer = api.post(f"/api/{kind}/register", body(kind)).json
    profile = answer.get("profile", answer)
    assert (profile["blood_type"], profile["gender"], profile["birth_date"], profile["numero_tel"]) == (None,) * 4
    assert (profile["image"], profile["emergency_numbers"], profile["id"]) == (None, [], answer["id"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_tokens_of_a_registration_are_the_accounts(api: ApiClient, kind: str) -> None:
    answer = api.post(f"/api/{kind}/register", body(kind)).json
    assert ApiClient(answer["access"]).get("/users/me").data["email"] == "ada@example.org"
    assert api.post("/api/token/refresh", {"refresh": answer["refresh"]}).status == 200


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_professional_logs_in_once_approved(api: ApiClient, kind: str) -> None:
    registered = api.post(f"/api/{kind}/register", body(kind)).json
    assert login(api, kind) == (404, "You are not approved yet")
    assert login(api, kind, password="wrong horse") == (401, {"error": "Invalid credentials"})
    administrator = sign_in_administrator(api)
    administrator.post(f"/users/{registered['id']}/approval", {"approved": True})
    status, answer = login(api, kind)
    assert (status, answer["id"]) == (200, registered["id"])
    flags = {"doctor": {"isDoctor"}, "hospital": {"isHospital"}, "labo": {"isLabo", "isLabOorRad"}}[kind]
    assert {name for name, value in answer.items() if value is True} == flags
    administrator.post(f"/users/{registered['id']}/approval", {"approved": False})
    assert login(api, kind) == (404, "You are not approved yet")


@pytest.mark.parametrize("kind", KINDS)
def test_contract_c_login_is_for_its_own_kind_of_account_and_tells_nothing_else(api: ApiClient, kind: str) -> None:
    api.post(f"/api/{kind}/register", body(kind))
    others = [login(api, other) for other in KINDS if other != kind]
    others += [login(api, kind, password="wrong horse"), login(api, kind, email="nobody@example.org")]
    assert others == [(401, {"error": "Invalid credentials"})] * 5


def test_a_deactivated_account_is_refused_as_an_unknown_one(api: ApiClient) -> None:
    registered = api.post("/api/user/register", body("user")).json
    path = f"/users/{registered['id']}"
    sign_in_administrator(api).patch(path, {"is_active": False})
    assert login(api, "user") == (401, {"error": "Invalid credentials"})
