"""Fault R9: retries run out, messages end among the dead letters."""

from scanward.domain import tasks
from scanward.domain.orders import Priority
from scanward.domain.pagination import PageRange
from scanward.domain.tasks import FailureReason, Task, TaskLeased, TaskStatus
from scanward.stores.dynamo import connection
from tests.faults.injection import failing
from tests.faults.size import sized
from tests.support.queues import RECEIVED_AT_MOST
from tests.support.workers import Workers

UPLOADS = sized(200, 5)


def given_up(workers: Workers, count: int) -> list[Task]:
    """Tasks whose messages the lane gave up on: DynamoDB took none of the claims."""
    with workers.queues.notified():
        made = [workers.upload() for _ in range(count)]
    for _ in range(count):
        assert workers.queues.read(workers.queues.arrivals[Priority.HIGH], workers.take_in) is None
    with failing(connection().client, "dynamodb.PutItem"), failing(connection().client, "dynamodb.TransactWriteItems"):
        lane = workers.queues.lanes[Priority.HIGH]
        for _ in range(count * RECEIVED_AT_MOST):
            workers.queues.read(lane, workers.analyse)
        workers.queues.read(lane, workers.analyse)
    assert (workers.queues.waiting(lane), workers.queues.waiting(workers.queues.dead)) == (0, count)
    return [workers.task(of) for of in made]


def test_each_dead_letter_fails_its_task_and_the_queue_drains(workers: Workers) -> None:
    left = given_up(workers, UPLOADS)
    assert not any(task.is_final for task in left)
    assert workers.work(rounds=UPLOADS) == []
    failed = [workers.task(task) for task in left]
    assert {(task.status, task.failure) for task in failed} == {(TaskStatus.FAILED, FailureReason.RETRIES_EXHAUSTED)}
    assert workers.queues.waiting(workers.queues.dead) == 0


def test_redriven_letters_change_nothing(workers: Workers) -> None:
    given_up(workers, 2)
    workers.work()
    failed = [workers.task(task) for task in workers.imaging.lists.tasks_of(3, PageRange(0, 10)).items]
    before = workers.models.runs
    for event in workers.queues.events:
        workers.queues.send(workers.queues.lanes[Priority.HIGH], event)
        workers.queues.send(workers.queues.dead, event)
    assert workers.work() == []
    assert [workers.task(task) for task in failed] == failed
    assert workers.models.runs == before
    assert not any(workers.queues.waiting(url) for url in (*workers.queues.lanes.values(), workers.queues.dead))


def test_a_letter_about_a_task_in_a_workers_hands_waits_for_the_end_of_its_lease(workers: Workers) -> None:
    [task] = given_up(workers, 1)
    held = workers.scans.write_transition(task, tasks.claim(task, "another", None, workers.clock.now()))
    assert isinstance(workers.queues.read(workers.queues.dead, workers.bury), TaskLeased)
    assert (workers.task(task), workers.queues.waiting(workers.queues.dead)) == (held, 1)
    workers.clock.ahead += tasks.LEASE
    assert workers.work() == []
    assert workers.task(task).failure is FailureReason.RETRIES_EXHAUSTED
    assert workers.queues.waiting(workers.queues.dead) == 0
