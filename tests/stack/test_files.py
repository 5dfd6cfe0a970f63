"""Preview and heatmap reach every client unharmed, whatever it says it accepts."""

import base64
import io

import pytest
from PIL import Image

from scanward.domain.ids import parse_id
from tests.stack.visitor import Upload, Visitor
from tests.support.cloud import ROOT

pytestmark = pytest.mark.stack


@pytest.fixture
def finished(patient: Visitor) -> Upload:
    """Provide a scan that has been read."""
    upload = patient.send(ROOT / "samples" / "effusion-2.jpg", presigned=False)
    assert patient.finished(upload)["status"] == "COMPLETED"
    return upload


@pytest.mark.parametrize("accept", [None, "application/json", "*/*", "image/*", "text/html"])
def test_files_are_images_whatever_is_accepted(patient: Visitor, finished: Upload, accept: str | None) -> None:
    """Without an Accept header the embedded cloud leaves the function's base64 as it is; AWS decodes it."""
    scan, task = (int(part) for part in _key(patient, finished).split("/")[2:])
    wanted = {
        f"/files/images/{finished.scan_id}": ("JPEG", "image/jpeg", f"derived/{scan}/preview.jpg"),
        f"/files/heatmaps/{finished.task_id}": ("PNG", "image/png", f"derived/{scan}/{task}/heatmap.png"),
    }
    for path, (form, content_type, key) in wanted.items():
        answer = patient.api.get(path, headers={"Accept": accept or ""})
        assert (answer.status, answer.headers["content-type"]) == (200, content_type)
        content = answer.body if accept else base64.b64decode(answer.body)
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            assert image.format == form
        assert content == patient.stack.aws("s3").get_object(Bucket=patient.stack.bucket, Key=key)["Body"].read()


def test_files_are_private(patient: Visitor, stranger: Visitor, finished: Upload) -> None:
    for path in (f"/files/images/{finished.scan_id}", f"/files/heatmaps/{finished.task_id}"):
        assert patient.api.get(path).headers["cache-control"].startswith("private")
        assert stranger.api.get(path).status == 404
        assert patient.api.get(path, headers={"Authorization": ""}).status == 401


def _key(patient: Visitor, upload: Upload) -> str:
    """Return where the original lies."""
    number = parse_id(upload.scan_id)
    listed = patient.stack.aws("s3").list_objects_v2(Bucket=patient.stack.bucket, Prefix=f"uploads/medium/{number}/")
    return str(listed["Contents"][0]["Key"])
