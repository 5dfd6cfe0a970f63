"""Uploading with all that may be said of an image, on behalf of a patient, and once for each Idempotency-Key."""

import json
from datetime import timedelta

import boto3
import pytest

from scanward import clock
from scanward.domain import idempotency, tasks
from scanward.domain.ids import parse_id, to_uuid
from scanward.domain.object_keys import parse_upload_key
from scanward.domain.orders import Order, Priority, ReportStyle, ScanType
from scanward.stores.clients import s3
from scanward.stores.scans import ScanStore
from tests.faults.injection import failing
from tests.support.client import ApiClient, Reply
from tests.support.cloud import BUCKET, ROOT
from tests.support.links import let_in
from tests.support.people import own_id, professional, sign_in, sign_in_administrator

PNG = (ROOT / "samples" / "consolidation-1.png").read_bytes()
SAID = {
    "analysis": "expert",
    "priority": "HIGH",
    "additional_notes": "since Monday",
    "include_suggestions": "false",
    "scan_type": "CT",
    "model": "chest_cancer",
}
MEANT = Order(
    priority=Priority.HIGH,
    report_style=ReportStyle.EXPERT,
    scan_type=ScanType.CT,
    model="chest_cancer",
    additional_notes="since Monday",
    include_suggestions=False,
)


def objects() -> list[str]:
    return [item["Key"] for item in boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def versions() -> int:
    return len(boto3.client("s3").list_object_versions(Bucket=BUCKET).get("Versions", []))


def order_of(reply: Reply) -> Order:
    task = ScanStore("ScansTable").task(parse_id(reply.data["task_id"]))
    assert task
    return task.order


def test_a_form_takes_all_that_may_be_said(patient: ApiClient) -> None:
    reply = patient.upload("/scans", {"file": PNG}, SAID)
    assert order_of(reply) == MEANT
    [key] = objects()
    assert parse_upload_key(key) == (Priority.HIGH, parse_id(reply.data["scan_id"]), parse_id(reply.data["task_id"]))
    assert patient.get(f"/scans/{reply.data['scan_id']}").data["scan_type"] == "CT"


def test_an_upload_straight_to_s3_keeps_all_that_is_said_of_it(patient: ApiClient) -> None:
    body = {"filename": "x", "content_type": "application/dicom", **SAID, "include_suggestions": False}
    reply = patient.post("/scans/uploads", body)
    assert order_of(reply) == MEANT
    assert reply.data["upload"]["fields"]["key"].startswith("uploads/high/")


def test_an_upload_without_options_is_medium_and_has_no_report_style(patient: ApiClient) -> None:
    assert order_of(patient.upload("/scans", {"file": PNG})) == Order()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("analysis", "blunt"),
        ("priority", "URGENT"),
        ("priority", "high"),
        ("scan_type", "PET"),
        ("model", "../chest"),
        ("include_suggestions", "perhaps"),
        ("additional_notes", "x" * 4001),
        ("additional_notes", "\0"),
        ("patient_id", ""),
    ],
)
def test_an_upload_names_options_that_cannot_be_meant_and_keeps_nothing(
    patient: ApiClient, field: str, value: str
) -> None:
    reply = patient.upload("/scans", {"file": PNG}, {field: value})
    assert (reply.status, set(reply.json["error"]["details"])) == (422, {field})
    assert objects() == []


@pytest.mark.parametrize("role", ["DOCTOR", "HOSPITAL", "LAB"])
def test_who_cares_for_a_patient_uploads_for_them(api: ApiClient, patient: ApiClient, role: str) -> None:
    carer = professional(api, role, sign_in_administrator(api))
    whose = {"patient_id": str(to_uuid(own_id(patient)))}
    assert carer.upload("/scans", {"file": PNG}, whose).status == 404
    assert objects() == []
    let_in(patient, carer)
    made = carer.upload("/scans", {"file": PNG}, whose).data
    scan = patient.get(f"/scans/{made['scan_id']}").data
    assert scan["patient_id"] == own_id(patient)
    assert carer.get(f"/scans/{made['scan_id']}").data == scan
    begun = carer.post("/scans/uploads", {"filename": "x", "content_type": "image/png", "patient_id": own_id(patient)})
    assert begun.status == 200


