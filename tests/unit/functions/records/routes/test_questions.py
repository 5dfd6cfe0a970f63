"""Questions: put to one doctor or to all, read by whom they went to, answered once."""

from typing import Any

import boto3
import pytest

from scanward.domain.ids import to_uuid
from scanward.stores.dynamo import connection
from tests.faults.injection import meanwhile
from tests.support.client import ApiClient, Reply
from tests.support.cloud import TABLES
from tests.support.departments import actions, cursor
from tests.support.links import log_of
from tests.support.people import own_id

TEXT = "Is this mole dangerous?"
ANSWERED = {"error": "The question has been answered"}
MISSING = b'{"error": "Not found"}'


def ask(patient: ApiClient, doctor: ApiClient | None = None, text: str = TEXT) -> int:
    body = {"question_text": text} | ({"doctor_id": own_id(doctor)} if doctor else {})
    asked = patient.post("/api/questions", body)
    assert asked.status == 201, asked.body
    return int(asked.json["id"])


def respond(doctor: ApiClient, question: object, text: str = "No.") -> Reply:
    return doctor.post(f"/api/questions/{question}/response", {"response_text": text})


def pending(doctor: ApiClient) -> list[int]:
    return [question["id"] for question in doctor.get("/api/questions/pending").json]


def test_a_question_has_the_documents_columns(ada: ApiClient, doctor: ApiClient) -> None:
    asked = ada.post("/api/questions", {"question_text": TEXT, "doctor_id": own_id(doctor)}).json
    assert (asked["patient_id"], asked["doctor_id"], asked["question_text"]) == (own_id(ada), own_id(doctor), TEXT)
    assert (asked["status"], asked["responses"], asked["created_at"]) == ("pending", [], asked["updated_at"])
    given = respond(doctor, asked["id"], "No, it is not.")
    assert given.status == 201
    assert given.json.keys() == {"id", "question_id", "doctor_id", "response_text", "created_at", "updated_at"}
    assert (given.json["question_id"], given.json["doctor_id"]) == (asked["id"], own_id(doctor))
    read = ada.get(f"/api/questions/{to_uuid(asked['id'])}").json
    assert (read["status"], read["responses"]) == ("answered", [given.json])
    assert read["updated_at"] == given.json["created_at"]


def test_the_pool_waits_for_every_approved_doctor_and_a_named_one_for_theirs(
    ada: ApiClient, ben: ApiClient, doctor: ApiClient, other_doctor: ApiClient
) -> None:
    to_all, to_one = ask(ada), ask(ben, doctor)
    assert (pending(doctor), pending(other_doctor)) == ([to_one, to_all], [to_all])
    assert respond(doctor, to_all).status == 201
    assert (pending(doctor), pending(other_doctor)) == ([to_one], [])


def test_only_approved_doctors_see_what_waits(
    ada: ApiClient, waiting_doctor: ApiClient, lab: ApiClient, hospital: ApiClient, admin: ApiClient
) -> None:
    asked = ask(ada)
    for client in (ada, waiting_doctor, lab, hospital, admin):
        assert client.get("/api/questions/pending").status == 403
        assert respond(client, asked).status == 403
    assert waiting_doctor.get(f"/api/questions/{asked}").status == 403
    assert [client.get(f"/api/questions/{asked}").status for client in (lab, hospital)] == [404, 404]
    for path in ("/api/questions/pending", f"/api/questions/{asked}", "/api/questions", f"/api/questions/1/{asked}"):
        assert ApiClient().get(path).status == 401


def test_a_pool_question_closes_to_all_but_who_answered_it(
    ada: ApiClient, ben: ApiClient, doctor: ApiClient, other_doctor: ApiClient, admin: ApiClient
) -> None:
    asked = ask(ada)
    assert [client.get(f"/api/questions/{asked}").status for client in (doctor, other_doctor, ben)] == [200, 200, 404]
    respond(doctor, asked)
    everybody = (ada, doctor, admin, other_doctor, ben)
    assert [client.get(f"/api/questions/{asked}").status for client in everybody] == [200, 200, 200, 404, 404]


