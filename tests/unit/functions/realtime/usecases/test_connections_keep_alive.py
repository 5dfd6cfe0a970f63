"""Sockets are kept open for as long as the documents say, and no longer."""

from dataclasses import replace
from datetime import datetime, timedelta

from functions.realtime.usecases.connections import keep_alive
from scanward.domain.subscriptions import IDLE_TIMEOUT, KEEP_ALIVE_INTERVAL, MAX_LIFETIME
from scanward.errors import Unavailable
from scanward.stores import keys
from scanward.stores.connections import ConnectionStore
from tests.support.outbox import Outbox
from tests.support.sockets import ADA, Sockets

NOTHING = {"kept": 0, "ended": 0, "gone": 0, "untouched": 0, "unread": 0}
MINUTE = timedelta(minutes=1)


def rounds(sockets: Sockets, until: timedelta, *, pings: bool = False) -> list[str]:
    """Return what comes of a look each minute until then: `kept`, `ended` or `gone`, with the minute."""
    said = []
    while sockets.clock.ahead < until:
        sockets.clock.ahead += MINUTE
        if pings:
            sockets.say({"action": "ping"})
        counts = keep_alive(sockets.keeper)
        said += [f"{name} {sockets.clock.ahead // MINUTE}" for name, count in counts.items() if count]
    return said


def test_an_idle_socket_is_kept_open_for_half_an_hour_and_closed_then(sockets: Sockets) -> None:
    sockets.connect(sockets.access(), sockets.task().id)
    assert rounds(sockets, 2 * IDLE_TIMEOUT) == ["kept 8", "kept 16", "kept 24", "ended 30"]
    assert sockets.outbox.sent["c1"] == [{"action": "keep-alive"}] * 3
    assert (sockets.outbox.closed, sockets.rows()) == (["c1"], 0)


def test_a_socket_that_is_spoken_on_lives_its_two_hours(sockets: Sockets) -> None:
    sockets.connect(sockets.access())
    said = rounds(sockets, MAX_LIFETIME, pings=True)
    assert said[-1] == "ended 120"
    assert {entry.split()[0] for entry in said[:-1]} == {"kept"}
    assert sockets.rows() == 0


def test_a_socket_ends_with_its_session_even_if_nobody_said_so(sockets: Sockets) -> None:
    sockets.connect(sockets.access())
    sockets.gates.close(ADA, ["s1"])
    sockets.clock.ahead = KEEP_ALIVE_INTERVAL
    assert keep_alive(sockets.keeper) == {**NOTHING, "ended": 1}
    assert (sockets.outbox.closed, sockets.rows()) == (["c1"], 0)


def test_a_session_that_ends_soon_takes_its_socket_with_it(sockets: Sockets) -> None:
    sockets.sign_in(ADA, "short", seconds=300)
    sockets.connect(sockets.access(ADA, "short"))
    assert rounds(sockets, 10 * MINUTE) == ["ended 5"]


def test_a_socket_that_went_without_a_word_is_swept(sockets: Sockets) -> None:
    sockets.connect(sockets.access(), sockets.task().id)
    sockets.outbox.gone["c1"] = 1000
    sockets.clock.ahead = KEEP_ALIVE_INTERVAL
    assert keep_alive(sockets.keeper) == {**NOTHING, "gone": 1}
    assert sockets.rows() == 0


class Unreachable(Outbox):
    """A gateway that does not answer for one socket."""

    def send(self, connection_id: str, message: bytes) -> None:
        if connection_id == "c1":
            raise Unavailable
        super().send(connection_id, message)


def test_one_socket_that_cannot_be_looked_at_does_not_keep_the_others_waiting(sockets: Sockets) -> None:
    for number in range(3):
        sockets.connect(sockets.access(), connection=f"c{number}")
    sockets.clock.ahead = KEEP_ALIVE_INTERVAL
    assert keep_alive(replace(sockets.keeper, client=Unreachable())) == {**NOTHING, "kept": 2, "untouched": 1}
    assert keep_alive(sockets.keeper) == {**NOTHING, "kept": 1}, "only the one is still due"
    assert keep_alive(sockets.keeper) == NOTHING


def test_one_shard_that_is_not_answered_does_not_keep_the_others_waiting(sockets: Sockets) -> None:
    names = [f"c{number}" for number in range(5)]
    for name in names:
        sockets.connect(sockets.access(), connection=name)
    shard = keys.connection_shard(names[0])
    heard = sum(keys.connection_shard(name) != shard for name in names)

    class Deaf(ConnectionStore):
        def due(self, shard_: int, now: datetime, limit: int) -> list[str]:
            if shard_ == shard:
                raise Unavailable
            return super().due(shard_, now, limit)

    sockets.clock.ahead = KEEP_ALIVE_INTERVAL
    deaf = replace(sockets.keeper, connections=Deaf("ConnectionsTable", "ScansTable"))
    assert keep_alive(deaf) == {**NOTHING, "kept": heard, "unread": 1}
