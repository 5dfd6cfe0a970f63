"""The task machine, whatever is done to it in whatever order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.domain import tasks
from scanward.domain.orders import Order
from scanward.domain.tasks import (
    FAILURE_TEXTS,
    LEASE,
    MAX_ATTEMPTS,
    FailureReason,
    Task,
    TaskClosed,
    TaskLeased,
    TaskStatus,
)
from scanward.errors import Conflict

NOW = datetime(2026, 5, 8, 10, tzinfo=UTC)
STEPS = st.sampled_from(["claim", "advance", "complete", "fail", "release", "postpone"])


def step(task: Task, name: str, now: datetime) -> Task:
    if name == "claim":
        return tasks.claim(task, f"worker-{now.timestamp()}", "v1", now)
    if name == "advance":
        return tasks.advance(task, 45, "Processing the image", now)
    if name == "complete":
        return tasks.complete(task, {"pathologies": []}, now)
    if name == "fail":
        return tasks.fail(task, FailureReason.BAD_INPUT, now)
    if name == "release":
        return tasks.release(task, now)
    return tasks.postpone(task, now)


@given(st.lists(st.tuples(STEPS, st.integers(0, 200))))
def test_no_order_of_steps_breaks_what_must_hold(steps: list[tuple[str, int]]) -> None:
    task, now = tasks.create(1, 2, 3, NOW), NOW
    for name, seconds in steps:
        now += timedelta(seconds=seconds)
        before = task
        try:
            task = step(task, name, now)
        except Conflict:
            continue
        assert not before.is_final, "final states never change"
        assert task.version == before.version + 1, "versions grow by one"
        assert task.progress >= before.progress, "progress never runs back"
        assert task.is_final == (task.due_at is None), "what is not final is looked at again"
        assert (task.status is TaskStatus.FAILED) == (task.failure is not None), "a failure has a reason"
        assert (task.status is TaskStatus.COMPLETED) == (task.result is not None), "a result means completed"
        assert task.attempts <= MAX_ATTEMPTS
        assert (task.id, task.scan_id, task.patient_id) == (1, 2, 3)


def test_a_live_lease_keeps_others_out_and_a_dead_one_lets_them_in() -> None:
    held = tasks.claim(tasks.create(1, 2, 3, NOW), "one", "v1", NOW)
    with pytest.raises(TaskLeased):
        tasks.claim(held, "two", "v1", NOW + LEASE - timedelta(milliseconds=1))
    assert tasks.claim(held, "two", "v1", NOW + LEASE).attempt == "two"


def test_the_first_objects_version_is_pinned() -> None:
    held = tasks.claim(tasks.create(1, 2, 3, NOW), "one", "v1", NOW)
    assert tasks.claim(held, "two", "v2", NOW + LEASE).object_version == "v1"


def test_the_last_try_is_the_last() -> None:
    task, now = tasks.create(1, 2, 3, NOW), NOW
    for attempt in range(MAX_ATTEMPTS):
        task = tasks.claim(task, str(attempt), None, now)
        now += LEASE
    ended = tasks.claim(task, "one more", None, now)
    assert (ended.status, ended.failure) == (TaskStatus.FAILED, FailureReason.RETRIES_EXHAUSTED)


@pytest.mark.parametrize("name", ["claim", "advance", "complete", "fail", "release", "postpone"])
def test_nothing_moves_a_final_task(name: str) -> None:
    done = tasks.fail(tasks.create(1, 2, 3, NOW), FailureReason.BAD_INPUT, NOW)
    with pytest.raises(TaskClosed):
        step(done, name, NOW)


def test_each_reason_has_a_text() -> None:
    assert set(FAILURE_TEXTS) == set(FailureReason)


def test_another_analysis_reads_the_very_version_that_the_first_one_read() -> None:
    first = tasks.complete(tasks.claim(tasks.create(1, 2, 3, NOW), "one", "v1", NOW), {}, NOW)
    again = tasks.create_reanalysis(id=4, of=first, requested_by=3, order=Order(), now=NOW)
    assert (again.object_key, again.object_version) == (first.object_key, "v1")
    assert tasks.claim(again, "two", "v2", NOW).object_version == "v1"