def test_a_question_to_a_doctor_is_nobody_elses(
    ada: ApiClient, ben: ApiClient, doctor: ApiClient, other_doctor: ApiClient, admin: ApiClient
) -> None:
    asked = ask(ada, doctor)
    for client in (other_doctor, ben):
        stranger, missing = (client.get(f"/api/questions/{which}") for which in (asked, 1))
        assert (stranger.status, stranger.body) == (missing.status, missing.body) == (404, MISSING)
    assert respond(other_doctor, asked).body == respond(other_doctor, 1).body == MISSING
    assert [client.get(f"/api/questions/{asked}").status for client in (ada, doctor, admin)] == [200, 200, 200]


def test_an_answered_question_is_409_for_who_could_have_answered_it_and_404_for_others(
    ada: ApiClient, doctor: ApiClient, other_doctor: ApiClient
) -> None:
    to_all, to_one = ask(ada), ask(ada, doctor)
    for asked in (to_all, to_one):
        assert respond(doctor, asked).status == 201
        assert (respond(doctor, asked).status, respond(doctor, asked).json) == (409, ANSWERED)
    assert (respond(other_doctor, to_all).status, respond(other_doctor, to_one).status) == (409, 404)
    assert actions(log_of(ada)) == ["ANSWER_QUESTION"] * 2


def test_of_two_doctors_who_answer_at_once_one_wins_and_the_other_is_told(
    ada: ApiClient, doctor: ApiClient, other_doctor: ApiClient
) -> None:
    asked, events, won = ask(ada), connection().client.meta.events, list[Reply]()

    def come_first(**_: Any) -> None:
        events.unregister("before-call.dynamodb.TransactWriteItems", come_first)
        won.append(respond(other_doctor, asked, "Yes."))

    events.register("before-call.dynamodb.TransactWriteItems", come_first)
    lost = respond(doctor, asked, "No.")
    assert ([reply.status for reply in won], lost.status, lost.json) == ([201], 409, ANSWERED)
    assert ada.get(f"/api/questions/{asked}").json["responses"] == [won[0].json]
    assert (pending(doctor), pending(other_doctor)) == ([], [])


def withdraw(patient: ApiClient, question: object) -> Reply:
    return patient.delete(f"/api/questions/{question}")


def test_a_patient_takes_back_what_nobody_has_answered(
    ada: ApiClient, doctor: ApiClient, other_doctor: ApiClient
) -> None:
    to_all, to_one = ask(ada), ask(ada, doctor)
    for asked in (to_all, to_uuid(to_one)):
        taken = withdraw(ada, asked)
        assert (taken.status, taken.json) == (200, {"message": "Question withdrawn"})
    assert (pending(doctor), pending(other_doctor), ada.get("/api/questions").json) == ([], [], [])
    assert ada.get(f"/api/questions/{own_id(doctor)}/{own_id(ada)}").json == []
    for asked in (to_all, to_one):
        assert (withdraw(ada, asked).status, respond(doctor, asked).status) == (404, 404)


def test_a_question_to_a_doctor_who_is_gone_waits_no_longer_than_its_patient_likes(
    admin: ApiClient, ada: ApiClient, doctor: ApiClient
) -> None:
    asked = ask(ada, doctor)
    assert admin.delete(f"/users/{own_id(doctor)}").status == 200
    assert withdraw(ada, asked).status == 200


def test_an_answered_question_stays(ada: ApiClient, doctor: ApiClient) -> None:
    asked = ask(ada)
    given = respond(doctor, asked)
    assert (withdraw(ada, asked).status, withdraw(ada, asked).json) == (409, ANSWERED)
    assert ada.get(f"/api/questions/{asked}").json["responses"] == [given.json]


def test_nobody_takes_back_anothers_question(
    ada: ApiClient, ben: ApiClient, doctor: ApiClient, lab: ApiClient, admin: ApiClient
) -> None:
    asked = ask(ada, doctor)
    foreign, missing = withdraw(ben, asked), withdraw(ben, 1)
    assert (foreign.status, foreign.body) == (missing.status, missing.body) == (404, MISSING)
    assert [withdraw(client, asked).status for client in (doctor, lab, admin, ApiClient())] == [403, 403, 403, 401]
    assert pending(doctor) == [asked]


