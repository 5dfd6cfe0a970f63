"""One request that comes twice at once, with the same Idempotency-Key: what it makes is made once, and told twice."""

from typing import Any

import pytest

from scanward.stores.dynamo import connection
from tests.faults.injection import meanwhile
from tests.support.client import ApiClient, Reply
from tests.support.links import connect
from tests.support.people import own_id

WRITE = "dynamodb.TransactWriteItems"


def twice(client: ApiClient, path: str, body: Any, keys: tuple[str, str] = ("k", "k")) -> tuple[Reply, Reply]:
    """Return the second comes by while the first is at its write."""
    others = list[Reply]()

    def come_by() -> None:
        others.append(client.post(path, body, headers={"Idempotency-Key": keys[1]}))

    with meanwhile(connection().client, WRITE, come_by):
        first = client.post(path, body, headers={"Idempotency-Key": keys[0]})
    return first, others[0]


def test_a_department_is_made_once_though_its_name_is_taken_by_then(admin: ApiClient) -> None:
    first, second = twice(admin, "/api/department", {"name": "Surgery"})
    assert (first.status, second.status) == (201, 201)
    assert first.json == second.json
    assert [one["pk"] for one in admin.get("/api/department").json] == [first.json["pk"]]


def test_a_name_that_another_request_took_is_taken(admin: ApiClient) -> None:
    first, second = twice(admin, "/api/department", {"name": "Surgery"}, keys=("one", "another"))
    assert (first.status, second.status) == (400, 201)
    assert first.json == {"name": ["This field must be unique."]}


def test_a_question_is_asked_once(ada: ApiClient) -> None:
    first, second = twice(ada, "/api/questions", {"question_text": "Why?"})
    assert (first.status, first.json) == (201, second.json)
    assert len(ada.get("/api/questions").json) == 1


def test_a_question_is_answered_once(doctor: ApiClient, ada: ApiClient) -> None:
    asked = ada.post("/api/questions", {"question_text": "Why?"}).json["id"]
    first, second = twice(doctor, f"/api/questions/{asked}/response", {"response_text": "So"})
    assert (first.status, first.json) == (201, second.json)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/api/patient_records", {"patient_id": 0, "description": "x", "diagnosis": "y"}),
        ("/api/medical_histories", {"user_id": 0, "name_of_surgery": "x", "description_of_surgery": "y"}),
    ],
)
def test_what_a_doctor_writes_is_written_once(
    doctor: ApiClient, ada: ApiClient, path: str, fields: dict[str, Any]
) -> None:
    connect(doctor, ada)
    first, second = twice(doctor, path, {name: said or own_id(ada) for name, said in fields.items()})
    assert (first.status, first.json) == (201, second.json)
