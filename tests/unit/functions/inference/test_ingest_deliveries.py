"""Objects that other systems put into the bucket."""

from datetime import timedelta

import boto3
import pytest

from functions.inference.analysis import AnalysisDeps
from functions.inference.dead_letters import DeadLetterDeps, DeadLetterOutcome, fail_dead_letter
from functions.inference.ingest import (
    ExternalUpload,
    IncomingMessage,
    IngestDeps,
    UnexpectedObject,
    UploadedObject,
    accept_external,
)
from functions.inference.worker import Outcome, handle_event, process
from scanward import clock
from scanward.domain import accounts
from scanward.domain.accounts import Names, Profile, Role
from scanward.domain.image_formats import MAX_UPLOAD_BYTES
from scanward.domain.object_keys import ExternalPrefix
from scanward.domain.orders import Priority
from scanward.domain.pagination import PageRange
from scanward.domain.tasks import FailureReason, TaskStatus
from scanward.errors import Unavailable
from scanward.stores.accounts import AccountStore
from scanward.stores.dynamo import connection
from scanward.stores.idempotency import IdempotencyStore
from scanward.stores.scans import ScanListStore
from scanward.stores.sessions import SessionStore
from tests.faults.injection import failing, lost_answer
from tests.support.clock import Clock
from tests.support.cloud import BUCKET
from tests.unit.functions.inference.conftest import SAMPLES

PNG = (SAMPLES / "consolidation-1.png").read_bytes()
ACCOUNT = 7


@pytest.fixture
def reception(inference: AnalysisDeps) -> IngestDeps:
    """Provide a reception, and one account that is there."""
    hospital = accounts.register(
        id=ACCOUNT, role=Role.HOSPITAL, names=Names(email="pacs@example.org"), profile=Profile(), now=clock.now()
    )
    AccountStore("AccountsTable").add(hospital, "hash")
    gates, idempotency_key = SessionStore("AccountsTable"), IdempotencyStore("ScansTable")
    return IngestDeps(
        scans=inference.scans,
        objects=inference.objects,
        sessions=gates,
        idempotency=idempotency_key,
        now=inference.now,
        fresh_id=clock.fresh_id,
    )


def delivered(content: bytes, name: str = "a b/../ü.dcm", account: int = ACCOUNT) -> ExternalUpload:
    key = f"uploads/low/incoming/{account}/{name}"
    version = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)["VersionId"]
    return ExternalUpload(ExternalPrefix(Priority.LOW, account), key, version)


def keys() -> set[str]:
    return {item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])}


def listed() -> list[int]:
    return list(ScanListStore("ScansTable").scans_of(ACCOUNT, PageRange(0, 10)).items)


def test_an_image_becomes_a_scan_of_the_account_whatever_it_is_called(
    inference: AnalysisDeps, reception: IngestDeps
) -> None:
    delivery = delivered(PNG)
    assert handle_event(inference, reception, delivery) is Outcome.FINISHED
    [scan_id] = listed()
    scan = inference.scans.get(scan_id)
    assert scan
    assert (scan.status, scan.patient_id, scan.object_key) == (TaskStatus.COMPLETED, ACCOUNT, delivery.key)
    assert scan.result
    assert scan.result["pathologies"] == ["consolidation"]


def test_announced_again_it_is_the_same_scan(inference: AnalysisDeps, reception: IngestDeps) -> None:
    delivery = delivered(PNG)
    assert [handle_event(inference, reception, delivery) for _ in range(3)] == [
        Outcome.FINISHED,
        Outcome.NOTHING_TO_DO,
        Outcome.NOTHING_TO_DO,
    ]
    assert len(listed()) == 1


def test_put_again_under_the_same_name_it_is_another(inference: AnalysisDeps, reception: IngestDeps) -> None:
    for _ in range(2):
        handle_event(inference, reception, delivered(PNG))
    assert len(listed()) == 2


@pytest.mark.parametrize(
    ("content", "account"),
    [
        (b"", ACCOUNT),
        (b"%PDF-1.7", ACCOUNT),
        (b"GIF89a" + bytes(200), ACCOUNT),
        (PNG, 8),
        (PNG[1:], ACCOUNT),
        (PNG.ljust(MAX_UPLOAD_BYTES + 1, b"\0"), ACCOUNT),
    ],
    ids=["empty", "pdf", "gif", "nobodys", "shifted", "too-large"],
)
def test_anything_else_is_set_aside(
    inference: AnalysisDeps, reception: IngestDeps, content: bytes, account: int
) -> None:
    delivery = delivered(content, account=account)
    assert handle_event(inference, reception, delivery) is Outcome.SET_ASIDE
    assert keys() == {delivery.key.replace("uploads/", "aside/", 1)}
    assert listed() == []
    assert handle_event(inference, reception, delivery) is Outcome.SET_ASIDE, "though it is announced again"