def test_of_an_answer_and_a_withdrawal_at_once_one_wins(ada: ApiClient, doctor: ApiClient) -> None:
    write, client, met = "dynamodb.TransactWriteItems", connection().client, list[Reply]()
    answered, withdrawn = ask(ada), ask(ada)
    with meanwhile(client, write, lambda: met.append(respond(doctor, answered))):
        assert withdraw(ada, answered).json == ANSWERED
    with meanwhile(client, write, lambda: met.append(withdraw(ada, withdrawn))):
        assert respond(doctor, withdrawn).body == MISSING
    assert [reply.status for reply in met] == [201, 200]
    assert [question["id"] for question in ada.get("/api/questions").json] == [answered]
    assert [told["question_id"]["N"] for told in notices()] == [str(answered)]


def test_a_withdrawal_whose_acknowledgement_was_lost_is_one(ada: ApiClient) -> None:
    asked = ask(ada)
    with meanwhile(connection().client, "dynamodb.TransactWriteItems", lambda: withdraw(ada, asked)):
        assert withdraw(ada, asked).status == 200


def test_each_doctor_who_was_shown_a_question_is_in_the_log(
    ada: ApiClient, doctor: ApiClient, other_doctor: ApiClient
) -> None:
    asked = ask(ada)
    pending(doctor)
    other_doctor.get(f"/api/questions/{asked}")
    ada.get(f"/api/questions/{asked}")
    said = [(entry["actor_id"], entry["action"], entry["resource"], entry["resource_id"]) for entry in log_of(ada)]
    assert said == [
        (own_id(other_doctor), "READ_QUESTION", "question", asked),
        (own_id(doctor), "READ_QUESTION", "question", asked),
    ]


def test_only_patients_ask(doctor: ApiClient, lab: ApiClient, admin: ApiClient) -> None:
    for client, refused in ((doctor, 403), (lab, 403), (admin, 403), (ApiClient(), 401)):
        assert client.post("/api/questions", {"question_text": TEXT}).status == refused


def test_only_approved_doctors_are_asked(
    ada: ApiClient, ben: ApiClient, waiting_doctor: ApiClient, lab: ApiClient, admin: ApiClient
) -> None:
    for who in (own_id(waiting_doctor), own_id(ben), own_id(lab), own_id(admin), 1):
        refused = ada.post("/api/questions", {"question_text": TEXT, "doctor_id": who})
        assert (refused.status, refused.json) == (400, {"doctor_id": ["There is no such doctor."]})


def test_the_thread_is_for_its_doctor_its_patient_and_administrators(
    ada: ApiClient, ben: ApiClient, doctor: ApiClient, other_doctor: ApiClient, admin: ApiClient
) -> None:
    mine, of_the_pool, foreign = ask(ada, doctor), ask(ada), ask(ben, doctor)
    ask(ada, other_doctor)
    path = f"/api/questions/{own_id(doctor)}/{own_id(ada)}"
    for client in (ada, doctor, admin):
        assert [question["id"] for question in client.get(path).json] == [mine]
    respond(doctor, of_the_pool)
    assert [question["id"] for question in ada.get(path).json] == [of_the_pool, mine]
    assert [client.get(path).status for client in (ben, other_doctor)] == [404, 404]
    assert doctor.get(f"/api/questions/{own_id(doctor)}/1").json == []
    assert foreign in [question["id"] for question in doctor.get(f"/api/questions/{own_id(doctor)}/{own_id(ben)}").json]
    assert admin.get(f"/api/questions/{own_id(doctor)}/1").status == 404, "who never was has no log either"
    assert admin.get("/users/1/access-log").status == 404
    admin.post(f"/users/{own_id(doctor)}/approval", {"approved": False})
    assert doctor.get(path).status == 404


