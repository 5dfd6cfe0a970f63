"""Sockets that watch all of one's own, tasks that begin later included."""

from datetime import UTC, datetime

import pytest

from scanward import clock
from scanward.domain import subscriptions
from scanward.domain.care import CareLink
from scanward.domain.pagination import PageRange
from scanward.domain.subscriptions import MAX_FOLLOWED
from tests.support.care_links import keep_link
from tests.support.sockets import ADA, BOB, DOC, World, task_uuid

LATER = datetime(2030, 1, 1, tzinfo=UTC)


def test_tasks_that_go_on_are_told_at_once_and_finished_ones_are_not(world: World) -> None:
    done, going_on = world.task(), world.task()
    world.finish(done)
    assert world.connect(world.access()) == 200
    world.began(done)
    world.began(going_on)
    assert (world.versions(done), world.versions(going_on)) == ([], [1])


def test_tasks_that_begin_later_are_told_each_state_once(world: World) -> None:
    world.connect(world.access())
    task = world.task()
    world.moved(task)
    states = world.finish(task)
    world.moved(*states, *states)
    assert world.versions(task) == [1, 2, 3, 4]


def test_the_first_word_of_a_task_is_what_the_poll_gives(world: World) -> None:
    world.connect(world.access())
    states = world.finish(world.task())
    world.moved(*states)
    assert world.versions(states[0]) == [4]


def test_somebody_elses_tasks_are_not_told(world: World) -> None:
    world.connect(world.access(BOB))
    world.moved(*world.finish(world.task(ADA)))
    assert world.outbox.sent["c1"] == []


def test_whoever_asked_for_a_task_is_told_as_long_as_they_are_let_in(world: World) -> None:
    world.connect(world.access(DOC))
    task = world.task(ADA, asked_by=DOC)
    world.moved(task)
    assert world.versions(task) == [], "nobody let them in"
    keep_link(CareLink(ADA, DOC, clock.now()))
    states = world.finish(task)
    world.moved(*states)
    assert world.versions(task) == [4]
    assert [entry.actor_id for entry in world.log.page(ADA, PageRange(0, 10)).items] == [DOC]


def test_a_session_that_has_ended_is_told_nothing_of_others(world: World) -> None:
    keep_link(CareLink(ADA, DOC, clock.now()))
    world.connect(world.access(DOC))
    world.gates.close(DOC, ["s3"])
    world.moved(world.task(ADA, asked_by=DOC))
    assert world.outbox.sent["c1"] == []


def test_all_of_ones_own_may_be_watched_and_unwatched_later(world: World) -> None:
    named, other = world.task(), world.task()
    world.connect(world.access(), named.id)
    said = world.say({"action": "watch"})
    assert said == {"action": "watching", "task_ids": [task_uuid(named)], "own": True}
    world.began(other)
    world.moved(*world.finish(other))
    assert world.versions(other) == [1, 2, 3, 4]
    assert world.say({"action": "unwatch"}) == {"action": "watching", "task_ids": [], "own": False}
    world.moved(world.task(), *world.finish(named))
    assert world.versions(named) == []
    assert world.rows() == 2


def test_a_closed_socket_leaves_nothing_of_what_it_followed(world: World) -> None:
    world.connect(world.access())
    for _ in range(3):
        world.moved(world.task())
    assert world.rows() == 5
    world.disconnect()
    assert world.rows() == 0


def test_a_task_that_was_forgotten_is_never_told_backwards(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MAX_FOLLOWED", 2)
    world.connect(world.access())
    first = world.task()
    states = world.finish(first)
    world.moved(*states)
    for _ in range(2):
        world.moved(world.task())
    kept = world.connections.get("c1")
    assert kept is not None
    assert first.id not in kept.followed_ids
    world.moved(states[1])
    assert world.versions(first) == [4, 4], "an old record tells the newest state"


def test_the_oldest_of_many_followed_tasks_is_forgotten() -> None:
    kept = subscriptions.new_connection(id="c1", account_id=ADA, session_id="s1", session_ends=LATER, now=clock.now())
    for task_id in range(MAX_FOLLOWED + 5):
        kept = subscriptions.follow(kept, task_id)
    assert kept.followed_ids == tuple(range(5, MAX_FOLLOWED + 5))
    assert len(subscriptions.follow(kept, 1).followed_ids) == MAX_FOLLOWED
