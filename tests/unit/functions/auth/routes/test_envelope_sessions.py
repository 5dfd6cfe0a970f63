"""Sessions: listed, ended one by one or all at once, and ended by whoever steals a refresh token."""

import jwt
import pytest

from scanward.domain.tokens import GRACE_SECONDS, Session, check_refresh, rotate_refresh
from scanward.domain.tokens import Refresh as Meaning
from tests.support.client import ApiClient, InProcess, Reply
from tests.support.people import sign_in

FIELDS = {"email": "ada@example.org", "password": "correct horse"}


def login(api: ApiClient) -> tuple[ApiClient, ApiClient]:
    """Clients with the access and the refresh token of a new session."""
    tokens = api.form("/auth/login", FIELDS).data
    return ApiClient(tokens["access_token"]), ApiClient(tokens["refresh_token"])


def token_id(client: ApiClient) -> str:
    """Return the id of the client's token."""
    return str(jwt.decode(str(client.token), options={"verify_signature": False})["jti"])


def renew(client: ApiClient, *, rotate: bool = False) -> Reply:
    return client.post("/auth/refresh-token", {"rotate": True} if rotate else {})


@pytest.fixture
def ada(api: ApiClient) -> ApiClient:
    return sign_in(api, FIELDS["email"])


def test_sessions_are_listed_and_the_current_one_is_marked(api: ApiClient, ada: ApiClient) -> None:
    other, _ = login(api)
    listed = ada.get("/users/me/sessions").data
    assert len(listed) == 2
    assert [session["current"] for session in listed].count(True) == 1
    theirs = next(session["id"] for session in other.get("/users/me/sessions").data if session["current"])
    assert ada.delete(f"/users/me/sessions/{theirs}").status == 200
    assert (other.get("/users/me").status, ada.get("/users/me").status) == (401, 200)
    assert ada.delete(f"/users/me/sessions/{theirs}").status == 404


def test_logout_ends_one_session_or_all(api: ApiClient, ada: ApiClient) -> None:
    other, refresh = login(api)
    assert other.send("POST", "/auth/logout").status == 200
    assert (other.get("/users/me").status, renew(refresh).status, ada.get("/users/me").status) == (401, 401, 200)
    another, _ = login(api)
    assert ada.post("/auth/logout", {"everywhere": True}).status == 200
    assert (ada.get("/users/me").status, another.get("/users/me").status) == (401, 401)


def test_a_new_password_ends_all_sessions_and_is_the_one_that_holds(api: ApiClient, ada: ApiClient) -> None:
    other, refresh = login(api)
    changed = ada.put("/users/me", {"password": "battery staple"})
    assert {"email", "is_active", "role", "id"} <= set(changed.data)
    assert [client.get("/users/me").status for client in (ada, other)] == [401, 401]
    assert renew(refresh).status == 401
    assert api.form("/auth/login", FIELDS).status == 401
    assert api.form("/auth/login", {**FIELDS, "password": "battery staple"}).status == 200


def test_a_new_email_is_the_one_that_holds_and_ends_nothing(api: ApiClient, ada: ApiClient) -> None:
    changed = ada.put("/users/me", {"email": "lovelace@example.org"})
    assert changed.data["email"] == "lovelace@example.org"
    assert ada.get("/users/me").status == 200
    assert api.form("/auth/login", FIELDS).status == 401
    sign_in(api, "grace@example.org")
    taken = ada.put("/users/me", {"email": "GRACE@example.org"})
    assert (taken.status, taken.code) == (409, "ALREADY_TAKEN")


def test_refreshing_as_documented_keeps_the_refresh_token(api: ApiClient, ada: ApiClient) -> None:
    _, refresh = login(api)
    for _ in range(3):
        renewed = renew(refresh)
        assert set(renewed.data) == {"access_token", "token_type"}


def test_a_rotated_refresh_token_is_given_again_for_a_lost_answer(api: ApiClient, ada: ApiClient) -> None:
    _, old = login(api)
    first = ApiClient(renew(old, rotate=True).data["refresh_token"])
    again = ApiClient(renew(old, rotate=True).data["refresh_token"])
    assert (renew(first).status, renew(again).status) == (200, 200)
    assert token_id(first) == token_id(again), "the same successor, not a second one"


def test_a_refresh_token_whose_successor_has_a_successor_ends_the_session(api: ApiClient, ada: ApiClient) -> None:
    access, old = login(api)
    new = ApiClient(renew(old, rotate=True).data["refresh_token"])
    newer = ApiClient(renew(new, rotate=True).data["refresh_token"])
    assert renew(old, rotate=True).status == 401
    assert (renew(newer).status, access.get("/users/me").status, ada.get("/users/me").status) == (401, 401, 200)


def test_the_grace_ends() -> None:
    session = rotate_refresh(Session("s", 0, 10_000), "old", "new", 100)
    assert check_refresh(session, "new", 10**6) is Meaning.GOOD
    assert check_refresh(session, "old", 100 + GRACE_SECONDS) is Meaning.LOST_ANSWER
    assert check_refresh(session, "old", 101 + GRACE_SECONDS) is Meaning.REUSED
    assert check_refresh(session, "older", 100) is Meaning.REUSED


def test_failures_lock_out_their_own_address_and_nobody_else(api: ApiClient, ada: ApiClient) -> None:
    wrong = {**FIELDS, "password": "wrong horse"}
    statuses = [api.form("/auth/login", wrong).status for _ in range(12)]
    if statuses[-1] != 429:  # the minute turned meanwhile
        statuses = [api.form("/auth/login", wrong).status for _ in range(12)]
    assert 429 in statuses
    over = api.form("/auth/login", FIELDS)
    assert (over.status, over.code) == (429, "TOO_MANY_REQUESTS")
    assert 0 < int(over.headers["retry-after"]) <= 60
    unknown = [api.form("/auth/login", {**wrong, "email": "nobody@example.org"}).status for _ in range(12)]
    if unknown.count(401) != 10:  # the minute turned meanwhile
        unknown = [api.form("/auth/login", {**wrong, "email": "no.body@example.org"}).status for _ in range(12)]
    assert unknown.count(401) == 10, "the unknown are counted as the known are"
    elsewhere = api.through(InProcess(address="198.51.100.7")).form("/auth/login", FIELDS)
    assert elsewhere.status == 200, "the victim can still get in"
