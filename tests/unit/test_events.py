"""Every sample event, fed to its real handler over an AWS in the process that holds what the event is about."""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import boto3
import pytest
from moto.apigatewaymanagementapi.models import apigatewaymanagementapi_backends

from scanward import clock
from scanward.domain import accounts, personal_data, tasks
from scanward.domain.accounts import Names, Profile, Role
from scanward.domain.ids import to_uuid
from scanward.domain.object_keys import export_key, heatmap_key, preview_key, upload_key
from scanward.domain.orders import Priority
from scanward.domain.scans import Scan
from scanward.domain.subscriptions import new_connection as begin_socket
from scanward.domain.subscriptions import watch as watch_task
from scanward.domain.tasks import FailureReason, Task, TaskStatus
from scanward.stores.access_log import SealStore
from scanward.stores.accounts import AccountStore
from scanward.stores.connections import ConnectionStore
from scanward.stores.personal_data import ExportStore
from scanward.stores.scans import ScanStore
from tests.support.client import ApiClient
from tests.support.cloud import BUCKET, REGION, ROOT
from tests.support.people import sign_in

EVENTS = ROOT / "events"
HANDLERS = {
    "portal": "functions.portal.handler",
    "auth": "functions.auth.handler",
    "mail": "functions.auth.mail_handler",
    "scans": "functions.scans.handler",
    "records": "functions.records.handler",
    "own-data": "functions.records.personal_data_handler",
    "seal": "functions.records.seal_handler",
    "sweep": "functions.scans.sweep_handler",
    "leftovers": "functions.scans.leftovers_handler",
    "arrivals": "functions.inference.arrival_handler",
    "inference": "functions.inference.handler",
    "predict": "functions.inference.predict_handler",
    "dead-letter": "functions.inference.dead_letter_handler",
    "realtime": "functions.realtime.handler",
    "push": "functions.realtime.push_handler",
    "keep-alive": "functions.realtime.keep_alive_handler",
    "session-end": "functions.realtime.session_end_handler",
}
# What the events were taken from.
SCAN_ID, TASK_ID, ACCOUNT_ID = 243963252383569, 243963252379899, 243963244243199
SOCKET, LOCAL_BUCKET = "cb883aec63f24e77", "scanward-000000000000-us-east-1"
OBJECT_VERSION = "7adfef03-ef6a-4617-9492-7c8e9043bbc3"
KEY = upload_key(Priority.MEDIUM, SCAN_ID, TASK_ID)


@pytest.fixture
def send(aws: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Send an event to the function that its name begins with, some of its text replaced."""
    for lane in Priority:
        monkeypatch.setenv(f"{lane.name}_QUEUE_URL", f"https://sqs.{REGION}.amazonaws.com/123456789012/{lane}")
    monkeypatch.setenv("WEBSOCKET_API_ID", "sockets")
    monkeypatch.setenv("WEBSOCKET_STAGE", "live")

    def feed(name: str, **replaced: str) -> Any:
        text = (EVENTS / f"{name}.json").read_text().replace(LOCAL_BUCKET, BUCKET)
        for said, meant in replaced.items():
            text = text.replace({"token": "<access token>", "version": OBJECT_VERSION}[said], meant)
        [function] = [function for function in HANDLERS if name.startswith(function)]
        return import_module(HANDLERS[function]).app(json.loads(text), None)

    return feed


@pytest.fixture
def scans(aws: None) -> ScanStore:
    """Provide the scans of the process's own AWS."""
    return ScanStore("ScansTable")


@pytest.fixture
def patient(aws: None) -> ApiClient:
    """Somebody who has signed in."""
    return sign_in(ApiClient(), "grace@example.org")


def begin(scans: ScanStore, patient_id: int = 1, when: datetime | None = None) -> Task:
    """Return the scan and the task that the events are about."""
    now = when or clock.now()
    task = tasks.create(TASK_ID, SCAN_ID, patient_id, now)
    scans.add(
        Scan(
            id=SCAN_ID,
            patient_id=patient_id,
            uploaded_by=patient_id,
            task_id=TASK_ID,
            object_key=task.object_key,
            scan_type=None,
            status=task.status,
            created_at=now,
        ),
        task,
    )
    return task


def watch(now: datetime) -> ConnectionStore:
    """Return the socket that the events are about, watching the task."""
    connections = ConnectionStore("ConnectionsTable", "ScansTable")
    opened = begin_socket(SOCKET, ACCOUNT_ID, "session", now + timedelta(days=1), now)
    connections.add(watch_task(opened, (TASK_ID,)))
    return connections


def pushed() -> Any:
    """Return what was sent to the socket."""
    [backend] = [account[REGION] for account in apigatewaymanagementapi_backends.values()]
    return json.loads(backend.connections[SOCKET].data)


def data(answer: Any) -> Any:
    """Return the envelope's data of a REST answer."""
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])["data"]


