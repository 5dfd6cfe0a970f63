"""Whom a refused professional can no longer see is told so, however many they are, and once."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions.records.usecases.notifications import PATIENTS_AT_ONCE
from scanward import clock
from scanward.domain.care import CareLink
from scanward.stores import keys
from scanward.stores.accounts import ProfileItem
from scanward.stores.care import CareItem, CareLinkEntry, link_entries
from scanward.stores.clients import sqs
from scanward.stores.dynamo import connection, to_ms
from tests.faults.injection import failing, refused
from tests.support.client import ApiClient
from tests.support.cloud import TABLES
from tests.support.departments import admit, assign, department
from tests.support.links import add_link, connect, let_in
from tests.support.own_data import carry_out
from tests.support.people import own_id, sign_in

QUEUE = "own-data"
REFUSAL_AND_QUESTIONS = 2  # messages, of a doctor
DONE: dict[str, list[Any]] = {"batchItemFailures": []}


def decide(admin: ApiClient, professional: ApiClient, *, approved: bool) -> int:
    return admin.post(f"/users/{own_id(professional)}/approval", {"approved": approved}).status


def told(patient: ApiClient) -> list[tuple[str, int]]:
    """Return what a patient was told, and of whom, the newest first."""
    return [(one["change"], one["professional_id"]) for one in patient.get("/users/me/notifications").data]


def delayed(url: str) -> int:
    counts = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(counts["ApproximateNumberOfMessagesDelayed"])


def spread(professional: ApiClient, before: int | None = None) -> Any:
    """Carry out what the refusal asked for, as its queue does some seconds later."""
    place = {} if before is None else {"before": str(before)}
    return carry_out(json.dumps({"wish": "REFUSAL", "account_id": own_id(professional), **place}))


def let_in_by_many(doctor_id: int, count: int) -> range:
    """Have many patients let a doctor in, one a millisecond; their ids."""
    ids, now = range(10**13, 10**13 + count), clock.now()
    with CareItem.batch_write() as items, CareLinkEntry.batch_write() as places:
        for nth, number in enumerate(ids):
            link = CareLink(number, doctor_id, now - timedelta(milliseconds=nth))
            items.save(CareItem(keys.care(number), keys.link(doctor_id), since_ms=to_ms(link.since)))
            for place in link_entries(link):
                places.save(place)
    return ids


def notified() -> list[int]:
    """Return every account that was told of a change in access, once for each notice."""
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=TABLES["SCANS_TABLE"])
    rows = [item for page in pages for item in page["Items"] if item["sk"]["S"].startswith("NOTICE#")]
    return sorted(int(item["pk"]["S"].partition("#")[2]) for item in rows)


def test_whom_a_refused_doctor_could_see_is_told_and_nobody_else(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient, ben: ApiClient
) -> None:
    eve, dora, finn, gina = (sign_in(ApiClient(), f"{name}@example.org") for name in ("eve", "dora", "finn", "gina"))
    ward, closed = department(admin), department(admin, "Closed")
    for number in (ward, closed):
        assign(admin, number, doctor)
    connect(doctor, ada)
    assert admit(admin, ward, ben).status == 200
    let_in(dora, other_doctor)
    ended = clock.now() - timedelta(days=1)
    add_link(CareLink(own_id(eve), own_id(doctor), ended - timedelta(days=1), ended))
    let_in(finn, doctor)
    assert admit(admin, ward, finn).status == 200
    assert finn.delete(f"/patients/me/doctors/{own_id(doctor)}").status == 200, "withdrawn: seen no longer anyway"
    assert admit(admin, closed, gina).status == 200
    assert admin.delete(f"/api/department/{closed}/").status in {200, 204}
    assert decide(admin, doctor, approved=False) == 200
    assert spread(doctor) == DONE
    assert [told(patient) for patient in (ada, ben)] == [[("ACCESS_ENDED", own_id(doctor))]] * 2
    assert [told(patient) for patient in (eve, dora, finn, gina)] == [[]] * 4


def test_a_notice_of_a_refusal_says_who_and_not_why(admin: ApiClient, doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    reason = "The chamber's list names nobody of that number"
    decided = admin.post(f"/users/{own_id(doctor)}/approval", {"approved": False, "reason": reason}).data
    spread(doctor)
    [notice] = ada.get("/users/me/notifications").data
    assert (notice["change"], notice["message"]) == ("ACCESS_ENDED", "Can no longer see your data")
    assert (notice["professional_id"], notice["professional_name"]) == (own_id(doctor), "doctor")
    assert (notice["at"][:19], notice["ends_at"]) == (decided["decided_at"][:19], None)
    assert "chamber" not in str(notice)


def test_patients_of_a_lab_and_of_who_waits_are_told_as_well(
    admin: ApiClient, lab: ApiClient, waiting_doctor: ApiClient, ada: ApiClient
) -> None:
    for professional in (lab, waiting_doctor):
        connect(professional, ada)
        decide(admin, professional, approved=False)
        spread(professional)
    assert told(ada) == [("ACCESS_ENDED", own_id(waiting_doctor)), ("ACCESS_ENDED", own_id(lab))]


def test_a_refusal_is_told_once_however_often_it_is_decided_and_carried_out(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    connect(doctor, ada)
    for _ in range(2):
        decide(admin, doctor, approved=False)
        for _ in range(2):
            assert spread(doctor) == DONE
    assert len(told(ada)) == 1
    decide(admin, doctor, approved=True)
    decide(admin, doctor, approved=False)
    spread(doctor)
    assert len(told(ada)) == 2, "it ended anew"


def test_a_refusal_from_before_times_were_kept_is_told_as_of_its_decision(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    connect(doctor, ada)
    decided_at = admin.post(f"/users/{own_id(doctor)}/approval", {"approved": False}).data["decided_at"]
    item = ProfileItem.get(keys.account(own_id(doctor)), keys.PROFILE)
    del item.decision["since_ms"]
    item.save()
    spread(doctor)
    decide(admin, doctor, approved=False)
    spread(doctor)
    [notice] = ada.get("/users/me/notifications").data
    assert notice["at"][:19] == decided_at[:19]


def test_nobody_is_told_of_who_was_approved_again_or_is_gone(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    connect(doctor, ada)
    assert spread(doctor) == DONE, "not refused"
    decide(admin, doctor, approved=False)
    decide(admin, doctor, approved=True)
    assert spread(doctor) == DONE
    assert carry_out('{"wish": "REFUSAL", "account_id": 1}') == DONE
    assert told(ada) == []


def test_who_was_told_of_a_refusal_is_told_once_of_the_approval_that_ends_it(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient, ben: ApiClient, other_doctor: ApiClient
) -> None:
    finn = sign_in(ApiClient(), "finn@example.org")
    for patient in (ada, finn):
        let_in(patient, doctor)
    let_in(ben, other_doctor)
    decide(admin, doctor, approved=False)
    spread(doctor)
    assert finn.delete(f"/patients/me/doctors/{own_id(doctor)}").status == 200
    add_link(CareLink(own_id(ben), own_id(doctor), clock.now()))
    for _ in range(2):
        decide(admin, doctor, approved=True)
        for _ in range(2):
            assert spread(doctor) == DONE
    assert doctor.get(f"/patients/{own_id(ada)}").status == 200
    ended, restored = (("ACCESS_ENDED", own_id(doctor)), ("ACCESS_RESTORED", own_id(doctor)))
    assert told(ada) == [restored, ended]
    assert ada.get("/users/me/notifications").data[0]["message"] == "Can see your data again"
    assert (told(finn), told(ben)) == ([ended], []), "not seen again; let in since, and never told of a refusal"
    decide(admin, doctor, approved=False)
    spread(doctor)
    decide(admin, doctor, approved=True)
    spread(doctor)
    assert told(ada) == [restored, ended] * 2


def test_an_approval_that_ends_a_refusal_asks_for_the_word_to_patients(admin: ApiClient, doctor: ApiClient) -> None:
    url = boto3.client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"]
    decide(admin, doctor, approved=False)
    boto3.client("sqs").purge_queue(QueueUrl=url)
    for count in (1, 2):
        assert decide(admin, doctor, approved=True) == 200
        assert delayed(url) == REFUSAL_AND_QUESTIONS * count, "and once more by the same request"


def test_a_refusal_is_queued_before_it_is_written(admin: ApiClient, doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    url = boto3.client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"]
    boto3.client("sqs").purge_queue(QueueUrl=url)
    with failing(connection().client, "dynamodb.TransactWriteItems"):
        assert decide(admin, doctor, approved=False) == 503
    assert doctor.get(f"/patients/{own_id(ada)}").status == 200, "nothing was decided"
    assert delayed(url) == REFUSAL_AND_QUESTIONS, "the function may die behind it"
    assert decide(admin, doctor, approved=True) == 200
    assert delayed(url) == REFUSAL_AND_QUESTIONS + 1, "an approval takes nothing away, and has questions looked at"


def test_a_silent_queue_holds_no_refusal_up_and_the_same_request_asks_again(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    connect(doctor, ada)
    url = boto3.client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"]
    boto3.client("sqs").purge_queue(QueueUrl=url)
    with failing(sqs(), "sqs.SendMessage"):
        assert decide(admin, doctor, approved=False) == 503
    assert doctor.get(f"/patients/{own_id(ada)}").status == 404
    assert decide(admin, doctor, approved=False) == 200
    assert delayed(url) == REFUSAL_AND_QUESTIONS
    assert spread(doctor) == DONE
    assert len(told(ada)) == 1


def test_many_patients_are_told_in_parts_that_may_each_be_done_again(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    connect(doctor, ada)
    ids = let_in_by_many(own_id(doctor), 2 * PATIENTS_AT_ONCE)
    decide(admin, doctor, approved=False)
    url = boto3.client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"]
    boto3.client("sqs").purge_queue(QueueUrl=url)
    bodies: list[str] = []

    def keep(params: dict[str, Any], **_: Any) -> None:
        bodies.append(json.loads(params["body"])["MessageBody"])

    sqs().meta.events.register("before-call.sqs.SendMessage", keep)
    try:
        before, rounds = None, 0
        while rounds < 10:
            rounds += 1
            throttled = {"Error": {"Code": "InternalServerError", "Message": "put in by a test"}}
            with refused(client=connection().client, operation="dynamodb.BatchWriteItem", status=400, parsed=throttled):
                assert spread(doctor, before) != DONE
            with failing(sqs(), "sqs.SendMessage"):
                done = spread(doctor, before)
            bodies.clear()
            assert spread(doctor, before) == DONE
            assert (done == DONE) is (bodies == [])
            if not bodies:
                break
            [body] = bodies
            before = int(json.loads(body)["before"])
    finally:
        sqs().meta.events.unregister("before-call.sqs.SendMessage", keep)
    assert rounds == 3
    assert notified() == sorted([*ids, own_id(ada)])


@pytest.mark.parametrize("body", ['{"wish": "REFUSAL", "account_id": 1, "before": "x"}', '{"wish": "REFUSAL"}'])
def test_a_word_of_a_refusal_that_is_none_is_let_go(aws: None, body: str) -> None:
    assert carry_out(body) == DONE
