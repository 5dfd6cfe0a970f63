"""Erasure: nothing of a person stays but the access log."""

import json

import boto3
import pytest

from scanward import clock
from scanward.domain.accounts import Role
from scanward.domain.care import AccessEntry
from scanward.stores.access_log import access_item
from scanward.stores.accounts import AccountStore
from scanward.stores.dynamo import connection
from scanward.stores.personal_data import Eraser
from tests.faults.injection import meanwhile
from tests.support.client import ApiClient, Reply
from tests.support.cloud import TABLES
from tests.support.links import connect, log_of
from tests.support.own_data import CLINIC, WORD, add_scan, carry_out, deliver, live_a_life, traces
from tests.support.people import own_id, sign_in

PASSWORD = "correct horse"


def leave(client: ApiClient, password: object = PASSWORD) -> Reply:
    return client.delete("/users/me", {"password": password})


def test_nothing_of_a_patient_stays_but_the_access_log(doctor: ApiClient, ada: ApiClient, ben: ApiClient) -> None:
    me = own_id(ada)
    connect(doctor, ada)
    connect(doctor, ben)
    live_a_life(ada, doctor)
    add_scan(own_id(ben), own_id(ben), "another word")
    assert {table for table, _ in traces(WORD, "ada@example.org")} == {
        "AccountsTable",
        "ScansTable",
        "ClinicTable",
        "bucket",
    }
    assert leave(ada).status == 202
    assert deliver() == [{"batchItemFailures": []}]
    assert traces(WORD, "ada@example.org", str(me)) == []
    assert len(traces("another word")) > 0, "what is another's stays"
    assert [one["id"] for one in doctor.get("/patients").data] == [own_id(ben)]


def test_the_access_log_stays_for_administrators(doctor: ApiClient, ada: ApiClient, admin: ApiClient) -> None:
    me = own_id(ada)
    connect(doctor, ada)
    leave(ada)
    deliver()
    assert admin.get(f"/users/{me}").status == 404
    assert [entry["action"] for entry in admin.get(f"/users/{me}/access-log").data] == ["CONNECT"]


def test_no_reason_of_a_broken_glass_stays(doctor: ApiClient, ada: ApiClient, ben: ApiClient, admin: ApiClient) -> None:
    me, reason = own_id(ada), "Found unconscious, insulin beside her"
    for patient in (ada, ben):
        assert doctor.post(f"/patients/{own_id(patient)}/break-glass", {"reason": reason}).status == 201
        assert doctor.get(f"/patients/{own_id(patient)}").status == 200
    leave(ada)
    deliver()
    log = admin.get(f"/users/{me}/access-log").data
    assert [entry["action"] for entry in log] == ["READ_PATIENT", "BREAK_GLASS"], "who looked stays"
    assert not [entry for entry in log if "reason" in entry]
    texts = [str(item) for item in boto3.client("dynamodb").scan(TableName=CLINIC)["Items"] if str(me) in str(item)]
    assert texts
    assert not [text for text in texts if "insulin" in text]
    assert doctor.get(f"/patients/{me}").status == 404
    assert [entry["reason"] for entry in log_of(ben)] == [reason] * 2, "what is another's stays"


def test_a_reason_that_is_logged_late_goes_with_the_second_run_of_the_erasure(
    doctor: ApiClient, ada: ApiClient, admin: ApiClient
) -> None:
    me, doctor_id = own_id(ada), own_id(doctor)
    leave(ada)
    late = AccessEntry(
        patient_id=me,
        at=clock.now(),
        actor_id=doctor_id,
        actor_role=Role.DOCTOR,
        action="READ_PATIENT",
        resource="patient",
        resource_id=me,
        reason="insulin beside her",
    )
    deliver()
    access_item(late).save()
    body = json.dumps({"wish": "ERASURE", "account_id": me})
    assert carry_out(body) == {"batchItemFailures": []}
    assert [entry for entry in admin.get(f"/users/{me}/access-log").data if "reason" in entry] == []


def test_the_account_is_locked_at_once_and_its_names_are_free_afterwards(api: ApiClient, ada: ApiClient) -> None:
    assert leave(ada).status == 202
    assert ada.get("/users/me").status == 401
    login = {"email": "ada@example.org", "password": PASSWORD}
    assert api.form("/auth/login", login).code == "INVALID_CREDENTIALS"
    deliver()
    assert sign_in(api, "ada@example.org").get("/users/me").status == 200


