"""Sessions over the gateway: each ends when it should, and no other with it."""

import pytest

from tests.stack.calls import PASSWORD, data, me, refresh, sign_in
from tests.stack.visitor import Visitor
from tests.support.client import ApiClient
from tests.support.one_time_passwords import PATH, turn_on_one_time_passwords

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_logout_ends_the_session_at_once(patient: Visitor, everywhere: bool) -> None:
    other = sign_in(patient.api, email=patient.email)
    assert patient.api.post("/auth/logout/", {"everywhere": everywhere}).status == 200
    assert patient.api.get("/users/me").status == 401
    assert refresh(patient.api, other["refresh_token"]).status == (401 if everywhere else 200)


def test_a_new_password_ends_all_sessions_and_the_old_one_is_nobodys(patient: Visitor) -> None:
    opened = sign_in(patient.api, email=patient.email)
    assert patient.api.put("/users/me", {"password": "battery staple"}).status == 200
    assert patient.api.get("/users/me").status == 401
    assert refresh(patient.api, opened["refresh_token"]).status == 401
    old, new = (
        patient.api.form("/auth/login", {"email": patient.email, "password": password})
        for password in (PASSWORD, "battery staple")
    )
    assert (old.status, new.status) == (401, 200)


def test_whoever_is_deactivated_is_out_at_once(patient: Visitor, administrator: ApiClient) -> None:
    path = f"/users/{data(patient.api.get('/users/me'))['id']}"
    assert data(administrator.patch(path, {"is_active": False}))["is_active"] is False
    assert patient.api.get("/users/me").status == 401
    shown = {"email": patient.email, "password": PASSWORD}
    assert patient.api.form("/auth/login", shown).status == 401
    assert data(administrator.patch(path, {"is_active": True}))["is_active"] is True
    assert patient.api.get("/users/me").status == 401, "the sessions of before are gone"
    assert me(patient.api, sign_in(patient.api, email=patient.email)["access_token"])["email"] == patient.email


def test_a_refresh_token_that_is_used_again_ends_its_session(patient: Visitor) -> None:
    first = str(sign_in(patient.api, email=patient.email)["refresh_token"])
    tokens = [first]
    for _ in range(2):
        tokens.append(str(data(refresh(patient.api, tokens[-1], rotate=True))["refresh_token"]))
    renewed = data(refresh(patient.api, tokens[-1]))["access_token"]
    assert me(patient.api, renewed)["email"] == patient.email
    again = patient.api.post("/api/token/refresh/", {"refresh": first})
    assert (again.status, again.json) == (401, {"error": "Invalid refresh token"})
    assert patient.api.get("/users/me", headers={"Authorization": f"Bearer {renewed}"}).status == 401
    assert refresh(patient.api, tokens[-1]).status == 401
    assert patient.api.get("/users/me").status == 200, "the other session has nothing to do with it"


def test_a_lost_answer_may_be_asked_for_once_more(patient: Visitor) -> None:
    first = str(sign_in(patient.api, email=patient.email)["refresh_token"])
    given = [data(refresh(patient.api, first, rotate=True))["refresh_token"] for _ in range(2)]
    assert [refresh(patient.api, token).status for token in given] == [200, 200]


def test_a_login_needs_a_one_time_password_once_it_is_turned_on(patient: Visitor) -> None:
    app = turn_on_one_time_passwords(patient.api)
    body = {"email": patient.email, "password": PASSWORD}
    refused = patient.api.post("/auth/login", body)
    assert (refused.status, refused.code) == (401, "ONE_TIME_PASSWORD_REQUIRED")
    recovered = [patient.api.post("/auth/login", body | {"one_time_password": app.recovery_codes[0]}) for _ in range(2)]
    assert [reply.status for reply in recovered] == [200, 401]
    assert patient.api.delete(PATH, {"password": PASSWORD, "one_time_password": app.recovery_codes[1]}).status == 200
    assert patient.api.post("/auth/login", body).status == 200
