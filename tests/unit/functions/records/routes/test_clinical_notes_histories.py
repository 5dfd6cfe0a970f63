"""Medical histories: listed by patient, written and amended by doctors who may see them."""

from typing import Any

import pytest

from scanward.domain.ids import to_uuid
from scanward.domain.pagination import PageRange
from scanward.stores.clinical_notes import history_store
from tests.support.client import ApiClient, Reply
from tests.support.cloud import TABLES
from tests.support.departments import cursor
from tests.support.links import connect, log_of
from tests.support.people import own_id

SAID = {"name_of_surgery": "Appendectomy", "description_of_surgery": "Laparoscopic, without complications"}


def write(doctor: ApiClient, patient: ApiClient, **said: Any) -> Reply:
    return doctor.post("/api/medical_histories", {"user_id": own_id(patient), **SAID, **said})


def test_a_doctor_writes_and_the_patient_reads(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    written = write(doctor, ada)
    assert (written.status, written.json["user_id"], written.json["doctor_id"]) == (201, own_id(ada), own_id(doctor))
    for client in (ada, doctor):
        for who in (own_id(ada), to_uuid(own_id(ada))):
            assert client.get(f"/api/medical_histories_of_patient/{who}").json == [written.json]
    entries = [(entry["action"], entry["resource"]) for entry in log_of(ada)]
    assert entries[:3] == [("READ_HISTORY", "patient")] * 2 + [("WRITE_HISTORY", "medical_history")]


@pytest.fixture
def professionals(doctor: ApiClient, hospital: ApiClient, waiting_doctor: ApiClient, lab: ApiClient) -> list[ApiClient]:
    """Provide one of each kind."""
    return [doctor, hospital, waiting_doctor, lab]


def test_who_reads_a_history(ada: ApiClient, ben: ApiClient, admin: ApiClient, professionals: list[ApiClient]) -> None:
    path = f"/api/medical_histories_of_patient/{own_id(ada)}"
    everybody = [ada, ben, admin, *professionals]
    assert [client.get(path).status for client in everybody] == [200, 404, 200, 404, 404, 404, 404]
    for client in professionals:
        connect(client, ada)
    assert [client.get(path).status for client in everybody] == [200, 404, 200, 200, 200, 200, 403]
    for client in (ben, admin, *professionals):
        assert client.get("/api/medical_histories_of_patient/1").status == 404
    assert ApiClient().get(path).status == 401


def test_only_doctors_who_may_see_the_patient_write(
    ada: ApiClient, admin: ApiClient, professionals: list[ApiClient]
) -> None:
    doctor, *others = professionals
    for client in others:
        connect(client, ada)
    assert [write(client, ada).status for client in (*others, ada, admin)] == [403] * 5
    assert write(doctor, ada).status == 404
    assert doctor.post("/api/medical_histories", {"user_id": 1, **SAID}).status == 404
    assert ApiClient().post("/api/medical_histories", {"user_id": 1, **SAID}).status == 401


def test_an_amendment_keeps_what_it_replaces_and_an_old_version_is_refused(
    doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient
) -> None:
    connect(doctor, ada)
    written = write(doctor, ada).json
    path = f"/api/medical_histories/{written['id']}"
    body = SAID | {"version": 1, "description_of_surgery": "Open"}
    assert other_doctor.put(path, body).status == 404
    connect(other_doctor, ada)
    amended = other_doctor.put(path, body)
    assert (amended.status, amended.json["version"], amended.json["description_of_surgery"]) == (200, 2, "Open")
    assert (amended.json["doctor_id"], amended.json["amended_by"]) == (own_id(doctor), own_id(other_doctor))
    assert doctor.put(path, body).json == {"error": "The state has moved on"}
    (kept,) = history_store(TABLES["CLINIC_TABLE"]).versions(written["id"], PageRange(0, 10)).items
    assert (kept.version, kept.text.description, kept.author_id) == (
        1,
        SAID["description_of_surgery"],
        own_id(doctor),
    )
    assert ada.put(path, body | {"version": 2}).status == 403
    assert doctor.put("/api/medical_histories/1", body).status == 404


def test_who_reads_a_history_reads_what_amendments_replaced(
    doctor: ApiClient, other_doctor: ApiClient, lab: ApiClient, ada: ApiClient, ben: ApiClient
) -> None:
    for professional in (doctor, other_doctor, lab):
        connect(professional, ada)
    path = f"/api/medical_histories/{write(doctor, ada).json['id']}"
    assert ada.get(f"{path}/versions").json == []
    for version, text in ((1, "Open"), (2, "Robotic")):
        body = SAID | {"version": version, "description_of_surgery": text}
        assert other_doctor.put(path, body).status == 200
    second, first = doctor.get(f"{path}/versions").json
    assert first.pop("at") < second.pop("at")
    assert first == {"version": 1, "doctor_id": own_id(doctor), **SAID}
    assert second == {"version": 2, "doctor_id": own_id(other_doctor), **SAID, "description_of_surgery": "Open"}
    newest = log_of(ada)[0]
    assert (newest["action"], newest["resource"]) == ("READ_HISTORY", "medical_history")
    assert [client.get(f"{path}/versions").status for client in (ada, lab, ben, ApiClient())] == [200, 403, 404, 401]
    assert doctor.get("/api/medical_histories/1/versions").status == 404


def test_pages_of_replaced_versions_meet(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    path = f"/api/medical_histories/{write(doctor, ada).json['id']}"
    for version in (1, 2, 3):
        doctor.put(path, SAID | {"version": version})
    first = ada.get(f"{path}/versions?limit=2")
    second = ada.get(f"{path}/versions?limit=2&cursor={cursor(first)}")
    assert [one["version"] for page in (first, second) for one in page.json] == [3, 2, 1]
    other = f"/api/medical_histories/{write(doctor, ada).json['id']}/versions"
    assert ada.get(f"{other}?cursor={cursor(first)}").status == 400


def test_pages_meet_what_was_written_last_first(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    made = [write(doctor, ada).json["id"] for _ in range(3)][::-1]
    path = f"/api/medical_histories_of_patient/{own_id(ada)}"
    first = ada.get(f"{path}?limit=2")
    second = ada.get(f"{path}?limit=2&cursor={cursor(first)}")
    assert [one["id"] for page in (first, second) for one in page.json] == made
    for query in ("limit=51", "skip=1001", "cursor=x", "cursor=" + cursor(first)[:-2]):
        assert ada.get(f"{path}?{query}").status == 400


@pytest.mark.parametrize(
    "broken",
    [
        {"name_of_surgery": ""},
        {"name_of_surgery": "x" * 255},
        {"description_of_surgery": "a\0b"},
        {"description_of_surgery": "x" * 10_001},
        {"user_id": "1"},
        {"id": 1},
        {"doctor_id": 1},
        {"created_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_a_broken_entry_is_refused_by_its_field(doctor: ApiClient, broken: dict[str, Any]) -> None:
    refused = doctor.post("/api/medical_histories", {"user_id": 1, **SAID} | broken)
    assert (refused.status, set(refused.json)) == (400, set(broken))
    assert doctor.put("/api/medical_histories/1", SAID).json.keys() == {"version"}


def test_one_key_writes_one_entry(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    said = {"user_id": own_id(ada), **SAID}
    first, again = (doctor.post("/api/medical_histories", said, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert len(ada.get(f"/api/medical_histories_of_patient/{own_id(ada)}").json) == 1