@pytest.mark.parametrize("password", ["wrong", "", None, 7])
def test_only_the_right_password_erases(ada: ApiClient, password: object) -> None:
    refused = leave(ada, password)
    assert (refused.status, set(refused.json["error"]["details"])) == (422, {"password"})
    assert leave(ada).status == 202


def test_passwords_are_not_guessed_this_way(ada: ApiClient) -> None:
    statuses = [leave(ada, "wrong").status for _ in range(25)]
    assert 429 in statuses, "ten failures a minute, and the minute turns once at most"


def test_the_last_administrator_stays(admin: ApiClient) -> None:
    assert leave(admin).status == 409
    assert deliver() == []
    assert carry_out(json.dumps({"wish": "ERASURE", "account_id": own_id(admin)})) == {"batchItemFailures": []}
    assert admin.get("/users").status == 200


def test_a_professional_leaves_and_what_patients_have_stays(
    doctor: ApiClient, ada: ApiClient, other_doctor: ApiClient
) -> None:
    gone = own_id(doctor)
    for professional in (doctor, other_doctor):
        connect(professional, ada)
    doctor.post("/patients/create-connect-token", {})
    scan = live_a_life(ada, doctor)
    assert leave(doctor).status == 202
    deliver()
    assert [one["id"] for one in ada.get("/patients/me/doctors").data] == [own_id(other_doctor)]
    assert ada.get(f"/patients/{own_id(ada)}").data["diagnosis"] == f"{WORD}, amended"
    assert traces(str(scan.id)) != []
    assert traces("doctor@example.org") == []
    assert [
        key for _, key in traces(str(gone)) if key.startswith(("CONNECT", "CARE", "PATIENTS", "DOCTORS_IN", "ACCOUNT"))
    ] == []


def test_what_an_administrator_removes_is_erased_as_well(admin: ApiClient, doctor: ApiClient, ada: ApiClient) -> None:
    me = own_id(ada)
    connect(doctor, ada)
    live_a_life(ada, doctor)
    assert admin.delete(f"/users/{me}").status == 200
    assert ada.get("/users/me").status == 401
    deliver()
    assert traces(WORD, "ada@example.org", str(me)) == []


class Died(Exception):
    """The function ended in the middle."""


@pytest.mark.parametrize("step", ["task", "scans", "care", "clinic", "reasons", "account"])
def test_an_erasure_that_died_half_way_is_done_again(
    monkeypatch: pytest.MonkeyPatch, doctor: ApiClient, ada: ApiClient, step: str
) -> None:
    me = own_id(ada)
    connect(doctor, ada)
    live_a_life(ada, doctor)
    body = json.dumps({"wish": "ERASURE", "account_id": me})

    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as broken:
        broken.setattr(Eraser, step, die)
        assert carry_out(body) == {"batchItemFailures": [{"itemIdentifier": "one"}]}
    assert ada.get("/users/me").status == 401
    assert carry_out(body) == {"batchItemFailures": []}
    assert carry_out(body) == {"batchItemFailures": []}, "and once more, when the queue says it twice"
    assert traces(WORD, "ada@example.org", str(me)) == []


def test_an_account_that_somebody_else_removes_meanwhile_is_erased_all_the_same(ada: ApiClient) -> None:
    me, store = own_id(ada), AccountStore(TABLES["ACCOUNTS_TABLE"])
    assert leave(ada).status == 202, "it is locked, so that the erasing writes nothing before it removes it"

    with meanwhile(connection().client, "dynamodb.TransactWriteItems", lambda: store.remove(me)) as acted:
        assert deliver() == [{"batchItemFailures": []}]
    assert acted
    assert traces("ada@example.org", str(me)) == []


def test_wishes_that_are_none_are_let_go(aws: None) -> None:
    for body in ("", "{", "[]", "7", '{"wish": "ERASURE"}', '{"wish": "HAVOC", "account_id": 1}'):
        assert carry_out(body) == {"batchItemFailures": []}
    assert carry_out('{"wish": "ERASURE", "account_id": 1}') == {"batchItemFailures": []}, "nobody is nobody"
