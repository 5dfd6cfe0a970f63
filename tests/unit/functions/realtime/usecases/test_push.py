"""What is pushed to those who watch a task, in which order, and what becomes of sockets that are gone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from boto3.dynamodb.types import TypeSerializer

from functions.realtime.usecases.push import _send, push_first_state, push_task
from scanward import clock
from scanward.domain.accounts import Role
from scanward.domain.care import AccessEntry, CareLink
from scanward.domain.pagination import PageRange
from scanward.domain.policy import Action
from scanward.domain.subscriptions import CONNECT_GRACE
from scanward.domain.tasks import Task
from scanward.stores.care import CareLinkStore
from scanward.stores.connections import ConnectionGone, subscription_of_image
from scanward.stores.tasks import task_item, task_of_image
from tests.support.links import add_link
from tests.support.sockets import ADA, DOC, Sockets, task_uuid


def test_watchers_get_each_state_once_as_the_document_shows(sockets: Sockets) -> None:
    task = sockets.task()
    assert sockets.connect(sockets.access(), task.id) == 200
    states = sockets.finish(task)
    sockets.moved(*states, *states)
    sent = sockets.outbox.sent["c1"]
    assert [message["version"] for message in sent] == [1, 2, 3, 4]
    assert {"task_id", "status", "progress", "message"} <= set(sent[2])
    assert (sent[2]["task_id"], sent[2]["status"], sent[2]["progress"]) == (task_uuid(task), "IN_PROGRESS", 45)
    assert sent[3]["result"]["data"] == {"pathologies": ["effusion"]}


def test_a_socket_that_comes_late_gets_the_tasks_present_state(sockets: Sockets) -> None:
    task = sockets.task()
    done = sockets.finish(task)[-1]
    assert sockets.connect(sockets.task_token(task)) == 200
    sockets.began(task)
    assert sockets.versions(task) == [done.version]


def test_a_push_that_overtakes_the_handshake_waits_for_it(sockets: Sockets) -> None:
    task = sockets.task()
    sockets.connect(sockets.access(), task.id)
    sockets.outbox.gone["c1"] = 3
    assert push_task(sockets.push, task) == 1
    assert sockets.rows() == 3


def test_a_handshake_that_takes_too_long_is_tried_again_later(sockets: Sockets) -> None:
    task = sockets.task()
    sockets.connect(sockets.access(), task.id)
    sockets.outbox.gone["c1"] = 100
    with pytest.raises(ConnectionGone):
        push_task(sockets.push, task)
    assert sockets.rows() == 3


def test_a_socket_that_is_gone_is_forgotten_and_the_others_are_served(sockets: Sockets) -> None:
    task = sockets.task()
    for name in ("c1", "c2"):
        sockets.connect(sockets.access(), task.id, connection=name)
    sockets.outbox.gone["c1"] = 100
    sockets.clock.ahead = CONNECT_GRACE + timedelta(seconds=1)
    assert push_task(sockets.push, task) == 1
    assert (sockets.watchers(task), sockets.rows()) == (["c2"], 3)


def test_a_stale_stream_record_of_a_watcher_pushes_nothing(sockets: Sockets) -> None:
    task = sockets.task()
    sockets.connect(sockets.access(), task.id)
    [began] = sockets.connections.subscriptions_to(task.id)
    assert push_task(sockets.push, task) == 1
    assert push_first_state(sockets.push, began) == 0, "it has got this version already"
    sockets.connections.close("c1")
    sockets.outbox.gone["c1"] = 100
    assert push_first_state(sockets.push, began) == 0, "and now it is gone"
    assert sockets.outbox.gone["c1"] == 100, "so it is not even tried"


def test_a_socket_that_closes_while_its_push_waits_holds_up_nobody(sockets: Sockets) -> None:
    task = sockets.task()
    sockets.connect(sockets.access(), task.id)
    [watcher] = sockets.connections.subscriptions_to(task.id)
    sockets.connections.close("c1")
    sockets.outbox.gone["c1"] = 100
    assert _send(sockets.push, task, watcher) == 0


def test_one_watcher_that_cannot_be_reached_yet_does_not_keep_a_push_from_the_others(sockets: Sockets) -> None:
    task = sockets.task()
    sockets.connect(sockets.access(), task.id, connection="c1")
    sockets.connect(sockets.access(), task.id, connection="c2")
    sockets.connect(sockets.access(), connection="own")
    sockets.outbox.gone["c1"] = 100
    with pytest.raises(ConnectionGone):
        push_task(sockets.push, task)
    assert [len(sockets.versions(task, name)) for name in ("c1", "c2", "own")] == [0, 1, 1]
    sockets.outbox.gone["c1"] = 0
    push_task(sockets.push, task)
    assert [len(sockets.versions(task, name)) for name in ("c1", "c2", "own")] == [1, 1, 1]


def test_stream_images_are_read_back(sockets: Sockets) -> None:
    task = sockets.finish(sockets.task())[-1]
    assert task_of_image(task_item(task).serialize()) == task
    raw = {"pk": "TASK#7", "sk": "SUB#abc=", "connected_ms": 1000, "pushed": 3, "expires_at": 5}
    read = subscription_of_image({name: TypeSerializer().serialize(value) for name, value in raw.items()})
    assert (read.task_id, read.connection_id, read.pushed_version) == (7, "abc=", 3)


LINKED_FOR = timedelta(hours=1)


@pytest.fixture
def watched_task(sockets: Sockets) -> Task:
    """Provide a patient's task that a doctor's socket names, which was told of its first state, by a link that ends."""
    add_link(CareLink(ADA, DOC, clock.now(), clock.now() + LINKED_FOR))
    task = sockets.task(ADA)
    sockets.connect(sockets.access(DOC), task.id)
    sockets.began(task)
    assert sockets.versions(task) == [1]
    return task


def withdraw(sockets: Sockets) -> None:
    entry = AccessEntry(
        patient_id=ADA,
        at=clock.now(),
        actor_id=ADA,
        actor_role=Role.PATIENT,
        action=Action.WITHDRAW,
        resource="link",
        resource_id=DOC,
    )
    assert CareLinkStore("ClinicTable").withdraw(ADA, DOC, entry)


def let_link_end(sockets: Sockets) -> None:
    sockets.clock.ahead = LINKED_FOR


ENDS: dict[str, Callable[[Sockets], object]] = {
    "the patient withdrew": withdraw,
    "the link's end passed": let_link_end,
    "the session ended": lambda sockets: sockets.gates.close(DOC, [f"s{DOC}"]),
}


@pytest.mark.parametrize("end", ENDS)
def test_socket_whose_access_ended_is_pushed_nothing_more(sockets: Sockets, watched_task: Task, end: str) -> None:
    ENDS[end](sockets)
    sockets.moved(*sockets.finish(watched_task)[1:])
    assert sockets.versions(watched_task) == [1]
    assert sockets.watchers(watched_task) == [], "and it watches no longer"


def test_socket_whose_access_ended_before_its_first_state_is_pushed_nothing(sockets: Sockets) -> None:
    add_link(CareLink(ADA, DOC, clock.now()))
    task = sockets.task(ADA)
    sockets.connect(sockets.access(DOC), task.id)
    withdraw(sockets)
    sockets.began(task)
    assert sockets.versions(task) == []


@pytest.mark.parametrize("watches", ["a named task", "all of one's own"])
def test_socket_whose_access_ends_while_its_push_waits_is_pushed_nothing(sockets: Sockets, watches: str) -> None:
    add_link(CareLink(ADA, DOC, clock.now()))
    task = sockets.task(ADA, asked_by=DOC)
    sockets.connect(sockets.access(DOC), *([task.id] if watches == "a named task" else []))
    sockets.outbox.gone["c1"] = 1
    waiting = replace(sockets.push, sleep=lambda _: withdraw(sockets))
    assert push_task(waiting, task) == 0
    assert sockets.versions(task) == []


def test_each_push_of_anothers_data_is_in_the_access_log(sockets: Sockets, watched_task: Task) -> None:
    before = len(sockets.log.page(ADA, PageRange(0, 50)).items)
    sockets.moved(*sockets.finish(watched_task)[1:])
    assert sockets.versions(watched_task) == [1, 2, 3, 4]
    entries = sockets.log.page(ADA, PageRange(0, 50)).items
    assert [(entry.actor_id, entry.action) for entry in entries[: len(entries) - before]] == [(DOC, "READ_TASK")] * 3
