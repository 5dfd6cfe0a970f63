"""Images that are refused: each for its own reason, in one sentence that reaches whoever sent it."""

import json
from typing import Any

import numpy as np
import pytest

from scanward.domain.ids import parse_id
from scanward.domain.tasks import FAILURE_TEXTS, FailureReason
from scanward.stores import keys
from scanward.stores.scans import ScanItem
from tests.support.client import ApiClient
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
    data = patient.upload("/scans", {"file": content}).data
    analyse(data)
    task: dict[str, Any] = patient.get(f"/tasks/status/{data['task_id']}").data
    assert patient.get(f"/scans/{data['scan_id']}").data["failure"] == task["failure"]
    assert PATIENT not in json.dumps(task)
    return task


@pytest.mark.parametrize("case", CASES)
def test_readers_own_sentence_reaches_poll_and_scan(patient: ApiClient, case: str) -> None:
    content, reason, message = CASES[case]
    task = refuse(patient, content)
    assert task["failure"] == {"reason": reason, "message": message}
    assert task["message"] == message


def test_scan_that_failed_without_a_sentence_says_what_its_reason_means(patient: ApiClient) -> None:
    """Rows that were written before sentences were kept have none."""
    content, reason, _ = CASES["a PNG cut short"]
    scan_id = refuse(patient, content)["scan_id"]
    ScanItem(keys.scan(parse_id(scan_id)), "SCAN").update([ScanItem.failure_message.remove()])
    assert patient.get(f"/scans/{scan_id}").data["failure"] == {
        "reason": reason,
        "message": FAILURE_TEXTS[FailureReason(reason)],
    }
