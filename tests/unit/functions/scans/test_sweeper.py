"""The sweeper: no task hangs, whatever was lost."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import boto3

from functions.scans.sweeper import sweep
from scanward import clock
from scanward.domain import tasks
from scanward.domain.orders import Order, Priority
from scanward.domain.tasks import FailureReason, Task, TaskStatus
from scanward.errors import Unavailable
from scanward.stores import keys
from scanward.stores.clients import s3
from scanward.stores.scans import ScanStore
from tests.faults.injection import failing
from tests.support.world import World


def begin(world: World, content: bytes | None = None) -> Task:
    """Add a scan in the high lane whose object has come, or not; its task."""
    return world.scans.begin(content, Order(Priority.HIGH))[0]


def announced(world: World, *, arrivals: bool = False) -> list[Any]:
    """Return what waits in the high lane, or before it."""
    queues = world.workers.queues.arrivals if arrivals else world.workers.queues.lanes
    messages = boto3.client("sqs").receive_message(QueueUrl=queues[Priority.HIGH], MaxNumberOfMessages=10)
    return [json.loads(message["Body"])["analysis"] for message in messages.get("Messages", [])]


def test_the_sweeper_leaves_a_task_alone_that_is_not_due(world: World) -> None:
    task = begin(world, b"image")
    assert sweep(world.workers.sweeper) == {"announced": 0, "failed": 0, "waiting": 0, "untouched": 0, "unread": 0}
    assert (world.workers.task(task), announced(world)) == (task, [])


def test_an_object_whose_event_was_lost_is_announced_as_if_it_came_now(world: World) -> None:
    task = begin(world, b"image")
    world.clock.ahead = tasks.FIRST_CHECK
    assert sweep(world.workers.sweeper)["announced"] == 1
    assert announced(world) == []
    [record] = announced(world, arrivals=True)
    assert record == {"scan_id": task.scan_id, "task_id": task.id}
    assert sweep(world.workers.sweeper)["announced"] == 0, "not again before it had time to work"


def test_a_task_whose_object_was_taken_in_is_announced_in_its_own_lane(world: World) -> None:
    task = begin(world, b"image")
    world.workers.scans.write_transition(task, tasks.pin(task, "v1", clock.now()))
    world.clock.ahead = tasks.FIRST_CHECK
    assert sweep(world.workers.sweeper)["announced"] == 1
    assert announced(world) == [{"scan_id": task.scan_id, "task_id": task.id}]
    assert announced(world, arrivals=True) == []


def test_an_upload_that_never_comes_expires(world: World) -> None:
    task = begin(world)
    world.clock.ahead = tasks.FIRST_CHECK
    assert sweep(world.workers.sweeper)["waiting"] == 1
    assert world.workers.task(task).status is TaskStatus.PENDING
    world.clock.ahead = tasks.UPLOAD_WINDOW + 2 * tasks.FIRST_CHECK
    assert sweep(world.workers.sweeper)["failed"] == 1
    assert world.workers.task(task).failure is FailureReason.UPLOAD_EXPIRED


def test_a_dead_workers_task_is_announced_when_its_lease_is_over(world: World) -> None:
    task = begin(world, b"image")
    world.workers.scans.write_transition(task, tasks.claim(task, "dead", None, clock.now()))
    world.clock.ahead = tasks.LEASE - timedelta(seconds=5)
    assert sweep(world.workers.sweeper)["announced"] == 0
    world.clock.ahead = tasks.LEASE
    assert sweep(world.workers.sweeper)["announced"] == 1


def test_a_task_that_was_tried_often_enough_fails(world: World) -> None:
    task, now = begin(world, b"image"), clock.now()
    for attempt in range(tasks.MAX_ATTEMPTS):
        task = world.workers.scans.write_transition(task, tasks.claim(task, str(attempt), None, now))
        now += tasks.LEASE
    world.clock.ahead = tasks.LEASE * tasks.MAX_ATTEMPTS
    assert sweep(world.workers.sweeper)["failed"] == 1
    assert world.workers.task(task).failure is FailureReason.RETRIES_EXHAUSTED


def test_a_dead_workers_task_is_not_announced_every_minute(world: World) -> None:
    task = begin(world, b"image")
    world.workers.scans.write_transition(task, tasks.claim(task, "dead", None, clock.now()))
    world.clock.ahead = tasks.LEASE
    announced = []
    for _ in range(10):
        announced.append(sweep(world.workers.sweeper)["announced"])
        world.clock.ahead += timedelta(minutes=1)
    assert sum(announced) <= 4
    claimed = tasks.claim(world.workers.task(task), "next", None, clock.now() + world.clock.ahead)
    assert claimed.attempt == "next", "and any of them lets the next worker in"


def test_a_task_that_was_taken_between_look_and_read_is_left_to_its_worker(world: World) -> None:
    task, now = begin(world, b"image"), clock.now()
    for attempt in range(tasks.MAX_ATTEMPTS - 1):
        task = world.workers.scans.write_transition(task, tasks.claim(task, str(attempt), None, now))
        now += tasks.LEASE
    world.clock.ahead = tasks.LEASE * tasks.MAX_ATTEMPTS
    listed = world.workers.scans.due_tasks(keys.due_shard(task.id), clock.now() + world.clock.ahead, 10)
    assert listed == [task.id]
    held = world.workers.scans.write_transition(task, tasks.claim(task, "last", None, clock.now() + world.clock.ahead))

    class Stale(ScanStore):
        """The index as it was before the worker came."""

        def due_tasks(self, shard: int, now: object, limit: int) -> list[int]:
            return listed if shard == keys.due_shard(task.id) else []

    world.workers.sweeper = replace(world.workers.sweeper, scans=Stale("ScansTable"))
    assert sweep(world.workers.sweeper)["failed"] == 0
    assert world.workers.task(task) == held


def test_one_task_that_cannot_be_looked_at_does_not_stop_the_sweep(world: World) -> None:
    for _ in range(3):
        begin(world, b"image")
    world.clock.ahead = tasks.FIRST_CHECK
    with failing(s3(), "s3.HeadObject"):
        assert sweep(world.workers.sweeper)["untouched"] == 3
    assert sweep(world.workers.sweeper)["announced"] == 3


def test_by_the_deadline_every_task_is_final_though_nothing_works(world: World) -> None:
    begun = [begin(world, b"image") for _ in range(5)] + [begin(world) for _ in range(5)]
    for _ in range(62):
        world.clock.ahead += timedelta(minutes=1)
        sweep(world.workers.sweeper)
    assert all(world.workers.task(task).is_final for task in begun)


def test_one_shard_that_is_not_answered_does_not_stop_the_sweep(world: World) -> None:
    begun = [begin(world, b"image") for _ in range(8)]
    shard = keys.due_shard(begun[0].id)
    heard = sum(keys.due_shard(task.id) != shard for task in begun)

    class Deaf(ScanStore):
        def due_tasks(self, shard_: int, now: datetime, limit: int) -> list[int]:
            if shard_ == shard:
                raise Unavailable
            return super().due_tasks(shard_, now, limit)

    world.clock.ahead = tasks.FIRST_CHECK
    counts = sweep(replace(world.workers.sweeper, scans=Deaf("ScansTable")))
    assert (counts["announced"], counts["unread"]) == (heard, 1)
