"""Fault R5: AWS throttles a third of all calls, then all of them for a while."""

import json
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from scanward.domain.idempotency import REQUEST_TIMEOUT, IdempotencyKey
from scanward.domain.orders import Priority
from scanward.domain.tasks import TaskStatus
from scanward.errors import InProgress, Unavailable
from scanward.stores.clients import s3, sqs
from scanward.stores.dynamo import CONFLICT_WAITS, connection
from scanward.stores.sdk import MAX_TRIES, RETRY_SECONDS
from tests.faults.injection import THROTTLED, answered, http_answer, retried_at_once, throttled
from tests.faults.size import sized
from tests.support.client import ApiClient
from tests.support.people import sign_in
from tests.support.workers import ADA, MINUTE, Workers

UPLOADS = sized(100, 6)
ANSWERED_WITHIN = 5
SHARE = 0.3**MAX_TRIES  # of the calls, when 0.3 of their tries do not arrive


def clients() -> list[Any]:
    return [connection().client, s3(), sqs()]


def uploaded(workers: Workers, key: str) -> int | None:
    """Return the task, for an app that tries again what is answered 503, with the key that it has."""
    try:
        return workers.upload(IdempotencyKey(ADA.account_id, key, key)).task_id
    except (Unavailable, InProgress) as failure:
        return None if failure.retry_after > 0 else 0


def test_a_third_of_calls_throttled_and_then_all_loses_nothing(workers: Workers) -> None:
    chance, made = Random(1), dict[str, int]()
    wanted = [str(number) for number in range(UPLOADS)]
    with workers.queues.notified():
        with throttled(clients(), SHARE, chance) as met:
            while missing := [key for key in wanted if key not in made]:
                made |= {key: task for key in missing if (task := uploaded(workers, key))}
                workers.work(rounds=3)
                workers.clock.ahead += REQUEST_TIMEOUT + timedelta(seconds=1)
        assert met
        with throttled(clients(), 1, chance):
            assert uploaded(workers, "during") is None
            workers.clock.ahead += timedelta(seconds=20)
    assert uploaded(workers, "during")
    workers.work()
    for _ in range(8):
        workers.minutes(1, workers.work)
    tasks = [workers.task(task_id) for task_id in made.values()]
    assert all(task.is_final for task in tasks)
    done = [task for task in tasks if task.status is TaskStatus.COMPLETED]
    given_up = [task for task in tasks if task.status is TaskStatus.FAILED]
    assert len(done) + len(given_up) == UPLOADS, "each is there, with a result or a reason"
    assert all(task.failure for task in given_up)
    assert len(given_up) <= UPLOADS // 20
    assert not any(workers.queues.waiting(url) for url in (*workers.queues.lanes.values(), workers.queues.dead))


def test_what_is_throttled_for_twenty_seconds_is_read_within_the_minute_after(workers: Workers) -> None:
    with workers.queues.notified():
        made = [workers.upload() for _ in range(UPLOADS)]
    with throttled(clients(), 1, Random(1)):
        for _ in range(2):  # SQS gives a message three times; its visibility of minutes is longer than this lasts
            raised = workers.queues.read(workers.queues.lanes[Priority.HIGH], workers.analyse)
            assert raised is None or isinstance(raised, Unavailable)
        workers.clock.ahead += timedelta(seconds=20)
    begun = workers.clock.now()
    workers.work()
    assert {workers.task(of).status for of in made} == {TaskStatus.COMPLETED}
    assert workers.clock.now() - begun <= MINUTE


@pytest.mark.parametrize(("method", "path"), [("GET", "/scans"), ("GET", "/tasks"), ("POST", "/scans/uploads")])
def test_the_api_says_503_and_when_to_come_again(aws: None, method: str, path: str) -> None:
    patient = sign_in(ApiClient(), "ada@example.org")
    said = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{THROTTLED}"}).encode()
    with (
        answered(connection().client, "dynamodb", lambda request: http_answer(request.url, 400, said)),
        retried_at_once(connection().client) as tries,
    ):
        reply = patient.send(method, path)
    assert (reply.status, reply.code) == (503, "UNAVAILABLE")
    assert 0 < int(reply.headers["retry-after"]) <= ANSWERED_WITHIN
    assert len(tries) == MAX_TRIES, "the first call that fails ends the request"


def test_what_a_throttled_request_waits_for_ends_within_five_seconds() -> None:
    for client in clients():
        assert client.meta.config.retries == {"total_max_attempts": 1, "mode": "standard"}, "the SDK's own are off"
    waits = sum(RETRY_SECONDS * 3**n for n in range(MAX_TRIES - 1))
    assert 1.5 * (waits + sum(CONFLICT_WAITS)) < ANSWERED_WITHIN
