"""Fault R11: a machine's clock is ten minutes off."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.scans.sweeper import sweep
from scanward import clock
from scanward.domain import tasks
from scanward.domain.tasks import LEASE, TaskStatus
from scanward.security.tokens import LEEWAY
from scanward.stores.dynamo import StoreClock, connection
from tests.support.workers import Workers

OFF = [timedelta(minutes=10), timedelta(minutes=-10)]


def wrong(off: timedelta) -> Callable[[], datetime]:
    """Return the clock of a function on a machine whose own is off: as the handlers make it."""
    return StoreClock(lambda: clock.now() + off).now


@pytest.fixture
def real(workers: Workers) -> Workers:
    """Provide workers whose clock moves by itself."""
    workers.inference = replace(workers.inference, now=clock.now)
    return workers


@pytest.mark.parametrize("off", OFF, ids=["ahead", "behind"])
def test_a_worker_whose_clock_is_off_takes_no_other_workers_task(real: Workers, off: timedelta) -> None:
    with real.queues.notified(lost=True):
        task = real.task(real.upload())
    held = real.scans.write_transition(task, tasks.claim(task, "another", None, clock.now()))
    real.inference = replace(real.inference, now=wrong(off))
    real.analyse(real.queues.events[0])
    assert real.task(task) == held


@pytest.mark.parametrize("off", OFF, ids=["ahead", "behind"])
def test_from_a_worker_whose_clock_is_off_nobody_takes_its_task(real: Workers, off: timedelta) -> None:
    with real.queues.notified(lost=True):
        task = real.task(real.upload())
    now = wrong(off)
    held = real.scans.write_transition(real.task(task), tasks.claim(task, "off", None, now()))
    assert held.leased_until
    assert abs(held.leased_until - clock.now() - LEASE) < timedelta(minutes=1)
    sweep(replace(real.sweeper, now=clock.now))
    real.analyse(real.queues.events[0])
    assert real.task(task) == held


@pytest.mark.parametrize("off", OFF, ids=["ahead", "behind"])
def test_a_sweeper_whose_clock_is_off_announces_and_ends_nothing_early(real: Workers, off: timedelta) -> None:
    with real.queues.notified(lost=True):
        task = real.task(real.upload())
    waiting = real.task(real.upload())
    held = real.scans.write_transition(task, tasks.claim(task, "another", None, clock.now()))
    counts = sweep(replace(real.sweeper, now=wrong(off)))
    assert sum(counts.values()) == 0
    assert (real.task(task), real.task(waiting)) == (held, waiting)


def test_by_dynamodbs_clock_a_lease_does_end(real: Workers) -> None:
    with real.queues.notified(lost=True):
        task = real.task(real.upload())
    real.scans.write_transition(task, tasks.claim(task, "dead", None, clock.now()))
    real.inference = replace(real.inference, now=wrong(timedelta(minutes=-10)))
    later = (clock.now() + LEASE + timedelta(seconds=6)).strftime("%a, %d %b %Y %H:%M:%S GMT")

    def date(parsed: dict[str, Any], **_: Any) -> None:
        parsed["ResponseMetadata"]["HTTPHeaders"]["date"] = later

    events = connection().client.meta.events
    events.register_first("after-call.dynamodb", date)
    try:
        real.analyse(real.queues.events[0])
    finally:
        events.unregister("after-call.dynamodb", date)
    assert real.task(task).status is TaskStatus.COMPLETED


@pytest.mark.parametrize("off", OFF, ids=["ahead", "behind"])
def test_what_an_api_with_a_wrong_clock_accepts_is_read_once_by_growing_versions(
    workers: Workers, off: timedelta
) -> None:
    workers.clock.ahead += off
    with workers.queues.notified():
        made = workers.upload()
    workers.clock.ahead -= off
    held = workers.scans.write_transition(
        workers.task(made), tasks.claim(workers.task(made), "one", None, workers.clock.now())
    )
    workers.minutes(1)
    workers.work()
    assert workers.task(made) == held, "no lease was taken"
    workers.minutes(3, workers.work)
    done = workers.task(made)
    assert (done.status, done.attempts) == (TaskStatus.COMPLETED, 2)
    assert done.version > held.version


def test_tokens_are_believed_half_a_minute_at_most_beyond_their_end() -> None:
    assert timedelta(seconds=30) >= LEEWAY