def test_who_is_not_approved_reads_a_patient_who_let_them_in_and_uploads_nothing(
    api: ApiClient, patient: ApiClient
) -> None:
    lab = professional(api, "LAB")
    let_in(patient, lab)
    made = patient.upload("/scans", {"file": PNG}).data
    assert lab.get(f"/scans/{made['scan_id']}").status == 200
    refused = lab.upload("/scans", {"file": PNG}, {"patient_id": str(own_id(patient))})
    assert (refused.status, refused.code) == (403, "NOT_ALLOWED")
    assert len(objects()) == 1


def test_a_patient_uploads_for_nobody_else(api: ApiClient, patient: ApiClient) -> None:
    other = sign_in(api, "other@example.org")
    for whose in (own_id(patient), 123):
        assert other.upload("/scans", {"file": PNG}, {"patient_id": str(whose)}).status == 404
    assert objects() == []


KEYED = {"Idempotency-Key": "9b2f-1"}


def test_the_same_request_with_the_same_key_gives_the_same_answer(patient: ApiClient) -> None:
    first = patient.upload("/scans", {"file": PNG}, SAID, headers=KEYED)
    again = patient.upload("/scans", {"file": PNG}, SAID, headers=KEYED)
    assert first.status == again.status == 200
    assert again.body == first.body
    assert (len(objects()), versions()) == (1, 1)


def test_an_upload_straight_to_s3_is_begun_once_too(patient: ApiClient) -> None:
    body = {"filename": "x", "content_type": "image/png"}
    first = patient.post("/scans/uploads", body, headers=KEYED).data
    again = patient.post("/scans/uploads", body, headers=KEYED).data
    assert {**again, "upload": 0} == {**first, "upload": 0}
    assert again["upload"]["fields"]["key"] == first["upload"]["fields"]["key"]


def test_a_replay_after_its_time_gives_no_new_form(patient: ApiClient) -> None:
    body = {"filename": "x", "content_type": "image/png"}
    assert patient.post("/scans/uploads", body, headers=KEYED).status == 200
    begin_earlier(tasks.UPLOAD_WINDOW)
    late = patient.post("/scans/uploads", body, headers=KEYED)
    assert (late.status, late.code) == (409, "CONFLICT")


def test_an_administrator_uploads_for_nobody_who_is_not_there(api: ApiClient, patient: ApiClient) -> None:
    chief = sign_in_administrator(api)
    assert chief.upload("/scans", {"file": PNG}, {"patient_id": "123"}).status == 404
    assert chief.upload("/scans", {"file": PNG}, {"patient_id": str(own_id(patient))}).status == 200


@pytest.mark.parametrize(
    "other",
    [
        lambda client: client.upload("/scans", {"file": PNG + b"\n"}, headers=KEYED),
        lambda client: client.upload("/scans", {"file": PNG}, {"priority": "LOW"}, headers=KEYED),
        lambda client: client.upload("/xray/expert-analysis", {"file": PNG}, headers=KEYED),
        lambda client: client.post("/scans/uploads", {"filename": "x", "content_type": "image/png"}, headers=KEYED),
    ],
    ids=["other-file", "other-field", "other-route", "other-way"],
)
def test_a_key_that_came_with_another_request_is_refused(patient: ApiClient, other: object) -> None:
    assert patient.upload("/scans", {"file": PNG}, headers=KEYED).status == 200
    reply: Reply = other(patient)  # type: ignore[operator]
    assert (reply.status, reply.code) == (422, "KEY_REUSED")
    assert len(objects()) == 1


