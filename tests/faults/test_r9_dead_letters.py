"""Fault R9: retries run out, messages end among the dead letters."""

from scanward.domain import tasks
from scanward.domain.orders import Priority
from scanward.domain.pagination import PageRange
from scanward.domain.tasks import FailureReason, Task, TaskLeased, TaskStatus
from scanward.stores.dynamo import connection
from tests.faults.injection import failing
from tests.faults.size import sized
from tests.support.queues import RECEIVED_AT_MOST
from tests.support.uploads import World

UPLOADS = sized(200, 5)


def given_up(world: World, count: int) -> list[Task]:
    """Tasks whose messages the lane gave up on: DynamoDB took none of the claims."""
    with world.queues.notified():
        made = [world.upload() for _ in range(count)]
    with failing(connection().client, "dynamodb.PutItem"), failing(connection().client, "dynamodb.TransactWriteItems"):
        lane = world.queues.lanes[Priority.HIGH]
        for _ in range(count * RECEIVED_AT_MOST):
            world.queues.read(lane, world.analyse)
        world.queues.read(lane, world.analyse)
    assert (world.queues.waiting(lane), world.queues.waiting(world.queues.dead)) == (0, count)
    return [world.task(of) for of in made]


def test_each_dead_letter_fails_its_task_and_the_queue_drains(world: World) -> None:
    left = given_up(world, UPLOADS)
    assert not any(task.is_final for task in left)
    assert world.work(rounds=UPLOADS) == []
    failed = [world.task(task) for task in left]
    assert {(task.status, task.failure) for task in failed} == {(TaskStatus.FAILED, FailureReason.RETRIES_EXHAUSTED)}
    assert world.queues.waiting(world.queues.dead) == 0


def test_redriven_letters_change_nothing(world: World) -> None:
    given_up(world, 2)
    world.work()
    failed = [world.task(task) for task in world.imaging.lists.tasks_of(3, PageRange(0, 10)).items]
    before = world.models.runs
    for event in world.queues.events:
        world.queues.send(world.queues.lanes[Priority.HIGH], event)
        world.queues.send(world.queues.dead, event)
    assert world.work() == []
    assert [world.task(task) for task in failed] == failed
    assert world.models.runs == before
    assert not any(world.queues.waiting(url) for url in (*world.queues.lanes.values(), world.queues.dead))


def test_a_letter_about_a_task_in_a_workers_hands_waits_for_the_end_of_its_lease(world: World) -> None:
    [task] = given_up(world, 1)
    held = world.scans.write_transition(task, tasks.claim(task, "another", None, world.clock.now()))
    assert isinstance(world.queues.read(world.queues.dead, world.bury), TaskLeased)
    assert (world.task(task), world.queues.waiting(world.queues.dead)) == (held, 1)
    world.clock.time += tasks.LEASE
    assert world.work() == []
    assert world.task(task).failure is FailureReason.RETRIES_EXHAUSTED
    assert world.queues.waiting(world.queues.dead) == 0
