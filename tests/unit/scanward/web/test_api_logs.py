"""Logs: one line a request, and nothing in them that was sent by, or is known of, a person."""

import logging
from collections.abc import Iterator
from importlib import import_module

import pytest

from tests.support.client import HANDLERS, ApiClient
from tests.support.people import sign_in

PLANTED = ("evangelina", "correct horse", "planted-file-name", "192.0.2.1", "Bearer", "eyJ")


@pytest.fixture
def lines(api: ApiClient) -> Iterator[list[str]]:
    """Provide everything that any logger is given, with its extras."""
    found: list[str] = []
    for handler_module in HANDLERS.values():
        import_module(handler_module)  # a function's logger takes its handlers when it is made

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(repr(record.__dict__))

    handler = Keep()
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)


def test_what_people_send_is_never_logged(api: ApiClient, lines: list[str]) -> None:
    client = sign_in(api, "evangelina@example.org")
    client.post("/scans/uploads", {"filename": "planted-file-name", "content_type": "image/png"})
    client.get("/scans/evangelina")
    client.post("/auth/register", {"email": "evangelina@example.org", "password": "correct horse"})
    api.form("/auth/login", {"email": "evangelina@example.org", "password": "correct horse battery"})
    api.send("POST", "/auth/register", b'{"evangelina": ', "application/json")
    assert sum("'route':" in line for line in lines) == 7
    for line in lines:
        assert not [planted for planted in PLANTED if planted in line], line


def test_an_unforeseen_error_is_500_in_the_familys_shape_and_its_message_is_not_logged(
    patient: ApiClient, lines: list[str]
) -> None:
    from functions.scans import handler

    class Broken:
        def task_id(self, text: str) -> int:
            raise KeyError(f"evangelina {text}")

    kept = handler.deps.tokens
    object.__setattr__(handler.deps, "tokens", Broken())
    try:
        reply = patient.get("/tasks/status/1")
    finally:
        object.__setattr__(handler.deps, "tokens", kept)
    assert (reply.status, reply.code) == (500, "INTERNAL_ERROR")
    assert any("KeyError" in line and "task_id" in line for line in lines)
    assert not [line for line in lines if "evangelina" in line]


def test_who_is_told_that_something_is_not_theirs_is_counted_and_can_be_found(
    patient: ApiClient, lines: list[str]
) -> None:
    own = patient.get("/users/me")
    refused = patient.get("/users")
    assert (refused.status, refused.code) == (403, "NOT_ALLOWED")
    assert {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"} <= refused.headers.keys()
    last = next(line for line in reversed(lines) if "'route': '/users'" in line)
    assert f"'account': {own.data['id']}" in last