def test_each_function_has_an_event_and_each_event_is_described() -> None:
    names = {file.stem for file in EVENTS.glob("*.json")}
    for function in HANDLERS:
        assert any(name.startswith(function) for name in names), function
    described = (EVENTS / "README.md").read_text()
    assert [name for name in names if f"`{name}.json`" not in described] == []


def test_no_event_holds_a_token_or_an_address_of_a_machine() -> None:
    for file in EVENTS.glob("*.json"):
        text = file.read_text()
        for secret in ("eyJhbGci", "127.0.0.1", "localhost"):
            assert secret not in text, file.name


def test_portal_health(send: Callable[..., Any]) -> None:
    assert data(send("portal-health")) == {"status": "ok"}


def test_auth_register_and_login(send: Callable[..., Any]) -> None:
    assert send("auth-login")["statusCode"] == 401
    assert data(send("auth-register"))["email"] == "ada@example.org"
    token = data(send("auth-login"))["access_token"]
    assert ApiClient(token).get("/users/me").data["email"] == "ada@example.org"


def test_mail_password_reset(send: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "mail")
    assert send("mail-password-reset") == {"batchItemFailures": []}
    assert [record.__dict__["outcome"] for record in caplog.records] == ["mail is not configured"]


def test_mail_glass_broken(send: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "mail")
    assert send("mail-glass-broken") == {"batchItemFailures": []}
    assert [record.__dict__["outcome"] for record in caplog.records] == ["mail is not configured"]


def test_scans_upload(send: Callable[..., Any], patient: ApiClient) -> None:
    assert send("scans-upload")["statusCode"] == 401
    said = data(send("scans-upload", token=str(patient.token)))
    assert patient.get(f"/tasks/status/{said['task_token']}").data["status"] == "PENDING"
    [kept] = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="uploads/medium/")["Contents"]
    assert kept["Size"] == len(film())


def test_scans_read(send: Callable[..., Any], patient: ApiClient, scans: ScanStore) -> None:
    assert send("scans-read", token=str(patient.token))["statusCode"] == 404
    begin(scans, patient_id=int(patient.get("/users/me").data["id"]))
    assert data(send("scans-read", token=str(patient.token)))["id"] == SCAN_ID


def test_records_access_log(send: Callable[..., Any], patient: ApiClient) -> None:
    assert send("records-access-log")["statusCode"] == 401
    assert data(send("records-access-log", token=str(patient.token))) == []


def test_predict_model_card(send: Callable[..., Any], patient: ApiClient) -> None:
    assert send("predict-model-card")["statusCode"] == 401
    card = data(send("predict-model-card", token=str(patient.token)))["card"]
    assert card == json.loads((ROOT / "layers/model/models/chest_xray/card.json").read_text())


def test_own_data_export(send: Callable[..., Any]) -> None:
    now = clock.now()
    person = accounts.register(
        id=SCAN_ID, role=Role.PATIENT, names=Names(email="mary@example.org"), profile=Profile(), now=now
    )
    AccountStore("AccountsTable").add(person, "not a hash")
    exports = ExportStore("ClinicTable")
    exports.begin(None, personal_data.request_export(SCAN_ID, TASK_ID, now))
    assert send("own-data-export") == {"batchItemFailures": []}
    export = exports.get(SCAN_ID)
    assert export is not None
    assert (export.is_ready, export.progress) == (True, 100)
    assert boto3.client("s3").head_object(Bucket=BUCKET, Key=export_key(SCAN_ID, TASK_ID))["ContentLength"] > 0


def test_sweep(send: Callable[..., Any], scans: ScanStore) -> None:
    assert send("sweep") == {"announced": 0, "failed": 0, "waiting": 0, "untouched": 0, "unread": 0}
    begin(scans, when=clock.now() - timedelta(minutes=30))
    assert send("sweep") == {"announced": 0, "failed": 1, "waiting": 0, "untouched": 0, "unread": 0}
    task = scans.task(TASK_ID)
    assert task is not None
    assert task.failure is FailureReason.UPLOAD_EXPIRED


def test_leftovers(send: Callable[..., Any]) -> None:
    assert send("leftovers") == {"read": 0, "purged": 0}


def test_arrivals_upload(send: Callable[..., Any], scans: ScanStore) -> None:
    assert send("arrivals-upload") == {"batchItemFailures": []}, "an object of nobody's is set aside"
    begin(scans)
    version = boto3.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=film())["VersionId"]
    assert send("arrivals-upload", version=version) == {"batchItemFailures": []}
    task = scans.task(TASK_ID)
    assert task is not None
    assert (task.status, task.object_version) == (TaskStatus.PENDING, version)
    url = boto3.client("sqs").get_queue_url(QueueName="medium")["QueueUrl"]
    [message] = boto3.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {"analysis": {"scan_id": SCAN_ID, "task_id": TASK_ID}}


