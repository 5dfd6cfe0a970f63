"""Contract B's scan, task and file requests up to the analysis, and what they refuse."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import boto3
import pytest

from scanward.domain.ids import parse_id
from scanward.domain.image_formats import MAX_UPLOAD_BYTES
from scanward.domain.object_keys import parse_upload_key
from scanward.domain.tasks import UPLOAD_WINDOW
from segments import AVIF, HEIC
from tests.support.client import ApiClient
from tests.support.cloud import BUCKET, ROOT
from tests.support.people import sign_in

PNG = (ROOT / "samples" / "consolidation-1.png").read_bytes()


def stored() -> list[str]:
    """Return the keys in the bucket."""
    return [item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def items() -> int:
    """Return how many items the scans table holds."""
    return int(boto3.client("dynamodb").scan(TableName="ScansTable")["Count"])


def test_an_upload_answers_as_the_document_shows_and_lies_under_our_own_key(patient: ApiClient) -> None:
    reply = patient.upload("/scans/", {"file": PNG})
    assert reply.status == 200
    data = reply.data
    assert set(data) == {"scan_id", "task_id", "task_token", "priority", "priority_reduced"}
    assert (data["priority"], data["priority_reduced"]) == ("MEDIUM", False)
    assert str(UUID(data["scan_id"])) == data["scan_id"]
    [key] = stored()
    assert parse_upload_key(key) == ("medium", parse_id(data["scan_id"]), parse_id(data["task_id"]))
    assert boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read() == PNG


def test_a_scan_and_its_task_are_read_by_either_spelling(patient: ApiClient) -> None:
    data = patient.upload("/scans", {"file": PNG}).data
    by_uuid = patient.get(f"/scans/{data['scan_id']}").data
    by_number = patient.get(f"/scans/{by_uuid['id']}").data
    assert by_uuid == by_number
    assert (by_uuid["status"], by_uuid["result"], by_uuid["scan_type"]) == ("PENDING", None, "XRAY")
    assert by_uuid["patient_id"] == patient.get("/users/me").data["id"]
    for spelling in (data["task_id"], parse_id(data["task_id"]), data["task_token"]):
        task = patient.get(f"/tasks/status/{spelling}").data
        assert task["task_id"] == data["task_id"]
        assert (task["status"], task["progress"], task["version"], task["result"]) == ("PENDING", 0, 1, None)


def test_a_presigned_upload_is_bound_to_one_key_type_and_size(patient: ApiClient) -> None:
    data = patient.post("/scans/uploads", {"filename": "../../etc/passwd", "content_type": "image/png"}).data
    assert set(data) == {"scan_id", "task_id", "task_token", "priority", "priority_reduced", "upload"}
    fields = data["upload"]["fields"]
    assert parse_upload_key(fields["key"]) == ("medium", parse_id(data["scan_id"]), parse_id(data["task_id"]))
    assert fields["Content-Type"] == "image/png"
    assert fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    policy = json.loads(base64.b64decode(fields["policy"]))
    left = datetime.fromisoformat(policy["expiration"]) - datetime.now(UTC)
    assert UPLOAD_WINDOW - timedelta(seconds=10) < left <= UPLOAD_WINDOW, "for a quarter of an hour"
    assert ["content-length-range", 1, MAX_UPLOAD_BYTES] in policy["conditions"]
    assert {"Content-Type": "image/png"} in policy["conditions"]
    assert {"key": fields["key"]} in policy["conditions"]
    assert data["upload"]["url"].startswith("https://")
    assert stored() == []


@pytest.mark.parametrize(
    ("content_type", "sentence"),
    [("image/heic", HEIC), ("Image/HEIF-sequence; x=y", HEIC), ("image/avif", AVIF)],
)
def test_content_type_of_a_kind_that_is_not_read_is_told_what_to_do(
    patient: ApiClient, content_type: str, sentence: str
) -> None:
    for path, body in (("/scans/uploads", {"filename": "x"}), ("/api/xrays", {"name_of_xray": "x"})):
        reply = patient.post(path, {**body, "content_type": content_type})
        fields = reply.json["error"]["details"] if path == "/scans/uploads" else reply.json
        assert fields == {"content_type": [sentence]}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("image/jpg", "image/jpeg"),
        ("IMAGE/JPEG", "image/jpeg"),
        ("Image/Png; charset=binary", "image/png"),
        ("image/x-png", "image/png"),
        (" Application/DICOM ", "application/dicom"),
    ],
)
def test_content_type_in_another_spelling_is_taken_as_what_it_means(patient: ApiClient, said: str, meant: str) -> None:
    for path, body in (("/scans/uploads", {"filename": "x"}), ("/api/xrays", {"name_of_xray": "x"})):
        reply = patient.post(path, {**body, "content_type": said})
        upload = reply.json["data"]["upload"] if path == "/scans/uploads" else reply.json["upload"]
        assert upload["fields"]["Content-Type"] == meant


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"filename": "a.png"},
        {"filename": "a.png", "content_type": "image/gif"},
        {"filename": "a.png", "content_type": "text/html; image/png"},
        {"filename": "a.png", "content_type": ["image/png"]},
        {"filename": "", "content_type": "image/png"},
        {"filename": "a.png", "content_type": "image/png", "status": "COMPLETED"},
        {"filename": ["a.png"], "content_type": "image/png"},
    ],
)
def test_a_presigned_upload_of_anything_else_is_refused(patient: ApiClient, body: dict[str, object]) -> None:
    assert patient.post("/scans/uploads", body).status == 422
    assert items() == 0


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"image": PNG},
        {"file": PNG, "another": PNG},
        {"file": b""},
        {"file": b"GIF89a" + bytes(100)},
        {"file": b"<svg xmlns='http://www.w3.org/2000/svg'/>"},
        {"file": b"II*\0" + bytes(200)},
        {"file": b"%!PS-Adobe-3.0"},
        {"file": PNG[1:]},
    ],
    ids=["none", "other-name", "two", "empty", "gif", "svg", "tiff", "eps", "shifted"],
)
def test_a_form_without_an_image_is_refused_and_nothing_is_stored(patient: ApiClient, files: dict[str, bytes]) -> None:
    reply = patient.upload("/scans", files)
    assert (reply.status, reply.code) == (422, "VALIDATION_ERROR")
    assert "file" in reply.json["error"]["details"]
    assert (stored(), items()) == ([], 0)


def test_an_image_of_a_phone_that_is_not_read_is_refused_with_what_to_do(patient: ApiClient) -> None:
    reply = patient.upload("/scans", {"file": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)})
    assert (reply.status, stored(), items()) == (422, [], 0)
    assert reply.json["error"]["details"]["file"] == [HEIC]


def test_unknown_fields_of_the_form_are_refused(patient: ApiClient) -> None:
    reply = patient.upload("/scans", {"file": PNG}, {"status": "COMPLETED", "uploaded_by": "1"})
    assert reply.status == 422
    assert set(reply.json["error"]["details"]) == {"status", "uploaded_by"}
    assert (stored(), items()) == ([], 0)


def test_a_form_over_the_gateways_bound_is_413_and_names_the_way(patient: ApiClient) -> None:
    reply = patient.upload("/scans", {"file": PNG + bytes(4_400_000)})
    assert (reply.status, reply.code) == (413, "TOO_LARGE")
    assert "/scans/uploads" in reply.json["error"]["message"]
    assert (stored(), items()) == ([], 0)


def test_somebody_elses_scan_is_as_missing_as_a_missing_one(api: ApiClient, patient: ApiClient) -> None:
    data = patient.upload("/scans", {"file": PNG}).data
    other = sign_in(api, "other@example.org")
    for path in (
        f"/scans/{data['scan_id']}",
        f"/tasks/status/{data['task_id']}",
        f"/tasks/status/{data['task_token']}",
        f"/files/images/{data['scan_id']}",
        f"/files/heatmaps/{data['task_id']}",
    ):
        foreign, missing = other.get(path), other.get(path.rpartition("/")[0] + "/123")
        assert foreign.status == missing.status == 404
        assert foreign.body == missing.body


@pytest.mark.parametrize("name", ["0", "-1", "1.5", "9" * 17, "a" * 36, "x' OR '1'='1", "%00", "{}", "%2e%2e", "1%2F2"])
def test_an_id_that_cannot_be_is_404(patient: ApiClient, name: str) -> None:
    for path in (f"/scans/{name}", f"/tasks/status/{name}", f"/files/images/{name}", f"/files/heatmaps/{name}"):
        assert patient.get(path).status == 404


def test_a_doctor_who_is_not_approved_uploads_nothing(api: ApiClient) -> None:
    doctor = sign_in(api, "doctor@example.org", "DOCTOR")
    assert doctor.upload("/scans", {"file": PNG}).status == 403
    assert doctor.post("/scans/uploads", {"filename": "a", "content_type": "image/png"}).status == 403
    assert (stored(), items()) == ([], 0)


def test_files_are_404_until_the_analysis_made_them(patient: ApiClient) -> None:
    data = patient.upload("/scans", {"file": PNG}).data
    assert patient.get(f"/files/images/{data['scan_id']}").status == 404
    assert patient.get(f"/files/heatmaps/{data['task_id']}").status == 404
