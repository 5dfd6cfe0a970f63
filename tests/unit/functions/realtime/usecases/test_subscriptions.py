"""What clients may say over an open socket, and what they are answered."""

from datetime import timedelta

import pytest

from functions.realtime.schemas import MAX_MESSAGE
from scanward import clock
from scanward.domain.care import CareLink
from scanward.domain.pagination import PageRange
from scanward.domain.subscriptions import ACTIVITY_INTERVAL, MAX_TASKS
from tests.support.links import add_link
from tests.support.sockets import ADA, BOB, DOC, LIMIT, Sockets, task_uuid
from tests.support.world import World


def test_a_ping_is_answered(sockets: Sockets) -> None:
    sockets.connect(sockets.access())
    assert sockets.say({"action": "ping"}) == {"action": "pong"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "MALFORMED_BODY"),
        (None, "MALFORMED_BODY"),
        ("ping", "MALFORMED_BODY"),
        ("[]", "MALFORMED_BODY"),
        ("[" * 10_000, "MALFORMED_BODY"),
        ("x" * 131_072, "TOO_LARGE"),
        ('{"action":"ping","more":"' + "x" * MAX_MESSAGE + '"}', "TOO_LARGE"),
        ({"action": "watch-everything"}, "VALIDATION_ERROR"),
        ({"action": ["watch"]}, "VALIDATION_ERROR"),
        ({"action": "watch", "task_ids": "7"}, "VALIDATION_ERROR"),
        ({"action": "watch", "task_ids": [True]}, "VALIDATION_ERROR"),
        ({"action": "watch", "task_ids": [1] * 101}, "VALIDATION_ERROR"),
        ({"action": "ping", "token": "x"}, "VALIDATION_ERROR"),
        ({"action": "watch", "task_ids": [12345]}, "NOT_FOUND"),
        ({"action": "watch", "task_ids": ["no id"]}, "NOT_FOUND"),
    ],
)
def test_a_socket_message_that_is_not_understood_is_answered_in_one_shape_and_changes_nothing(
    sockets: Sockets, body: object, code: str
) -> None:
    sockets.connect(sockets.access(), sockets.task().id)
    before = sockets.connections.get("c1")
    said = sockets.say(body)
    assert (said["action"], said["error"]["code"]) == ("error", code)
    assert {"code", "message", "details"} == said["error"].keys()
    assert (sockets.connections.get("c1"), sockets.outbox.closed) == (before, [])


def test_tasks_are_watched_and_unwatched_and_each_answer_says_what_is_watched(sockets: Sockets) -> None:
    first, second = sockets.task(), sockets.task()
    sockets.connect(sockets.access(), first.id)
    said = sockets.say({"action": "watch", "task_ids": [task_uuid(second), first.id]})
    assert said == {"action": "watching", "task_ids": [task_uuid(first), task_uuid(second)], "own": False}
    sockets.began(second)
    assert sockets.versions(second) == [1], "its state comes at once"
    said = sockets.say({"action": "unwatch", "task_ids": [first.id, second.id]})
    assert said == {"action": "watching", "task_ids": [], "own": False}
    sockets.moved(*sockets.finish(first))
    assert (sockets.versions(first), sockets.rows()) == ([], 2)


def test_a_task_token_names_its_task_in_a_message_too(sockets: Sockets) -> None:
    task = sockets.task()
    sockets.connect(sockets.access(), sockets.task().id)
    assert task_uuid(task) in sockets.say({"action": "watch", "task_ids": [sockets.task_token(task)]})["task_ids"]


def test_somebody_elses_task_is_refused_as_a_missing_one(sockets: Sockets) -> None:
    mine, hers = sockets.task(BOB), sockets.task()
    sockets.connect(sockets.access(BOB), mine.id)
    missing = sockets.say({"action": "watch", "task_ids": [12345]})
    assert sockets.say({"action": "watch", "task_ids": [mine.id, hers.id]}) == missing
    assert sockets.watchers(hers) == []


def test_a_doctor_watches_a_patients_task_as_long_as_they_are_let_in(sockets: Sockets) -> None:
    task = sockets.task()
    sockets.connect(sockets.access(DOC))
    assert sockets.say({"action": "watch", "task_ids": [task.id]})["error"]["code"] == "NOT_FOUND"
    add_link(CareLink(ADA, DOC, clock.now()))
    assert sockets.say({"action": "watch", "task_ids": [task.id]})["task_ids"] == [task_uuid(task)]
    [entry] = sockets.log.page(ADA, PageRange(0, 10)).items
    assert (entry.actor_id, entry.action, entry.resource_id) == (DOC, "READ_TASK", task.id)


def test_a_socket_names_so_many_tasks_and_no_more(sockets: Sockets) -> None:
    sockets.connect(sockets.access())
    named = [sockets.task().id for _ in range(MAX_TASKS + 1)]
    assert len(sockets.say({"action": "watch", "task_ids": named[:-1]})["task_ids"]) == MAX_TASKS
    refused = sockets.say({"action": "watch", "task_ids": named[-1:]})
    assert refused["error"]["details"]["task_ids"]
    kept = sockets.connections.get("c1")
    assert kept is not None
    assert set(kept.task_ids) == set(named[:-1])


def test_messages_count_against_the_account_and_a_flood_is_cut_off(aws: None) -> None:
    sockets = World(stands=True).sockets  # messages are counted by the minute, which must not turn meanwhile
    sockets.connect(sockets.access())
    said = [sockets.say({"action": "ping"})["action"] for _ in range(LIMIT)]
    assert (said.count("pong"), said.count("error")) == (LIMIT - 1, 1)
    assert sockets.say("garbage")["error"]["details"]["retry_after"] > 0
    assert sockets.outbox.closed == []
    for _ in range(LIMIT):
        sockets.say("garbage")
    assert (sockets.outbox.closed, sockets.rows()) == (["c1"], 0)


def test_a_message_after_the_session_has_ended_closes_the_socket(sockets: Sockets) -> None:
    sockets.connect(sockets.access())
    sockets.gates.close(ADA, ["s1"])
    assert sockets.say({"action": "ping"})["error"]["code"] == "NOT_AUTHENTICATED"
    assert (sockets.outbox.closed, sockets.rows()) == (["c1"], 0)


def test_a_message_from_a_socket_that_is_not_known_closes_it(sockets: Sockets) -> None:
    assert sockets.say({"action": "ping"}, "stray")["error"]["code"] == "NOT_AUTHENTICATED"
    assert sockets.outbox.closed == ["stray"]


def test_a_word_from_the_client_is_written_down_once_a_minute(sockets: Sockets) -> None:
    sockets.connect(sockets.access())
    opened = sockets.connections.get("c1")
    sockets.say({"action": "ping"})
    assert sockets.connections.get("c1") == opened
    sockets.clock.ahead = ACTIVITY_INTERVAL + timedelta(seconds=1)
    sockets.say("garbage is a word too")
    heard = sockets.connections.get("c1")
    assert opened is not None
    assert heard is not None
    assert heard.active_at > opened.active_at
