"""Erasing a person while others are still at their data."""

import json
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import boto3
import pytest

from functions.inference.handler import deps as inference
from functions.inference.ingest import UploadedObject
from functions.inference.worker import Outcome, process
from functions.realtime.usecases.connections import end_without_session
from scanward import clock
from scanward.domain import tasks
from scanward.domain.ids import parse_id
from scanward.domain.orders import Order
from scanward.errors import Conflict
from scanward.stores.clients import s3
from scanward.stores.personal_data import Eraser
from scanward.stores.s3 import Purger
from scanward.stores.scans import ScanStore
from tests.faults.injection import meanwhile
from tests.support.client import ApiClient
from tests.support.cloud import ROOT
from tests.support.links import connect
from tests.support.own_data import WORD, add_scan, carry_out, traces
from tests.support.people import own_id
from tests.support.sockets import ADA
from tests.support.world import World

PNG = (ROOT / "samples" / "consolidation-1.png").read_bytes()


def erase(account: int) -> None:
    assert carry_out(json.dumps({"wish": "ERASURE", "account_id": account})) == {"batchItemFailures": []}


def waiting() -> int:
    """Return how many wishes the queue keeps for later."""
    sqs = boto3.client("sqs")
    queue = sqs.get_queue_url(QueueName="own-data")["QueueUrl"]
    said = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessagesDelayed"])
    return int(said["Attributes"]["ApproximateNumberOfMessagesDelayed"])


def after(monkeypatch: pytest.MonkeyPatch, store: type, step: str, act: Callable[[], Any]) -> list[Any]:
    """Return when a step of the erasure was done for the first time, somebody acts. Gives what came of it."""
    done, acts, came = getattr(store, step), [act], list[Any]()

    def then(*given: Any) -> Any:
        result = done(*given)
        if acts:
            came.append(acts.pop()())
        return result

    monkeypatch.setattr(store, step, then)
    return came


def test_nobody_uploads_for_who_is_being_erased(
    monkeypatch: pytest.MonkeyPatch, doctor: ApiClient, ada: ApiClient
) -> None:
    me = own_id(ada)
    connect(doctor, ada)
    sent = after(
        monkeypatch, Eraser, "scan_ids", lambda: doctor.upload("/scans", {"file": PNG}, {"patient_id": str(me)})
    )
    erase(me)
    assert [reply.status for reply in sent] == [404]


def test_nor_orders_another_analysis(monkeypatch: pytest.MonkeyPatch, ada: ApiClient) -> None:
    me, scans = own_id(ada), ScanStore("ScansTable")
    scan, now = add_scan(me, me), clock.now()
    first = scans.task(scan.task_id)
    assert first
    another = tasks.create_reanalysis(
        id=clock.fresh_id(now),
        of=tasks.cancel(first, now),
        requested_by=me,
        order=Order(additional_notes=WORD),
        now=now,
    )

    def order() -> None:
        with pytest.raises(Conflict):
            scans.add_analysis(another)

    ordered = after(monkeypatch, Eraser, "task_ids", order)
    erase(me)
    assert len(ordered) == 1
    assert traces(WORD, str(me)) == []


def test_an_upload_accepted_before_the_erasure_is_erased_too(monkeypatch: pytest.MonkeyPatch, ada: ApiClient) -> None:
    me = own_id(ada)
    add_scan(me, me)
    came = after(monkeypatch, Purger, "purge", lambda: add_scan(me, me))
    erase(me)
    assert came
    assert traces(WORD, str(me)) == []


@pytest.mark.parametrize("step", ["scan_ids", "scans", "clinic"])
def test_data_written_behind_the_erasure_is_erased_ten_minutes_later(
    monkeypatch: pytest.MonkeyPatch, ada: ApiClient, step: str
) -> None:
    me = own_id(ada)
    after(monkeypatch, Eraser, step, lambda: add_scan(me, me))
    erase(me)
    assert traces(WORD) != []
    assert waiting() == 1
    erase(me)
    assert traces(WORD, str(me)) == []
    assert waiting() == 1, "of nobody it is not asked again"


def test_a_worker_that_is_at_an_image_leaves_nothing_of_it(ada: ApiClient) -> None:
    me, made = own_id(ada), ada.upload("/scans", {"file": PNG}).data
    arrival = UploadedObject(parse_id(made["scan_id"]), parse_id(made["task_id"]))
    at_work, purged, outcomes = Event(), Event(), list[Outcome]()

    def hold() -> None:
        at_work.set()
        purged.wait(10)

    def work() -> None:
        with meanwhile(s3(), "s3.PutObject", hold):
            outcomes.append(process(inference, arrival))

    worker = Thread(target=work)

    def go_on() -> None:
        purged.set()
        worker.join(10)

    worker.start()
    assert at_work.wait(10)
    with pytest.MonkeyPatch.context() as patched:
        after(patched, Purger, "purge", go_on)
        erase(me)
    assert outcomes == [Outcome.NOTHING_TO_DO]
    assert "Versions" not in boto3.client("s3").list_object_versions(Bucket="images")


def test_an_erasure_leaves_sockets_to_the_function_that_closes_them(aws: None) -> None:
    sockets = World().sockets
    assert sockets.connect(sockets.access(), connection="c1") == 200
    erase(ADA)
    assert end_without_session(sockets.keeper, ADA) == 1
    assert sockets.outbox.closed == ["c1"]
    assert sockets.rows() == 0
