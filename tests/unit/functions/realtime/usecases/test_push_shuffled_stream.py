"""Fault R3: the stream's records come shuffled and more than once. Pushed versions never go back, nor past the poll."""

import os
import random
from dataclasses import replace

from scanward import clock
from scanward.domain import tasks
from scanward.domain.ids import parse_id
from scanward.domain.tasks import Task
from tests.support.outbox import Outbox
from tests.support.sockets import Sockets, task_uuid

RECORDS = 10_000 if os.environ.get("SCANWARD_FAULTS") == "full" else 300
TASKS, STEPS = 5, 12


class Checked(Outbox):
    """Holds each message against the last one of its task, and against the poll at this moment."""

    def __init__(self, sockets: Sockets) -> None:
        super().__init__()
        self.sockets = sockets
        self.last: dict[tuple[str, str], int] = {}

    def send(self, connection_id: str, message: bytes) -> None:
        super().send(connection_id, message)
        said = self.sent[connection_id][-1]
        polled = self.sockets.scans.task(parse_id(said["task_id"]))
        assert polled is not None
        assert said["version"] <= polled.version, "a push ahead of the poll"
        assert said["version"] > self.last.get((connection_id, said["task_id"]), 0), "a version twice, or backwards"
        self.last[connection_id, said["task_id"]] = said["version"]


def steps(sockets: Sockets, task: Task) -> list[Task]:
    """Return the task as it was written, version by version, up to its end."""
    states = [task, tasks.claim(task, "one", None, clock.now())]
    while len(states) < STEPS - 1:
        states.append(tasks.advance(states[-1], 10 + len(states), "Processing the image", clock.now()))
    return [*states, tasks.complete(states[-1], {"pathologies": []}, clock.now())]


def test_shuffled_and_doubled_records_never_run_backwards_or_ahead(sockets: Sockets) -> None:
    chance = random.Random(7)
    outbox = Checked(sockets)
    sockets.push = replace(sockets.push, connections=replace(sockets.keeper, client=outbox))
    sockets.connect(sockets.access(), connection="own")
    begun = [sockets.task() for _ in range(TASKS)]
    sockets.connect(sockets.access(), *(task.id for task in begun), connection="named")
    written = {task.id: 0 for task in begun}
    states = {task.id: steps(sockets, task) for task in begun}
    for _ in range(RECORDS):
        task_id = chance.choice(begun).id
        if written[task_id] < STEPS - 1 and chance.random() < 0.2:
            written[task_id] += 1
            sockets.keep(states[task_id][written[task_id]])
        # Any record of a version that was written so far: old ones and doubled ones among them.
        sockets.moved(states[task_id][chance.randint(0, written[task_id])])
        if chance.random() < 0.1:
            sockets.began(begun[chance.randrange(TASKS)])
    for task in begun:
        sockets.keep(states[task.id][-1])
        sockets.moved(*chance.sample(states[task.id], STEPS))
    expected = {(name, task_uuid(task)): STEPS for name in ("named", "own") for task in begun}
    assert outbox.last == expected, "and the last word is the last state"
