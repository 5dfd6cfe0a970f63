"""Fault R6: of each write in turn the answer is lost, and the SDK tries again what was done already."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from functions.scans.sweeper import sweep
from functions.scans.usecases.scans import delete_scan
from functions.scans.usecases.tasks import cancel, reanalyse
from functions.scans.usecases.uploads import UploadCommand, begin_upload
from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.orders import Order, Priority
from scanward.domain.pagination import PageRange
from scanward.domain.scans import Reading
from scanward.domain.tasks import TaskStatus
from scanward.errors import NotFound
from scanward.stores.clients import s3, sqs
from scanward.stores.dynamo import connection
from tests.faults.injection import http_answer, operation_of, retried_at_once
from tests.faults.size import sized
from tests.support.workers import ADA, MINUTE, Workers

READS = {"GetItem", "BatchGetItem", "Query", "GetObject", "HeadObject", "ListObjectsV2", "GetQueueAttributes"}
ORDER = Order(Priority.HIGH)


class Losses:
    """Loses the answer of the nth write. `writes`: what was written so far."""

    def __init__(self, nth: int) -> None:
        self._nth = nth
        self._due = False
        self.writes: list[str] = []

    def called(self, model: Any, **_: Any) -> None:
        """Of the calls, not of their tries."""
        if model.name not in READS:
            self.writes.append(model.name)
            self._due = len(self.writes) == self._nth

    def sent(self, request: Any, event_name: str, **_: Any) -> Any:
        if not self._due or operation_of(event_name) in READS:
            return None
        self._due = False
        return http_answer(request.url, 500)


@contextmanager
def losing(nth: int) -> Iterator[list[str]]:
    """Give the writes, as they come."""
    losses = Losses(nth)
    with ExitStack() as stack:
        for client in (connection().client, s3(), sqs()):
            stack.enter_context(retried_at_once(client))
            for event, listener in (("before-call", losses.called), ("before-send", losses.sent)):
                client.meta.events.register_first(event, listener)
                stack.callback(client.meta.events.unregister, event, listener)
        yield losses.writes


def everything(workers: Workers, key: str) -> None:
    """Upload, results, a cancel, a replay, another analysis, a removal: each with the answer that it has always."""
    idempotency_key = IdempotencyKey(ADA.account_id, key, "same")
    with workers.queues.notified():
        made = workers.upload(idempotency_key)
        assert (workers.upload(idempotency_key).task_id, workers.upload(idempotency_key).is_incomplete) == (
            made.task_id,
            False,
        )
        assert workers.work() == []
        assert workers.task(made).status is TaskStatus.COMPLETED
        called = reanalyse(
            deps=workers.imaging, actor=ADA, scan_id=str(made.scan_id), order=ORDER, idempotency_key=None
        )
        assert cancel(workers.imaging, ADA, str(called.task_id)).status is TaskStatus.CANCELLED
        again = reanalyse(deps=workers.imaging, actor=ADA, scan_id=str(made.scan_id), order=ORDER, idempotency_key=None)
        assert workers.work() == []
        assert (workers.task(again).status, workers.task(again).attempts) == (TaskStatus.COMPLETED, 1)
        lost, _ = begin_upload(workers.imaging, ADA, "image/png", UploadCommand(ORDER))
        assert cancel(workers.imaging, ADA, str(lost.task_id)).status is TaskStatus.CANCELLED
        begun, _ = begin_upload(workers.imaging, ADA, "image/png", UploadCommand(ORDER))
        workers.clock.ahead += 20 * MINUTE
        sweep(workers.sweeper)
        assert workers.task(begun).status is TaskStatus.FAILED
        workers.scans.set_reading(made.scan_id, Reading("clear", 4, workers.clock.now()))
        for accepted in (made, lost, begun):
            delete_scan(workers.imaging, ADA, str(accepted.scan_id))
    assert workers.imaging.lists.scans_of(ADA.account_id, PageRange(0, 10)).items == []
    assert workers.imaging.lists.tasks_of(ADA.account_id, PageRange(0, 10)).items == []
    with pytest.raises(NotFound):
        delete_scan(workers.imaging, ADA, str(made.scan_id))
    workers.clock.ahead += MINUTE


def test_no_lost_answer_is_a_failure(workers: Workers) -> None:
    with losing(0) as writes:
        everything(workers, "none")
    count = len(writes)
    assert {"PutItem", "UpdateItem", "TransactWriteItems", "PutObject", "DeleteObjects", "SendMessage"} <= set(writes)
    for nth in range(1, count + 1, sized(1, 8)):
        with losing(nth) as writes:
            everything(workers, str(nth))
        assert len(writes) >= nth
