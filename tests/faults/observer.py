"""What can befall uploads, step by step, and what has been seen of every task so far."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import boto3

from scanward.domain.object_keys import derived_prefix, heatmap_key
from scanward.domain.tasks import DEADLINE, FIRST_CHECK, LEASE, Task, TaskStatus
from scanward.stores.clients import s3
from scanward.stores.dynamo import connection
from scanward.stores.scans import ScanStore
from tests.support.cloud import BUCKET
from tests.support.queues import Queues
from tests.support.refusals import is_listed
from tests.support.sockets import Sockets, task_uuid
from tests.support.workers import ADA, MINUTE, TABLE, Workers

_numbers = count()


class Killed(BaseException):
    """The worker is no more: nothing of it runs on."""


@contextmanager
def killed(call: int, *, arrives: bool) -> Iterator[None]:
    """Provide whoever makes the nth call to AWS from here on dies at it, before or after it is carried out."""
    event, met = "after-call" if arrives else "before-call", list[None]()

    def die(**_: Any) -> None:
        met.append(None)
        if len(met) == call:
            raise Killed

    clients = (connection().client, s3())
    for client in clients:
        client.meta.events.register_first(event, die)
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister(event, die)


def emptied(queues: Queues) -> None:
    """Empty the table and the queues: moto copies the whole table for each transaction."""
    dynamodb = boto3.client("dynamodb")
    for item in dynamodb.scan(TableName=TABLE, ProjectionExpression="pk, sk")["Items"]:
        dynamodb.delete_item(TableName=TABLE, Key=item)
    for url in (*queues.arrivals.values(), *queues.lanes.values(), queues.dead):
        while queues.waiting(url):
            queues.read(url, lambda _: None)
    queues.events.clear()


class Seen:
    """Each task as it was last polled, each state that ever was, and what was pushed of them."""

    def __init__(self, workers: Workers, sockets: Sockets) -> None:
        self.workers, self.sockets = workers, sockets
        self.tasks: dict[int, Task] = {}
        self.states: list[Task] = []
        self.removed: set[int] = set()
        self.socket = f"own-{next(_numbers)}"
        sockets.connect(sockets.access(ADA.account_id), connection=self.socket)

        self._watch(workers.scans)

    def _watch(self, store: ScanStore) -> None:
        def watched(before: Task, after: Task) -> Task:
            written = ScanStore.write_transition(store, before, after)
            assert written.version == before.version + 1, "I6: each state has a version of its own"
            self.states.append(written)
            return written

        store.write_transition = watched  # type: ignore[method-assign]

    def look(self) -> None:
        """Poll everything, and hold it against what was there before."""
        for task_id, before in list(self.tasks.items()):
            now = self.workers.scans.task(task_id)
            if before.scan_id in self.removed:
                assert now is None, "what was removed stays removed"
                left = s3().list_objects_v2(Bucket=BUCKET, Prefix=derived_prefix(before.scan_id))
                assert left["KeyCount"] == 0
                del self.tasks[task_id]
                continue
            assert now
            self._compare(before, now)
            self.tasks[task_id] = now

    def _compare(self, before: Task, now: Task) -> None:
        assert now.version >= before.version, "I6: versions only grow"
        assert (now.version == before.version) == (now == before), "and each is one state"
        assert not before.is_final or now == before, "I3: a final state stays"
        assert (now.failure is not None) == (now.status is TaskStatus.FAILED)
        assert now.failure is None or is_listed(now.failure, now.message), "I5: a reason of the list"
        assert (now.result is not None) == (now.status is TaskStatus.COMPLETED), "I2: one result"
        assert now.is_final == (now.due_at is None)
        if now != before:
            self.states.append(now)
            self._mirrored(now)

    def _mirrored(self, task: Task) -> None:
        scan = self.workers.scans.get(task.scan_id)
        assert scan
        shown = self.workers.task(scan.task_id)
        assert (scan.status, scan.result) == (shown.status, shown.result)
        if task.status is TaskStatus.COMPLETED:
            assert self.workers.objects.exists(heatmap_key(task.scan_id, task.id))

    def swept(self) -> None:
        """Check what holds whenever a sweep is over."""
        now = self.workers.clock.now()
        for task in (found for found in map(self.workers.scans.task, self.tasks) if found and not found.is_final):
            assert task.due_at
            assert task.due_at > now, "I4: nothing stays as it is past its lease"
            assert now - task.created_at <= DEADLINE + FIRST_CHECK + LEASE + MINUTE, "I1: final by the deadline"

    def pushed(self, state: Task) -> None:
        """Push a state from the stream, at any time and in any order."""
        before = self.sockets.versions(state, self.socket)
        self.sockets.moved(state)
        sent = self.sockets.versions(state, self.socket)
        polled = self.workers.scans.task(state.id)
        assert sent[: len(before)] == before
        assert sorted(set(sent)) == sent, "I6: no version twice, none backwards"
        assert len(sent) - len(before) <= 1
        if len(sent) > len(before):
            assert polled is None or sent[-1] <= polled.version, "I6: no push is ahead of the poll"

    def new(self, task_id: int) -> None:
        """Add a task that is there from now on."""
        task = self.workers.task(task_id)
        assert task.patient_id == ADA.account_id
        assert task_uuid(task)
        if task_id not in self.tasks:
            self.tasks[task_id] = task
            self.states.append(task)
