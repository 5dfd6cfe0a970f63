"""Fault R12: an app that loses its socket over and over leaves no rows, and is told what the poll says."""

import os
import random
from datetime import timedelta

from functions.realtime.usecases.connections import keep_alive
from scanward.domain.subscriptions import CONNECT_GRACE, KEEP_ALIVE_INTERVAL, MAX_CONNECTIONS
from tests.support.sockets import ADA, World

RECONNECTS = 1_000 if os.environ.get("SCANWARD_FAULTS") == "full" else 60


def test_reconnects_leave_no_rows_even_when_goodbyes_are_lost(aws: None) -> None:
    world = World(limit=10 * RECONNECTS)
    chance = random.Random(12)
    task = world.task()
    refused = 0
    for number in range(RECONNECTS):
        name = f"c{number}"
        if world.connect(world.access(), task.id, connection=name) != 200:
            refused += 1
            world.ahead += CONNECT_GRACE + timedelta(seconds=1)
            assert world.connect(world.access(), task.id, connection=name) == 200, "dead sockets make room"
        world.began(task)
        polled = world.scans.task(task.id)
        assert polled is not None
        assert world.versions(task, name) == [polled.version], "what is told first is what the poll says"
        world.outbox.gone[name] = 10**6
        if chance.random() < 0.5:
            world.disconnect(name)
        assert len(world.connections.slots(ADA)) <= MAX_CONNECTIONS
    assert refused, "goodbyes were lost, and the count healed itself"
    world.ahead += KEEP_ALIVE_INTERVAL
    keep_alive(world.keeper)
    assert world.rows() == 0
