"""A presigned form is one upload, however often it is sent."""

from collections.abc import Sequence

import pytest

from tests.stack.calls import data
from tests.stack.embedded import until
from tests.stack.visitor import Visitor, to_upload
from tests.support.cloud import ROOT

pytestmark = pytest.mark.stack

PNG = (ROOT / "samples" / "consolidation-1.png").read_bytes()
HIGH = {"filename": "x", "content_type": "image/png", "priority": "HIGH"}


def versions(visitor: Visitor, key: str) -> Sequence[str]:
    found = visitor.stack.aws("s3").list_object_versions(Bucket=visitor.stack.bucket, Prefix=key)
    return [item["VersionId"] for item in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]]


def test_posts_of_one_form_are_one_analysis_and_one_version(patient: Visitor, stranger: Visitor) -> None:
    form = to_upload(data(patient.api.post("/scans/uploads", HIGH)))
    other = to_upload(data(stranger.api.post("/scans/uploads", HIGH)))
    assert form.fields
    assert {patient.put(form, PNG).status_code for _ in range(40)} == {204}
    assert stranger.put(other, PNG).status_code == 204
    assert stranger.finished(other)["status"] == "COMPLETED"
    done = patient.finished(form)
    assert done["status"] == "COMPLETED"
    key = form.fields["key"]
    until(lambda: len(versions(patient, key)) == 1)
    assert patient.put(form, PNG).status_code == 204
    until(lambda: len(versions(patient, key)) == 1)
    assert patient.task(form.task_id) == done
    assert len(data(patient.api.get(f"/scans/{form.scan_id}/analyses"))) == 1
