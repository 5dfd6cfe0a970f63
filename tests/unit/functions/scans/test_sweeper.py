"""The sweeper: no task hangs, whatever was lost."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.scans.sweeper import SweepDeps, sweep
from scanward import clock
from scanward.domain import tasks
from scanward.domain.orders import Order, Priority
from scanward.domain.scans import Scan
from scanward.domain.tasks import FailureReason, Task, TaskStatus
from scanward.stores import keys
from scanward.stores.clients import s3
from scanward.stores.queues import PriorityQueues
from scanward.stores.s3 import ObjectStore
from scanward.stores.scans import ScanStore
from tests.faults.injection import failing
from tests.support.cloud import BUCKET


class World:
    """A sweeper, its queues, and a clock that can be moved on."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self._sqs = boto3.client("sqs")
        self.urls = {lane: self._sqs.create_queue(QueueName=lane.value)["QueueUrl"] for lane in Priority}
        self.scans = ScanStore("ScansTable")
        lanes = PriorityQueues(self.urls)
        self.sweeper = SweepDeps(self.scans, ObjectStore(BUCKET), lanes, lambda: clock.now() + self.ahead)

    def begin(self, content: bytes | None = None) -> Task:
        """Return a task whose object has come, or not."""
        now = clock.now()
        task = tasks.create(
            id=clock.fresh_id(now), scan_id=clock.fresh_id(now), patient_id=3, now=now, order=Order(Priority.HIGH)
        )
        scan = Scan(
            id=task.scan_id,
            patient_id=3,
            uploaded_by=3,
            task_id=task.id,
            object_key=task.object_key,
            scan_type=None,
            status=task.status,
            created_at=now,
        )
        self.scans.add(scan, task)
        if content is not None:
            boto3.client("s3").put_object(Bucket=BUCKET, Key=scan.object_key, Body=content)
        return task

    def read(self, task: Task) -> Task:
        found = self.scans.task(task.id)
        assert found
        return found

    def announced(self) -> list[Any]:
        """Return what waits in the high lane."""
        messages = self._sqs.receive_message(QueueUrl=self.urls[Priority.HIGH], MaxNumberOfMessages=10)
        return [json.loads(message["Body"])["analysis"] for message in messages.get("Messages", [])]


@pytest.fixture
def world(aws: None) -> World:
    return World()


def test_what_is_not_due_is_left_alone(world: World) -> None:
    task = world.begin(b"image")
    assert sweep(world.sweeper) == {"announced": 0, "failed": 0, "waiting": 0, "untouched": 0}
    assert (world.read(task), world.announced()) == (task, [])


def test_an_object_whose_event_was_lost_is_announced_again_in_its_own_lane(world: World) -> None:
    task = world.begin(b"image")
    world.ahead = tasks.FIRST_CHECK
    assert sweep(world.sweeper)["announced"] == 1
    [record] = world.announced()
    assert record == {"scan_id": task.scan_id, "task_id": task.id}
    assert sweep(world.sweeper)["announced"] == 0, "not again before it had time to work"


def test_an_upload_that_never_comes_expires(world: World) -> None:
    task = world.begin()
    world.ahead = tasks.FIRST_CHECK
    assert sweep(world.sweeper)["waiting"] == 1
    assert world.read(task).status is TaskStatus.PENDING
    world.ahead = tasks.UPLOAD_WINDOW + 2 * tasks.FIRST_CHECK
    assert sweep(world.sweeper)["failed"] == 1
    assert world.read(task).failure is FailureReason.UPLOAD_EXPIRED


def test_a_dead_workers_task_is_announced_when_its_lease_is_over(world: World) -> None:
    task = world.begin(b"image")
    world.scans.write_transition(task, tasks.claim(task, "dead", None, clock.now()))
    world.ahead = tasks.LEASE - timedelta(seconds=5)
    assert sweep(world.sweeper)["announced"] == 0
    world.ahead = tasks.LEASE
    assert sweep(world.sweeper)["announced"] == 1


def test_a_task_that_was_tried_often_enough_fails(world: World) -> None:
    task, now = world.begin(b"image"), clock.now()
    for attempt in range(tasks.MAX_ATTEMPTS):
        task = world.scans.write_transition(task, tasks.claim(task, str(attempt), None, now))
        now += tasks.LEASE
    world.ahead = tasks.LEASE * tasks.MAX_ATTEMPTS
    assert sweep(world.sweeper)["failed"] == 1
    assert world.read(task).failure is FailureReason.RETRIES_EXHAUSTED


def test_a_dead_workers_task_is_not_announced_every_minute(world: World) -> None:
    task = world.begin(b"image")
    world.scans.write_transition(task, tasks.claim(task, "dead", None, clock.now()))
    world.ahead = tasks.LEASE
    announced = []
    for _ in range(10):
        announced.append(sweep(world.sweeper)["announced"])
        world.ahead += timedelta(minutes=1)
    assert sum(announced) <= 4
    claimed = tasks.claim(world.read(task), "next", None, clock.now() + world.ahead)
    assert claimed.attempt == "next", "and any of them lets the next worker in"


def test_a_task_that_was_taken_between_look_and_read_is_left_to_its_worker(world: World) -> None:
    task, now = world.begin(b"image"), clock.now()
    for attempt in range(tasks.MAX_ATTEMPTS - 1):
        task = world.scans.write_transition(task, tasks.claim(task, str(attempt), None, now))
        now += tasks.LEASE
    world.ahead = tasks.LEASE * tasks.MAX_ATTEMPTS
    listed = world.scans.due_tasks(keys.due_shard(task.id), clock.now() + world.ahead, 10)
    assert listed == [task.id]
    held = world.scans.write_transition(task, tasks.claim(task, "last", None, clock.now() + world.ahead))

    class Stale(ScanStore):
        """The index as it was before the worker came."""

        def due(self, shard: int, now: object, limit: int) -> list[int]:
            return listed if shard == keys.due_shard(task.id) else []

    world.sweeper = replace(world.sweeper, scans=Stale("ScansTable"))
    assert sweep(world.sweeper)["failed"] == 0
    assert world.read(task) == held


def test_one_task_that_cannot_be_looked_at_does_not_stop_the_sweep(world: World) -> None:
    for _ in range(3):
        world.begin(b"image")
    world.ahead = tasks.FIRST_CHECK
    with failing(s3(), "s3.HeadObject"):
        assert sweep(world.sweeper)["untouched"] == 3
    assert sweep(world.sweeper)["announced"] == 3


def test_by_the_deadline_every_task_is_final_though_nothing_works(world: World) -> None:
    begun = [world.begin(b"image") for _ in range(5)] + [world.begin() for _ in range(5)]
    for _ in range(62):
        world.ahead += timedelta(minutes=1)
        sweep(world.sweeper)
    assert all(world.read(task).is_final for task in begun)
