"""Broken glass: the patient is told, and a doctor breaks it so many times a day."""

import json
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from scanward import clock
from scanward.domain.accounts import Role
from scanward.stores import keys
from scanward.stores.clients import sqs
from scanward.stores.dynamo import connection, to_ms
from scanward.stores.rate_limits import GlassRateItem
from tests.faults.injection import conflicts, failing, lost_answer, meanwhile
from tests.support.client import ApiClient, Reply
from tests.support.cloud import TABLES
from tests.support.links import log_of
from tests.support.own_data import deliver
from tests.support.people import Kind, People, own_id

REASON = "Unconscious at the door of the clinic"
LIMIT = 10


def break_glass(doctor: ApiClient, patient_id: int, reason: str = REASON) -> Reply:
    return doctor.post(f"/patients/{patient_id}/break-glass", {"reason": reason})


def new_patients(count: int) -> list[int]:
    people = People()
    return [people.add(Kind(Role.PATIENT)).id for _ in range(count)]


def notices(patient: ApiClient) -> list[dict[str, Any]]:
    """Return what the patient was told, the newest first."""
    shown: list[dict[str, Any]] = patient.get("/users/me/notifications").data
    return shown


def rows(table: str, prefix: str, sort: str = "") -> list[dict[str, Any]]:
    """Return the stored items of a kind."""
    items = boto3.client("dynamodb").scan(TableName=TABLES[table])["Items"]
    return [item for item in items if item["pk"]["S"].startswith(prefix) and item["sk"]["S"].startswith(sort)]


def mails() -> list[Any]:
    """Take the requests for mails that wait."""
    client = boto3.client("sqs")
    url = client.get_queue_url(QueueName="mail")["QueueUrl"]
    messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in messages]


def age_openings(doctor_id: int, by: timedelta) -> None:
    """Let the glasses that a doctor broke be older."""
    item = GlassRateItem.get(keys.glasses(doctor_id), keys.COUNT)
    places = [place.split("#") for place in item.openings]
    item.openings = {f"{int(ms) - to_ms(clock.now()) + to_ms(clock.now() - by):013d}#{chance}" for ms, chance in places}
    item.save()


def test_a_patient_reads_who_broke_the_glass_and_until_when(doctor: ApiClient, ada: ApiClient) -> None:
    doctor.send("PATCH", "/api/profile", b'{"full_name": "Grace Hopper"}', "application/json")
    opened = break_glass(doctor, own_id(ada)).data
    [told] = notices(ada)
    assert told == {
        "at": log_of(ada)[0]["at"],
        "change": "BREAK_GLASS",
        "message": "Looks at your data without having been let in; your access log says for what reason",
        "professional_id": own_id(doctor),
        "professional_name": "Grace Hopper",
        "professional_role": "DOCTOR",
        "ends_at": told["ends_at"],
    }
    assert told["ends_at"][:19] == opened["ends_at"][:19]
    since, ends_at = (datetime.fromisoformat(told[name]) for name in ("at", "ends_at"))
    assert ends_at - since == timedelta(hours=1)
    assert notices(doctor) == []


def test_notifications_are_paged_newest_first_and_a_question_is_none_of_them(
    doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient
) -> None:
    question = ada.post("/api/questions", {"question_text": "Why?", "doctor_id": own_id(doctor)}).json["id"]
    assert doctor.post(f"/api/questions/{question}/response", {"response_text": "So"}).status == 201
    for who in (doctor, other_doctor, doctor):
        break_glass(who, own_id(ada))
    whole = notices(ada)
    assert [one["professional_id"] for one in whole] == [own_id(doctor), own_id(other_doctor), own_id(doctor)]
    pages, path = [], "/users/me/notifications?limit=1"
    for _ in range(3):
        reply = ada.get(path)
        pages += reply.data
        path = f"/users/me/notifications?limit=1&cursor={reply.json.get('next')}"
    assert pages == whole
    assert "next" not in reply.json
    assert (
        ada.get(f"/users/me/notifications?cursor={ada.get('/users/me/access-log?limit=1').json['next']}").status == 400
    )


def test_the_reason_is_in_the_access_log_alone(doctor: ApiClient, ada: ApiClient) -> None:
    break_glass(doctor, own_id(ada))
    assert log_of(ada)[0]["reason"] == REASON
    [request] = mails()
    assert request.keys() == {"kind", "account_id", "ends_ms"}
    assert (request["kind"], request["account_id"]) == ("break-glass", own_id(ada))
    assert not [item for item in rows("SCANS_TABLE", "") if REASON in str(item)]


def test_who_has_no_address_is_told_without_a_mail(doctor: ApiClient) -> None:
    [patient_id] = new_patients(1)
    assert break_glass(doctor, patient_id).status == 201
    assert mails() == []
    assert len(rows("SCANS_TABLE", f"NOTICE#{patient_id}", "NOTICE#")) == 1


def test_no_emergency_waits_for_the_queue_of_mails(doctor: ApiClient, ada: ApiClient) -> None:
    with failing(sqs(), "sqs.SendMessage"):
        assert break_glass(doctor, own_id(ada)).status == 201
    assert doctor.get(f"/patients/{own_id(ada)}").status == 200
    assert len(notices(ada)) == 1


