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
from tests.support.clock import Clock
from tests.support.cloud import MARK
from tests.support.sockets import ADA, BOB, ORIGIN, Sockets
from tests.support.world import World


@pytest.mark.parametrize("who", ["nobody", "garbage", "foreign", "missing", "many", "ended", "refresh", "another's"])
def test_a_handshake_that_is_not_allowed_is_refused_and_leaves_nothing(sockets: Sockets, who: str) -> None:
    task, access = sockets.task(), sockets.access()
    status = {
        "nobody": lambda: sockets.connect(None, task.id),
        "garbage": lambda: sockets.connect("a.b.c", task.id),
        "foreign": lambda: sockets.connect(sockets.access(BOB), task.id),
        "missing": lambda: sockets.connect(access, 12345),
        "many": lambda: sockets.connect(access, *range(1, 30)),
        "ended": lambda: sockets.connect(sockets.access(ADA, "another session")),
        "refresh": lambda: sockets.connect(sockets.tokens.issue(TokenType.REFRESH, Claims(ADA, "s1", "j")), task.id),
        "another's": lambda: sockets.connect(sockets.access(BOB), sockets.task_token(task)),
    }[who]()
    expected = {"foreign": 404, "another's": 404, "missing": 404, "many": 422}.get(who, 401)
    assert (status, sockets.rows()) == (expected, 0)


def test_a_browser_opens_sockets_from_an_allowed_origin_only(sockets: Sockets) -> None:
    assert sockets.connect(sockets.access(), Origin="https://evil.example.org") == 403
    assert sockets.connect(sockets.access(), origin="null") == 403
    assert sockets.rows() == 0
    assert sockets.connect(sockets.access(), Origin=ORIGIN) == 200


def test_a_task_token_watches_its_own_task_and_no_other(sockets: Sockets) -> None:
    mine, other = sockets.task(), sockets.task()
    assert sockets.connect(sockets.task_token(mine), other.id) == 200
    assert (sockets.watchers(mine), sockets.watchers(other)) == (["c1"], [])
    for refused in ({"action": "watch"}, {"action": "watch", "task_ids": [other.id]}):
        assert sockets.say(refused)["error"]["code"] == "NOT_FOUND"
    assert sockets.say({"action": "watch", "task_ids": [mine.id]})["action"] == "watching"


def test_a_closed_socket_leaves_nothing(sockets: Sockets) -> None:
    first, second = sockets.task(), sockets.task()
    sockets.connect(sockets.access(), first.id, second.id)
    assert sockets.rows() == 4
    for _ in range(2):
        sockets.disconnect()
        assert sockets.rows() == 0


def test_the_sixth_socket_of_an_account_is_refused_and_others_are_not_counted(sockets: Sockets) -> None:
    task = sockets.task()
    for number in range(MAX_CONNECTIONS):
        assert sockets.connect(sockets.access(), task.id, connection=f"c{number}") == 200
    rows = sockets.rows()
    refused = sockets.handshake(sockets.access(), task.id, connection="c6")
    assert (refused["statusCode"], json.loads(refused["body"])["error"]["code"]) == (429, "TOO_MANY_REQUESTS")
    assert int(refused["headers"]["Retry-After"]) > 0
    assert sockets.rows() == rows, "nothing of it is kept"
    assert sockets.connect(sockets.access(BOB), connection="bob") == 200
    sockets.disconnect("c3")
    assert sockets.connect(sockets.access(), task.id, connection="c6") == 200


class Behind(ConnectionStore):
    """Connections whose slots are first read as they were before another handshake."""

    reads = 0

    def slots(self, account_id: int) -> list[Slot]:
        self.reads += 1
        return [] if self.reads == 1 else super().slots(account_id)


def test_two_handshakes_at_once_do_not_share_a_slot(sockets: Sockets) -> None:
    sockets.connect(sockets.access(), connection="first")
    behind = Behind("ConnectionsTable", "ScansTable")
    sockets.realtime = replace(sockets.realtime, connections=replace(sockets.keeper, connections=behind))
    assert sockets.connect(sockets.access(), connection="second") == 200
    assert {slot.connection_id: slot.number for slot in sockets.connections.slots(ADA)} == {"first": 0, "second": 1}


def test_a_socket_that_went_without_a_word_makes_room(sockets: Sockets) -> None:
    for number in range(MAX_CONNECTIONS):
        sockets.connect(sockets.access(), connection=f"c{number}")
    sockets.outbox.gone["c2"] = 1000
    assert sockets.connect(sockets.access(), connection="early") == 429, "its handshake may yet be under way"
    sockets.clock.ahead = CONNECT_GRACE + timedelta(seconds=1)
    assert sockets.connect(sockets.access(), connection="late") == 200
    assert {slot.connection_id for slot in sockets.connections.slots(ADA)} == {"c0", "c1", "late", "c3", "c4"}
    assert sockets.connections.get("c2") is None


class Meanwhile(ScanStore):
    """Scans that are read while a session ends elsewhere."""

    def task(self, task_id: int) -> Task | None:
        SessionStore("AccountsTable").close(ADA, ["s1"])
        return super().task(task_id)


def test_a_session_that_ends_during_the_handshake_opens_nothing(sockets: Sockets) -> None:
    task = sockets.task()
    sockets.realtime = replace(sockets.realtime, scans=Meanwhile("ScansTable"))
    assert (sockets.connect(sockets.access(), task.id), sockets.rows()) == (401, 0)


def test_handshakes_count_against_the_account(aws: None) -> None:
    sockets = World(stands=True, limit=2).sockets  # handshakes are counted by the minute, which must not turn meanwhile
    for name in ("c1", "c2"):
        assert sockets.connect(sockets.access(), connection=name) == 200
    assert sockets.connect(sockets.access(), connection="c3") == 429
    assert len(sockets.connections.slots(ADA)) == 2


def test_flood_of_handshakes_is_refused_to_its_sender_alone(aws: None) -> None:
    sockets = Sockets(Clock(stands=True), public_limit=3)
    flood = [sockets.handshake("a.b.c", address="2001:db8:1:2::1") for _ in range(200)]
    assert [reply["statusCode"] for reply in flood] == [401] * 3 + [429] * 197
    assert 0 < int(flood[-1]["headers"]["Retry-After"]) <= 60
    assert json.loads(flood[-1]["body"])["error"]["code"] == "TOO_MANY_REQUESTS"
    assert sockets.handshake(sockets.access(), address="2001:db8:1:2::2")["statusCode"] == 429
    assert sockets.handshake(sockets.access(), address="2001:db8:1:3::1")["statusCode"] == 200


def test_handshakes_behind_the_distribution_are_counted_by_their_own_addresses(aws: None) -> None:
    sockets = Sockets(Clock(stands=True), public_limit=1)

    def shake(viewer: str) -> int:
        headers = {"X-Forwarded-For": f"{viewer}, 192.0.2.1", "X-Distribution-Mark": MARK}
        return int(sockets.handshake("a.b.c", address="192.0.2.1", **headers)["statusCode"])

    assert [shake("203.0.113.1"), shake("203.0.113.1"), shake("203.0.113.2")] == [401, 429, 401]
