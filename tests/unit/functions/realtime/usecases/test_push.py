"""What is pushed to those who watch a task, in which order, and what becomes of sockets that are gone."""

from datetime import timedelta

import pytest
from boto3.dynamodb.types import TypeSerializer

from functions.realtime.usecases.push import _send, push_first_state, push_task
from scanward.domain.subscriptions import CONNECT_GRACE
from scanward.stores.connections import ConnectionGone, subscription_of_image
from scanward.stores.tasks import task_item, task_of_image
from tests.support.sockets import World, task_uuid


def test_watchers_get_each_state_once_as_the_document_shows(world: World) -> None:
    task = world.task()
    assert world.connect(world.access(), task.id) == 200
    states = world.finish(task)
    world.moved(*states, *states)
    sent = world.outbox.sent["c1"]
    assert [message["version"] for message in sent] == [1, 2, 3, 4]
    assert {"task_id", "status", "progress", "message"} <= set(sent[2])
    assert (sent[2]["task_id"], sent[2]["status"], sent[2]["progress"]) == (task_uuid(task), "IN_PROGRESS", 45)
    assert sent[3]["result"]["data"] == {"pathologies": ["effusion"]}


def test_whoever_comes_late_gets_the_state_as_it_is(world: World) -> None:
    task = world.task()
    done = world.finish(task)[-1]
    assert world.connect(world.task_token(task)) == 200
    world.began(task)
    assert world.versions(task) == [done.version]


def test_a_push_that_overtakes_the_handshake_waits_for_it(world: World) -> None:
    task = world.task()
    world.connect(world.access(), task.id)
    world.outbox.gone["c1"] = 3
    assert push_task(world.push, task) == 1
    assert world.rows() == 3


def test_a_handshake_that_takes_too_long_is_tried_again_later(world: World) -> None:
    task = world.task()
    world.connect(world.access(), task.id)
    world.outbox.gone["c1"] = 100
    with pytest.raises(ConnectionGone):
        push_task(world.push, task)
    assert world.rows() == 3


def test_a_socket_that_is_gone_is_forgotten_and_the_others_are_served(world: World) -> None:
    task = world.task()
    for name in ("c1", "c2"):
        world.connect(world.access(), task.id, connection=name)
    world.outbox.gone["c1"] = 100
    world.ahead = CONNECT_GRACE + timedelta(seconds=1)
    assert push_task(world.push, task) == 1
    assert (world.watchers(task), world.rows()) == (["c2"], 3)


def test_what_the_stream_says_of_a_watcher_may_be_long_past(world: World) -> None:
    task = world.task()
    world.connect(world.access(), task.id)
    [began] = world.connections.subscriptions_to(task.id)
    assert push_task(world.push, task) == 1
    assert push_first_state(world.push, began) == 0, "it has got this version already"
    world.connections.close("c1")
    world.outbox.gone["c1"] = 100
    assert push_first_state(world.push, began) == 0, "and now it is gone"
    assert world.outbox.gone["c1"] == 100, "so it is not even tried"


def test_a_socket_that_closes_while_its_push_waits_holds_up_nobody(world: World) -> None:
    task = world.task()
    world.connect(world.access(), task.id)
    [watcher] = world.connections.subscriptions_to(task.id)
    world.connections.close("c1")
    world.outbox.gone["c1"] = 100
    assert _send(world.push, task, watcher) == 0


def test_one_watcher_that_cannot_be_reached_yet_does_not_keep_it_from_the_others(world: World) -> None:
    task = world.task()
    world.connect(world.access(), task.id, connection="c1")
    world.connect(world.access(), task.id, connection="c2")
    world.connect(world.access(), connection="own")
    world.outbox.gone["c1"] = 100
    with pytest.raises(ConnectionGone):
        push_task(world.push, task)
    assert [len(world.versions(task, name)) for name in ("c1", "c2", "own")] == [0, 1, 1]
    world.outbox.gone["c1"] = 0
    push_task(world.push, task)
    assert [len(world.versions(task, name)) for name in ("c1", "c2", "own")] == [1, 1, 1]


def test_stream_images_are_read_back(world: World) -> None:
    task = world.finish(world.task())[-1]
    assert task_of_image(task_item(task).serialize()) == task
    raw = {"pk": "TASK#7", "sk": "SUB#abc=", "connected_ms": 1000, "pushed": 3, "expires_at": 5}
    read = subscription_of_image({name: TypeSerializer().serialize(value) for name, value in raw.items()})
    assert (read.task_id, read.connection_id, read.pushed_version) == (7, "abc=", 3)