def test_a_patient_lists_what_they_asked(ada: ApiClient, ben: ApiClient, doctor: ApiClient) -> None:
    made = [ask(ada), ask(ada, doctor), ask(ada)][::-1]
    ask(ben)
    first = ada.get("/api/questions?limit=2")
    second = ada.get(f"/api/questions?limit=2&cursor={cursor(first)}")
    assert [question["id"] for page in (first, second) for question in page.json] == made
    assert doctor.get("/api/questions").status == 403
    assert ben.get(f"/api/questions?cursor={cursor(first)}").status == 400


def test_pages_of_what_waits_meet_over_all_shards(ada: ApiClient, doctor: ApiClient) -> None:
    made = [ask(ada, doctor if index % 3 == 0 else None) for index in range(12)][::-1]
    seen, path = [], "/api/questions/pending?limit=5"
    for _ in range(3):
        page = doctor.get(path)
        seen += [question["id"] for question in page.json]
        path = f"/api/questions/pending?limit=5&cursor={cursor(page)}" if "link" in page.headers else ""
    assert (seen, path) == (made, "")
    assert [question["id"] for question in doctor.get("/api/questions/pending?skip=10").json] == made[10:]


@pytest.mark.parametrize(
    "broken",
    [
        {"question_text": ""},
        {"question_text": " "},
        {"question_text": "x" * 10_001},
        {"question_text": "a\0b"},
        {"question_text": "a\x9bb"},
        {"question_text": 7},
        {"doctor_id": "1"},
        {"doctor_id": -1},
        {"status": "answered"},
        {"patient_id": 1},
        {"id": 1},
    ],
)
def test_a_broken_question_is_refused_by_its_field(ada: ApiClient, broken: dict[str, Any]) -> None:
    refused = ada.post("/api/questions", {"question_text": TEXT} | broken)
    assert (refused.status, set(refused.json)) == (400, set(broken))


@pytest.mark.parametrize("body", [{}, {"response_text": "x" * 10_001}, {"response_text": "x", "doctor_id": 1}])
def test_a_broken_response_is_refused(ada: ApiClient, doctor: ApiClient, body: dict[str, Any]) -> None:
    asked = ask(ada)
    assert doctor.post(f"/api/questions/{asked}/response", body).status == 400
    assert pending(doctor) == [asked]


def test_a_megabyte_is_too_large(ada: ApiClient) -> None:
    assert ada.post("/api/questions", {"question_text": "x" * 1_000_000}).status == 413


@pytest.mark.parametrize("query", ["skip=-1", "skip=1001", "limit=0", "limit=51", "cursor=x", "status=answered"])
def test_a_window_out_of_bounds_is_refused(doctor: ApiClient, query: str) -> None:
    assert doctor.get(f"/api/questions/pending?{query}").status == 400


def test_one_key_asks_and_answers_once(ada: ApiClient, doctor: ApiClient) -> None:
    key = {"Idempotency-Key": "k"}
    first, again = (ada.post("/api/questions", {"question_text": TEXT}, headers=key) for _ in range(2))
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    path = f"/api/questions/{first.json['id']}/response"
    answered, replayed = (doctor.post(path, {"response_text": "No."}, headers=key) for _ in range(2))
    assert (answered.status, replayed.status, replayed.json) == (201, 201, answered.json)
    assert doctor.post(path, {"response_text": "Yes."}, headers=key).status == 422
    assert respond(doctor, first.json["id"]).status == 409


def test_the_patient_is_to_be_told_that_there_is_an_answer(
    ada: ApiClient, doctor: ApiClient, other_doctor: ApiClient
) -> None:
    asked = ask(ada)
    assert notices() == []
    respond(doctor, asked)
    (told,) = notices()
    assert (told["pk"]["S"], told["question_id"]["N"]) == (f"NOTICE#{own_id(ada)}", str(asked))
    assert "response_text" not in told
    second = ask(ada, other_doctor)
    respond(other_doctor, second)
    assert [told["question_id"]["N"] for told in notices()] == [str(second)]


def notices() -> list[dict[str, Any]]:
    """Return the notices in the table whose stream is read for them."""
    items = boto3.client("dynamodb").scan(TableName=TABLES["SCANS_TABLE"])["Items"]
    return [item for item in items if item["sk"]["S"] == "NOTICE"]
