"""What somebody uploads for a patient is taken in if they may upload when it comes, not only when they began."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest

from scanward import clock
from scanward.domain import tasks
from scanward.domain.care import CareLink
from scanward.domain.ids import parse_id
from scanward.domain.tasks import Arrival, TaskStatus
from scanward.stores.dynamo import connection
from tests.faults.injection import failing, meanwhile
from tests.support.client import ApiClient
from tests.support.cloud import BUCKET
from tests.support.departments import admit, assign, department
from tests.support.links import add_link, let_in, log_of
from tests.support.people import own_id, professional
from tests.support.queues import s3_event
from tests.support.workers import PNG, Workers

Act = Callable[["Ward"], object]


@dataclass(frozen=True)
class Ward:
    """A patient, an approved doctor, who may see them, and an administrator."""

    patient: ApiClient
    doctor: ApiClient
    admin: ApiClient
    workers: Workers

    @property
    def scan(self) -> dict[str, Any]:
        [scan] = self.patient.get("/scans").data
        return scan  # type: ignore[no-any-return]


@pytest.fixture
def ward(patient: ApiClient, api: ApiClient, admin: ApiClient, workers: Workers) -> Ward:
    return Ward(patient, professional(api, "DOCTOR", admin), admin, workers)


def begin(uploader: ApiClient, patient: ApiClient) -> dict[str, str]:
    """Hand out a form for a patient's image; where it goes, and its task."""
    body = {"filename": "x", "content_type": "image/png", "priority": "HIGH", "patient_id": str(own_id(patient))}
    begun = uploader.post("/scans/uploads", body).data
    return {"key": begun["upload"]["fields"]["key"], "task_id": begun["task_id"]}


def arrive(ward: Ward, key: str) -> list[str]:
    """Send the form and have it taken in; what became of it."""
    version = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=PNG)["VersionId"]
    return list(ward.workers.take_in(s3_event(key, version)).outcomes)


def versions(key: str) -> list[str]:
    listed = boto3.client("s3").list_object_versions(Bucket=BUCKET, Prefix=key)
    return [item["VersionId"] for item in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]]


def link(ward: Ward) -> None:
    let_in(ward.patient, ward.doctor)


def link_for_an_hour(ward: Ward) -> None:
    now = clock.now()
    add_link(CareLink(own_id(ward.patient), own_id(ward.doctor), now, now + timedelta(hours=1)))


def share_a_department(ward: Ward) -> None:
    number = department(ward.admin)
    assign(ward.admin, number, ward.doctor)
    assert admit(ward.admin, number, ward.patient).status == 200


def withdraw(ward: Ward) -> None:
    assert ward.patient.delete(f"/patients/me/doctors/{own_id(ward.doctor)}").status == 200


def let_it_expire(ward: Ward) -> None:
    ward.workers.clock.ahead += timedelta(hours=1)


def deactivate(ward: Ward) -> None:
    assert ward.admin.patch(f"/users/{own_id(ward.doctor)}", {"is_active": False}).status == 200


def refuse(ward: Ward) -> None:
    assert ward.admin.post(f"/users/{own_id(ward.doctor)}/approval", {"approved": False}).status == 200


def dismiss(ward: Ward) -> None:
    [entry] = ward.admin.get("/api/department/").json
    assert ward.admin.delete(f"/api/department/{entry['pk']}/doctors/{own_id(ward.doctor)}").status == 200


def leave_the_department(ward: Ward) -> None:
    [entry] = ward.admin.get("/api/department/").json
    assert ward.patient.delete(f"/patients/me/departments/{entry['pk']}").status == 200


def remove_the_account(ward: Ward) -> None:
    assert ward.admin.delete(f"/users/{own_id(ward.doctor)}").status == 200


@pytest.mark.parametrize(
    ("grant", "end"),
    [
        (link, withdraw),
        (link_for_an_hour, let_it_expire),
        (link, deactivate),
        (link, refuse),
        (link, remove_the_account),
        (share_a_department, dismiss),
        (share_a_department, leave_the_department),
    ],
    ids=lambda act: act.__name__,
)
def test_a_form_that_comes_after_its_permission_ended_adds_nothing(ward: Ward, grant: Act, end: Act) -> None:
    grant(ward)
    form = begin(ward.doctor, ward.patient)
    end(ward)
    before = ward.workers.models.runs
    assert arrive(ward, form["key"]) == [Arrival.REFUSED]
    assert arrive(ward, form["key"]) == [Arrival.LEFTOVER], "and what comes after it neither"
    ward.workers.work()
    assert ward.workers.task(parse_id(form["task_id"])).status is TaskStatus.CANCELLED
    assert versions(form["key"]) == []
    assert ward.scan["status"] == "CANCELLED"
    assert ward.scan["result"] is None
    assert ward.patient.get(f"/files/images/{ward.scan['id']}?original=true").status == 404
    assert ward.workers.models.runs == before


@pytest.mark.parametrize("grant", [link, link_for_an_hour, share_a_department], ids=lambda act: act.__name__)
def test_a_form_that_comes_while_its_permission_holds_is_read(ward: Ward, grant: Act) -> None:
    grant(ward)
    form = begin(ward.doctor, ward.patient)
    entries = len(log_of(ward.patient))
    assert arrive(ward, form["key"]) == [Arrival.FIRST]
    ward.workers.work()
    assert ward.scan["status"] == "COMPLETED"
    assert len(log_of(ward.patient)) == entries, "it was logged when it began"


def test_an_administrators_form_is_read(ward: Ward) -> None:
    form = begin(ward.admin, ward.patient)
    assert arrive(ward, form["key"]) == [Arrival.FIRST]


def test_an_image_that_was_taken_in_before_a_withdrawal_is_read(ward: Ward) -> None:
    link(ward)
    form = begin(ward.doctor, ward.patient)
    arrive(ward, form["key"])
    withdraw(ward)
    ward.workers.work()
    assert ward.scan["status"] == "COMPLETED"


def test_an_image_whose_event_was_lost_is_asked_about_too(ward: Ward) -> None:
    link(ward)
    form = begin(ward.doctor, ward.patient)
    boto3.client("s3").put_object(Bucket=BUCKET, Key=form["key"], Body=PNG)
    withdraw(ward)
    ward.workers.minutes(3, ward.workers.work)
    assert ward.workers.task(parse_id(form["task_id"])).status is TaskStatus.CANCELLED
    assert versions(form["key"]) == []


def test_while_nobody_can_say_who_may_what_an_image_waits(ward: Ward) -> None:
    link(ward)
    form = begin(ward.doctor, ward.patient)
    with failing(connection().client, "dynamodb.BatchGetItem", 500), pytest.raises(Exception, match="unavailable"):
        arrive(ward, form["key"])
    assert ward.workers.task(parse_id(form["task_id"])).status is TaskStatus.PENDING
    assert len(versions(form["key"])) == 1


def test_a_refusal_that_meets_a_change_of_the_task_is_made_again(ward: Ward) -> None:
    link(ward)
    form = begin(ward.doctor, ward.patient)
    withdraw(ward)

    def postpone() -> None:
        task = ward.workers.task(parse_id(form["task_id"]))
        ward.workers.scans.write_transition(task, tasks.await_upload(task, ward.workers.clock.now()))

    with meanwhile(connection().client, "dynamodb.TransactWriteItems", postpone):
        assert arrive(ward, form["key"]) == [Arrival.REFUSED]
    assert ward.workers.task(parse_id(form["task_id"])).status is TaskStatus.CANCELLED
    assert versions(form["key"]) == []