def test_a_doctor_breaks_the_glass_so_many_times_a_day(
    doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient, capsys: pytest.CaptureFixture[str]
) -> None:
    for patient_id in new_patients(LIMIT):
        assert break_glass(doctor, patient_id).status == 201
    capsys.readouterr()
    refused = break_glass(doctor, own_id(ada))
    assert (refused.status, refused.code, refused.json["success"]) == (429, "TOO_MANY_REQUESTS", False)
    assert 86_000 < int(refused.headers["retry-after"]) <= 86_400
    assert refused.headers["ratelimit-limit"] == str(LIMIT)
    measured = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [one.get("GlassesRefused") for one in measured] == [[1.0]]
    assert (log_of(ada), notices(ada), mails()) == ([], [], [])
    assert doctor.get(f"/patients/{own_id(ada)}").status == 404
    assert break_glass(other_doctor, own_id(ada)).status == 201, "another doctor's day is another's"


def test_what_was_opened_a_day_ago_counts_no_more(doctor: ApiClient) -> None:
    first, second, *rest = new_patients(LIMIT + 2)
    for patient_id in (first, *rest[: LIMIT - 1]):
        break_glass(doctor, patient_id)
    age_openings(own_id(doctor), timedelta(hours=23))
    refused = break_glass(doctor, second)
    assert (refused.status, 3500 < int(refused.headers["retry-after"]) <= 3600) == (429, True)
    age_openings(own_id(doctor), timedelta(hours=1))
    assert break_glass(doctor, second).status == 201
    [counted] = rows("CLINIC_TABLE", f"GLASSES#{own_id(doctor)}")
    assert len(counted["openings"]["SS"]) == 1


def test_requests_at_the_same_time_share_the_days_number(doctor: ApiClient) -> None:
    *before, first, second = new_patients(LIMIT + 1)
    for patient_id in before:
        break_glass(doctor, patient_id)
    with meanwhile(
        connection().client, "dynamodb.TransactWriteItems", lambda: break_glass(doctor, second).status
    ) as acted:
        assert break_glass(doctor, first).status == 429
    assert acted
    [counted] = rows("CLINIC_TABLE", f"GLASSES#{own_id(doctor)}")
    assert len(counted["openings"]["SS"]) == LIMIT
    assert len(rows("CLINIC_TABLE", "CARE#", "GLASS#")) == LIMIT


def test_room_that_another_request_takes_is_made_anew(doctor: ApiClient) -> None:
    *before, first, second = new_patients(LIMIT + 2)
    for patient_id in before:
        break_glass(doctor, patient_id)
    age_openings(own_id(doctor), timedelta(hours=25))
    with meanwhile(connection().client, "dynamodb.TransactWriteItems", lambda: break_glass(doctor, second)):
        assert break_glass(doctor, first).status == 201
    [counted] = rows("CLINIC_TABLE", f"GLASSES#{own_id(doctor)}")
    assert len(counted["openings"]["SS"]) == 2


def test_glass_whose_answer_was_lost_is_counted_once(doctor: ApiClient, ada: ApiClient) -> None:
    client = connection().client
    with lost_answer(client, "dynamodb.TransactWriteItems"), conflicts(client, "dynamodb.TransactWriteItems", 1):
        assert break_glass(doctor, own_id(ada)).status == 201
    [counted] = rows("CLINIC_TABLE", f"GLASSES#{own_id(doctor)}")
    assert (len(counted["openings"]["SS"]), len(notices(ada)), len(log_of(ada))) == (1, 1, 1)


def test_glass_is_broken_whole_or_not_at_all(doctor: ApiClient, ada: ApiClient) -> None:
    with failing(connection().client, "dynamodb.TransactWriteItems"):
        assert break_glass(doctor, own_id(ada)).status == 503
    assert (log_of(ada), notices(ada), mails()) == ([], [], [])
    assert rows("CLINIC_TABLE", "GLASSES#") == []


def test_each_broken_glass_is_measured(doctor: ApiClient, ada: ApiClient, capsys: pytest.CaptureFixture[str]) -> None:
    patient_id = own_id(ada)
    capsys.readouterr()
    break_glass(doctor, patient_id)
    [measured] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert (measured["GlassesBroken"], measured["_aws"]["CloudWatchMetrics"][0]["Dimensions"]) == ([1.0], [["service"]])
    assert str(patient_id) not in str(measured)


def test_a_doctor_who_left_is_a_notification_without_a_name(
    doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient, admin: ApiClient
) -> None:
    gone, inactive = own_id(doctor), own_id(other_doctor)
    for who in (doctor, other_doctor):
        break_glass(who, own_id(ada))
    assert admin.patch(f"/users/{inactive}", {"is_active": False}).status == 200
    assert doctor.delete("/users/me", {"password": "correct horse"}).status == 202
    deliver()
    assert [(one["professional_id"], one["professional_name"], one["professional_role"]) for one in notices(ada)] == [
        (inactive, "other", "DOCTOR"),
        (gone, None, None),
    ]
    assert rows("CLINIC_TABLE", f"GLASSES#{gone}") == []
    assert [entry["reason"] for entry in log_of(ada) if entry["action"] == "BREAK_GLASS"] == [REASON] * 2
