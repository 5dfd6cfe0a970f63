"""Scans that are removed before they are read, and while they are."""

from contextlib import ExitStack

import boto3
import pytest

from functions.inference.handler import deps as inference
from functions.inference.handler import ingest as reception
from functions.inference.ingest import ExternalUpload, UploadedObject, accept_external
from functions.inference.worker import Outcome, handle_event, process
from scanward.domain.ids import parse_id
from scanward.domain.object_keys import ExternalPrefix
from scanward.domain.orders import Priority
from scanward.errors import Unavailable
from scanward.stores.clients import s3
from scanward.stores.dynamo import connection
from tests.faults.injection import failing, meanwhile
from tests.support.client import ApiClient
from tests.support.cloud import BUCKET
from tests.support.people import own_id, sign_in
from tests.support.scans import analyse
from tests.unit.functions.inference.conftest import SAMPLES

PNG = (SAMPLES / "consolidation-1.png").read_bytes()
DICOM = (SAMPLES / "nodule-3.dcm").read_bytes()
Made = dict[str, str]


@pytest.fixture
def patient(api: ApiClient) -> ApiClient:
    return sign_in(api, "ada@example.org")


@pytest.fixture
def made(patient: ApiClient) -> Made:
    data: Made = patient.upload("/scans", {"file": DICOM}).data
    return data


def remove(patient: ApiClient, scan: object) -> None:
    assert patient.delete(f"/scans/{scan}").status == 200


def versions() -> set[str]:
    """Of all objects of the bucket, those that mark a deletion included."""
    listed = boto3.client("s3").list_object_versions(Bucket=BUCKET)
    return {item["VersionId"] for item in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]}


def delivered(patient: ApiClient, content: bytes) -> ExternalUpload:
    """Return one of several objects of the same name."""
    account = own_id(patient)
    key = f"uploads/low/incoming/{account}/latest.dcm"
    version = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)["VersionId"]
    return ExternalUpload(ExternalPrefix(Priority.LOW, account), key, version)


def test_what_still_comes_for_a_removed_scan_goes_without_a_noise(patient: ApiClient) -> None:
    begun = patient.post("/scans/uploads", {"filename": "x", "content_type": "image/png"}).data
    remove(patient, begun["scan_id"])
    key = begun["upload"]["fields"]["key"]
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=PNG)
    ids = parse_id(begun["scan_id"]), parse_id(begun["task_id"])
    for arrival in (UploadedObject(*ids, key), UploadedObject(*ids)):
        assert handle_event(inference, reception, arrival) is Outcome.NOTHING_TO_DO
    assert versions() == set()


@pytest.mark.parametrize("file", [0, 1, 2], ids=["preview", "copy", "heatmap"])
def test_a_scan_that_is_removed_while_it_is_read_leaves_no_files(patient: ApiClient, made: Made, file: int) -> None:
    before = [lambda: None] * file
    with meanwhile(s3(), "s3.PutObject", *before, lambda: remove(patient, made["scan_id"])) as acted:
        analyse(made)
    assert len(acted) == file + 1
    assert versions() == set()


def test_a_removal_while_the_worker_fails_is_finished_when_its_message_comes_again(
    patient: ApiClient, made: Made
) -> None:
    with ExitStack() as outage:

        def removed_in_an_outage() -> None:
            remove(patient, made["scan_id"])
            outage.enter_context(failing(connection().client, "dynamodb", 500))

        with meanwhile(s3(), "s3.PutObject", removed_in_an_outage), pytest.raises(Unavailable):
            analyse(made)
    assert versions() != set()
    analyse(made)  # its message comes again
    assert versions() == set()


def test_of_two_deliveries_of_one_name_the_other_stays(patient: ApiClient) -> None:
    kept, gone = delivered(patient, PNG), delivered(patient, DICOM)
    for delivery in (kept, gone):
        assert handle_event(inference, reception, delivery) is Outcome.FINISHED
    newest, oldest = patient.get("/scans").data
    remove(patient, newest["id"])
    assert kept.version in versions()
    assert gone.version not in versions()
    assert patient.get(f"/files/images/{oldest['id']}?original=true").status == 302


def test_a_delivery_that_is_removed_before_it_is_read_takes_no_other_with_it(patient: ApiClient) -> None:
    kept, gone = delivered(patient, PNG), delivered(patient, DICOM)
    handle_event(inference, reception, kept)
    arrival = accept_external(reception, gone)
    assert arrival
    remove(patient, arrival.scan_id)
    assert gone.version not in versions()
    assert process(inference, arrival) is Outcome.NOTHING_TO_DO
    assert handle_event(inference, reception, gone) is Outcome.NOTHING_TO_DO, "though it is announced again"
    assert kept.version in versions()
