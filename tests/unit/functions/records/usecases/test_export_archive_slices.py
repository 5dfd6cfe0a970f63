"""A large account is packed in slices: the same ZIP as in one, whatever dies, comes twice or is erased on the way."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import boto3
import pytest

from functions.records.personal_data_handler import deps
from functions.records.usecases import export_archive
from functions.records.usecases.export_archive import write_archive
from scanward import clock
from scanward.stores.clients import patient_s3, s3, sqs
from scanward.stores.dynamo import connection
from scanward.stores.personal_data import ExportItem
from tests.faults.injection import failing, meanwhile
from tests.faults.one_at_a_time import at_once, serialised
from tests.support.client import ApiClient
from tests.support.cloud import BUCKET
from tests.support.links import connect
from tests.support.own_data import WORD, add_scan, carry_out, deliver, live_a_life, traces
from tests.support.people import own_id

DONE: dict[str, Any] = {"batchItemFailures": []}
FILM = bytes(range(256)) * 4096 * 9  # 9 MB: more than a part
FILES = 14 + 3 * 4


@pytest.fixture
def me(doctor: ApiClient, ada: ApiClient) -> int:
    """Provide a patient with three scans, one of which has a large image."""
    connect(doctor, ada)
    live_a_life(ada, doctor)
    add_scan(own_id(ada), own_id(ada))
    film = add_scan(own_id(ada), own_id(ada))
    boto3.client("s3").put_object(Bucket=BUCKET, Key=film.object_key, Body=FILM)
    forget_exports(own_id(ada))
    return own_id(ada)


@pytest.fixture
def with_one_scan(ada: ApiClient) -> int:
    """Provide a patient of whom there is little, but an image larger than a part."""
    film = add_scan(own_id(ada), own_id(ada))
    boto3.client("s3").put_object(Bucket=BUCKET, Key=film.object_key, Body=FILM)
    return own_id(ada)


@pytest.fixture(autouse=True)
def known_uploads(aws: None) -> Iterator[None]:
    """Have it be NoSuchUpload, as on AWS, to send a part to an upload that is gone: moto breaks there."""
    operations = ("before-call.s3.UploadPart", "before-call.s3.CompleteMultipartUpload")
    events: Any = patient_s3().meta.events

    def look(params: Any, **_: Any) -> tuple[SimpleNamespace, dict[str, Any]] | None:
        uploads = boto3.client("s3").list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        if any(upload["UploadId"] == params["query_string"]["uploadId"] for upload in uploads):
            return None
        return SimpleNamespace(status_code=404), {"Error": {"Code": "NoSuchUpload", "Message": "put in by a test"}}

    for operation in operations:
        events.register_last(operation, look)
    try:
        yield
    finally:
        for operation in operations:
            events.unregister(operation, look)


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each slice be over behind its first file."""
    monkeypatch.setattr(export_archive, "SLICE", timedelta(seconds=-1))


def body_of(me: int) -> str:
    return json.dumps({"wish": "EXPORT", "account_id": me})


def forget_exports(me: int) -> None:
    """Have it be as if none had ever been asked for."""
    deps.purger.purge(f"exports/{me}/")
    deps.archives.abandon_all(f"exports/{me}/")
    for item in ExportItem.query(f"EXPORT#{me}"):
        item.delete()


def ask(client: ApiClient) -> None:
    """Ask for an export, whose message is left to the test."""
    assert client.get("/users/me/export").data["status"] == "PENDING"
    queue = boto3.client("sqs").get_queue_url(QueueName="own-data")["QueueUrl"]
    [message] = boto3.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    boto3.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def objects_of(me: int) -> list[str]:
    """Return the keys of all versions below the account's exports."""
    listed = boto3.client("s3").list_object_versions(Bucket=BUCKET, Prefix=f"exports/{me}/")
    return [item["Key"] for item in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]]


def uploads_of(me: int) -> list[Any]:
    return boto3.client("s3").list_multipart_uploads(Bucket=BUCKET, Prefix=f"exports/{me}/").get("Uploads", [])


def packed(me: int) -> bytes:
    """Return the one archive that is there, and nothing beside it."""
    [key] = objects_of(me)
    content = boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(set(archive.namelist()))
    return content


def pack_at_once(client: ApiClient, me: int) -> bytes:
    """Return the archive that one call packs."""
    ask(client)
    assert write_archive(deps, me) == "packed"
    content = packed(me)
    forget_exports(me)
    return content


