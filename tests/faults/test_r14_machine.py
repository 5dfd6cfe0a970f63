"""Fault R14: whatever befalls uploads, in whichever order, I1 to I8 hold after each step."""

from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from functions.inference.ingest import parse_message
from functions.scans.usecases.scans import delete_scan
from functions.scans.usecases.tasks import cancel, read_task, reanalyse
from functions.scans.usecases.uploads import UploadCommand, begin_upload
from scanward.domain.idempotency import REQUEST_TIMEOUT, IdempotencyKey
from scanward.domain.orders import Order, Priority
from scanward.domain.tasks import DEADLINE, Task, TaskStatus
from scanward.errors import Conflict, NotFound
from scanward.stores.clients import s3
from tests.faults.injection import failing
from tests.faults.observer import Seen, emptied, killed
from tests.faults.size import sized
from tests.support.cloud import BUCKET
from tests.support.workers import ADA, MINUTE, PNG
from tests.support.world import World

RUNS = settings(
    max_examples=sized(500, 16),
    stateful_step_count=sized(50, 30),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
ORDER, MOST = Order(Priority.HIGH), 4
PICK = st.integers(0, 99)
T = TypeVar("T")


def chosen(among: list[T], pick: int) -> T:
    return among[pick % len(among)]


class Uploads(RuleBasedStateMachine):
    """Everything that people, S3, SQS, workers and the schedule do."""

    def __init__(self, world: World) -> None:
        super().__init__()
        emptied(world.workers.queues)
        self.workers, self.seen = world.workers, Seen(world.workers, world.sockets)
        self.answers: dict[str, object] = {}
        self.forms: list[str] = []

    def some(self) -> bool:
        return bool(self.seen.tasks)

    def room(self) -> bool:
        return len(self.seen.tasks) < MOST

    def task(self, pick: int) -> Task:
        return chosen(list(self.seen.tasks.values()), pick)

    @precondition(room)
    @rule(key=st.sampled_from(["a", "b"]), lost=st.booleans())
    def upload(self, key: str, lost: bool) -> None:
        """I7: the same key gives the same answer, and make nothing new."""
        with self.workers.queues.notified(lost=lost):
            made = self.workers.upload(IdempotencyKey(ADA.account_id, key, key))
        told = (made.scan_id, made.task_id, made.task_token)
        if self.answers.setdefault(key, told) == told and made.scan_id not in self.seen.removed:
            self.seen.new(made.task_id)
        assert self.answers[key] == told

    @precondition(room)
    @rule()
    def begin(self) -> None:
        made, form = begin_upload(self.workers.imaging, ADA, "image/png", UploadCommand(ORDER))
        self.forms.append(form.fields["key"])
        self.seen.new(made.task_id)

    @precondition(lambda self: self.forms)
    @rule(pick=PICK, lost=st.booleans(), good=st.booleans())
    def send(self, pick: int, lost: bool, good: bool) -> None:
        with self.workers.queues.notified(lost=lost):
            s3().put_object(Bucket=BUCKET, Key=chosen(self.forms, pick), Body=PNG if good else PNG[:99])

    @precondition(lambda self: self.workers.queues.events)
    @rule(pick=PICK)
    def duplicate(self, pick: int) -> None:
        self.workers.queues.send(self.workers.queues.arrivals[Priority.HIGH], chosen(self.workers.queues.events, pick))

    @precondition(some)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        task = self.task(pick)
        try:
            called = cancel(self.workers.imaging, ADA, str(task.id))
        except Conflict:
            assert task.status in {TaskStatus.COMPLETED, TaskStatus.FAILED}
        else:
            assert called.status is TaskStatus.CANCELLED

    @rule(more=st.integers(1, 3))
    def work(self, more: int) -> None:
        for _ in range(more):
            self.workers.queues.read(self.workers.queues.arrivals[Priority.HIGH], self.workers.take_in)
            self.workers.queues.read(self.workers.queues.lanes[Priority.HIGH], self.workers.analyse)

    @rule(call=st.integers(1, 14), arrives=st.booleans())
    def kill(self, call: int, arrives: bool) -> None:
        with killed(call, arrives=arrives):
            self.workers.queues.read(self.workers.queues.lanes[Priority.HIGH], self.workers.analyse)

    @rule(call=st.integers(1, 4), arrives=st.booleans())
    def kill_at_arrival(self, call: int, arrives: bool) -> None:
        with killed(call, arrives=arrives):
            self.workers.queues.read(self.workers.queues.arrivals[Priority.HIGH], self.workers.take_in)

    @rule(operation=st.sampled_from(["s3.GetObject", "s3.PutObject"]))
    def fail_to_store(self, operation: str) -> None:
        with failing(s3(), operation):
            self.workers.queues.read(self.workers.queues.lanes[Priority.HIGH], self.workers.analyse)

    @rule(minutes=st.sampled_from([1, 1, 2, 3, 15]))
    def tick(self, minutes: int) -> None:
        self.workers.clock.ahead += REQUEST_TIMEOUT
        self.workers.minutes(minutes)
        self.seen.swept()

    @precondition(some)
    @rule(pick=PICK)
    def poll(self, pick: int) -> None:
        task = self.task(pick)
        assert read_task(self.workers.imaging, ADA, str(task.id)) == task

    @precondition(lambda self: self.some() and self.room())
    @rule(pick=PICK)
    def analyse_again(self, pick: int) -> None:
        try:
            made = reanalyse(
                deps=self.workers.imaging,
                actor=ADA,
                scan_id=str(self.task(pick).scan_id),
                order=ORDER,
                idempotency_key=None,
            )
        except Conflict:
            return  # not finished yet, or nothing has come
        self.seen.new(made.task_id)

    @rule()
    def bury(self) -> None:
        """I8: a dead letter goes when its task has ended."""
        queues, letters = self.workers.queues, list[str]()

        def bury(body: str) -> None:
            letters.append(body)
            self.workers.bury(body)

        queues.read(queues.dead, bury)
        for body in letters if not queues.waiting(queues.dead) else []:
            left = [task for task in map(self.workers.scans.task, self.seen.tasks) if task and str(task.id) in body]
            [message] = parse_message(body, BUCKET)
            assert all(task.is_final or task.object_version not in {None, message.version} for task in left)

    @precondition(some)
    @rule(pick=PICK)
    def delete(self, pick: int) -> None:
        scan_id = self.task(pick).scan_id
        delete_scan(self.workers.imaging, ADA, str(scan_id))
        self.seen.removed.add(scan_id)
        with pytest.raises(NotFound):
            delete_scan(self.workers.imaging, ADA, str(scan_id))

    @precondition(lambda self: self.seen.states)
    @rule(pick=PICK)
    def push(self, pick: int) -> None:
        self.seen.pushed(chosen(self.seen.states, pick))

    @invariant()
    def what_was_seen_holds(self) -> None:
        self.seen.look()

    def teardown(self) -> None:
        """I1: an hour later everything is final, though no worker comes any more."""
        for passed in (DEADLINE + MINUTE, 2 * MINUTE):
            self.workers.clock.ahead += passed
            self.workers.minutes(1)
        self.seen.look()
        self.seen.sockets.disconnect(self.seen.socket)
        assert all(task.is_final for task in self.seen.tasks.values())


def test_whatever_befalls_uploads_the_invariants_hold(aws: None) -> None:
    world = World(stands=True, limit=10**6)

    class Machine(Uploads):
        def __init__(self) -> None:
            super().__init__(world)

    run_state_machine_as_test(Machine, settings=RUNS)
