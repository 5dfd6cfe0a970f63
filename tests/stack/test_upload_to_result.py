"""One image, from upload to result: what everything else is there for."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.stack.embedded import until
from tests.stack.visitor import Upload, Visitor, messages
from tests.support.cloud import ROOT

pytestmark = pytest.mark.stack

SAMPLES = ROOT / "samples"
Truth = dict[str, dict[str, list[float]]]


@pytest.mark.parametrize(
    ("sample", "presigned"),
    [
        ("consolidation-1.png", False),
        ("pneumothorax-2.jpg", False),
        ("effusion-3.dcm", False),
        ("consolidation-1.png", True),
        ("pneumothorax-2.jpg", True),
        ("effusion-3.dcm", True),
    ],
)
def test_a_sample_is_read_as_it_was_drawn(patient: Visitor, truth: Truth, sample: str, presigned: bool) -> None:
    upload = patient.send(SAMPLES / sample, presigned=presigned)
    task = patient.finished(upload)
    assert (task["status"], task["progress"], task["failure"]) == ("COMPLETED", 100, None)
    result = task["result"]["data"]
    assert result["pathologies"] == list(truth[sample])
    scan = _scan(patient, upload.scan_id)
    assert (scan["status"], scan["result"], scan["task_id"]) == ("COMPLETED", result, upload.task_id)
    assert scan["created_at"] <= scan["completed_at"]


def test_a_result_says_what_made_it(patient: Visitor) -> None:
    task = patient.finished(patient.send(SAMPLES / "effusion-1.png", presigned=False))
    result = task["result"]["data"]
    assert (result["model"]["name"], len(result["model"]["sha256"])) == ("chest_xray", 64)
    assert result["image"]["format"] == "PNG"
    assert set(result["timings"]) == {"decode", "prepare", "infer", "explain"}
    assert "not for clinical use" in result["notice"]
    for finding in result["findings"]:
        assert finding["found"] is (finding["score"] >= finding["operating_point"])


def test_pushes_grow_and_end_as_the_poll_does(patient: Visitor) -> None:
    upload = patient.begin("image/png")
    with patient.watch(upload) as socket:
        assert patient.put(upload, (SAMPLES / "nodule-1.png").read_bytes()).status_code == 204
        said = messages(socket)
    versions = [update["version"] for update in said]
    assert versions == sorted(set(versions))
    assert [update["progress"] for update in said] == sorted(update["progress"] for update in said)
    assert said[0]["status"] == "PENDING"
    assert {update["task_id"] for update in said} == {upload.task_id}
    polled = patient.task(upload.task_id)
    assert said[-1] == {name: value for name, value in polled.items() if name in said[-1]}
    assert (said[-1]["status"], polled["failure"]) == ("COMPLETED", None)


def test_heat_lies_where_the_finding_was_drawn(patient: Visitor, truth: Truth) -> None:
    upload = patient.send(SAMPLES / "consolidation-1.png", presigned=False)
    patient.finished(upload)
    heatmap = patient.api.get(f"/files/heatmaps/{upload.task_id}").body
    left, top, right, bottom = truth["consolidation-1.png"]["consolidation"]
    x, y = _centre_of_heat(heatmap)
    assert left < x < right
    assert top < y < bottom


def test_both_spellings_of_an_id_and_the_token_lead_to_the_task(patient: Visitor) -> None:
    upload = patient.send(SAMPLES / "clear-2.jpg", presigned=False)
    finished = patient.finished(upload)
    assert finished["result"]["data"]["pathologies"] == []
    assert patient.task(upload.task_token) == finished
    scan = _scan(patient, upload.scan_id)
    assert _scan(patient, str(scan["id"])) == scan


def test_the_same_object_twice_gives_one_result(patient: Visitor) -> None:
    """Two puts are two events and two versions of the object; the first to be taken in is the one that is read."""
    upload = patient.begin("image/jpeg")
    content = (SAMPLES / "pneumothorax-2.jpg").read_bytes()
    with patient.watch(upload) as socket:
        assert patient.put(upload, content).status_code == 204
        first = messages(socket)[-1]
        assert patient.put(upload, content).status_code == 204
        _wait_for_removal(patient, upload)
    assert patient.task(upload.task_id)["version"] == first["version"]
    assert _scan(patient, upload.scan_id)["result"] == first["result"]["data"]


def _wait_for_removal(patient: Visitor, upload: Upload) -> None:
    """Wait until the second version has been looked at and removed."""
    s3, key = patient.stack.aws("s3"), (upload.fields or {})["key"]

    def alone() -> bool:
        return len(s3.list_object_versions(Bucket=patient.stack.bucket, Prefix=key)["Versions"]) == 1

    until(alone)


def _scan(patient: Visitor, scan: str) -> dict[str, Any]:
    answer = patient.api.get(f"/scans/{scan}")
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json["data"]
    return found


def _centre_of_heat(heatmap: bytes) -> tuple[float, float]:
    """Of the pixels that are not grey, as fractions of width and height."""
    with Image.open(io.BytesIO(heatmap)) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    rows, columns = np.nonzero(pixels[..., 0] - pixels[..., 2] > 40)
    assert rows.size, "there is no heat"
    return float(columns.mean()) / pixels.shape[1], float(rows.mean()) / pixels.shape[0]
