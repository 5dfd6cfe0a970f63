"""What comes into the bucket: of each form one object, and of what comes with it nothing that costs anybody."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import boto3
import pytest

from functions.inference.arrivals import SET_ASIDE
from functions.inference.arrivals import take_in as take_in_batch
from functions.scans.usecases.scans import delete_scan
from functions.scans.usecases.tasks import cancel
from functions.scans.usecases.uploads import UploadCommand, begin_upload
from scanward import clock
from scanward.domain import accounts
from scanward.domain.accounts import Names, Profile, Role
from scanward.domain.object_keys import upload_key
from scanward.domain.orders import Order, Priority
from scanward.domain.tasks import Arrival, Task, TaskStatus
from scanward.stores.accounts import AccountStore
from scanward.stores.clients import s3, sqs
from scanward.stores.dynamo import connection
from tests.faults.injection import failing, meanwhile
from tests.faults.observer import Killed, killed
from tests.support.cloud import BUCKET
from tests.support.queues import s3_event
from tests.support.workers import ADA, PNG, Workers

HIGH, LOW = Order(Priority.HIGH), Order(Priority.LOW)
BATCH = 10


def begin(workers: Workers, order: Order = HIGH) -> Task:
    """Hand out a form; the task that waits for it."""
    accepted, _ = begin_upload(workers.imaging, ADA, "image/png", UploadCommand(order))
    return workers.task(accepted)


def post(workers: Workers, task: Task, content: bytes = PNG) -> str:
    """Send a form as S3 takes it, and lose the event; what it would have said."""
    with workers.queues.notified(lost=True):
        s3().put_object(Bucket=BUCKET, Key=task.object_key, Body=content)
    return workers.queues.events[-1]


def versions(key: str) -> list[str]:
    """Return the versions that there are of an object, those that mark a deletion included."""
    listed = boto3.client("s3").list_object_versions(Bucket=BUCKET, Prefix=key)
    return [item["VersionId"] for item in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]]


def in_lane(workers: Workers, lane: Priority = Priority.HIGH) -> list[int]:
    """Take what waits in a lane; the tasks, in their order."""
    waiting: list[int] = []
    url = workers.queues.lanes[lane]
    while workers.queues.waiting(url):
        workers.queues.read(url, lambda body: waiting.append(json.loads(body)["analysis"]["task_id"]))
    return waiting


@contextmanager
def calls() -> Iterator[list[str]]:
    """Provide the names of the calls to AWS that are made meanwhile."""
    made: list[str] = []

    def note(model: Any, **_: Any) -> None:
        made.append(model.name)

    clients = (connection().client, s3(), sqs())
    for client in clients:
        client.meta.events.register_first("before-call", note)
    try:
        yield made
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", note)


def take_in(workers: Workers, events: Sequence[str]) -> None:
    """Let all events be taken in, ten at a time, as the template has it."""
    for bodies in (events[begin : begin + BATCH] for begin in range(0, len(events), BATCH)):
        workers.take_in(*bodies)


@pytest.mark.parametrize("count", [1, 2, 9, 45])
def test_posts_of_one_form_are_one_message_in_the_lane_and_one_version(workers: Workers, count: int) -> None:
    form, other = begin(workers), begin(workers)
    events = [post(workers, form) for _ in range(count)]
    take_in(workers, [*events, post(workers, other)])
    assert in_lane(workers) == [form.id, other.id], "and the other's is behind one analysis, not behind them all"
    assert versions(form.object_key) == [workers.task(form).object_version]
    assert str(workers.task(form).object_version) in events[0]


def test_what_comes_after_the_first_version_is_not_read(workers: Workers) -> None:
    form, before = begin(workers), workers.models.runs
    take_in(workers, [post(workers, form), *(post(workers, form, b"another image") for _ in range(20))])
    workers.work()
    assert workers.task(form).status is TaskStatus.COMPLETED
    assert workers.models.runs - before == 1
    take_in(workers, [post(workers, form) for _ in range(5)])
    workers.work()
    assert workers.models.runs - before == 1, "not after its end either"
    assert versions(form.object_key) == [workers.task(form).object_version]


def test_a_batch_of_later_posts_costs_one_read_and_one_removal(workers: Workers) -> None:
    form = begin(workers)
    workers.take_in(post(workers, form))
    workers.arrivals.pins.clear()  # another process
    events = [post(workers, form) for _ in range(BATCH)]
    with calls() as made:
        workers.take_in(*events)
    assert made == ["GetItem", "DeleteObjects"]


def test_further_batches_of_one_form_cost_a_process_no_read(workers: Workers) -> None:
    form, other = begin(workers), begin(workers)
    events = [post(workers, form) for _ in range(5 * BATCH - 1)]
    with calls() as made:
        take_in(workers, [*events, post(workers, other)])
    first, removal = ["GetItem", "PutItem", "SendMessage"], ["DeleteObjects"]
    waits = [*first, *removal * 4]
    assert [call for call in made if call != "PutObject"] == [*waits, *first, *removal], "one call a batch"
    assert in_lane(workers) == [form.id, other.id]


def test_other_process_reads_once_what_a_form_is_pinned_to(workers: Workers) -> None:
    form = begin(workers)
    workers.take_in(post(workers, form))
    workers.arrivals.pins.clear()
    bodies = [{str(number): post(workers, form) for number in range(BATCH)} for _ in range(2)]
    with calls() as made:
        for batch in bodies:
            assert take_in_batch(workers.arrivals, batch, print).to_resend == []
    assert made == ["GetItem", "DeleteObjects", "DeleteObjects"]
    assert versions(form.object_key) == [workers.task(form).object_version]


def test_process_remembers_so_many_pins_and_no_more(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.inference.arrivals.MAX_PINS", 2)
    for _ in range(5):
        workers.take_in(post(workers, begin(workers)))
    assert 0 < len(workers.arrivals.pins) <= 2


def test_the_first_post_costs_a_read_a_write_and_a_message(workers: Workers) -> None:
    event = post(workers, begin(workers))
    with calls() as made:
        workers.take_in(event)
    assert made == ["GetItem", "PutItem", "SendMessage"]


def test_in_whichever_order_events_come_one_version_is_left(workers: Workers) -> None:
    form = begin(workers)
    events = [post(workers, form) for _ in range(12)]
    Random(7).shuffle(events)
    take_in(workers, events)
    assert versions(form.object_key) == [workers.task(form).object_version]
    assert str(workers.task(form).object_version) in events[0]


def test_an_event_that_comes_twice_removes_nothing(workers: Workers) -> None:
    form = begin(workers)
    event = post(workers, form)
    for _ in range(3):
        assert workers.take_in(event).to_resend == []
    assert len(versions(form.object_key)) == 1
    workers.work()
    assert workers.task(form).attempts == 1
    assert workers.take_in(event).outcomes == {Arrival.NOTHING_TO_DO: 1}
    assert len(versions(form.object_key)) == 1


def test_each_task_waits_in_the_lane_of_its_own_priority(workers: Workers) -> None:
    urgent, other = begin(workers), begin(workers, LOW)
    take_in(workers, [post(workers, other), post(workers, urgent)])
    assert (in_lane(workers), in_lane(workers, Priority.LOW)) == ([urgent.id], [other.id])


def test_an_image_that_comes_after_its_task_was_cancelled_is_removed(workers: Workers) -> None:
    form = begin(workers)
    cancel(workers.imaging, ADA, str(form.id))
    workers.take_in(post(workers, form))
    assert (versions(form.object_key), in_lane(workers)) == ([], [])


def test_an_image_that_was_taken_in_stays_when_its_task_is_cancelled(workers: Workers) -> None:
    form = begin(workers)
    event = post(workers, form)
    workers.take_in(event)
    cancel(workers.imaging, ADA, str(form.id))
    workers.take_in(event)
    assert versions(form.object_key) == [workers.task(form).object_version]


def test_an_image_that_comes_after_its_scan_was_removed_goes_without_a_noise(workers: Workers) -> None:
    form = begin(workers)
    delete_scan(workers.imaging, ADA, str(form.scan_id))
    assert workers.take_in(post(workers, form)).outcomes == {Arrival.LEFTOVER: 1}
    assert versions(form.object_key) == []


def test_what_is_no_task_of_ours_is_set_aside(workers: Workers) -> None:
    for key in (upload_key(Priority.HIGH, 1, 2), "uploads/high/x"):
        version = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=PNG)["VersionId"]
        assert workers.take_in(s3_event(key, version)).outcomes == {SET_ASIDE: 1}
        assert versions(key.replace("uploads/", "aside/", 1)) != []
    assert in_lane(workers) == []


def test_a_delivery_becomes_a_task_in_its_lane_and_its_next_version_another(workers: Workers) -> None:
    hospital = accounts.register(
        id=7, role=Role.HOSPITAL, names=Names(email="pacs@example.org"), profile=Profile(), now=clock.now()
    )
    AccountStore("AccountsTable").add(hospital, "hash")
    key, events = "uploads/low/incoming/7/film.png", []
    for _ in range(2):
        version = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=PNG)["VersionId"]
        events.append(s3_event(key, version))
    take_in(workers, [*events, events[0]])
    first, second, again = in_lane(workers, Priority.LOW)
    assert first == again
    assert {workers.task(first).object_version, workers.task(second).object_version} == set(versions(key))


def test_one_message_that_fails_does_not_hold_up_the_others(workers: Workers) -> None:
    tasks = [begin(workers) for _ in range(3)]
    events = [post(workers, task) for task in tasks]
    failures: list[Exception] = []
    with failing(connection().client, "dynamodb.GetItem", 500):
        batch = take_in_batch(workers.arrivals, {"0": events[0], "1": "no JSON"}, failures.append)
    assert (batch.to_resend, batch.outcomes, len(failures)) == (["0"], {SET_ASIDE: 1}, 1)
    take_in(workers, events)
    assert in_lane(workers) == [task.id for task in tasks]


def test_later_posts_that_could_not_be_removed_come_again(workers: Workers) -> None:
    form, failures = begin(workers), list[Exception]()
    bodies = {str(number): post(workers, form) for number in range(3)}
    with failing(s3(), "s3.DeleteObjects"):
        batch = take_in_batch(workers.arrivals, bodies, failures.append)
    assert batch.to_resend == ["1", "2"]
    assert in_lane(workers) == [form.id], "the first is not held up"
    workers.take_in(bodies["1"], bodies["2"])
    assert versions(form.object_key) == [workers.task(form).object_version]


def test_a_cancel_that_comes_between_read_and_pin_wins(workers: Workers) -> None:
    form = begin(workers)
    event = post(workers, form)
    with meanwhile(connection().client, "dynamodb.PutItem", lambda: cancel(workers.imaging, ADA, str(form.id))):
        workers.take_in(event)
    assert workers.task(form).status is TaskStatus.CANCELLED
    assert (versions(form.object_key), in_lane(workers)) == ([], [])


@pytest.mark.parametrize("arrives", [False, True])
@pytest.mark.parametrize("call", range(1, 5))
def test_whoever_takes_in_is_killed_at_any_call_and_nothing_is_lost(workers: Workers, call: int, arrives: bool) -> None:
    form, queue = begin(workers), workers.queues.arrivals[Priority.HIGH]
    for body in (post(workers, form), post(workers, form)):
        workers.queues.send(queue, body)

    def take_in_anew(body: str) -> object:
        workers.arrivals.pins.clear()  # a process that dies remembers none
        return workers.take_in(body)

    died = None
    with killed(call, arrives=arrives):
        died = workers.queues.read(queue, take_in_anew) or workers.queues.read(queue, take_in_anew)
    assert isinstance(died, Killed)
    workers.work()
    task = workers.task(form)
    assert (task.status, task.attempts) == (TaskStatus.COMPLETED, 1)
    assert versions(form.object_key) == [task.object_version]


def test_an_upload_whose_event_was_lost_is_taken_in_by_its_oldest_version(workers: Workers) -> None:
    form = begin(workers)
    for content in (PNG, b"another"):
        post(workers, form, content)
    oldest = versions(form.object_key)[-1]
    workers.minutes(3, workers.work)
    assert workers.task(form).status is TaskStatus.COMPLETED
    assert workers.task(form).object_version == oldest