def test_a_key_is_its_accounts_own(api: ApiClient, patient: ApiClient) -> None:
    first = patient.upload("/scans", {"file": PNG}, headers=KEYED).data
    other = sign_in(api, "other@example.org").upload("/scans", {"file": PNG}, headers=KEYED).data
    assert other["scan_id"] != first["scan_id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
def test_a_key_that_is_none_is_refused(patient: ApiClient, key: str) -> None:
    reply = patient.upload("/scans", {"file": PNG}, headers={"Idempotency-Key": key})
    assert (reply.status, list(reply.json["error"]["details"])) == (422, ["Idempotency-Key"])


def test_after_a_crash_half_way_the_same_request_finishes_the_work(patient: ApiClient) -> None:
    with failing(s3(), "s3.PutObject"):
        assert patient.upload("/scans", {"file": PNG}, headers=KEYED).status == 503
    at_it = patient.upload("/scans", {"file": PNG}, headers=KEYED)
    assert (at_it.status, at_it.code) == (409, "UNDER_WAY"), "the first may still be at it"
    assert int(at_it.headers["retry-after"]) > 0
    assert objects() == []
    begin_earlier(idempotency.REQUEST_TIMEOUT + timedelta(seconds=1))
    reply = patient.upload("/scans", {"file": PNG}, headers=KEYED)
    assert reply.status == 200
    [key] = objects()
    assert key.endswith(f"/{parse_id(reply.data['scan_id'])}/{parse_id(reply.data['task_id'])}")
    assert patient.upload("/scans", {"file": PNG}, headers=KEYED).body == reply.body
    assert versions() == 1


def begin_earlier(by: timedelta) -> None:
    """Turn back the time at which the one marked request was begun."""
    dynamodb = boto3.client("dynamodb")
    [item] = [i for i in dynamodb.scan(TableName="ScansTable")["Items"] if i["pk"]["S"].startswith("ONCE#")]
    item["begun_ms"] = {"N": str(round((clock.now() - by).timestamp() * 1000))}
    dynamodb.put_item(TableName="ScansTable", Item=item)


def test_uploads_that_are_begun_without_end_are_braked(patient: ApiClient) -> None:
    body = {"filename": "x", "content_type": "image/png"}
    replies = [patient.post("/scans/uploads", body) for _ in range(21)]
    assert [reply.status for reply in replies] == [200] * 20 + [429]
    assert 0 < int(replies[-1].headers["retry-after"]) <= 900
    assert (replies[-1].headers["ratelimit-limit"], replies[-1].headers["ratelimit-remaining"]) == ("20", "0")
    assert patient.upload("/scans", {"file": PNG}).status == 200, "which are not counted"


def test_a_replay_begins_nothing_and_is_not_counted(patient: ApiClient) -> None:
    body = {"filename": "x", "content_type": "image/png"}
    first = patient.post("/scans/uploads", body, headers=KEYED)
    for _ in range(19):
        assert patient.post("/scans/uploads", body, headers=KEYED).status == 200
    assert [patient.post("/scans/uploads", body).status for _ in range(20)] == [200] * 19 + [429]
    again = patient.post("/scans/uploads", body, headers=KEYED)
    assert (again.status, again.data["scan_id"]) == (200, first.data["scan_id"])
    assert patient.post("/scans/uploads", {**body, "filename": "y"}, headers=KEYED).code == "KEY_REUSED"


def test_an_upload_refused_by_the_rate_limit_leaves_no_idempotency_mark(patient: ApiClient) -> None:
    body = {"filename": "x", "content_type": "image/png"}
    for _ in range(20):
        patient.post("/scans/uploads", body)
    for _ in range(2):
        assert patient.post("/scans/uploads", body, headers=KEYED).status == 429


def test_notes_are_kept_as_they_are_and_told_to_nobody_else(
    patient: ApiClient, capsys: pytest.CaptureFixture[str]
) -> None:
    patient.upload("/scans", {"file": PNG}, {"additional_notes": "Planted Name"})
    logged = capsys.readouterr()
    assert "Planted" not in logged.out + logged.err
    assert json.dumps(objects()).count("Planted") == 0
