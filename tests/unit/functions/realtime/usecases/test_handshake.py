"""Who may open a socket, on what, and how many at once."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from scanward.domain.subscriptions import CONNECT_GRACE, MAX_CONNECTIONS, Slot
from scanward.domain.tasks import Task
from scanward.domain.tokens import Claims, TokenType
from scanward.stores.connections import ConnectionStore
from scanward.stores.scans import ScanStore
from scanward.stores.sessions import SessionStore
from tests.support.sockets import ADA, BOB, ORIGIN, World


@pytest.mark.parametrize("who", ["nobody", "garbage", "foreign", "missing", "many", "ended", "refresh", "another's"])
def test_a_handshake_that_is_not_allowed_is_refused_and_leaves_nothing(world: World, who: str) -> None:
    task, access = world.task(), world.access()
    status = {
        "nobody": lambda: world.connect(None, task.id),
        "garbage": lambda: world.connect("a.b.c", task.id),
        "foreign": lambda: world.connect(world.access(BOB), task.id),
        "missing": lambda: world.connect(access, 12345),
        "many": lambda: world.connect(access, *range(1, 30)),
        "ended": lambda: world.connect(world.access(ADA, "another session")),
        "refresh": lambda: world.connect(world.tokens.issue(TokenType.REFRESH, Claims(ADA, "s1", "j")), task.id),
        "another's": lambda: world.connect(world.access(BOB), world.task_token(task)),
    }[who]()
    expected = {"foreign": 404, "another's": 404, "missing": 404, "many": 422}.get(who, 401)
    assert (status, world.rows()) == (expected, 0)


def test_a_browser_opens_sockets_from_an_allowed_origin_only(world: World) -> None:
    assert world.connect(world.access(), Origin="https://evil.example.org") == 403
    assert world.connect(world.access(), origin="null") == 403
    assert world.rows() == 0
    assert world.connect(world.access(), Origin=ORIGIN) == 200


def test_a_task_token_watches_its_own_task_and_no_other(world: World) -> None:
    mine, other = world.task(), world.task()
    assert world.connect(world.task_token(mine), other.id) == 200
    assert (world.watchers(mine), world.watchers(other)) == (["c1"], [])
    for refused in ({"action": "watch"}, {"action": "watch", "task_ids": [other.id]}):
        assert world.say(refused)["error"]["code"] == "NOT_FOUND"
    assert world.say({"action": "watch", "task_ids": [mine.id]})["action"] == "watching"


def test_a_closed_socket_leaves_nothing(world: World) -> None:
    first, second = world.task(), world.task()
    world.connect(world.access(), first.id, second.id)
    assert world.rows() == 4
    for _ in range(2):
        world.disconnect()
        assert world.rows() == 0


def test_the_sixth_socket_of_an_account_is_refused_and_others_are_not_counted(world: World) -> None:
    task = world.task()
    for number in range(MAX_CONNECTIONS):
        assert world.connect(world.access(), task.id, connection=f"c{number}") == 200
    rows = world.rows()
    refused = world.handshake(world.access(), task.id, connection="c6")
    assert (refused["statusCode"], json.loads(refused["body"])["error"]["code"]) == (429, "TOO_MANY_REQUESTS")
    assert int(refused["headers"]["Retry-After"]) > 0
    assert world.rows() == rows, "nothing of it is kept"
    assert world.connect(world.access(BOB), connection="bob") == 200
    world.disconnect("c3")
    assert world.connect(world.access(), task.id, connection="c6") == 200


class Behind(ConnectionStore):
    """Connections whose slots are first read as they were before another handshake."""

    reads = 0

    def slots(self, account_id: int) -> list[Slot]:
        self.reads += 1
        return [] if self.reads == 1 else super().slots(account_id)


def test_two_handshakes_at_once_do_not_share_a_slot(world: World) -> None:
    world.connect(world.access(), connection="first")
    behind = Behind("ConnectionsTable", "ScansTable")
    world.realtime = replace(world.realtime, connections=replace(world.keeper, connections=behind))
    assert world.connect(world.access(), connection="second") == 200
    assert {slot.connection_id: slot.number for slot in world.connections.slots(ADA)} == {"first": 0, "second": 1}


def test_a_socket_that_went_without_a_word_makes_room(world: World) -> None:
    for number in range(MAX_CONNECTIONS):
        world.connect(world.access(), connection=f"c{number}")
    world.outbox.gone["c2"] = 1000
    assert world.connect(world.access(), connection="early") == 429, "its handshake may yet be under way"
    world.ahead = CONNECT_GRACE + timedelta(seconds=1)
    assert world.connect(world.access(), connection="late") == 200
    assert {slot.connection_id for slot in world.connections.slots(ADA)} == {"c0", "c1", "late", "c3", "c4"}
    assert world.connections.get("c2") is None


class Meanwhile(ScanStore):
    """Scans that are read while a session ends elsewhere."""

    def task(self, task_id: int) -> Task | None:
        SessionStore("AccountsTable").close(ADA, ["s1"])
        return super().task(task_id)


def test_a_session_that_ends_during_the_handshake_opens_nothing(world: World) -> None:
    task = world.task()
    world.realtime = replace(world.realtime, scans=Meanwhile("ScansTable"))
    assert (world.connect(world.access(), task.id), world.rows()) == (401, 0)


def test_handshakes_count_against_the_account(aws: None) -> None:
    world = World(limit=2)
    for name in ("c1", "c2"):
        assert world.connect(world.access(), connection=name) == 200
    assert world.connect(world.access(), connection="c3") == 429
    assert len(world.connections.slots(ADA)) == 2
