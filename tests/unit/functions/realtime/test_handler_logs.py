"""Logs of sockets: one line an event, and no token in any of them."""

import logging
from typing import Any

import pytest

from tests.support.sockets import Sockets

Event = dict[str, Any]


@pytest.fixture
def logged(sockets: Sockets, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Any:
    """Feed events to the real handler; give everything that was logged, extras included."""
    monkeypatch.setenv("WEBSOCKET_API_ID", "sockets")
    monkeypatch.setenv("WEBSOCKET_STAGE", "live")
    from functions.realtime import handler

    def feed(*events: Event) -> list[str]:
        caplog.clear()
        for event in events:
            handler.app(event, None)
        return [repr(record.__dict__) for record in caplog.records]

    caplog.set_level(logging.INFO)
    return feed


def context(kind: str) -> Event:
    return {"requestContext": {"eventType": kind, "connectionId": "c1"}}


def test_no_token_is_logged_whether_it_is_taken_or_not(sockets: Sockets, logged: Any) -> None:
    task = sockets.task()
    tokens = [sockets.access(), sockets.task_token(task), sockets.access() + "x"]
    handshakes = [{**context("CONNECT"), "queryStringParameters": {"token": token}} for token in tokens]
    message = {**context("MESSAGE"), "body": f'{{"action": "watch", "task_ids": ["{tokens[1]}"]}}'}
    lines = logged(*handshakes, message, {**context("MESSAGE"), "body": tokens[0]})
    assert sum("'event_type'" in line for line in lines) == 5
    assert [line for line in lines if "eyJ" in line] == []


def test_an_unforeseen_failure_is_logged_without_what_was_sent(logged: Any) -> None:
    broken = {**context("CONNECT"), "queryStringParameters": {"token": "planted"}, "headers": {"planted": {}, 7: ""}}
    lines = logged(broken)
    assert any("'unforeseen'" in line for line in lines)
    assert [line for line in lines if "planted" in line] == []
