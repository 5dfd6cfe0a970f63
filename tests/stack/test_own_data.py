"""Taking one's data along and leaving for good, on the deployed stack with its policies enforced."""

import io
import json
from typing import Any
from zipfile import ZipFile

import httpx
import pytest

from tests.stack.calls import PASSWORD
from tests.stack.embedded import Stack, until
from tests.stack.visitor import Visitor
from tests.support.client import ApiClient
from tests.support.cloud import ROOT

pytestmark = pytest.mark.stack


def test_a_patient_takes_everything_along_and_leaves(stack: Stack, patient: Visitor) -> None:
    upload = patient.upload((ROOT / "samples" / "effusion-1.png").read_bytes())
    assert patient.finished(upload)["status"] == "COMPLETED"

    def packed() -> Any:
        said = patient.api.get("/users/me/export").json["data"]
        return said if said["status"] == "COMPLETED" else None

    url = until(packed, every=0.5)["url"]
    with ZipFile(io.BytesIO(httpx.get(url, trust_env=False).raise_for_status().content)) as packed_file:
        assert json.loads(packed_file.read("account.json"))[0]["names"]["email"] == patient.email
        images = [name for name in packed_file.namelist() if name.startswith("images/")]
    assert {name.rpartition("/")[2] for name in images} >= {"original", "preview.jpg", "heatmap.png"}

    left = patient.api.delete("/users/me", {"password": PASSWORD})
    assert left.status == 202
    assert patient.api.get("/users/me").status == 401

    def erased() -> bool:
        versions = stack.aws("s3").list_object_versions(Bucket=stack.bucket, Prefix="exports/")
        login = {"email": patient.email, "password": "another horse", "role": "PATIENT"}
        gone = not versions.get("Versions") and not versions.get("DeleteMarkers")
        return gone and ApiClient(transport=patient.api.transport).post("/auth/register", login).status == 200

    until(erased, seconds=60, every=1)
