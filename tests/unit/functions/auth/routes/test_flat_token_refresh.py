"""Refreshing with a token in the body."""

import json

import pytest

from tests.support.client import ApiClient

PATIENT = {
    "username": "ada",
    "email": "ada@example.org",
    "password": "correct horse",
    "is_patient": True,
    "is_doctor": False,
}


def test_a_refresh_token_is_kept_unless_the_app_asks_for_another(api: ApiClient) -> None:
    api.post("/api/register", PATIENT)
    first = api.post("/api/login", {"username": "ada", "password": "correct horse"}).json["refresh"]
    assert set(api.post("/api/token/refresh", {"refresh": first}).json) == {"access"}
    rotated = api.post("/api/token/refresh", {"refresh": first, "rotate": True}).json
    assert set(rotated) == {"access", "refresh"}
    assert api.post("/api/token/refresh", {"refresh": rotated["refresh"]}).status == 200


def test_every_refresh_token_that_does_not_hold_is_refused_in_the_same_words(api: ApiClient) -> None:
    api.post("/api/register", PATIENT)
    opened = api.post("/api/login", {"username": "ada", "password": "correct horse"}).json
    assert ApiClient(opened["access"]).send("POST", "/api/logout").status == 200
    tokens = [opened["refresh"], opened["access"], "x", "e30.e30.", "é\0", "x" * 100_000, opened["refresh"][:-2]]
    for token in tokens:
        reply = api.post("/api/token/refresh", {"refresh": token})
        assert (reply.status, reply.json) == (401, {"error": "Invalid refresh token"})


@pytest.mark.parametrize("sent", [{}, {"refresh": ""}, {"refresh": 7}, {"refresh": None}, {"refresh": ["x"]}])
def test_a_refresh_without_a_token_is_refused(api: ApiClient, sent: dict[str, object]) -> None:
    reply = api.post("/api/token/refresh", sent)
    assert (reply.status, set(reply.json)) == (400, {"refresh"})


def test_refreshing_counts_towards_the_accounts_limit(api: ApiClient) -> None:
    api.post("/api/register", PATIENT)
    token = api.post("/api/login", {"username": "ada", "password": "correct horse"}).json["refresh"]
    replies = (api.post("/api/token/refresh", {"refresh": token}) for _ in range(205))
    over = next(reply for reply in replies if reply.status == 429)
    assert json.loads(over.body) == {"error": "Too many requests"}
    assert 0 < int(over.headers["retry-after"]) <= 60
