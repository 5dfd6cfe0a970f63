"""Fault R12: an app that loses its socket over and over leaves no rows, and is told what the poll says."""

import os
import random
from datetime import timedelta

from functions.realtime.usecases.connections import keep_alive
from scanward.domain.subscriptions import CONNECT_GRACE, KEEP_ALIVE_INTERVAL, MAX_CONNECTIONS
from tests.support.sockets import ADA
from tests.support.world import World

RECONNECTS = 1_000 if os.environ.get("SCANWARD_FAULTS") == "full" else 60


def test_reconnects_leave_no_rows_even_when_goodbyes_are_lost(aws: None) -> None:
    sockets = World(limit=10 * RECONNECTS).sockets
    chance = random.Random(12)
    task = sockets.task()
    refused = 0
    for number in range(RECONNECTS):
        name = f"c{number}"
        if sockets.connect(sockets.access(), task.id, connection=name) != 200:
            refused += 1
            sockets.clock.ahead += CONNECT_GRACE + timedelta(seconds=1)
            assert sockets.connect(sockets.access(), task.id, connection=name) == 200, "dead sockets make room"
        sockets.began(task)
        polled = sockets.scans.task(task.id)
        assert polled is not None
        assert sockets.versions(task, name) == [polled.version], "what is told first is what the poll says"
        sockets.outbox.gone[name] = 10**6
        if chance.random() < 0.5:
            sockets.disconnect(name)
        assert len(sockets.connections.slots(ADA)) <= MAX_CONNECTIONS
    assert refused, "goodbyes were lost, and the count healed itself"
    sockets.clock.ahead += KEEP_ALIVE_INTERVAL
    keep_alive(sockets.keeper)
    assert sockets.rows() == 0
