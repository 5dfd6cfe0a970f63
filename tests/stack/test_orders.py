"""Orders beyond a plain upload: readings, priorities, calling off, analysing again, deliveries of other systems."""

from itertools import cycle
from typing import Any

import httpx
import pytest

from scanward.domain.ids import parse_id
from scanward.web.bodies import MAX_FORM_BYTES
from tests.stack.calls import data
from tests.stack.embedded import until
from tests.stack.visitor import Visitor, messages, to_upload
from tests.support.cloud import ROOT
from training.foreign import foreign_images

pytestmark = pytest.mark.stack

SAMPLES = ROOT / "samples"
PNG = (SAMPLES / "consolidation-1.png").read_bytes()
DICOM = (SAMPLES / "effusion-3.dcm").read_bytes()


def test_a_friendly_reading_comes_with_cited_suggestions(patient: Visitor) -> None:
    said = data(patient.api.upload("/xray/friendly-analysis", {"file": ("x", PNG)}))
    result = patient.finished(to_upload(said))["result"]["data"]
    assert result["friendly"]["suggestions"][0]["sources"]
    body = {"analysis_task_id": said["task_id"], "symptoms": "fever", "patient_age": 70, "patient_gender": "FEMALE"}
    advice = data(patient.api.post("/xray/suggest-treatment", body))
    assert len(advice["suggestions"]) == len(result["pathologies"]) == 1


def test_real_images_get_no_finding_no_heat_and_no_suggestion_from_a_reference_model(patient: Visitor) -> None:
    pictures = [image for image in foreign_images() if len(image.data) < MAX_FORM_BYTES and image.kind != "MR"]
    slices = [image for image in foreign_images() if image.kind == "MR"]
    for image, scan_type in zip([*pictures[::12], *slices[::24]], cycle(("XRAY", "MRI")), strict=False):
        fields = {} if image.data[128:132] == b"DICM" else {"scan_type": scan_type}
        said = data(patient.api.upload("/xray/friendly-analysis", {"file": ("x", image.data)}, fields))
        result = patient.finished(to_upload(said))["result"]["data"]
        assert (result["pathologies"], result["confidence"], result["findings"]) == ([], 0, []), image.name
        assert {"NOT_A_PHANTOM", "NO_SUITABLE_MODEL"} & set(result["warnings"]), image.name
        assert result["friendly"]["findings"] == result["friendly"]["suggestions"] == [], image.name
        assert patient.api.get(f"/files/heatmaps/{said['task_id']}").status == 404


def test_a_dicom_file_gets_an_expert_reading_straight_through_s3_in_the_high_lane(patient: Visitor) -> None:
    body = {"filename": "x", "content_type": "application/dicom", "analysis": "expert", "priority": "HIGH"}
    upload = to_upload(data(patient.api.post("/scans/uploads", {**body, "additional_notes": "left side?"})))
    assert upload.fields
    assert upload.fields["key"].startswith("uploads/high/")
    assert patient.put(upload, DICOM).status_code == 204
    expert = patient.finished(upload)["result"]["data"]["expert"]
    assert expert["additional_notes"] == "left side?"
    assert patient.api.get(expert["findings"][0]["heatmap"]).headers["content-type"] == "image/png"
    for query in ("original=true", "deidentified=true"):
        elsewhere = patient.api.get(f"/files/images/{upload.scan_id}?{query}")
        assert elsewhere.status == 302
        file = httpx.get(elsewhere.headers["location"], trust_env=False)
        assert (file.status_code, file.content[128:132]) == (200, b"DICM")
        assert (file.content == DICOM) is (query == "original=true")


def test_a_task_cancelled_before_its_upload_stays_cancelled_when_the_image_comes(patient: Visitor) -> None:
    upload = patient.begin("image/png")
    with patient.watch(upload) as socket:
        assert data(patient.api.send("POST", f"/tasks/cancel/{upload.task_id}"))["status"] == "CANCELLED"
        assert messages(socket)[-1]["status"] == "CANCELLED"
    assert patient.put(upload, PNG).status_code == 204
    later = patient.upload(PNG)
    assert patient.finished(later)["status"] == "COMPLETED"
    assert patient.task(upload.task_id)["status"] == "CANCELLED"


def test_a_stored_scan_is_analysed_again_and_nothing_is_overwritten(patient: Visitor) -> None:
    upload = patient.upload(PNG)
    first = patient.finished(upload)
    path = f"/scans/{upload.scan_id}/analyses"
    again = to_upload(data(patient.api.post(path, {"analysis": "expert", "priority": "LOW"})))
    assert patient.finished(again)["result"]["data"]["expert"]
    assert [task["task_id"] for task in data(patient.api.get(path))] == [again.task_id, upload.task_id]
    assert patient.task(upload.task_id) == first


def test_a_removed_scan_is_gone_with_its_files(patient: Visitor) -> None:
    upload = patient.upload(PNG)
    patient.finished(upload)
    assert patient.api.delete(f"/scans/{upload.scan_id}").status == 200
    assert patient.api.get(f"/scans/{upload.scan_id}").status == 404
    found = patient.stack.aws("s3").list_objects_v2(Bucket=patient.stack.bucket)
    assert not [item for item in found.get("Contents", []) if str(parse_id(upload.scan_id)) in item["Key"]]


def test_an_upload_with_the_same_idempotency_key_is_the_same_upload(patient: Visitor) -> None:
    keyed = {"Idempotency-Key": "one"}
    first, again = (patient.api.upload("/scans", {"file": ("x", PNG)}, headers=keyed) for _ in range(2))
    assert first.json == again.json
    assert len(data(patient.api.get("/scans"))) == 1


def test_what_another_system_puts_into_the_bucket_becomes_its_accounts_scan(patient: Visitor) -> None:
    account = data(patient.api.get("/users/me"))["id"]
    s3, bucket = patient.stack.aws("s3"), patient.stack.bucket
    s3.put_object(Bucket=bucket, Key=f"uploads/low/incoming/{account}/CT 1/ü image.dcm", Body=DICOM)
    s3.put_object(Bucket=bucket, Key=f"uploads/low/incoming/{account}/report.pdf", Body=b"%PDF-1.7")

    def read() -> list[dict[str, Any]]:
        return [scan for scan in data(patient.api.get("/scans")) if scan["status"] == "COMPLETED"]

    [scan] = until(read, 40, every=0.5)
    assert scan["patient_id"] == account

    def aside() -> list[str]:
        found = s3.list_objects_v2(Bucket=bucket, Prefix=f"aside/low/incoming/{account}/")
        return [item["Key"] for item in found.get("Contents", [])]

    assert until(aside, 40, every=0.5) == [f"aside/low/incoming/{account}/report.pdf"]
    assert len(data(patient.api.get("/scans"))) == 1
