"""Sessions over the gateway: each ends when it should, and no other with it."""

import httpx
import pytest

from tests.stack.calls import data, me, refresh, sign_in
from tests.stack.visitor import PASSWORD, Visitor

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_logout_ends_the_session_at_once(patient: Visitor, everywhere: bool) -> None:
    other = sign_in(patient.http, email=patient.email)
    assert patient.http.post("/auth/logout/", json={"everywhere": everywhere}).status_code == 200
    assert patient.http.get("/users/me").status_code == 401
    assert refresh(patient.http, other["refresh_token"]).status_code == (401 if everywhere else 200)


def test_a_new_password_ends_all_sessions_and_the_old_one_is_nobodys(patient: Visitor) -> None:
    opened = sign_in(patient.http, email=patient.email)
    assert patient.http.put("/users/me", json={"password": "battery staple"}).status_code == 200
    assert patient.http.get("/users/me").status_code == 401
    assert refresh(patient.http, opened["refresh_token"]).status_code == 401
    old, new = (
        patient.http.post("/auth/login", data={"email": patient.email, "password": password})
        for password in (PASSWORD, "battery staple")
    )
    assert (old.status_code, new.status_code) == (401, 200)


def test_whoever_is_deactivated_is_out_at_once(patient: Visitor, administrator: httpx.Client) -> None:
    path = f"/users/{data(patient.http.get('/users/me'))['id']}"
    assert data(administrator.patch(path, json={"is_active": False}))["is_active"] is False
    assert patient.http.get("/users/me").status_code == 401
    shown = {"email": patient.email, "password": PASSWORD}
    assert patient.http.post("/auth/login", data=shown).status_code == 401
    assert data(administrator.patch(path, json={"is_active": True}))["is_active"] is True
    assert patient.http.get("/users/me").status_code == 401, "the sessions of before are gone"
    assert me(patient.http, sign_in(patient.http, email=patient.email)["access_token"])["email"] == patient.email


def test_a_refresh_token_that_is_used_again_ends_its_session(patient: Visitor) -> None:
    first = str(sign_in(patient.http, email=patient.email)["refresh_token"])
    tokens = [first]
    for _ in range(2):
        tokens.append(str(data(refresh(patient.http, tokens[-1], rotate=True))["refresh_token"]))
    renewed = data(refresh(patient.http, tokens[-1]))["access_token"]
    assert me(patient.http, renewed)["email"] == patient.email
    again = patient.http.post("/api/token/refresh/", json={"refresh": first})
    assert (again.status_code, again.json()) == (401, {"error": "Invalid refresh token"})
    assert patient.http.get("/users/me", headers={"Authorization": f"Bearer {renewed}"}).status_code == 401
    assert refresh(patient.http, tokens[-1]).status_code == 401
    assert patient.http.get("/users/me").status_code == 200, "the other session has nothing to do with it"


def test_a_lost_answer_may_be_asked_for_once_more(patient: Visitor) -> None:
    first = str(sign_in(patient.http, email=patient.email)["refresh_token"])
    given = [data(refresh(patient.http, first, rotate=True))["refresh_token"] for _ in range(2)]
    assert [refresh(patient.http, token).status_code for token in given] == [200, 200]
