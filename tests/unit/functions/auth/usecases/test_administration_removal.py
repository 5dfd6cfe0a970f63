"""Removing an account: locked first, erased behind it, begun anew where it was interrupted."""

import boto3
import pytest

from scanward.stores.clients import sqs
from scanward.stores.dynamo import connection
from tests.faults.injection import failing, meanwhile
from tests.support.client import ApiClient, Reply
from tests.support.cloud import TABLES
from tests.support.departments import assign, department
from tests.support.links import connect
from tests.support.own_data import deliver
from tests.support.people import own_id, sign_in

LOGIN = {"email": "somebody@example.org", "password": "correct horse"}
WRITE = "dynamodb.TransactWriteItems"


def remove(admin: ApiClient, account: int) -> Reply:
    return admin.delete(f"/users/{account}")


def second_administrator(api: ApiClient) -> ApiClient:
    from infra.operations.stack import create_administrator

    password = create_administrator(TABLES["ACCOUNTS_TABLE"], "second@example.org")
    tokens = api.form("/auth/login", {"email": "second@example.org", "password": password}).data
    return ApiClient(tokens["access_token"])


def test_an_account_being_removed_is_locked_out_before_anything_else(
    api: ApiClient, admin: ApiClient, person: ApiClient
) -> None:
    whose, met = own_id(person), list[int]()

    def come_by() -> None:
        met.extend((person.get("/users/me").status, api.form("/auth/login", LOGIN).status))

    with meanwhile(sqs(), "sqs.SendMessage", come_by):
        assert remove(admin, whose).status == 200
    assert met == [401, 401]


def test_an_interrupted_removal_leaves_a_locked_account_and_is_repeated(
    api: ApiClient, admin: ApiClient, person: ApiClient
) -> None:
    whose = own_id(person)
    with failing(sqs(), "sqs.SendMessage"):
        assert remove(admin, whose).status == 503
    assert person.get("/users/me").status == 401
    assert admin.get(f"/users/{whose}").data["is_active"] is False
    assert deliver() == []
    assert remove(admin, whose).status == 200
    assert len(deliver()) == 1
    assert admin.get(f"/users/{whose}").status == 404
    assert sign_in(api, LOGIN["email"]).get("/users/me").status == 200


def test_an_account_changed_at_the_moment_of_its_removal_is_removed_all_the_same(
    admin: ApiClient, person: ApiClient
) -> None:
    whose = own_id(person)

    def rename() -> None:
        body = b'{"full_name": "Somebody"}'
        assert person.send("PATCH", "/api/profile", body, "application/json").status == 200

    with meanwhile(connection().client, WRITE, rename) as acted:
        assert remove(admin, whose).status == 200
    assert len(acted) == 1


def test_of_two_administrators_who_remove_each_other_one_stays(api: ApiClient, admin: ApiClient) -> None:
    other = second_administrator(api)
    first, second, met = own_id(admin), own_id(other), list[int]()
    with meanwhile(connection().client, WRITE, lambda: met.append(remove(other, first).status)):
        assert remove(admin, second).status == 409
    assert met == [200]
    assert admin.get("/users").status == 401
    assert remove(other, second).status == 409
    assert len(deliver()) == 1, "the erasure of one, and of nobody else"
    assert [one["id"] for one in other.get("/users").data] == [second]


def leave(client: ApiClient) -> Reply:
    return client.delete("/users/me", {"password": "correct horse"})


def test_an_account_stays_as_it_was_if_its_erasure_cannot_be_queued(
    api: ApiClient, admin: ApiClient, person: ApiClient
) -> None:
    second_administrator(api)
    with failing(sqs(), "sqs.SendMessage"):
        assert [leave(client).status for client in (admin, person)] == [503, 503]
    assert [client.get("/users/me").status for client in (admin, person)] == [200, 200]
    assert [leave(client).status for client in (admin, person)] == [202, 202]
    assert [client.get("/users/me").status for client in (admin, person)] == [401, 401]
    assert len(deliver()) == 2


def test_an_administrator_who_is_the_last_only_when_locked_stays(api: ApiClient, admin: ApiClient) -> None:
    other = second_administrator(api)
    second, met = own_id(other), list[int]()
    with meanwhile(connection().client, WRITE, lambda: met.append(remove(admin, second).status)):
        assert leave(admin).status == 409
    assert met == [200]
    deliver()
    assert [one["id"] for one in admin.get("/users").data] == [own_id(admin)]


@pytest.mark.parametrize("delivered", [False, True])
def test_a_removed_doctor_leaves_nothing_that_breaks(
    admin: ApiClient, doctor: ApiClient, person: ApiClient, delivered: bool
) -> None:
    gone, patient = own_id(doctor), own_id(person)
    assert admin.post(f"/users/{gone}/approval", {"approved": True}).status == 200
    connect(doctor, person)
    ward = department(admin, "Surgery")
    assign(admin, ward, doctor)
    question = person.post("/api/questions", {"question_text": "Why?", "doctor_id": gone})
    assert question.status == 201
    assert remove(admin, gone).status == 200
    if delivered:
        deliver()
    assert person.get("/patients/me/doctors").data == []
    assert admin.get("/api/doctors").json == []
    assert admin.get(f"/api/doctors/{gone}").status == 404
    assert admin.get(f"/api/department/{ward}/doctors").json == []
    assert person.get(f"/api/questions/{question.json['id']}").json["doctor_id"] == gone
    assert [one["id"] for one in admin.get(f"/api/questions/{gone}/{patient}").json] == [question.json["id"]]
    assert person.post("/api/questions", {"question_text": "Why?", "doctor_id": gone}).status == 400


def test_nothing_of_a_removed_doctor_stays_in_departments(admin: ApiClient, doctor: ApiClient) -> None:
    gone = own_id(doctor)
    admin.post(f"/users/{gone}/approval", {"approved": True})
    assign(admin, department(admin, "Surgery"), doctor)
    remove(admin, gone)
    deliver()
    left = []
    for table in TABLES.values():
        for item in boto3.client("dynamodb").scan(TableName=table)["Items"]:
            if str(gone) in str(item) and not item["pk"]["S"].startswith("ACCESS#"):
                left.append(item["pk"]["S"])
    assert left == []
