"""Who may watch a task, and what they are told."""

import json
from contextlib import AbstractContextManager
from urllib.parse import urlencode

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.stack.calls import PASSWORD
from tests.stack.embedded import ORIGIN
from tests.stack.visitor import Visitor, message, messages, refused, socket
from tests.support.cloud import ROOT

pytestmark = pytest.mark.stack

CONTENT = (ROOT / "samples" / "clear-1.png").read_bytes()


def test_a_late_socket_gets_the_state_at_once(patient: Visitor) -> None:
    upload = patient.upload(CONTENT)
    polled = patient.finished(upload)
    with patient.watch(upload) as late:
        said = message(late, 5)
    assert (said["status"], said["version"], said["result"]) == ("COMPLETED", polled["version"], polled["result"])


def test_a_task_token_is_enough(patient: Visitor) -> None:
    upload = patient.begin("image/png")
    with socket(patient.stack, token=upload.task_token) as opened:
        assert message(opened)["status"] == "PENDING"
        assert patient.put(upload, CONTENT).status_code == 204
        assert messages(opened)[-1]["status"] == "COMPLETED"


def test_two_watchers_are_told_the_same(patient: Visitor) -> None:
    upload = patient.begin("image/png")
    with patient.watch(upload) as first, patient.watch(upload, upload.task_token) as second:
        assert (message(first)["version"], message(second)["version"]) == (1, 1)
        assert patient.put(upload, CONTENT).status_code == 204
        assert messages(first)[-1] == messages(second)[-1]


def test_one_socket_watches_several_tasks(patient: Visitor) -> None:
    uploads = [patient.begin("image/png") for _ in range(2)]
    wanted = {upload.task_id for upload in uploads}
    with socket(patient.stack, token=patient.token, task_ids=",".join(sorted(wanted))) as opened:
        assert {message(opened)["task_id"], message(opened)["task_id"]} == wanted


def test_a_ping_is_answered_and_anything_else_is_not_fatal(patient: Visitor) -> None:
    with patient.watch(patient.begin("image/png")) as opened:
        message(opened)
        opened.send("what?")
        opened.send(json.dumps({"action": "ping"}))
        answers = [message(opened), message(opened)]
    assert {"action": "pong"} in answers


def test_nobody_watches_without_a_token(patient: Visitor) -> None:
    upload = patient.begin("image/png")
    refused(patient.stack, task_ids=upload.task_id)
    for token in ("", "a.b.c", "x" * 5000, upload.task_id):
        refused(patient.stack, token=token, task_ids=upload.task_id)


def test_a_socket_on_another_accounts_task_is_refused(patient: Visitor, stranger: Visitor) -> None:
    upload = patient.begin("image/png")
    refused(patient.stack, token=stranger.token, task_ids=upload.task_id)
    refused(patient.stack, token=stranger.token, task_ids=upload.task_token)


def test_a_task_token_opens_no_other_task(patient: Visitor) -> None:
    """It watches its own task, whatever else is named beside it."""
    mine, other = patient.begin("image/png"), patient.begin("image/png")
    with socket(patient.stack, token=mine.task_token, task_ids=other.task_id) as opened:
        assert message(opened)["task_id"] == mine.task_id


@pytest.mark.parametrize("named", ["nothing", "1", "06ef0703-a603-8400-b363-616e77617264"])
def test_a_socket_on_what_is_no_task_is_refused(patient: Visitor, named: str) -> None:
    refused(patient.stack, token=patient.token, task_ids=named)


def test_a_refresh_token_is_no_ticket(patient: Visitor) -> None:
    login = patient.api.form("/auth/login", {"email": patient.email, "password": PASSWORD})
    upload = patient.begin("image/png")
    refused(patient.stack, token=login.json["data"]["refresh_token"], task_ids=upload.task_id)


def test_a_socket_without_task_ids_watches_all_own_tasks_and_later_ones(patient: Visitor, stranger: Visitor) -> None:
    earlier = patient.begin("image/png")
    with socket(patient.stack, token=patient.token) as opened:
        assert message(opened)["task_id"] == earlier.task_id
        stranger.begin("image/png")
        later = patient.begin("image/png")
        assert message(opened)["task_id"] == later.task_id
        assert patient.put(later, CONTENT).status_code == 204
        said = messages(opened)
    assert {each["task_id"] for each in said} == {later.task_id}
    versions = [each["version"] for each in said]
    assert versions == sorted(set(versions))


def test_watched_tasks_are_changed_by_messages_over_the_socket(patient: Visitor, stranger: Visitor) -> None:
    first, second, foreign = (visitor.begin("image/png").task_id for visitor in (patient, patient, stranger))
    with socket(patient.stack, token=patient.token, task_ids=first) as opened:
        assert message(opened)["task_id"] == first
        opened.send(json.dumps({"action": "watch", "task_ids": [second]}))
        answers = [message(opened), message(opened)]
        assert {"action": "watching", "task_ids": sorted([first, second]), "own": False} in answers
        assert second in [said.get("task_id") for said in answers]
        opened.send(json.dumps({"action": "watch", "task_ids": [foreign]}))
        assert message(opened)["error"]["code"] == "NOT_FOUND"
        opened.send(json.dumps({"action": "unwatch"}))
        assert message(opened) == {"action": "watching", "task_ids": [], "own": False}


def test_a_message_of_128_kilobytes_is_refused_and_not_fatal(patient: Visitor) -> None:
    with patient.watch(patient.begin("image/png")) as opened:
        message(opened)
        opened.send("x" * 131_000)
        assert message(opened)["error"]["code"] == "TOO_LARGE"
        opened.send(json.dumps({"action": "ping"}))
        assert message(opened) == {"action": "pong"}


def test_a_foreign_origin_is_refused_and_an_allowed_one_is_not(patient: Visitor) -> None:
    with pytest.raises(InvalidStatus), socket_from(patient, "https://evil.example.org"):
        pass
    with socket_from(patient, ORIGIN) as opened:
        opened.send(json.dumps({"action": "ping"}))
        assert message(opened) == {"action": "pong"}


def socket_from(patient: Visitor, origin: str) -> AbstractContextManager[ClientConnection]:
    """Return a socket as a browser on a page of `origin` opens it."""
    url = f"{patient.stack.live}?{urlencode({'token': patient.token})}"
    return connect(url, origin=Origin(origin), open_timeout=30, close_timeout=5, proxy=None)
