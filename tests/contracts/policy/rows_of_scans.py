"""The routes of scans, tasks, files and X-rays."""

from typing import Any

from scanward.domain.ids import to_uuid
from scanward.domain.policy import Action
from tests.contracts.policy.belongings import Target
from tests.contracts.policy.requests import get, of, send
from tests.contracts.policy.rows import Row, Send, always, may, needs
from tests.support.client import ApiClient, Reply
from tests.support.cloud import ROOT

A = Action
IMAGE = (ROOT / "samples" / "consolidation-1.png").read_bytes()
START = {"filename": "a.png", "content_type": "image/png"}


def upload(path: str, field: str, whose: str, **fields: str) -> Send:
    """Return an image for the patient."""
    return lambda client, target: client.upload(path, {field: IMAGE}, {whose: str(target.patient), **fields})


def of_scan(method: str, path: str, body: Any = None) -> Send:
    """Return a request about a new scan of the patient's."""
    return lambda client, target: send(method, path.format(id=target.new_scan().id), body)(client, target)


def advice(client: ApiClient, target: Target) -> Reply:
    return client.post("/xray/suggest-treatment", {"analysis_task_id": str(target.task)})


ROWS = (
    Row("POST /scans", upload("/scans", "file", "patient_id"), needs(A.UPLOAD_SCAN)),
    Row(
        "POST /scans/uploads",
        send("POST", "/scans/uploads", lambda target: START | {"patient_id": target.patient}),
        needs(A.UPLOAD_SCAN),
    ),
    Row("GET /scans", get("/scans?patient_id={patient}"), needs(A.READ_SCAN)),
    Row("GET /scans/{scan_id}", get("/scans/{scan}"), needs(A.READ_SCAN)),
    Row("DELETE /scans/{scan_id}", of_scan("DELETE", "/scans/{id}"), needs(A.DELETE_SCAN)),
    Row("GET /scans/{scan_id}/analyses", get("/scans/{scan}/analyses"), needs(A.READ_SCAN)),
    Row("POST /scans/{scan_id}/analyses", send("POST", "/scans/{scan}/analyses", {}), needs(A.ANALYSE_SCAN)),
    Row(
        "GET /tasks",
        get("/tasks"),
        always(),
        shows=lambda cell: may(cell, A.READ_TASK),
        marks=lambda target: str(to_uuid(target.task)),
    ),
    Row("GET /tasks/status/{task_id}", get("/tasks/status/{task}"), needs(A.READ_TASK)),
    Row("POST /tasks/cancel/{task_id}", of("POST", "/tasks/cancel/{id}", "new_task"), needs(A.CANCEL_TASK)),
    Row("GET /files/images/{scan_id}", get("/files/images/{scan}"), needs(A.READ_SCAN)),
    Row(
        "GET /files/images/{scan_id}",
        get("/files/images/{scan}?original=true"),
        needs(A.READ_SCAN, 302),
        note="the original",
    ),
    Row("GET /files/heatmaps/{task_id}", get("/files/heatmaps/{task}"), needs(A.READ_TASK)),
    Row(
        "POST /xray/friendly-analysis",
        upload("/xray/friendly-analysis", "file", "patient_id"),
        needs(A.UPLOAD_SCAN),
    ),
    Row("POST /xray/expert-analysis", upload("/xray/expert-analysis", "file", "patient_id"), needs(A.UPLOAD_SCAN)),
    Row("POST /xray/suggest-treatment", advice, needs(A.READ_TASK)),
    Row(
        "POST /api/xrays", upload("/api/xrays", "image_of_xray", "user_id", name_of_xray="x"), needs(A.UPLOAD_SCAN, 201)
    ),
    Row("GET /api/xrays/{user_id}", get("/api/xrays/{patient}"), needs(A.READ_SCAN)),
    Row("GET /api/unique_xray/{xray_id}", get("/api/unique_xray/{scan}"), needs(A.READ_SCAN)),
    Row(
        "PUT /api/unique_xray/{xray_id}",
        send("PUT", "/api/unique_xray/{scan}", {"result_of_xray": "Clear."}),
        needs(A.WRITE_READING),
    ),
    Row("GET /api/unique_xray/{xray_id}/readings", get("/api/unique_xray/{scan}/readings"), needs(A.READ_READING)),
)
