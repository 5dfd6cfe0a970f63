"""Fault R13: two identical requests with one key, at the same moment."""

from functools import partial

from functions.scans.usecases.orders import AcceptedOrder
from scanward.domain.idempotency import IdempotencyKey
from scanward.domain.pagination import PageRange
from scanward.errors import InProgress
from scanward.stores.clients import s3, sqs
from scanward.stores.dynamo import connection
from scanward.web.families import status_of
from tests.faults.one_at_a_time import at_once, serialised
from tests.faults.size import sized
from tests.support.workers import ADA, MINUTE, Workers

RACES = sized(1_000, 12)


def test_of_two_uploads_with_one_key_at_once_one_is_kept_and_both_are_told_of_it_or_to_wait(workers: Workers) -> None:
    with serialised([connection().client, s3(), sqs()]):
        for number in range(RACES):
            idempotency_key = IdempotencyKey(ADA.account_id, str(number), "same")
            outcomes = at_once(*[partial(workers.upload, idempotency_key)] * 2)
            told = [said for said in outcomes if isinstance(said, AcceptedOrder)]
            waits = [said for said in outcomes if isinstance(said, InProgress)]
            assert told
            assert len(told) + len(waits) == 2
            assert all(status_of(wait).envelope == 409 for wait in waits)
            assert len({said.task_id for said in told}) == 1
            assert len({said.task_token for said in told}) == 1
            workers.clock.ahead += MINUTE
            assert workers.upload(idempotency_key).task_id == told[0].task_id
            [scan_id] = workers.imaging.lists.scans_of(ADA.account_id, PageRange(0, 10)).items
            assert scan_id == told[0].scan_id
            scan = workers.scans.get(scan_id)
            assert scan
            workers.imaging.lists.remove_tasks([workers.task(told[0])])
            workers.imaging.lists.remove_scan(scan, workers.clock.now())
