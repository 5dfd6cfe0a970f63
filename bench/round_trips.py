"""How often each request goes to DynamoDB and S3, counted below the SDK on an AWS in the process."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.environment import ROOT, silent
from bench.report import Report, verdict
from scanward.stores.clients import s3
from scanward.stores.dynamo import connection
from tests.support.client import ApiClient, Reply
from tests.support.cloud import cloud
from tests.support.links import let_in
from tests.support.people import own_id, professional, sign_in_administrator

PASSWORD = "correct horse"
Count = Counter[str]
BUDGETS = {
    "upload": 3,
    "upload, with an Idempotency-Key": 3,
    "begin a presigned upload": 3,
    "begin a presigned upload, with an Idempotency-Key": 3,
    "read a scan, its owner": 2,
    "read a scan, who cares for them": 4,
    "task status, who cares for them": 4,
}


def measure() -> Report:
    """Return one row for each request of a patient's way through the API."""
    with silent("auth", "scans"), cloud(), _count_calls() as count:
        rows = [_row(name, send, count) for name, send in _requests()]
    columns = ("request", "DynamoDB", "S3", "budget (DynamoDB)", "")
    return Report("Round trips, gate included", columns, rows, ["moto in the process; a warm function."])


@contextmanager
def _count_calls() -> Iterator[Count]:
    """Count the calls that leave each client."""
    count: Count = Counter()

    def on_call(event_name: str, **_: Any) -> None:
        count[event_name.split(".")[1]] += 1

    emitters = [(connection().client.meta.events, "before-send.dynamodb"), (s3().meta.events, "before-send.s3")]
    for events, event in emitters:
        events.register_first(event, on_call)
    try:
        yield count
    finally:
        for events, event in emitters:
            events.unregister(event, on_call)


def _requests() -> Iterator[tuple[str, Callable[[], Reply]]]:
    """Name and sender, in an order in which each finds what it needs."""
    api = ApiClient()
    account = {"email": "ada@example.org", "password": PASSWORD}
    yield "register", lambda: api.post("/auth/register", account)
    yield "log in", lambda: api.form("/auth/login", account)
    tokens = api.form("/auth/login", account).data
    patient, refreshing = ApiClient(tokens["access_token"]), ApiClient(tokens["refresh_token"])
    yield "refresh", lambda: refreshing.send("POST", "/auth/refresh-token")
    yield "own account", lambda: patient.get("/users/me")
    image = (ROOT / "samples" / "consolidation-1.png").read_bytes()
    yield "upload", lambda: patient.upload("/scans", {"file": image})
    start = {"filename": "a.png", "content_type": "image/png"}
    yield "begin a presigned upload", lambda: patient.post("/scans/uploads", start)
    upload = patient.upload("/scans", {"file": image}).data
    yield "read a scan, its owner", lambda: patient.get(f"/scans/{upload['scan_id']}")
    yield "task status, by id", lambda: patient.get(f"/tasks/status/{upload['task_id']}")
    yield "task status, by token", lambda: patient.get(f"/tasks/status/{upload['task_token']}")
    headers = {"Idempotency-Key": "one"}
    yield "upload, with an Idempotency-Key", lambda: patient.upload("/scans", {"file": image}, headers=headers)
    keyed_name = "begin a presigned upload, with an Idempotency-Key"
    yield keyed_name, lambda: patient.post("/scans/uploads", start, headers={"Idempotency-Key": "two"})
    carer = professional(api, "LAB", sign_in_administrator(api))
    let_in(patient, carer)
    whose = {"patient_id": str(own_id(patient))}
    yield "upload, by who cares for them", lambda: carer.upload("/scans", {"file": image}, whose)
    yield "read a scan, who cares for them", lambda: carer.get(f"/scans/{upload['scan_id']}")
    yield "task status, who cares for them", lambda: carer.get(f"/tasks/status/{upload['task_id']}")
    yield "list of scans, their owner", lambda: patient.get("/scans")
    yield "call a task off", lambda: patient.post(f"/tasks/cancel/{upload['task_id']}")


def _row(name: str, send: Callable[[], Reply], count: Count) -> tuple[str, ...]:
    count.clear()
    reply = send()
    if reply.status != 200:
        raise AssertionError(f"{name}: {reply.status} {reply.body!r}")
    budget = BUDGETS.get(name)
    outcome = verdict(count["dynamodb"], budget) if budget else ""
    return name, str(count["dynamodb"]), str(count["s3"]), f"{budget or ''}", outcome
