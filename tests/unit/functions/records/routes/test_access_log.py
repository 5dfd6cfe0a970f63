"""The access log, its pages, and what a doctor sees who breaks the glass."""

import boto3
import pytest

from scanward import clock
from tests.support.client import ApiClient
from tests.support.links import connect, log_of
from tests.support.people import own_id

REASON = "Unconscious at the door of the clinic"


def test_a_log_is_paged_newest_first(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    for _ in range(4):
        doctor.get(f"/patients/{own_id(ada)}")
    first = ada.get("/users/me/access-log?limit=3")
    assert [entry["action"] for entry in first.data] == ["READ_PATIENT"] * 3
    second = ada.get(f"/users/me/access-log?limit=3&cursor={first.json['next']}")
    assert [entry["action"] for entry in second.data] == ["READ_PATIENT", "CONNECT"]
    assert "next" not in second.json
    assert first.data + second.data == log_of(ada)
    times = [entry["at"] for entry in first.data + second.data]
    assert times == sorted(times, reverse=True)


def test_cursors_hold_for_their_own_log_alone(doctor: ApiClient, ada: ApiClient, ben: ApiClient) -> None:
    connect(doctor, ada)
    doctor.get(f"/patients/{own_id(ada)}")
    cursor = ada.get("/users/me/access-log?limit=1").json["next"]
    assert ben.get(f"/users/me/access-log?cursor={cursor}").code == "INVALID_CURSOR"
    for forged in ("x", cursor[:-2], str(ada.token)):
        assert ada.get(f"/users/me/access-log?cursor={forged}").status == 400
    for query in ("limit=0", "limit=101", "skip=1"):
        assert ada.get(f"/users/me/access-log?{query}").status == 422


def test_who_reads_their_own_data_is_not_logged(ada: ApiClient) -> None:
    for path in (f"/patients/{own_id(ada)}", "/tasks", "/users/me/access-log"):
        assert ada.get(path).status == 200, path
    assert log_of(ada) == []


def test_an_administrator_reads_a_log_and_that_is_logged(doctor: ApiClient, ada: ApiClient, admin: ApiClient) -> None:
    connect(doctor, ada)
    assert [entry["action"] for entry in admin.get(f"/users/{own_id(ada)}/access-log").data] == ["CONNECT"]
    assert [entry["action"] for entry in log_of(ada)] == ["READ_ACCESS_LOG", "CONNECT"]
    assert log_of(ada)[0]["actor_id"] == own_id(admin)
    for other in (ada, doctor):
        assert other.get(f"/users/{own_id(ada)}/access-log").status == 403
    for nobody in ("1", "x", "me2"):
        assert admin.get(f"/users/{nobody}/access-log").status == 404


def test_a_doctor_who_breaks_the_glass_reads_and_writes_nothing(doctor: ApiClient, ada: ApiClient) -> None:
    path = f"/patients/{own_id(ada)}"
    assert doctor.get(path).status == 404
    opened = doctor.post(f"{path}/break-glass", {"reason": REASON})
    assert (opened.status, opened.data["patient_id"]) == (201, own_id(ada))
    assert doctor.get(path).status == 200
    assert doctor.put(path, {"name": "x"}).status == 403
    assert doctor.put(path, {"diagnosis": "x"}).status == 403
    assert doctor.get("/patients").data == []
    read, broken = log_of(ada)
    assert (broken["action"], read["action"]) == ("BREAK_GLASS", "READ_PATIENT")
    assert (broken["reason"], read["reason"]) == (REASON, REASON)


def test_broken_glass_closes_again(doctor: ApiClient, ada: ApiClient) -> None:
    path = f"/patients/{own_id(ada)}"
    doctor.post(f"{path}/break-glass", {"reason": REASON})
    dynamodb = boto3.client("dynamodb")
    for item in dynamodb.scan(TableName="ClinicTable")["Items"]:
        if item["sk"]["S"].startswith("GLASS#"):
            ends = {"N": str(int(clock.now().timestamp() * 1000))}
            dynamodb.put_item(TableName="ClinicTable", Item={**item, "ends_ms": ends})
    assert doctor.get(path).status == 404


def test_a_doctor_whom_the_patient_let_in_needs_no_broken_glass(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    doctor.post(f"/patients/{own_id(ada)}/break-glass", {"reason": REASON})
    assert doctor.put(f"/patients/{own_id(ada)}", {"diagnosis": "Asthma"}).status == 200
    assert "reason" not in log_of(ada)[0]


def test_only_approved_doctors_break_the_glass(
    waiting_doctor: ApiClient, lab: ApiClient, hospital: ApiClient, admin: ApiClient, ada: ApiClient
) -> None:
    for other in (waiting_doctor, lab, hospital, admin, ada):
        refused = other.post(f"/patients/{own_id(ada)}/break-glass", {"reason": REASON})
        assert (refused.status, refused.code) == (403, "NOT_ALLOWED")
    assert log_of(ada) == []


def test_a_doctor_who_is_approved_no_longer_looks_no_longer(
    doctor: ApiClient, admin: ApiClient, ada: ApiClient
) -> None:
    doctor.post(f"/patients/{own_id(ada)}/break-glass", {"reason": REASON})
    admin.post(f"/users/{own_id(doctor)}/approval", {"approved": False})
    assert doctor.get(f"/patients/{own_id(ada)}").status == 404


@pytest.mark.parametrize(
    "reason",
    [
        *(None, "", "too short", " " * 20, "ab " * 167, "a\u0007 reason with a bell", 5),
        *("..........", "aaaaaaaaaa", "1234567890", "emergency", "昏迷", "\u200b\u200d" * 6),
    ],
)
def test_a_reason_is_given_in_words(doctor: ApiClient, ada: ApiClient, reason: object) -> None:
    refused = doctor.post(f"/patients/{own_id(ada)}/break-glass", {"reason": reason})
    assert (refused.status, set(refused.json["error"]["details"])) == (422, {"reason"})


def test_glass_is_broken_for_patients_who_are_there(doctor: ApiClient, other_doctor: ApiClient) -> None:
    for nobody in ("1", "x", str(own_id(other_doctor))):
        assert doctor.post(f"/patients/{nobody}/break-glass", {"reason": REASON}).status == 404
