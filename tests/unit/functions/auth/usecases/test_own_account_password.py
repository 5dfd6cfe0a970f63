"""A new password in place of the old one, by who knows the old one."""

from collections.abc import Callable

import pytest

from functions.auth.usecases import own_account
from functions.auth.usecases.own_account import PasswordChange
from scanward.domain.tokens import TokenType
from scanward.errors import InvalidFields, NotAuthenticated
from scanward.stores.dynamo import connection
from tests.faults.injection import meanwhile
from tests.support.client import ApiClient, InProcess, Reply

ADA = {"email": "ada@example.org"}
OLD, NEW = "correct horse", "battery staple"


@pytest.fixture
def ada(patient: ApiClient) -> ApiClient:
    """Somebody who is signed in."""
    return patient


def change(client: ApiClient, old: str = OLD, new: str = NEW) -> Reply:
    return client.post("/auth/password", {"old_password": old, "new_password": new})


def login(api: ApiClient, password: str) -> Reply:
    return api.form("/auth/login", ADA | {"password": password})


def test_a_new_password_in_place_of_the_old_one_ends_all_other_sessions(api: ApiClient, ada: ApiClient) -> None:
    tokens = login(api, OLD).data
    other, refresh = ApiClient(tokens["access_token"]), ApiClient(tokens["refresh_token"])
    changed = change(ada)
    assert (changed.status, changed.data) == (200, {"message": "Password changed"})
    assert (ada.get("/users/me").status, other.get("/users/me").status) == (200, 401)
    assert refresh.send("POST", "/auth/refresh-token").status == 401
    assert (login(api, OLD).status, login(api, NEW).status) == (401, 200)


def test_the_session_that_changes_the_password_goes_on_with_a_rotated_refresh_token(api: ApiClient) -> None:
    api.post("/auth/register", ADA | {"password": OLD})
    tokens = login(api, OLD).data
    rotated = ApiClient(tokens["refresh_token"]).post("/auth/refresh-token", {"rotate": True}).data["refresh_token"]
    assert change(ApiClient(tokens["access_token"])).status == 200
    assert ApiClient(rotated).post("/auth/refresh-token", {"rotate": True}).status == 200


def test_a_wrong_old_password_changes_nothing_and_is_counted_as_a_failed_login_is(
    api: ApiClient, ada: ApiClient
) -> None:
    refused = [change(ada, "wrong horse") for _ in range(10)]
    assert {(reply.status, reply.code) for reply in refused} == {(422, "VALIDATION_ERROR")}
    assert refused[0].json["error"]["details"] == {"old_password": ["This is not your password."]}
    over = change(ada)
    assert (over.status, over.code) == (429, "TOO_MANY_REQUESTS")
    assert change(ada.through(InProcess(address="198.51.100.7")), "wrong horse").status == 422, "counted by address"
    assert login(api, OLD).status == 200


@pytest.mark.parametrize(
    ("fields", "broken"),
    [
        ({}, {"old_password", "new_password"}),
        ({"old_password": OLD, "new_password": "short"}, {"new_password"}),
        ({"old_password": "x" * 129, "new_password": NEW, "email": "a@example.org"}, {"old_password", "email"}),
    ],
)
def test_broken_fields_of_a_new_password_are_named_all_at_once(
    ada: ApiClient, fields: dict[str, str], broken: set[str]
) -> None:
    reply = ada.post("/auth/password", fields)
    assert (reply.status, set(reply.json["error"]["details"])) == (422, broken)


def in_the_meantime(client: ApiClient, act: Callable[[], object]) -> None:
    """Change the password while something else happens between its reads and its write."""
    from functions.auth import handler

    auth = handler.gate.authenticate(str(client.token), TokenType.ACCESS)
    with meanwhile(connection().client, "dynamodb.TransactWriteItems", act):
        own_account.change_password(handler.deps, auth, "192.0.2.1", PasswordChange(OLD, NEW))


def test_a_session_that_is_ended_meanwhile_changes_no_password_and_does_not_come_back(
    api: ApiClient, ada: ApiClient
) -> None:
    other = ApiClient(login(api, OLD).data["access_token"])
    with pytest.raises(NotAuthenticated):
        in_the_meantime(ada, lambda: other.post("/auth/logout", {"everywhere": True}))
    assert ada.get("/users/me").status == 401
    assert (login(api, OLD).status, login(api, NEW).status) == (200, 401)


def test_an_old_password_that_is_changed_meanwhile_is_wrong(api: ApiClient, ada: ApiClient) -> None:
    other = ApiClient(login(api, OLD).data["access_token"])
    with pytest.raises((InvalidFields, NotAuthenticated)):
        in_the_meantime(ada, lambda: change(other, OLD, "the other one's"))
    assert (login(api, NEW).status, login(api, "the other one's").status) == (401, 200)


def test_a_refresh_token_that_is_rotated_meanwhile_still_holds(api: ApiClient) -> None:
    api.post("/auth/register", ADA | {"password": OLD})
    tokens = login(api, OLD).data
    renewed: list[str] = []

    def rotate() -> None:
        reply = ApiClient(tokens["refresh_token"]).post("/auth/refresh-token", {"rotate": True})
        renewed.append(reply.data["refresh_token"])

    in_the_meantime(ApiClient(tokens["access_token"]), rotate)
    assert ApiClient(renewed[0]).post("/auth/refresh-token", {"rotate": True}).status == 200
    assert login(api, NEW).status == 200


@pytest.mark.parametrize("fields", [{"email": "lovelace@example.org"}, {"password": NEW}])
def test_a_session_that_is_ended_meanwhile_changes_no_credentials(
    api: ApiClient, ada: ApiClient, fields: dict[str, str]
) -> None:
    from functions.auth import handler

    other = ApiClient(login(api, OLD).data["access_token"])
    auth = handler.gate.authenticate(str(ada.token), TokenType.ACCESS)
    with (
        meanwhile(
            connection().client,
            "dynamodb.TransactWriteItems",
            lambda: other.post("/auth/logout", {"everywhere": True}),
        ),
        pytest.raises(NotAuthenticated),
    ):
        own_account.change_credentials(handler.deps, auth.actor, fields.get("email"), fields.get("password"))
    assert login(api, OLD).status == 200
