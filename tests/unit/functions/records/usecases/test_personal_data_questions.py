"""Questions to one doctor who cannot answer any more: back to the patient, who says where they go next."""

import json
from typing import Any

import boto3
import pytest

from functions.records.personal_data_handler import deps
from scanward.stores.clients import sqs
from scanward.stores.dynamo import connection
from tests.faults.injection import failing, meanwhile
from tests.support.client import ApiClient, Reply
from tests.support.cloud import TABLES
from tests.support.own_data import carry_out
from tests.support.people import approve, own_id

TEXT = "Is this mole dangerous?"
DONE: dict[str, Any] = {"batchItemFailures": []}


def ask(patient: ApiClient, doctor: ApiClient | None) -> int:
    body = {"question_text": TEXT, "doctor_id": own_id(doctor) if doctor else None}
    return int(patient.post("/api/questions", body).json["id"])


def put_to(patient: ApiClient, question: int, doctor_id: int | None) -> Reply:
    return patient.put(f"/api/questions/{question}", {"doctor_id": doctor_id})


def respond(doctor: ApiClient, question: int) -> Reply:
    return doctor.post(f"/api/questions/{question}/response", {"response_text": "No."})


def settle(doctor_id: int) -> None:
    assert carry_out(json.dumps({"wish": "QUESTIONS", "account_id": doctor_id})) == DONE


def refuse(admin: ApiClient, doctor_id: int) -> Reply:
    return admin.post(f"/users/{doctor_id}/approval", {"approved": False})


def deactivate(admin: ApiClient, doctor_id: int) -> Reply:
    return admin.send("PATCH", f"/users/{doctor_id}", b'{"is_active": false}', "application/json")


def notice(patient: ApiClient) -> tuple[str, int] | None:
    key = {"pk": {"S": f"NOTICE#{own_id(patient)}"}, "sk": {"S": "NOTICE"}}
    item = boto3.client("dynamodb").get_item(TableName=TABLES["SCANS_TABLE"], Key=key).get("Item")
    return (item["event"]["S"], int(item["question_id"]["N"])) if item else None


def delayed() -> int:
    """Return how many requests the queue keeps for later."""
    url = boto3.client("sqs").get_queue_url(QueueName="own-data")["QueueUrl"]
    answer = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return int(answer["Attributes"]["ApproximateNumberOfMessagesDelayed"])


REFUSAL_AND_QUESTIONS = 2  # requests


@pytest.mark.parametrize(("end", "requests"), [(refuse, REFUSAL_AND_QUESTIONS), (deactivate, 1)])
def test_a_question_to_a_doctor_who_left_goes_back_to_its_patient(
    admin: ApiClient, ada: ApiClient, doctor: ApiClient, other_doctor: ApiClient, *, end: Any, requests: int
) -> None:
    question, waiting, doctor_id = ask(ada, doctor), delayed(), own_id(doctor)
    assert ada.get(f"/api/questions/{question}").json["doctor_left_at"] is None
    assert end(admin, doctor_id).status == 200
    assert delayed() == waiting + requests
    settle(doctor_id)
    back = ada.get(f"/api/questions/{question}").json
    assert (back["status"], back["doctor_id"], back["responses"]) == ("pending", doctor_id, [])
    assert back["doctor_left_at"]
    assert notice(ada) == ("question_returned", question)
    assert other_doctor.get(f"/api/questions/{question}").status == 404, "it was meant for one doctor"
    assert other_doctor.get("/api/questions/pending").json == []


def test_a_question_to_a_doctor_whose_account_is_erased_goes_back_to_its_patient(
    ada: ApiClient, doctor: ApiClient
) -> None:
    question, doctor_id = ask(ada, doctor), own_id(doctor)
    assert doctor.delete("/users/me", {"password": "correct horse"}).status == 202
    assert carry_out(json.dumps({"wish": "ERASURE", "account_id": doctor_id})) == DONE
    assert ada.get(f"/api/questions/{question}").json["doctor_left_at"]
    assert notice(ada) == ("question_returned", question)
    assert put_to(ada, question, None).json["doctor_id"] is None


def test_the_patient_puts_it_to_another_doctor_or_to_the_pool(
    admin: ApiClient, ada: ApiClient, doctor: ApiClient, other_doctor: ApiClient
) -> None:
    question, doctor_id = ask(ada, doctor), own_id(doctor)
    refuse(admin, doctor_id)
    settle(doctor_id)
    moved = put_to(ada, question, own_id(other_doctor))
    assert (moved.status, moved.json["doctor_id"], moved.json["doctor_left_at"]) == (200, own_id(other_doctor), None)
    assert ada.get(f"/api/questions/{question}").json == moved.json
    assert [one["id"] for one in other_doctor.get("/api/questions/pending").json] == [question]
    approve(admin, doctor)
    assert doctor.get(f"/api/questions/{question}").status == 404
    assert doctor.get(f"/api/questions/{doctor_id}/{own_id(ada)}").json == []
    assert put_to(ada, question, None).status == 200
    assert [one["id"] for one in doctor.get("/api/questions/pending").json] == [question]
    assert other_doctor.get(f"/api/questions/{own_id(other_doctor)}/{own_id(ada)}").json == []
    assert respond(doctor, question).status == 201
    assert other_doctor.get("/api/questions/pending").json == []
    refused = put_to(ada, question, own_id(other_doctor))
    assert (refused.status, refused.json) == (409, {"error": "The question has been answered"})


