"""What is wrong with a request is said in its family's shape, with the right status, and never as a 500."""

import pytest

from tests.stack.visitor import Visitor
from tests.support.client import File, Reply

pytestmark = pytest.mark.stack

JSON = "application/json"
REGISTER = ("POST", "/auth/register")
NOT_OURS = "06ef0703-a63f-8780-b363-000000000000"


def envelope(answer: Reply) -> tuple[int, str]:
    """(status, code) of an error of the envelope family."""
    said = answer.json
    assert set(said) == {"success", "error"}
    assert said["success"] is False
    assert set(said["error"]) == {"code", "message", "details"}
    return answer.status, str(said["error"]["code"])


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_unknown_paths_are_404_in_their_familys_shape(patient: Visitor, method: str) -> None:
    assert envelope(patient.api.send(method, "/nothing/here")) == (404, "NOT_FOUND")
    flat = patient.api.send(method, "/api/nothing/here")
    assert (flat.status, flat.json) == (404, {"error": "Not found"})


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/auth/login"), ("PUT", "/scans/"), ("POST", "/users/me")])
def test_an_unknown_method_of_a_path_is_refused(patient: Visitor, method: str, path: str) -> None:
    answer = patient.api.send(method, path)
    assert envelope(answer) in {(405, "METHOD_NOT_ALLOWED"), (404, "NOT_FOUND")}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"email": NaN}',
        b'{"email": 1e400}',
        b'{"email": "a@example.org", "email": "b@example.org"}',
    ],
    ids=["cut", "empty", "no text", "deep list", "deep object", "NaN", "infinite", "name twice"],
)
def test_malformed_json_is_400_over_the_gateway(patient: Visitor, body: bytes) -> None:
    answer = patient.api.send(*REGISTER, body, JSON)
    assert envelope(answer) == (400, "MALFORMED_BODY")


@pytest.mark.parametrize("body", ["[]", '"text"', "null", '{"email": 1}', '{"email": "a@example.org"}', '{"extra": 1}'])
def test_json_that_breaks_the_schema_is_422(patient: Visitor, body: str) -> None:
    answer = patient.api.send(*REGISTER, body.encode(), JSON)
    assert envelope(answer) == (422, "VALIDATION_ERROR")
    assert answer.json["error"]["details"]


@pytest.mark.parametrize("content_type", ["text/plain", "image/png", "application/xml", "nonsense"])
def test_an_unsupported_content_type_is_415(patient: Visitor, content_type: str) -> None:
    for path in ("/auth/register", "/scans/"):
        answer = patient.api.send("POST", path, b"x", headers={"Content-Type": content_type})
        assert envelope(answer) == (415, "UNSUPPORTED_MEDIA")


@pytest.mark.parametrize(
    ("files", "fields", "status", "code"),
    [
        ({}, {"note": "text"}, 422, "VALIDATION_ERROR"),
        ({"other": ("x.png", b"x")}, {}, 422, "VALIDATION_ERROR"),
        ({"file": ("x.png", b"")}, {}, 422, "VALIDATION_ERROR"),
        ({"file": ("x.png", bytes(4_500_000))}, {}, 413, "TOO_LARGE"),
    ],
    ids=["no file", "another field", "an empty file", "too much"],
)
def test_a_form_without_a_fit_image_is_refused(
    patient: Visitor, files: dict[str, File], fields: dict[str, str], status: int, code: str
) -> None:
    answer = patient.api.upload("/scans/", files, fields)
    assert envelope(answer) == (status, code)
    if status == 413:
        assert "POST /scans/uploads" in answer.json["error"]["message"]


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=b"])
def test_a_malformed_form_is_400_over_the_gateway(patient: Visitor, content_type: str) -> None:
    for content in (b"", b"garbage", b"--b\r\nContent-Disposition: form-data; name=file"):
        answer = patient.api.send("POST", "/scans/", content, headers={"Content-Type": content_type})
        assert envelope(answer) == (400, "MALFORMED_BODY")


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Basic eDp4", "Bearer a.b.c", "Bearer " + "x" * 5000])
def test_a_token_that_does_not_hold_is_401(patient: Visitor, token: str) -> None:
    for path in ("/users/me", "/scans/1", "/tasks/status/1", "/files/images/1", "/files/heatmaps/1"):
        answer = patient.api.get(path, headers={"Authorization": token})
        assert envelope(answer) == (401, "NOT_AUTHENTICATED")


def test_another_accounts_scans_tasks_and_files_are_404(patient: Visitor, stranger: Visitor) -> None:
    upload = patient.begin("image/png")
    for path in (f"/scans/{upload.scan_id}", f"/tasks/status/{upload.task_id}", f"/tasks/status/{upload.task_token}"):
        missing = stranger.api.get(path)
        assert envelope(missing) == (404, "NOT_FOUND")
        assert missing.json == stranger.api.get("/scans/1").json
    for path in (f"/files/images/{upload.scan_id}", f"/files/heatmaps/{upload.task_id}"):
        assert envelope(stranger.api.get(path)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "scan", ["0", "-1", "9" * 40, "%00", "..%2f..", "SCAN%231", "06ef0703-a63f-8780-b363-000000000000"]
)
def test_a_malformed_scan_id_is_404(patient: Visitor, scan: str) -> None:
    assert envelope(patient.api.get(f"/scans/{scan}")) == (404, "NOT_FOUND")
