"""Images that cannot be read, and forms for S3 that are not kept to."""

import base64
import json
import random

import httpx
import pytest

from tests.stack.visitor import Visitor, messages
from tests.support.cloud import ROOT

pytestmark = pytest.mark.stack

NOISE = b"\x89PNG\r\n\x1a\n" + random.Random(7).randbytes(50_000)
CUT = (ROOT / "samples" / "pneumothorax-2.jpg").read_bytes()[:4000]
ON_FIRST_ATTEMPT = 4  # versions: made, taken in, claimed, failed


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(NOISE, "The PNG is damaged."), (CUT, "The JPEG ends before its image does.")],
    ids=["noise behind a PNG signature", "a JPEG cut short"],
)
@pytest.mark.parametrize("presigned", [False, True])
def test_an_unreadable_image_fails_on_the_first_attempt(
    patient: Visitor, content: bytes, sentence: str, presigned: bool
) -> None:
    if presigned:
        upload = patient.begin("image/png")
        assert patient.put(upload, content).status_code == 204
    else:
        upload = patient.upload(content)
    task = patient.finished(upload)
    assert (task["status"], task["version"], task["result"]) == ("FAILED", ON_FIRST_ATTEMPT, None)
    assert task["failure"] == {"reason": "BAD_INPUT", "message": sentence}
    scan = patient.api.get(f"/scans/{upload.scan_id}").json["data"]
    assert (scan["status"], scan["result"], scan["failure"]) == ("FAILED", None, task["failure"])
    assert patient.api.get(f"/files/images/{upload.scan_id}").status == 404
    assert patient.api.get(f"/files/heatmaps/{upload.task_id}").status == 404


def test_a_failure_is_pushed_with_its_reason(patient: Visitor) -> None:
    upload = patient.begin("image/png")
    with patient.watch(upload) as socket:
        assert patient.put(upload, NOISE).status_code == 204
        last = messages(socket)[-1]
    failure = {"reason": "BAD_INPUT", "message": "The PNG is damaged."}
    assert (last["status"], last["failure"], last["result"]) == ("FAILED", failure, None)


def test_a_file_that_is_no_image_is_refused_before_anything_is_kept(patient: Visitor) -> None:
    answer = patient.api.upload("/scans/", {"file": ("x.png", b"GIF89a" + bytes(2000), "image/png")})
    assert answer.status == 422
    assert "accepted format" in answer.json["error"]["details"]["file"][0]


@pytest.mark.parametrize(
    ("changed", "content", "status", "code"),
    [
        ({"Content-Type": "text/html"}, b"x", 403, "AccessDenied"),
        ({"key": "uploads/high/1/2"}, b"x", 403, "AccessDenied"),
        ({"x-amz-signature": "0" * 64}, b"x", 403, "SignatureDoesNotMatch"),
        ({}, b"", 400, "EntityTooSmall"),
        ({}, bytes(51_000_000 + 1_500_000), 400, "EntityTooLarge"),
    ],
    ids=["another type", "another key", "another signature", "nothing", "over 50 MB"],
)
def test_storage_refuses_what_the_form_does_not_say(
    patient: Visitor, changed: dict[str, str], content: bytes, status: int, code: str
) -> None:
    upload = patient.begin("image/png")
    answer = patient.put(upload, content, **changed)
    assert (answer.status_code, code in answer.text) == (status, True), answer.text
    task = patient.task(upload.task_id)
    assert (task["status"], task["version"]) == ("PENDING", 1)


@pytest.mark.parametrize(("seconds", "status", "code"), [(-1, 403, "expired"), (60, 204, "")], ids=["late", "in time"])
def test_storage_refuses_a_form_that_comes_too_late(patient: Visitor, seconds: int, status: int, code: str) -> None:
    upload = patient.begin("image/png")
    fields = dict(upload.fields or {})
    policy = json.loads(base64.b64decode(fields["policy"]))
    # Signed by a key that may write there, as the form was, with the same conditions: only its time is over.
    form = patient.stack.aws("s3").generate_presigned_post(
        Bucket=patient.stack.bucket,
        Key=fields["key"],
        Fields={"Content-Type": fields["Content-Type"]},
        Conditions=[one for one in policy["conditions"] if isinstance(one, list) or "Content-Type" in one],
        ExpiresIn=seconds,
    )
    answer = httpx.post(upload.url, data=form["fields"], files={"file": ("x", NOISE)}, timeout=60, trust_env=False)
    assert (answer.status_code, code in answer.text) == (status, True), answer.text
    if status != 204:
        task = patient.task(upload.task_id)
        assert (task["status"], task["version"]) == ("PENDING", 1)


def test_storage_gives_nothing_to_those_who_only_know_where_it_is(patient: Visitor) -> None:
    upload = patient.begin("image/png")
    assert patient.put(upload, NOISE).status_code == 204
    key = (upload.fields or {})["key"]
    assert httpx.get(f"{upload.url}/{key}", trust_env=False).status_code == 403
    assert httpx.put(f"{upload.url}/{key}", content=b"x", trust_env=False).status_code == 403
