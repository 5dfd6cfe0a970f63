"""Removing a scan: gone at once for whoever looks, then all of it, whatever dies on the way."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from functions.records.personal_data_handler import deps
from functions.records.usecases.personal_data import finish_removal
from functions.scans.handler import deps as scan_deps
from functions.scans.usecases.scans import delete_scan
from scanward import clock
from scanward.domain.accounts import Actor, Role
from scanward.stores.clients import s3, sqs
from scanward.stores.dynamo import connection
from tests.faults.injection import failing
from tests.support.client import ApiClient
from tests.support.own_data import add_scan, carry_out, deliver, traces
from tests.support.people import own_id

DONE: dict[str, Any] = {"batchItemFailures": []}


def body_of(scan_id: int) -> str:
    return json.dumps({"wish": "SCAN", "account_id": scan_id})


def left(scan_id: int) -> set[str]:
    """Return under which keys something of a scan lies, but that there was one."""
    items = boto3.client("dynamodb").scan(TableName="ScansTable")["Items"]
    rows = [item["pk"]["S"] for item in items if str(scan_id) in str(item) and item["sk"]["S"] != "GONE"]
    return {*rows, *(key for table, key in traces(str(scan_id)) if table == "bucket")}


def delayed() -> int:
    url = boto3.client("sqs").get_queue_url(QueueName="own-data")["QueueUrl"]
    answer = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return int(answer["Attributes"]["ApproximateNumberOfMessagesDelayed"])


@contextmanager
def dying_at(number: int) -> Iterator[list[str]]:
    """Provide a function that ends at its call of this number to a service that is written to. Gives the calls."""
    calls = list[str]()
    clients: tuple[Any, ...] = (connection().client, s3())

    def count(model: Any, **_: Any) -> None:
        if model.name in {"UpdateItem", "TransactWriteItems", "BatchWriteItem", "DeleteObjects", "DeleteObject"}:
            calls.append(model.name)
        if len(calls) >= number:
            raise OSError("the function ended")

    for client in clients:
        client.meta.events.register_first("before-call", count)
    try:
        yield calls
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", count)


def test_a_request_that_dies_at_any_step_leaves_a_scan_whole_or_gone(patient: ApiClient) -> None:
    me, number, statuses = own_id(patient), 0, list[int]()
    while not statuses or statuses[-1] != 200:
        number += 1
        scan, waiting = add_scan(me, me), delayed()
        before = left(scan.id)
        with dying_at(number):
            statuses.append(patient.delete(f"/scans/{scan.id}").status)
        if patient.get(f"/scans/{scan.id}").status == 200:
            assert left(scan.id) == before, "nothing has happened"
            assert patient.delete(f"/scans/{scan.id}").status == 200
        else:
            assert delayed() == waiting + 1
            assert patient.get(f"/files/images/{scan.id}").status == 404
            assert patient.get("/scans").data == []
            assert carry_out(body_of(scan.id)) == DONE
        assert left(scan.id) == set()
    assert len(statuses) > 5, "there are several steps to die at"


def test_the_worker_that_finishes_may_die_at_any_step_too(patient: ApiClient) -> None:
    me, number, answer = own_id(patient), 0, None
    while answer != DONE:
        number += 1
        scan = add_scan(me, me)
        deps.scans.begin_removal(scan.id)
        with dying_at(number):
            answer = carry_out(body_of(scan.id))
        assert carry_out(body_of(scan.id)) == DONE
        assert left(scan.id) == set()
        assert carry_out(body_of(scan.id)) == DONE, "once more finds nothing"
    assert number > 5


def test_the_same_request_finishes_what_it_began(patient: ApiClient) -> None:
    scan = add_scan(own_id(patient), own_id(patient))
    with failing(s3(), "s3.DeleteObjects"):
        assert patient.delete(f"/scans/{scan.id}").status == 503
    assert patient.get(f"/scans/{scan.id}").status == 404
    assert patient.delete(f"/scans/{scan.id}").status == 200
    assert left(scan.id) == set()
    assert patient.delete(f"/scans/{scan.id}").status == 404


def test_without_the_queue_a_scan_stays_as_it_was(patient: ApiClient) -> None:
    scan = add_scan(own_id(patient), own_id(patient))
    before = left(scan.id)
    with failing(sqs(), "sqs.SendMessage"):
        assert patient.delete(f"/scans/{scan.id}").status == 503
    assert patient.get(f"/scans/{scan.id}").status == 200
    assert left(scan.id) == before
    assert patient.delete(f"/scans/{scan.id}").status == 200


def test_a_scan_whose_removal_was_never_begun_stays(patient: ApiClient) -> None:
    scan = add_scan(own_id(patient), own_id(patient))
    before = left(scan.id)
    assert carry_out(body_of(scan.id)) == DONE
    assert left(scan.id) == before


def late(minutes: float) -> Any:
    """Return a clock that runs ahead at each look."""
    times = iter(clock.now() + timedelta(minutes=minutes) * n for n in range(100))

    def now() -> datetime:
        return next(times)

    return now


def test_what_takes_long_is_removed_in_slices(patient: ApiClient) -> None:
    scan = add_scan(own_id(patient), own_id(patient))
    deps.scans.begin_removal(scan.id)
    assert finish_removal(replace(deps, now=late(4)), scan.id) == "removed in part"
    assert left(scan.id) != set()
    assert deliver() == [DONE]
    assert left(scan.id) == set()


def test_a_request_leaves_to_the_queue_what_takes_long(patient: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    me = own_id(patient)
    scan = add_scan(me, me)
    monkeypatch.setattr("functions.scans.usecases.scans.MAX_ANALYSES", 1)
    actor = Actor(account_id=me, role=Role.PATIENT, is_approved=True, session_id="session")
    delete_scan(replace(scan_deps, now=late(1)), actor, str(scan.id))
    assert patient.get(f"/scans/{scan.id}").status == 404
    assert left(scan.id) != set()
    assert carry_out(body_of(scan.id)) == DONE
    assert left(scan.id) == set()