def test_what_a_deactivated_account_delivers_is_set_aside(inference: AnalysisDeps, reception: IngestDeps) -> None:
    boto3.client("dynamodb").update_item(
        TableName="AccountsTable",
        Key={"pk": {"S": f"ACCOUNT#{ACCOUNT}"}, "sk": {"S": "GATE"}},
        UpdateExpression="SET active = :no",
        ExpressionAttributeValues={":no": {"BOOL": False}},
    )
    assert handle_event(inference, reception, delivered(PNG)) is Outcome.SET_ASIDE


@pytest.mark.parametrize(
    "announced",
    [
        UnexpectedObject("the key is not of an upload", "uploads/high/x"),
        UploadedObject(1, 2, "uploads/high/1/2"),
    ],
    ids=["foreign-key", "no-such-task"],
)
def test_objects_that_mean_nothing_to_us_are_set_aside(
    inference: AnalysisDeps, reception: IngestDeps, announced: IncomingMessage
) -> None:
    assert not isinstance(announced, ExternalUpload)
    assert announced.key
    boto3.client("s3").put_object(Bucket=BUCKET, Key=announced.key, Body=PNG)
    assert handle_event(inference, reception, announced) is Outcome.SET_ASIDE
    assert keys() == {announced.key.replace("uploads/", "aside/", 1)}


def test_each_scan_reads_its_own_version_whoever_announces_it(inference: AnalysisDeps, reception: IngestDeps) -> None:
    delivery = delivered(PNG)
    arrival = accept_external(reception, delivery)
    delivered((SAMPLES / "nodule-3.dcm").read_bytes())
    assert arrival
    scan = inference.scans.get(arrival.scan_id)
    assert scan
    assert scan.object_version == delivery.version, "before anybody has read it"
    assert process(inference, UploadedObject(arrival.scan_id, arrival.task_id)) is Outcome.FINISHED
    task = inference.scans.task(arrival.task_id)
    assert task
    assert task.object_version == delivery.version
    assert task.result
    assert task.result["image"]["format"] == "PNG"


def test_a_lost_answer_makes_no_second_scan(inference: AnalysisDeps, reception: IngestDeps) -> None:
    delivery = delivered(PNG)
    with lost_answer(connection().client, "dynamodb.TransactWriteItems") as lost:
        arrival = accept_external(reception, delivery)
    assert lost
    assert arrival
    assert listed() == [arrival.scan_id]


def test_while_accounts_cannot_be_looked_up_it_is_left_for_later(reception: IngestDeps) -> None:
    delivery = delivered(PNG)
    with failing(connection().client, "dynamodb", 500), pytest.raises(Unavailable):
        accept_external(reception, delivery)
    assert keys() == {delivery.key}


def test_a_dead_letter_of_a_delivery_fails_its_task(inference: AnalysisDeps, reception: IngestDeps) -> None:
    dead = DeadLetterDeps(inference.scans, reception.idempotency, inference.objects, inference.now)
    delivery = delivered(PNG)
    arrival = accept_external(reception, delivery)
    assert arrival
    assert fail_dead_letter(dead, delivery) is DeadLetterOutcome.TASK_FAILED
    task = inference.scans.task(arrival.task_id)
    assert task
    assert task.failure is FailureReason.RETRIES_EXHAUSTED


def test_a_dead_letter_of_a_delivery_that_never_became_a_task_sets_it_aside(
    inference: AnalysisDeps, reception: IngestDeps
) -> None:
    dead = DeadLetterDeps(inference.scans, reception.idempotency, inference.objects, inference.now)
    delivery = delivered(PNG)
    assert [fail_dead_letter(dead, delivery) for _ in range(2)] == [
        DeadLetterOutcome.SET_ASIDE,
        DeadLetterOutcome.SET_ASIDE,
    ]
    assert keys() == {delivery.key.replace("uploads/", "aside/", 1)}


def test_a_bad_version_is_set_aside_and_a_good_one_under_the_same_name_stays(
    inference: AnalysisDeps, reception: IngestDeps
) -> None:
    bad, good = delivered(b"%PDF-1.7"), delivered(PNG)
    assert handle_event(inference, reception, good) is Outcome.FINISHED
    assert handle_event(inference, reception, bad) is Outcome.SET_ASIDE
    assert inference.objects.get(good.key, good.version).content == PNG
    aside = good.key.replace("uploads/", "aside/", 1)
    assert inference.objects.get(aside).content == b"%PDF-1.7"


def test_told_again_after_a_day_it_is_still_the_same_scan(
    inference: AnalysisDeps, reception: IngestDeps, time: Clock
) -> None:
    delivery = delivered(PNG)
    handle_event(inference, reception, delivery)
    time.ahead = timedelta(days=14)
    assert handle_event(inference, reception, delivery) is Outcome.NOTHING_TO_DO
    assert len(listed()) == 1