def three_slices() -> Callable[[], datetime]:
    """Return a clock by which an export takes about three."""
    times = iter(clock.now() + timedelta(seconds=12) * number for number in range(100_000))
    return lambda: next(times)


def test_an_export_in_slices_is_the_same_as_in_one(ada: ApiClient, me: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pack_at_once(ada, me)
    monkeypatch.setattr(export_archive, "SLICE", timedelta(seconds=-1))
    ada.get("/users/me/export")
    assert deliver() == [DONE] * (FILES + 1)
    assert len(ZipFile(io.BytesIO(whole)).namelist()) == FILES
    assert packed(me) == whole
    assert (uploads_of(me), ada.get("/users/me/export").data["status"]) == ([], "COMPLETED")


def test_an_export_packs_for_three_minutes_at_a_time(ada: ApiClient, me: int) -> None:
    ask(ada)
    now, outcomes = three_slices(), list[str]()
    while outcomes[-1:] not in (["packed"], ["nothing to pack"]):
        outcomes.append(write_archive(replace(deps, now=now), me))
    assert outcomes[0] == "packed in part"
    assert 2 <= len(outcomes) <= 6
    assert packed(me)


@pytest.mark.usefixtures("small_slices")
def test_progress_of_an_export_in_slices_never_falls(ada: ApiClient, me: int) -> None:
    ask(ada)
    progress = [0]
    while write_archive(deps, me) == "packed in part":
        progress.append(ada.get("/users/me/export").data["progress"])
    assert progress == sorted(progress)
    assert progress[-1] == 99


@contextmanager
def dead_from_write(number: int) -> Iterator[list[str]]:
    """Provide calls that do not arrive from this write on, as when the function ends there. Gives the writes.

    To end before a read is the same as to end before the write that follows.
    """
    clients = (connection().client, s3(), patient_s3(), sqs())
    calls = list[str]()

    def die(model: Any, **_: Any) -> None:
        if not model.name.startswith(("Get", "Head", "List", "Query", "BatchGet")):
            calls.append(model.name)
        if len(calls) > number:
            raise OSError("the function ended")

    for client in clients:
        client.meta.events.register_first("before-call", die)
    try:
        yield calls
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", die)


def test_an_export_that_dies_before_any_write_is_packed_by_the_next(ada: ApiClient, with_one_scan: int) -> None:
    me = with_one_scan
    whole, died_at, number = pack_at_once(ada, me), list[str](), 0
    while True:
        ask(ada)
        hasty = replace(deps, now=three_slices())
        with dead_from_write(number) as calls:
            try:
                while write_archive(hasty, me) == "packed in part":
                    pass
                break
            except Exception:
                died_at.append(calls[number])
        assert carry_out(body_of(me)) == DONE
        deliver()
        assert packed(me) == whole, f"after {number} writes, before {calls[number]}"
        assert uploads_of(me) == []
        forget_exports(me)
        number += 1
    steps = {"CreateMultipartUpload", "UploadPart", "PutObject", "PutItem", "SendMessage", "CompleteMultipartUpload"}
    assert steps <= set(died_at)


@pytest.mark.usefixtures("small_slices")
def test_messages_of_slices_that_come_twice_do_no_harm(ada: ApiClient, me: int) -> None:
    whole = pack_in_one_slice(ada, me)
    ask(ada)
    for _ in range(3):
        assert carry_out(body_of(me)) == DONE
    assert {str(answer) for answer in deliver()} == {str(DONE)}
    assert packed(me) == whole
    assert uploads_of(me) == []


def pack_in_one_slice(client: ApiClient, me: int) -> bytes:
    """Return the archive of one call, however small slices are."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(export_archive, "SLICE", timedelta(hours=1))
        return pack_at_once(client, me)


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("slices", [0, 1, 20])
@pytest.mark.parametrize("operation", ["dynamodb.PutItem", "s3.PutObject"])
def test_a_call_that_is_overtaken_writes_nothing_that_counts(
    ada: ApiClient, me: int, slices: int, operation: str
) -> None:
    whole = pack_in_one_slice(ada, me)
    ask(ada)
    for _ in range(slices):
        assert write_archive(deps, me) == "packed in part"
    client = connection().client if operation.startswith("dynamodb") else patient_s3()
    outcomes = list[str]()
    with meanwhile(client, operation, lambda: outcomes.append(write_archive(deps, me))):
        outcomes.append(write_archive(deps, me))
    assert outcomes == ["packed in part", "replaced, erased or taken over meanwhile"]
    deliver()
    assert packed(me) == whole
    assert uploads_of(me) == []


@pytest.mark.usefixtures("small_slices")
def test_two_calls_at_once_leave_one_whole_export(ada: ApiClient, me: int) -> None:
    whole = pack_in_one_slice(ada, me)
    ask(ada)
    write_archive(deps, me)
    with serialised((connection().client, s3(), patient_s3(), sqs())):
        outcomes = at_once(lambda: write_archive(deps, me), lambda: write_archive(deps, me))
    assert "packed in part" in outcomes
    deliver()
    assert packed(me) == whole


@pytest.mark.parametrize("loss", ["a part", "the upload", "the checkpoint"])
@pytest.mark.usefixtures("small_slices")
def test_an_export_whose_parts_are_lost_is_packed_from_the_start(ada: ApiClient, me: int, loss: str) -> None:
    whole = pack_in_one_slice(ada, me)
    ask(ada)
    for _ in range(FILES):
        assert write_archive(deps, me) == "packed in part"
    lose(me, loss)
    assert carry_out(body_of(me)) == {"batchItemFailures": [{"itemIdentifier": "one"}]}
    assert (objects_of(me), uploads_of(me)) == ([], [])
    assert carry_out(body_of(me)) == DONE
    deliver()
    assert packed(me) == whole


def lose(me: int, loss: str) -> None:
    """Have something of a half packed export not be as the last call left it."""
    [upload] = uploads_of(me)
    place = {"Bucket": BUCKET, "Key": upload["Key"], "UploadId": upload["UploadId"]}
    if loss == "a part":
        boto3.client("s3").upload_part(**place, PartNumber=1, Body=b"of another call" * 2**20)
    elif loss == "the upload":
        boto3.client("s3").abort_multipart_upload(**place)
    else:
        deps.purger.purge(f"exports/{me}/")


@pytest.mark.usefixtures("small_slices")
def test_an_erasure_between_two_slices_leaves_nothing(ada: ApiClient, me: int) -> None:
    ask(ada)
    for _ in range(FILES):
        assert write_archive(deps, me) == "packed in part"
    assert len(uploads_of(me)) == 1
    assert carry_out(json.dumps({"wish": "ERASURE", "account_id": me})) == DONE
    assert write_archive(deps, me) == "nothing to pack"
    assert (objects_of(me), uploads_of(me), traces(WORD, str(me))) == ([], [], [])


@pytest.mark.parametrize(
    ("operation", "slices"),
    [
        ("s3.CreateMultipartUpload", 0),
        ("s3.PutObject", 0),
        ("s3.PutObject", 5),
        ("s3.GetObject", 0),
        ("s3.GetObject", 20),
        ("s3.UploadPart", 0),
        ("s3.UploadPart", 20),
        ("s3.CompleteMultipartUpload", 20),
        ("s3.DeleteObjects", 5),
    ],
)
@pytest.mark.usefixtures("small_slices")
def test_an_erasure_during_a_slice_leaves_nothing(ada: ApiClient, me: int, operation: str, slices: int) -> None:
    ask(ada)
    for _ in range(slices):
        assert write_archive(deps, me) == "packed in part"

    def erase() -> None:
        assert carry_out(json.dumps({"wish": "ERASURE", "account_id": me})) == DONE

    with meanwhile(s3() if "Delete" in operation else patient_s3(), operation, erase) as erased:
        while not erased and write_archive(deps, me) == "packed in part":
            pass
    assert erased
    assert (objects_of(me), uploads_of(me)) == ([], [])


def test_an_export_that_storage_refuses_leaves_no_upload(ada: ApiClient, me: int) -> None:
    ask(ada)
    with failing(patient_s3(), "s3.UploadPart"):
        assert carry_out(body_of(me)) != DONE
    assert (objects_of(me), uploads_of(me)) == ([], [])
    assert carry_out(body_of(me)) == DONE
    assert packed(me)


def test_an_archive_that_was_finished_before_its_call_died_is_taken(ada: ApiClient, me: int) -> None:
    ask(ada)
    finished = list[str]()

    def note(model: Any, **_: Any) -> None:
        finished.append(model.name)

    def die() -> None:
        raise OSError("the function ended")

    with meanwhile(s3(), "s3.ListObjectVersions", die):
        assert carry_out(body_of(me)) != DONE
    patient_s3().meta.events.register_first("before-call", note)
    try:
        assert carry_out(body_of(me)) == DONE
    finally:
        patient_s3().meta.events.unregister("before-call", note)
    assert finished == ["ListMultipartUploads"], "nothing is packed again"
    assert ada.get("/users/me/export").data["status"] == "COMPLETED"
