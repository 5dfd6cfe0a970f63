"""Accounts over the gateway: one winner of a race, five ways in, approval, and sessions that end when they should."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import httpx
import pytest

from infra.local.sessions import environment
from infra.local.stack import find_stack
from tests.cloud import ROOT
from tests.stack.embedded import Stack
from tests.stack.visitor import PASSWORD, Visitor

pytestmark = pytest.mark.stack

CLIENTS = 20
CREATE = "import sys; from infra.operations import administrator as a; print(a.create_administrator(*sys.argv[1:]))"
Said = dict[str, Any]


@pytest.fixture
def anybody(stack: Stack) -> Iterator[httpx.Client]:
    """A client that has not signed in."""
    with _client(stack) as client:
        yield client


@pytest.fixture(scope="module")
def administrator(stack: Stack) -> Iterator[httpx.Client]:
    """An administrator, whom no contract registers, and who has signed in."""
    found = find_stack(stack.endpoint)
    assert found
    email = _email()
    command = [sys.executable, "-c", CREATE, found.outputs["AccountsTableName"], email]
    made = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment(stack.endpoint), capture_output=True, text=True, timeout=60, check=True
    )
    with _client(stack) as client:
        login = client.post("/auth/login", data={"email": email, "password": made.stdout.strip()})
        client.headers["Authorization"] = f"Bearer {_data(login)['access_token']}"
        yield client


def test_of_many_who_race_for_one_email_one_wins(stack: Stack) -> None:
    start = Barrier(CLIENTS)
    email = _email()

    def register(_: int) -> httpx.Response:
        with _client(stack) as client:
            for each in (_email(), email):  # the first only wakes the functions: those that start late do not race
                start.wait(60)
                answer = client.post("/auth/register", json={"email": each, "password": PASSWORD})
            return answer

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(register, range(CLIENTS)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (CLIENTS - 1), [
        answer.text for answer in answers if answer.status_code not in {200, 409}
    ]
    lost = [answer.json()["error"] for answer in answers if answer.status_code == 409]
    assert {error["code"] for error in lost} == {"ALREADY_TAKEN"}
    assert all(error["details"] == {"email": ["This field must be unique."]} for error in lost)
    with _client(stack) as client:
        winner = next(answer for answer in answers if answer.status_code == 200).json()["data"]
        assert _me(client, _sign_in(client, email=email)["access_token"])["id"] == winner["id"]


@pytest.mark.parametrize("contract", ["A", "C", "D", "E"])
def test_whoever_registers_anywhere_logs_in_through_b(anybody: httpx.Client, contract: str) -> None:
    email, name = _email(), uuid4().hex
    ways: dict[str, tuple[str, Said, Said]] = {
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
    registered = anybody.post(path, json=body | {"password": PASSWORD})
    assert registered.is_success, registered.text
    shown = {"username": name} if contract in "AD" else {"email": email.upper()}
    me = _me(anybody, _sign_in(anybody, **shown)["access_token"])
    assert {field: me[field] for field in said} == said
    assert (me["is_active"], me["is_superuser"]) == (True, False)


def test_a_doctor_of_c_logs_in_once_approved(anybody: httpx.Client, administrator: httpx.Client) -> None:
    email = _email()
    profile = {"carte_id": uuid4().hex, "email": email, "password": PASSWORD, "first_name": "A", "last_name": "B"}
    registered = anybody.post("/api/doctor/register", json={"profile": profile})
    assert registered.status_code == 201, registered.text
    shown = {"email": email, "password": PASSWORD}
    refused = anybody.post("/api/doctor/login", json=shown)
    assert (refused.status_code, refused.json()) == (404, "You are not approved yet")
    path, decision = f"/users/{registered.json()['id']}/approval", {"approved": True, "reason": "the chamber's list"}
    own = {"Authorization": f"Bearer {registered.json()['access']}"}
    assert anybody.post(path, json=decision, headers=own).status_code == 403
    assert anybody.post(path, json=decision).status_code == 401
    assert anybody.post("/api/doctor/login", json=shown).status_code == 404
    assert _data(administrator.post(path, json=decision))["is_approved"] is True
    opened = anybody.post("/api/doctor/login", json=shown)
    assert (opened.status_code, opened.json()["isDoctor"]) == (200, True)
    assert _me(anybody, opened.json()["access"])["is_approved"] is True


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_logout_ends_the_session_at_once(patient: Visitor, everywhere: bool) -> None:
    other = _sign_in(patient.http, email=patient.email)
    assert patient.http.post("/auth/logout/", json={"everywhere": everywhere}).status_code == 200
    assert patient.http.get("/users/me").status_code == 401
    assert _refresh(patient.http, other["refresh_token"]).status_code == (401 if everywhere else 200)


def test_a_new_password_ends_all_sessions_and_the_old_one_is_nobodys(patient: Visitor) -> None:
    opened = _sign_in(patient.http, email=patient.email)
    assert patient.http.put("/users/me", json={"password": "battery staple"}).status_code == 200
    assert patient.http.get("/users/me").status_code == 401
    assert _refresh(patient.http, opened["refresh_token"]).status_code == 401
    old, new = (
        patient.http.post("/auth/login", data={"email": patient.email, "password": password})
        for password in (PASSWORD, "battery staple")
    )
    assert (old.status_code, new.status_code) == (401, 200)


def test_whoever_is_deactivated_is_out_at_once(patient: Visitor, administrator: httpx.Client) -> None:
    path = f"/users/{_data(patient.http.get('/users/me'))['id']}"
    assert _data(administrator.patch(path, json={"is_active": False}))["is_active"] is False
    assert patient.http.get("/users/me").status_code == 401
    shown = {"email": patient.email, "password": PASSWORD}
    assert patient.http.post("/auth/login", data=shown).status_code == 401
    assert _data(administrator.patch(path, json={"is_active": True}))["is_active"] is True
    assert patient.http.get("/users/me").status_code == 401, "the sessions of before are gone"
    assert _me(patient.http, _sign_in(patient.http, email=patient.email)["access_token"])["email"] == patient.email


def test_a_refresh_token_that_is_used_again_ends_its_session(patient: Visitor) -> None:
    first = str(_sign_in(patient.http, email=patient.email)["refresh_token"])
    tokens = [first]
    for _ in range(2):
        tokens.append(str(_data(_refresh(patient.http, tokens[-1], rotate=True))["refresh_token"]))
    renewed = _data(_refresh(patient.http, tokens[-1]))["access_token"]
    assert _me(patient.http, renewed)["email"] == patient.email
    again = patient.http.post("/api/token/refresh/", json={"refresh": first})
    assert (again.status_code, again.json()) == (401, {"error": "Invalid refresh token"})
    assert patient.http.get("/users/me", headers={"Authorization": f"Bearer {renewed}"}).status_code == 401
    assert _refresh(patient.http, tokens[-1]).status_code == 401
    assert patient.http.get("/users/me").status_code == 200, "the other session has nothing to do with it"


def test_a_lost_answer_may_be_asked_for_once_more(patient: Visitor) -> None:
    first = str(_sign_in(patient.http, email=patient.email)["refresh_token"])
    given = [_data(_refresh(patient.http, first, rotate=True))["refresh_token"] for _ in range(2)]
    assert [_refresh(patient.http, token).status_code for token in given] == [200, 200]


def test_accounts_are_listed_by_pages(administrator: httpx.Client, anybody: httpx.Client) -> None:
    for _ in range(5):
        body = {"email": _email(), "password": PASSWORD}
        assert anybody.post("/auth/register", json=body).status_code == 200
    whole = administrator.get("/users/?limit=6").json()
    seen: list[Said] = []
    cursor: str | None = None
    for _ in range(3):
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        answer = administrator.get("/users", params=query)
        assert len(_data(answer)) == 2
        seen += _data(answer)
        cursor = answer.json()["next"]
    assert [account["id"] for account in seen] == [account["id"] for account in whole["data"]]
    assert [account["id"] for account in seen] == sorted({account["id"] for account in seen}, reverse=True)
    refused = administrator.get("/users", params={"limit": "2", "role": "DOCTOR", "cursor": cursor or ""})
    assert refused.is_client_error, "a cursor is for its own list alone"
    assert anybody.get("/users?limit=2").status_code == 401


def _client(stack: Stack) -> httpx.Client:
    return httpx.Client(base_url=stack.api, timeout=60, trust_env=False)


def _email() -> str:
    return f"{uuid4().hex}@example.org"


def _sign_in(client: httpx.Client, **name: str) -> Said:
    """Through B; the tokens."""
    return _data(client.post("/auth/login", data=name | {"password": PASSWORD}))  # type: ignore[no-any-return]


def _me(client: httpx.Client, access: str) -> Said:
    return _data(client.get("/users/me", headers={"Authorization": f"Bearer {access}"}))  # type: ignore[no-any-return]


def _refresh(client: httpx.Client, token: str, *, rotate: bool = False) -> httpx.Response:
    return client.post("/auth/refresh-token", json={"rotate": rotate}, headers={"Authorization": f"Bearer {token}"})


def _data(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]
