"""Nothing of a person is missing from what they take along, however much there is of it; and how packing fails."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from scanward import clock
from scanward.domain import clinical_notes, patient_chart, personal_data
from scanward.domain.clinical_notes import Findings, Surgery
from scanward.domain.object_keys import derived_prefix
from scanward.domain.scans import Reading
from scanward.errors import Conflict
from scanward.stores import keys
from scanward.stores.clients import sqs
from scanward.stores.clinical_notes import NoteStore, history_store, record_store
from scanward.stores.dynamo import to_ms
from scanward.stores.patients import ChartItem, ChartStore
from scanward.stores.personal_data import ExportStore
from scanward.stores.scans import ScanItem, ScanStore
from tests.faults.injection import failing, lost_answer
from tests.support.client import ApiClient
from tests.support.cloud import BUCKET, TABLES
from tests.support.departments import assign, department
from tests.support.own_data import CLINIC, add_scan, deliver, fetch_export
from tests.support.people import own_id
from tests.unit.functions.records.usecases.test_personal_data_exports import packed_list

AT = datetime(2026, 5, 8, tzinfo=UTC)
MANY = 60


def take_along(client: ApiClient) -> None:
    """Have an export packed."""
    client.get("/users/me/export")
    assert deliver() == [{"batchItemFailures": []}]


def amend_often(store: NoteStore[Any], patient_id: int, text: Any) -> None:
    """Add a note with many amendments."""
    writing = clinical_notes.write_note(id=clock.fresh_id(AT), patient_id=patient_id, author_id=7, text=text, now=AT)
    store.add(writing)
    for version in range(1, MANY + 1):
        after = clinical_notes.amend_note(
            note=writing, version=version, text=text, by=7, now=AT + timedelta(seconds=version)
        )
        store.amend(writing, after)
        writing = after


@pytest.mark.parametrize("kind", ["patient_records", "medical_histories"])
def test_each_amendment_is_in_the_export(ada: ApiClient, kind: str) -> None:
    if kind == "patient_records":
        amend_often(record_store(CLINIC), own_id(ada), Findings("x", "y"))
    else:
        amend_often(history_store(CLINIC), own_id(ada), Surgery("x", "y"))
    take_along(ada)
    [text] = packed_list(ada, kind)
    assert [one["version"] for one in text["replaced"]] == list(range(MANY, 0, -1))


def test_each_amendment_of_a_record_can_be_read(ada: ApiClient) -> None:
    amend_often(record_store(CLINIC), own_id(ada), Findings("x", "y"))
    [record] = ada.get(f"/api/patient_records/?patient_id={own_id(ada)}").json
    path, seen = f"/api/patient_records/{record['pk']}/versions", list[int]()
    reply = ada.get(path)
    assert len(reply.json) == 50
    while True:
        seen += [one["version"] for one in reply.json]
        if "link" not in reply.headers:
            break
        reply = ada.get(path + reply.headers["link"].partition(">")[0].lstrip("<"))
    assert seen == list(range(MANY, 0, -1))


def test_each_version_of_the_sheet_is_in_the_export(ada: ApiClient) -> None:
    store, me = ChartStore(CLINIC), own_id(ada)
    newest = replace(patient_chart.first_version(me, 7, AT), version=1000, age=40)
    store.write(None, newest)
    store.write(newest, patient_chart.next_version(newest, 7, {"age": 41}, AT))
    with ChartItem.batch_write() as earlier:
        for version in range(1, 1000):
            place = keys.sortable(version)
            earlier.save(ChartItem(keys.chart(me), place, version=version, author_id=7, at_ms=to_ms(AT), age=39))
    take_along(ada)
    assert [one["version"] for one in packed_list(ada, "sheet")] == list(range(1001, 0, -1))


def test_all_readings_of_doctors_are_in_the_export(ada: ApiClient) -> None:
    scan, scans = add_scan(own_id(ada), own_id(ada)), ScanStore(TABLES["SCANS_TABLE"])
    for second in range(MANY):
        scans.set_reading(scan.id, Reading(f"reading {second}", 7, AT + timedelta(seconds=second)))
    take_along(ada)
    readings = packed_list(ada, "readings")
    assert [one["text"] for one in readings] == [f"reading {second}" for second in reversed(range(MANY))]
    assert {(one["scan_id"], one["doctor_id"]) for one in readings} == {(scan.id, 7)}


def test_where_a_doctor_works_is_in_theirs(admin: ApiClient, doctor: ApiClient) -> None:
    ward = department(admin)
    assign(admin, ward, doctor)
    take_along(doctor)
    assert packed_list(doctor, "works_in") == [ward]


def test_more_files_than_storage_lists_at_once_are_in_the_export(ada: ApiClient) -> None:
    scan, s3 = add_scan(own_id(ada), own_id(ada)), boto3.client("s3")
    for nth in range(1005):
        s3.put_object(Bucket=BUCKET, Key=f"{derived_prefix(scan.id)}{nth}/heatmap.png", Body=b"x")
    take_along(ada)
    assert sum(name.endswith("/heatmap.png") for name in fetch_export(ada).namelist()) == 1005 + 1


def test_the_image_is_the_version_that_was_read_whatever_lies_over_it(ada: ApiClient) -> None:
    scan, s3 = add_scan(own_id(ada), own_id(ada)), boto3.client("s3")
    pinned = s3.put_object(Bucket=BUCKET, Key=scan.object_key, Body=b"what was read")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key=scan.object_key, Body=b"what came later")
    ScanItem(f"SCAN#{scan.id}", "SCAN").update([ScanItem.object_version.set(pinned)])
    take_along(ada)
    assert fetch_export(ada).read(f"images/{scan.id}/original") == b"what was read"


def test_packing_that_cannot_be_begun_has_failed_and_the_next_look_begins_it(ada: ApiClient) -> None:
    with failing(sqs(), "sqs.SendMessage"):
        failed = ada.get("/users/me/export")
    assert (failed.status, failed.data["status"], failed.data["url"]) == (200, "FAILED", None)
    assert failed.data["message"] == "It could not be begun; ask again"
    assert deliver() == []
    again = ada.get("/users/me/export").data
    assert (again["status"], again["task_id"] != failed.data["task_id"]) == ("PENDING", True)
    assert deliver() == [{"batchItemFailures": []}]
    assert ada.get("/users/me/export").data["status"] == "COMPLETED"


def test_asking_again_begins_what_failed(ada: ApiClient) -> None:
    with failing(sqs(), "sqs.SendMessage"):
        assert ada.post("/users/me/export", {}).data["status"] == "FAILED"
    assert ada.post("/users/me/export", {}).data["status"] == "PENDING"


def test_an_export_that_failed_is_not_packed_after_all(ada: ApiClient) -> None:
    store, me = ExportStore(CLINIC), own_id(ada)
    waits = personal_data.request_export(me, 1, clock.now())
    store.begin(None, waits)
    store.give_up(personal_data.fail_export(waits, clock.now()))
    with pytest.raises(Conflict):
        store.update(personal_data.advance_export(waits, 10, clock.now()))
    found = store.get(me)
    assert found
    assert found.status.value == "FAILED"


def test_a_lost_answer_of_the_queue_fails_nothing(ada: ApiClient) -> None:
    with lost_answer(sqs(), "sqs.SendMessage") as lost:
        assert ada.get("/users/me/export").data["status"] == "PENDING"
    assert lost
    assert {str(json.dumps(answer)) for answer in deliver()} == {'{"batchItemFailures": []}'}
    assert ada.get("/users/me/export").data["status"] == "COMPLETED"
