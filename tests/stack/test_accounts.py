"""Accounts over the gateway: one winner of a race, five ways in, approval, and lists."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from tests.stack.calls import PASSWORD, Json, client_of, data, fresh_email, me, sign_in
from tests.stack.embedded import Stack
from tests.support.client import ApiClient, Reply

pytestmark = pytest.mark.stack

CLIENTS = 20


def test_of_many_registrations_of_one_email_at_once_one_wins(stack: Stack) -> None:
    start = Barrier(CLIENTS)
    email = fresh_email()

    def register(_: int) -> Reply:
        with client_of(stack) as client:
            for each in (fresh_email(), email):  # the first only wakes the functions: those that start late do not race
                start.wait(60)
                answer = client.post("/auth/register", {"email": each, "password": PASSWORD})
            return answer

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(register, range(CLIENTS)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * (CLIENTS - 1), [
        answer.text for answer in answers if answer.status not in {200, 409}
    ]
    lost = [answer.json["error"] for answer in answers if answer.status == 409]
    assert {error["code"] for error in lost} == {"ALREADY_TAKEN"}
    assert all(error["details"] == {"email": ["This field must be unique."]} for error in lost)
    with client_of(stack) as client:
        winner = next(answer for answer in answers if answer.status == 200).json["data"]
        assert me(client, sign_in(client, email=email)["access_token"])["id"] == winner["id"]


@pytest.mark.parametrize("contract", ["A", "C", "D", "E"])
def test_whoever_registers_anywhere_logs_in_through_b(anybody: ApiClient, contract: str) -> None:
    email, name = fresh_email(), uuid4().hex
    ways: dict[str, tuple[str, Json, Json]] = {
        "A": (
            "/api/register/",
            {"username": name, "email": email, "is_doctor": True, "is_patient": False, "registration_id": name},
            {"username": name, "email": email, "role": "DOCTOR", "is_approved": False, "name": name},
        ),
        "C": (
            "/api/user/register",
            {"carte_id": name, "email": email, "first_name": "Ada", "last_name": "Byron", "gender": "Female"},
            {"username": None, "email": email, "role": "PATIENT", "name": "Ada Byron", "gender": "FEMALE"},
        ),
        "D": (
            "/auth/register/",
            {"username": name},
            {"username": name, "email": None, "role": "PATIENT", "is_approved": True, "name": name},
        ),
        "E": (
            "/api/register",
            {"full_name": "Ada King", "email": email, "phone": "+44 1", "usertype": "patient"},
            {"username": None, "email": email, "role": "PATIENT", "is_approved": True, "name": "Ada King"},
        ),
    }
    path, body, said = ways[contract]
    registered = anybody.post(path, body | {"password": PASSWORD})
    assert 200 <= registered.status < 300, registered.text
    shown = {"username": name} if contract in "AD" else {"email": email.upper()}
    found = me(anybody, sign_in(anybody, **shown)["access_token"])
    assert {field: found[field] for field in said} == said
    assert (found["is_active"], found["is_superuser"]) == (True, False)


def test_a_doctor_of_c_logs_in_once_approved(anybody: ApiClient, administrator: ApiClient) -> None:
    email = fresh_email()
    profile = {"carte_id": uuid4().hex, "email": email, "password": PASSWORD, "first_name": "A", "last_name": "B"}
    registered = anybody.post("/api/doctor/register", {"profile": profile})
    assert registered.status == 201, registered.text
    shown = {"email": email, "password": PASSWORD}
    refused = anybody.post("/api/doctor/login", shown)
    assert (refused.status, refused.json) == (404, "You are not approved yet")
    path, decision = f"/users/{registered.json['id']}/approval", {"approved": True, "reason": "the chamber's list"}
    own = anybody.signed_in(registered.json["access"])
    assert own.post(path, decision).status == 403
    assert anybody.post(path, decision).status == 401
    assert anybody.post("/api/doctor/login", shown).status == 404
    assert data(administrator.post(path, decision))["is_approved"] is True
    opened = anybody.post("/api/doctor/login", shown)
    assert (opened.status, opened.json["isDoctor"]) == (200, True)
    assert me(anybody, opened.json["access"])["is_approved"] is True


def test_accounts_are_listed_by_pages(administrator: ApiClient, anybody: ApiClient) -> None:
    for _ in range(5):
        body = {"email": fresh_email(), "password": PASSWORD}
        assert anybody.post("/auth/register", body).status == 200
    whole = administrator.get("/users/?limit=6").json
    seen: list[Json] = []
    cursor: str | None = None
    for _ in range(3):
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        answer = administrator.get(f"/users?{urlencode(query)}")
        assert len(data(answer)) == 2
        seen += data(answer)
        cursor = answer.json["next"]
    assert [account["id"] for account in seen] == [account["id"] for account in whole["data"]]
    assert [account["id"] for account in seen] == sorted({account["id"] for account in seen}, reverse=True)
    refused = administrator.get(f"/users?{urlencode({'limit': '2', 'role': 'DOCTOR', 'cursor': cursor or ''})}")
    assert 400 <= refused.status < 500, "a cursor is for its own list alone"
    assert anybody.get("/users?limit=2").status == 401
