"""Files: whatever a client says it accepts, they arrive as they are stored."""

from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from scanward import clock
from scanward.domain import tasks
from scanward.domain.ids import parse_id
from scanward.domain.object_keys import deidentified_key, deidentified_with_text_key, heatmap_key, preview_key
from scanward.stores.scans import ScanStore
from tests.support.client import ApiClient
from tests.support.cloud import BUCKET, ROOT
from tests.support.people import sign_in
from tests.support.scans import analyse

JPEG = (ROOT / "samples" / "clear-2.jpg").read_bytes()
PNG = (ROOT / "samples" / "clear-1.png").read_bytes()


@pytest.fixture
def done(patient: ApiClient) -> dict[str, str]:
    """Provide a scan whose analysis is finished, its files kept."""
    data: dict[str, str] = patient.upload("/scans", {"file": PNG}).data
    scan_id, task_id = parse_id(data["scan_id"]), parse_id(data["task_id"])
    s3 = boto3.client("s3")
    s3.put_object(Bucket=BUCKET, Key=preview_key(scan_id), Body=JPEG)
    s3.put_object(Bucket=BUCKET, Key=heatmap_key(scan_id, task_id), Body=PNG)
    store = ScanStore("ScansTable")
    task = store.task(task_id)
    assert task
    task = store.write_transition(task, tasks.claim(task, "one", None, clock.now()))
    store.write_transition(task, tasks.complete(task, {"pathologies": ["nodule"], "confidence": 0.9}, clock.now()))
    return data


@pytest.mark.parametrize(
    "accept", [None, "*/*", "image/*", "image/jpeg", "application/json", "text/html", "image/webp"]
)
def test_files_arrive_as_they_are_whatever_is_accepted(
    patient: ApiClient, done: dict[str, str], accept: str | None
) -> None:
    headers = {"Accept": accept} if accept else {}
    image = patient.get(f"/files/images/{done['scan_id']}", headers=headers)
    heatmap = patient.get(f"/files/heatmaps/{done['task_id']}", headers=headers)
    assert (image.status, image.headers["content-type"], image.body) == (200, "image/jpeg", JPEG)
    assert (heatmap.status, heatmap.headers["content-type"], heatmap.body) == (200, "image/png", PNG)
    assert image.headers["cache-control"] == "private, no-cache"


def test_a_finished_scan_reads_as_the_document_shows(patient: ApiClient, done: dict[str, str]) -> None:
    scan = patient.get(f"/scans/{done['scan_id']}").data
    assert scan["status"] == "COMPLETED"
    assert scan["result"] == {"pathologies": ["nodule"], "confidence": 0.9}
    assert scan["created_at"].endswith("Z")
    assert scan["completed_at"].endswith("Z")
    task = patient.get(f"/tasks/status/{done['task_token']}").data
    assert (task["status"], task["progress"]) == ("COMPLETED", 100)
    assert task["result"] == {"type": "analysis", "data": scan["result"]}


def test_files_of_somebody_else_are_missing(api: ApiClient, done: dict[str, str]) -> None:
    other = sign_in(api, "other@example.org")
    assert other.get(f"/files/images/{done['scan_id']}").status == 404
    assert other.get(f"/files/heatmaps/{done['task_id']}").status == 404


def test_there_is_no_heatmap_of_a_task_that_is_not_completed(patient: ApiClient) -> None:
    made = patient.upload("/scans", {"file": PNG}).data
    key = heatmap_key(parse_id(made["scan_id"]), parse_id(made["task_id"]))
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=PNG)
    assert patient.get(f"/files/heatmaps/{made['task_id']}").status == 404
    analyse(made)
    assert patient.get(f"/files/heatmaps/{made['task_id']}").status == 200


def test_a_file_that_a_client_has_already_is_not_sent_again(patient: ApiClient, done: dict[str, str]) -> None:
    for path in (f"/files/images/{done['scan_id']}", f"/files/heatmaps/{done['task_id']}"):
        tag = patient.get(path).headers["etag"]
        again = patient.get(path, headers={"If-None-Match": tag})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert patient.get(path, headers={"If-None-Match": '"another"'}).status == 200


def test_the_original_is_behind_an_address_that_soon_ends(patient: ApiClient, done: dict[str, str]) -> None:
    reply = patient.get(f"/files/images/{done['scan_id']}?original=true")
    assert (reply.status, reply.headers["cache-control"]) == (302, "no-store")
    asked = parse_qs(urlsplit(reply.headers["location"]).query)
    assert int(asked["X-Amz-Expires"][0]) <= 300
    assert asked["response-content-disposition"] == ["attachment"]


def test_of_two_images_sent_with_one_form_the_one_that_was_read_is_the_original(patient: ApiClient) -> None:
    made = patient.post("/scans/uploads", {"filename": "x", "content_type": "image/png"}).data
    s3, key = boto3.client("s3"), made["upload"]["fields"]["key"]
    s3.put_object(Bucket=BUCKET, Key=key, Body=PNG)
    analyse(made)
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"another")
    location = patient.get(f"/files/images/{made['scan_id']}?original=true").headers["location"]
    [version] = parse_qs(urlsplit(location).query)["versionId"]
    assert s3.get_object(Bucket=BUCKET, Key=key, VersionId=version)["Body"].read() == PNG


def test_there_is_no_address_of_an_original_that_has_not_come(patient: ApiClient) -> None:
    begun = patient.post("/scans/uploads", {"filename": "x", "content_type": "image/png"}).data
    assert patient.get(f"/files/images/{begun['scan_id']}?original=true").status == 404
    assert patient.get(f"/files/images/{begun['scan_id']}?deidentified=true").status == 404


def test_who_may_not_see_a_scan_gets_no_address_of_it(api: ApiClient, done: dict[str, str]) -> None:
    other = sign_in(api, "other@example.org")
    assert other.get(f"/files/images/{done['scan_id']}?original=true").status == 404


def test_copy_with_its_text_is_the_other_one_where_there_are_two(patient: ApiClient, done: dict[str, str]) -> None:
    scan_id, s3 = parse_id(done["scan_id"]), boto3.client("s3")
    path = f"/files/images/{done['scan_id']}?deidentified=true"
    s3.put_object(Bucket=BUCKET, Key=deidentified_key(scan_id), Body=b"blanked")
    places = [urlsplit(patient.get(f"{path}{text}").headers["location"]).path for text in ("", "&text=kept")]
    assert all(place.endswith(deidentified_key(scan_id)) for place in places)
    s3.put_object(Bucket=BUCKET, Key=deidentified_with_text_key(scan_id), Body=b"kept")
    places = [urlsplit(patient.get(f"{path}&text={text}").headers["location"]).path for text in ("blanked", "kept")]
    assert places[0].endswith(deidentified_key(scan_id))
    assert places[1].endswith(deidentified_with_text_key(scan_id))
    assert patient.get(f"{path}&text=none").status == 422


def test_a_dicom_file_has_a_copy_that_says_nothing_of_a_person(patient: ApiClient) -> None:
    dicom = next((ROOT / "samples").glob("*.dcm")).read_bytes()
    made = patient.upload("/scans", {"file": dicom}).data
    analyse(made)
    reply = patient.get(f"/files/images/{made['scan_id']}?deidentified=true")
    assert reply.status == 302
    key = deidentified_key(parse_id(made["scan_id"]))
    copy = boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert copy[128:132] == b"DICM"
    assert copy != dicom
