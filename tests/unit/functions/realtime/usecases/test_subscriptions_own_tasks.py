"""Sockets that watch all of one's own, tasks that begin later included."""

from datetime import UTC, datetime

import pytest

from scanward import clock
from scanward.domain import subscriptions
from scanward.domain.care import CareLink
from scanward.domain.pagination import PageRange
from scanward.domain.subscriptions import MAX_FOLLOWED
from tests.support.links import add_link
from tests.support.sockets import ADA, BOB, DOC, Sockets, task_uuid

LATER = datetime(2030, 1, 1, tzinfo=UTC)


def test_tasks_that_go_on_are_told_at_once_and_finished_ones_are_not(sockets: Sockets) -> None:
    done, going_on = sockets.task(), sockets.task()
    sockets.finish(done)
    assert sockets.connect(sockets.access()) == 200
    sockets.began(done)
    sockets.began(going_on)
    assert (sockets.versions(done), sockets.versions(going_on)) == ([], [1])


def test_tasks_that_begin_later_are_told_each_state_once(sockets: Sockets) -> None:
    sockets.connect(sockets.access())
    task = sockets.task()
    sockets.moved(task)
    states = sockets.finish(task)
    sockets.moved(*states, *states)
    assert sockets.versions(task) == [1, 2, 3, 4]


def test_the_first_word_of_a_task_is_what_the_poll_gives(sockets: Sockets) -> None:
    sockets.connect(sockets.access())
    states = sockets.finish(sockets.task())
    sockets.moved(*states)
    assert sockets.versions(states[0]) == [4]


def test_somebody_elses_tasks_are_not_told(sockets: Sockets) -> None:
    sockets.connect(sockets.access(BOB))
    sockets.moved(*sockets.finish(sockets.task(ADA)))
    assert sockets.outbox.sent["c1"] == []


def test_whoever_asked_for_a_task_is_told_as_long_as_they_are_let_in(sockets: Sockets) -> None:
    sockets.connect(sockets.access(DOC))
    task = sockets.task(ADA, asked_by=DOC)
    sockets.moved(task)
    assert sockets.versions(task) == [], "nobody let them in"
    add_link(CareLink(ADA, DOC, clock.now()))
    states = sockets.finish(task)
    sockets.moved(*states)
    assert sockets.versions(task) == [4]
    assert [entry.actor_id for entry in sockets.log.page(ADA, PageRange(0, 10)).items] == [DOC]


def test_a_session_that_has_ended_is_told_nothing_of_others(sockets: Sockets) -> None:
    add_link(CareLink(ADA, DOC, clock.now()))
    sockets.connect(sockets.access(DOC))
    sockets.gates.close(DOC, ["s3"])
    sockets.moved(sockets.task(ADA, asked_by=DOC))
    assert sockets.outbox.sent["c1"] == []


def test_all_own_tasks_may_be_watched_and_unwatched_later(sockets: Sockets) -> None:
    named, other = sockets.task(), sockets.task()
    sockets.connect(sockets.access(), named.id)
    said = sockets.say({"action": "watch"})
    assert said == {"action": "watching", "task_ids": [task_uuid(named)], "own": True}
    sockets.began(other)
    sockets.moved(*sockets.finish(other))
    assert sockets.versions(other) == [1, 2, 3, 4]
    assert sockets.say({"action": "unwatch"}) == {"action": "watching", "task_ids": [], "own": False}
    sockets.moved(sockets.task(), *sockets.finish(named))
    assert sockets.versions(named) == []
    assert sockets.rows() == 2


def test_a_closed_socket_leaves_nothing_of_what_it_followed(sockets: Sockets) -> None:
    sockets.connect(sockets.access())
    for _ in range(3):
        sockets.moved(sockets.task())
    assert sockets.rows() == 5
    sockets.disconnect()
    assert sockets.rows() == 0


def test_a_task_that_was_forgotten_is_never_told_backwards(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MAX_FOLLOWED", 2)
    sockets.connect(sockets.access())
    first = sockets.task()
    states = sockets.finish(first)
    sockets.moved(*states)
    for _ in range(2):
        sockets.moved(sockets.task())
    kept = sockets.connections.get("c1")
    assert kept is not None
    assert first.id not in kept.followed_ids
    sockets.moved(states[1])
    assert sockets.versions(first) == [4, 4], "an old record tells the newest state"


def test_the_oldest_of_many_followed_tasks_is_forgotten() -> None:
    kept = subscriptions.new_connection(id="c1", account_id=ADA, session_id="s1", session_ends=LATER, now=clock.now())
    for task_id in range(MAX_FOLLOWED + 5):
        kept = subscriptions.follow(kept, task_id)
    assert kept.followed_ids == tuple(range(5, MAX_FOLLOWED + 5))
    assert len(subscriptions.follow(kept, 1).followed_ids) == MAX_FOLLOWED
