"""Contract B's identity requests, played as its document shows them."""

import pytest

from tests.contracts.replay import Replay
from tests.support.client import ApiClient
from tests.support.people import sign_in_administrator


def test_contract_b_answers_every_exchange_as_its_document_shows(api: ApiClient) -> None:
    replay = Replay("b")
    replay.play("register", "log in", "own account", "refresh", "own account")
    replay.tokens["access"] = sign_in_administrator(api).token or ""
    replay.play("list users")


def test_a_changed_account_is_answered_as_the_document_shows_it(api: ApiClient) -> None:
    replay = Replay("b")
    replay.play("register", "log in", "change own account")
    assert api.form("/auth/login", replay.sent("change own account")).status == 200
    assert ApiClient(replay.tokens["access"]).get("/users/me").status == 401


@pytest.mark.parametrize("path", ["/auth/register", "/auth/login"])
def test_every_broken_field_is_named_at_once(api: ApiClient, path: str) -> None:
    reply = api.post(path, {"role" if path == "/auth/login" else "is_superuser": True})
    assert (reply.status, reply.code) == (422, "VALIDATION_ERROR")
    details = reply.json["error"]["details"]
    assert details["email"] == ["Give an email or a username."]
    assert details["password"] == ["This field is required."]
    assert ["This field is not known."] in details.values()


def test_a_blank_field_is_called_blank(api: ApiClient) -> None:
    reply = api.post("/auth/register", {"email": "", "password": ""})
    assert reply.json["error"]["details"] == {
        "email": ["This field may not be blank."],
        "password": ["This field may not be blank."],
    }