def test_a_question_is_put_to_doctors_at_work_alone_and_by_its_patient_alone(
    admin: ApiClient, ada: ApiClient, ben: ApiClient, doctor: ApiClient, waiting_doctor: ApiClient
) -> None:
    question = ask(ada, doctor)
    for nobody in (own_id(waiting_doctor), own_id(ben), 1):
        assert put_to(ada, question, nobody).json == {"doctor_id": ["There is no such doctor."]}
    assert ada.put(f"/api/questions/{question}", {}).status == 400, "the pool is a word of the patient's"
    assert put_to(ben, question, None).status == 404
    assert put_to(doctor, question, None).status == 403
    assert ada.get(f"/api/questions/{question}").json["doctor_id"] == own_id(doctor)


def test_a_doctor_who_comes_back_finds_what_no_other_was_asked(
    admin: ApiClient, ada: ApiClient, doctor: ApiClient
) -> None:
    question, doctor_id = ask(ada, doctor), own_id(doctor)
    refuse(admin, doctor_id)
    settle(doctor_id)
    approve(admin, doctor)
    settle(doctor_id)
    assert ada.get(f"/api/questions/{question}").json["doctor_left_at"] is None
    assert respond(doctor, question).status == 201


def test_a_request_that_ended_half_way_is_finished_by_its_redelivery(
    admin: ApiClient, ada: ApiClient, doctor: ApiClient
) -> None:
    questions, doctor_id = [ask(ada, doctor) for _ in range(4)], own_id(doctor)
    refuse(admin, doctor_id)
    body = json.dumps({"wish": "QUESTIONS", "account_id": doctor_id})

    def die() -> None:
        raise OSError("the function ended")

    for _ in questions:  # one question is settled in each life
        with meanwhile(connection().client, "dynamodb.TransactWriteItems", lambda: None, die):
            carry_out(body)
    with meanwhile(connection().client, "dynamodb.TransactWriteItems", die) as acted:
        assert carry_out(body) == DONE
    assert acted == [], "nothing is left to do"
    assert all(ada.get(f"/api/questions/{number}").json["doctor_left_at"] for number in questions)


@pytest.mark.parametrize("act", ["answer", "withdraw", "readdress"])
def test_what_happens_to_a_question_meanwhile_is_not_undone(
    admin: ApiClient, ada: ApiClient, doctor: ApiClient, act: str
) -> None:
    question = ask(ada, doctor)
    acts = {
        "answer": lambda: respond(doctor, question),
        "withdraw": lambda: ada.delete(f"/api/questions/{question}"),
        "readdress": lambda: put_to(ada, question, None),
    }
    with meanwhile(connection().client, "dynamodb.TransactWriteItems", acts[act]):
        found = deps.questions.get(question)
        assert found
        deps.questions.set_doctor_left(found, deps.now(), deps.notifications)
    after = ada.get(f"/api/questions/{question}")
    assert after.status == (404 if act == "withdraw" else 200)
    assert after.status == 404 or after.json["doctor_left_at"] is None


def test_a_doctor_whose_question_was_put_to_another_meanwhile_does_not_answer_it(
    ada: ApiClient, doctor: ApiClient, other_doctor: ApiClient
) -> None:
    question, other = ask(ada, doctor), own_id(other_doctor)
    with meanwhile(connection().client, "dynamodb.TransactWriteItems", lambda: put_to(ada, question, other)):
        assert respond(doctor, question).status == 404
    stored = ada.get(f"/api/questions/{question}").json
    assert (stored["doctor_id"], stored["status"]) == (other, "pending")
    assert respond(other_doctor, question).status == 201


def test_a_silent_queue_holds_up_no_end_and_the_same_request_finishes(
    admin: ApiClient, ada: ApiClient, doctor: ApiClient
) -> None:
    ask(ada, doctor)
    doctor_id, waiting = own_id(doctor), delayed()
    with failing(sqs(), "sqs.SendMessage"):
        assert refuse(admin, doctor_id).status == 503
    assert doctor.get("/api/questions/pending").status == 403, "the refusal holds"
    assert refuse(admin, doctor_id).status == 200
    assert delayed() == waiting + REFUSAL_AND_QUESTIONS
