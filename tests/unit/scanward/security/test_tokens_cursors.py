"""Cursors that nobody gave: refused in the same words by every list, however long they are."""

import base64
import json

import pytest

from tests.support.client import ApiClient
from tests.support.cloud import ROOT
from tests.support.people import sign_in

HEADER, CLAIMS = b'{"alg": "HS256", "typ": "JWT"}', json.dumps({"typ": "cursor", "pad": "x" * 2100}).encode()
ENDLESS = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (HEADER, CLAIMS, b"none"))


@pytest.mark.parametrize("forged", ["x", ENDLESS], ids=["short", "endless"])
def test_a_forged_cursor_is_400_on_every_list(api: ApiClient, admin: ApiClient, forged: str) -> None:
    patient, doctor = sign_in(api, "ada@example.org"), sign_in(api, "doctor@example.org", "DOCTOR")
    admin.post(f"/users/{doctor.get('/users/me').data['id']}/approval", {"approved": True})
    own = patient.get("/users/me").data["id"]
    lists = {
        patient: ["/users/me/access-log", "/patients/me/doctors", "/scans", "/tasks", f"/api/xrays/{own}"],
        doctor: ["/patients", "/api/doctors", "/api/patients", "/api/department", "/api/questions/pending"],
        admin: ["/users", f"/users/{own}/access-log", f"/api/medical_histories_of_patient/{own}"],
    }
    for client, paths in lists.items():
        for path in paths:
            reply = client.get(f"{path}?cursor={forged}")
            said = reply.json["error"]
            assert (reply.status, said if path.startswith("/api/") else said["code"]) in {
                (400, "The cursor is not valid"),
                (400, "INVALID_CURSOR"),
            }, path


def test_every_list_documents_the_same_cursor() -> None:
    document = json.loads((ROOT / "infra" / "openapi.json").read_text())
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    parameters = [one for operation in operations for one in operation.get("parameters", [])]
    cursors = [one["schema"] for one in parameters if one["name"] == "cursor"]
    assert len(cursors) > 10
    assert all(schema == cursors[0] for schema in cursors)
    assert cursors[0]["maxLength"] == 2048
