"""Images that are refused: each for its own reason, in one sentence that reaches whoever sent it."""

import json
from typing import Any

import boto3
import numpy as np
import pytest

from scanward.domain.ids import parse_id
from scanward.domain.tasks import FAILURE_TEXTS, FailureReason
from scanward.stores import keys
from scanward.stores.scans import ScanItem
from segments import AVIF, HEIC
from tests.support.client import ApiClient
from tests.support.cloud import BUCKET
from tests.support.images import PATIENT, dicom, png, ramp
from tests.support.scans import analyse
from tests.unit.functions.inference.conftest import SAMPLES

JPEG = (SAMPLES / "pneumothorax-2.jpg").read_bytes()
PNG = (SAMPLES / "nodule-1.png").read_bytes()
CASES = {
    "a JPEG cut short": (JPEG[: len(JPEG) // 2], "BAD_INPUT", "The JPEG ends before its image does."),
    "a PNG cut short": (PNG[: len(PNG) // 2], "BAD_INPUT", "The PNG ends before its image does."),
    "ten pixels": (
        png(ramp(10, 12)),
        "BAD_INPUT",
        "The image has 12 x 10 pixels; at least 32 a side are needed.",
    ),
    "ten pixels of DICOM": (
        dicom(ramp(10, 12)),
        "BAD_INPUT",
        "The image has 12 x 10 pixels; at least 32 a side are needed.",
    ),
    "a header without rows": (
        dicom(np.zeros((64, 64), np.uint8), Rows=None),
        "UNSUPPORTED",
        "The DICOM file holds no image.",
    ),
}


def refuse(patient: ApiClient, content: bytes) -> dict[str, Any]:
    """Upload an image that is refused; return the task's answer, which the scan's agrees with."""
    return read_refusal(patient, patient.upload("/scans", {"file": content}).data)


def read_refusal(patient: ApiClient, data: dict[str, str]) -> dict[str, Any]:
    """Return the answer of a task that is refused; all answers of its scan agree with it."""
    analyse(data)
    task: dict[str, Any] = patient.get(f"/tasks/status/{data['task_id']}").data
    scan = patient.get(f"/scans/{data['scan_id']}").data
    [row] = patient.get(f"/api/xrays/{scan['patient_id']}").json
    assert scan["failure"] == row["failure"] == task["failure"]
    assert PATIENT not in json.dumps(task)
    return task


@pytest.mark.parametrize("case", CASES)
def test_readers_own_sentence_reaches_poll_and_scan(patient: ApiClient, case: str) -> None:
    content, reason, message = CASES[case]
    task = refuse(patient, content)
    assert task["failure"] == {"reason": reason, "message": message}
    assert task["message"] == message


@pytest.mark.parametrize(("brand", "sentence"), [(b"heic", HEIC), (b"avif", AVIF)])
def test_photograph_that_goes_straight_to_s3_is_told_what_to_do(
    patient: ApiClient, brand: bytes, sentence: str
) -> None:
    data = patient.post("/scans/uploads", {"filename": "x.jpg", "content_type": "image/jpeg"}).data
    content = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1" + brand + bytes(100)
    boto3.client("s3").put_object(Bucket=BUCKET, Key=data["upload"]["fields"]["key"], Body=content)
    assert read_refusal(patient, data)["failure"] == {"reason": "UNSUPPORTED", "message": sentence}


def test_scan_that_failed_without_a_sentence_says_what_its_reason_means(patient: ApiClient) -> None:
    """Rows that were written before sentences were kept have none."""
    content, reason, _ = CASES["a PNG cut short"]
    scan_id = refuse(patient, content)["scan_id"]
    ScanItem(keys.scan(parse_id(scan_id)), "SCAN").update([ScanItem.failure_message.remove()])
    assert patient.get(f"/scans/{scan_id}").data["failure"] == {
        "reason": reason,
        "message": FAILURE_TEXTS[FailureReason(reason)],
    }