def test_inference_upload(send: Callable[..., Any], scans: ScanStore) -> None:
    assert send("inference-upload") == {"batchItemFailures": []}, "nobody's task is no error"
    begin(scans)
    version = boto3.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=film())["VersionId"]
    assert send("inference-upload") == {"batchItemFailures": []}
    task = scans.task(TASK_ID)
    assert task is not None
    assert (task.status, task.object_version) == (TaskStatus.COMPLETED, version)
    assert task.result is not None
    assert task.result["pathologies"] == ["consolidation"]
    for key in (preview_key(SCAN_ID), heatmap_key(SCAN_ID, TASK_ID)):
        assert boto3.client("s3").head_object(Bucket=BUCKET, Key=key)["ContentLength"] > 0


def test_dead_letter(send: Callable[..., Any], scans: ScanStore) -> None:
    begin(scans)
    assert send("dead-letter") == {"batchItemFailures": []}
    task = scans.task(TASK_ID)
    assert task is not None
    assert (task.status, task.failure) == (TaskStatus.FAILED, FailureReason.RETRIES_EXHAUSTED)


def test_realtime_connect_message_disconnect(send: Callable[..., Any], patient: ApiClient, scans: ScanStore) -> None:
    connections = ConnectionStore("ConnectionsTable", "ScansTable")
    begin(scans, patient_id=int(patient.get("/users/me").data["id"]))
    assert send("realtime-connect")["statusCode"] == 401
    assert send("realtime-connect", token=str(patient.token)) == {"statusCode": 200}
    assert [watcher.connection_id for watcher in connections.subscriptions_to(TASK_ID)] == [SOCKET]
    assert send("realtime-message") == {"statusCode": 200}
    assert pushed() == {"action": "pong"}
    assert send("realtime-disconnect") == {"statusCode": 200}
    assert connections.subscriptions_to(TASK_ID) == []


def test_push_task_moved(send: Callable[..., Any], scans: ScanStore) -> None:
    begin(scans)
    connections = watch(clock.now())
    assert send("push-task-moved") == {"batchItemFailures": []}
    said = pushed()
    assert (said["task_id"], said["status"], said["version"]) == (str(to_uuid(TASK_ID)), "COMPLETED", 5)
    assert said["result"]["data"]["pathologies"] == ["consolidation"]
    assert [watcher.pushed_version for watcher in connections.subscriptions_to(TASK_ID)] == [5]
    assert send("push-task-moved") == {"batchItemFailures": []}
    assert pushed() == said, "the same record again sends nothing"


def test_push_watching_began(send: Callable[..., Any], scans: ScanStore) -> None:
    begin(scans, patient_id=ACCOUNT_ID)
    watch(clock.now())
    assert send("push-watching-began") == {"batchItemFailures": []}
    assert (pushed()["status"], pushed()["version"]) == ("PENDING", 1)


def test_push_question_answered(send: Callable[..., Any]) -> None:
    watch(clock.now())
    assert send("push-question-answered") == {"batchItemFailures": []}
    assert pushed() == {"action": "question_answered", "question_id": 244055499185134}


def test_push_glass_broken(send: Callable[..., Any]) -> None:
    watch(clock.now())
    assert send("push-glass-broken") == {"batchItemFailures": []}
    assert pushed() == {
        "action": "break_glass",
        "professional_id": 243963250000001,
        "at": "2026-11-21T15:04:22Z",
        "ends_at": "2026-11-21T16:04:22Z",
    }


def test_keep_alive(send: Callable[..., Any]) -> None:
    counts = {"kept": 0, "ended": 0, "gone": 0, "untouched": 0, "unread": 0}
    assert send("keep-alive") == counts
    connections = watch(clock.now() - timedelta(hours=1))
    assert send("keep-alive") == {**counts, "ended": 1}
    assert connections.slots(ACCOUNT_ID) == []


def test_session_end(send: Callable[..., Any]) -> None:
    connections = watch(clock.now())
    assert send("session-end") == {"batchItemFailures": []}
    assert (connections.slots(ACCOUNT_ID), connections.subscriptions_to(TASK_ID)) == ([], [])


def test_seal_entries(send: Callable[..., Any]) -> None:
    assert send("seal-entries") == {"batchItemFailures": []}
    [seal] = SealStore("ClinicTable").seals(ACCOUNT_ID)
    assert [row.place for row in seal.rows] == ["1795250950123#0b8ad6ea7c8e"]


def film() -> bytes:
    """Return the image in the upload's event."""
    body = base64.b64decode(json.loads((EVENTS / "scans-upload.json").read_text())["body"])
    return body.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
