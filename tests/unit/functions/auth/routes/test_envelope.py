"""Contract B's account requests, as its document shows them, and what they refuse."""

import pytest

from scanward.domain.ids import parse_id
from scanward.security import passwords
from tests.support.client import ApiClient
from tests.support.people import sign_in

PASSWORD = "correct horse"


def test_contract_b_registers_a_patient_as_its_document_shows(api: ApiClient) -> None:
    reply = api.post("/auth/register", {"email": "user@example.com", "password": PASSWORD, "role": "PATIENT"})
    assert reply.status == 200
    data = reply.data
    assert set(data) >= {"email", "is_active", "is_superuser", "role", "id", "created_at", "updated_at"}
    assert (data["email"], data["is_active"], data["is_superuser"]) == ("user@example.com", True, False)
    assert data["role"] == "PATIENT"
    assert data["created_at"].endswith("Z")
    assert parse_id(str(data["id"])) == data["id"]


@pytest.mark.parametrize("way", ["form", "upload", "post"])
def test_contract_b_logs_in_by_form_or_json(api: ApiClient, way: str) -> None:
    api.post("/auth/register", {"email": "user@example.com", "password": PASSWORD})
    fields = {"email": "user@example.com", "password": PASSWORD}
    reply = api.upload("/auth/login", {}, fields) if way == "upload" else getattr(api, way)("/auth/login", fields)
    assert reply.status == 200
    assert set(reply.data) == {"access_token", "refresh_token", "token_type"}
    assert reply.data["token_type"] == "bearer"


def test_email_is_one_in_any_case_and_compatibility_form(api: ApiClient) -> None:
    api.post("/auth/register", {"email": "User@Example.com", "password": PASSWORD})
    again = api.post("/auth/register", {"email": "ｕser@example.COM", "password": PASSWORD})
    assert (again.status, again.code) == (409, "ALREADY_TAKEN")
    assert again.json["error"]["details"] == {"email": ["This field must be unique."]}
    assert api.form("/auth/login", {"email": "USER@example.com", "password": PASSWORD}).status == 200


def test_a_refresh_token_renews_the_access_token_and_nothing_else(api: ApiClient) -> None:
    api.post("/auth/register", {"email": "user@example.com", "password": PASSWORD})
    tokens = api.form("/auth/login", {"email": "user@example.com", "password": PASSWORD}).data
    renewed = ApiClient(tokens["refresh_token"]).send("POST", "/auth/refresh-token")
    assert renewed.status == 200
    assert set(renewed.data) == {"access_token", "token_type"}
    assert ApiClient(renewed.data["access_token"]).get("/users/me").status == 200
    assert ApiClient(tokens["refresh_token"]).get("/users/me").status == 401
    assert ApiClient(tokens["access_token"]).send("POST", "/auth/refresh-token").status == 401


def test_me_is_what_was_registered(api: ApiClient) -> None:
    client = sign_in(api, "ada@example.org", "DOCTOR")
    data = client.get("/users/me/").data
    assert (data["email"], data["role"]) == ("ada@example.org", "DOCTOR")


def test_known_and_unknown_accounts_are_refused_alike(api: ApiClient) -> None:
    api.post("/auth/register", {"email": "user@example.com", "password": PASSWORD})
    wrong = api.form("/auth/login", {"email": "user@example.com", "password": "wrong horse"})
    nobody = api.form("/auth/login", {"email": "nobody@example.com", "password": "wrong horse"})
    assert wrong.status == nobody.status == 401
    assert wrong.body == nobody.body
    assert wrong.code == "INVALID_CREDENTIALS"


def test_every_broken_field_is_named_at_once(api: ApiClient) -> None:
    reply = api.post("/auth/register", {"email": "nobody", "password": "short", "role": "ADMIN", "is_superuser": True})
    assert (reply.status, reply.code) == (422, "VALIDATION_ERROR")
    assert set(reply.json["error"]["details"]) == {"email", "password", "role", "is_superuser"}


@pytest.mark.parametrize(
    "field",
    [
        {"email": ""},
        {"email": 7},
        {"email": None},
        {"email": "a@b@c.org"},
        {"email": "a b@example.org"},
        {"email": "x" * 255 + "@example.org"},
        {"password": ""},
        {"password": "with\0nul and more"},
        {"password": "x" * 129},
        {"password": ["correct horse"]},
    ],
)
def test_a_broken_field_is_refused_and_nothing_is_stored(api: ApiClient, field: dict[str, object]) -> None:
    body = {"email": "user@example.com", "password": PASSWORD, **field}
    reply = api.post("/auth/register", body)
    assert reply.status == 422
    assert set(reply.json["error"]["details"]) == set(field)
    assert api.post("/auth/register", {"email": "user@example.com", "password": PASSWORD}).status == 200


class Tripwire:
    """A hasher that must not be reached."""

    def hash(self, password: str) -> str:
        raise AssertionError(len(password))

    def verify(self, hashed: str, password: str) -> bool:
        raise AssertionError(len(password))


@pytest.mark.parametrize("password", ["x" * 129, "é" * 500_000, "x" * 10_000_000, "correct\0horse"])
@pytest.mark.parametrize(
    "path", ["/auth/register", "/auth/login", "/auth/password-reset/confirm", "/auth/undo", "/api/login"]
)
def test_a_password_that_cannot_be_one_is_refused_before_it_costs_a_hash(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, path: str, password: str
) -> None:
    monkeypatch.setattr(passwords, "_hasher", Tripwire())
    name = {"token": "x"} if path.endswith(("confirm", "undo")) else {"email": "user@example.com"}
    replies = [api.post(path, name | {"password": password})]
    if path.startswith("/auth/"):
        replies.append(api.form(path, name | {"password": password}))
    assert {reply.status for reply in replies} <= {400, 413, 422}


def test_over_the_minutes_limit_is_429_with_the_wait(api: ApiClient) -> None:
    client = sign_in(api, "ada@example.org")
    replies = [client.get("/users/me") for _ in range(102)]
    over = [reply for reply in replies if reply.status == 429]
    if not over:  # the minute turned meanwhile
        over = [reply for reply in (client.get("/users/me") for _ in range(102)) if reply.status == 429]
    assert over[0].code == "TOO_MANY_REQUESTS"
    assert 0 < int(over[0].headers["retry-after"]) <= 60
    assert over[0].headers["ratelimit-remaining"] == "0"
    assert replies[0].headers["ratelimit-limit"] == "100"
