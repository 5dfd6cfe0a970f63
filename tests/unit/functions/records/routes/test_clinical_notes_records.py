"""Patient records: written by doctors who may, amended in the open, read by whom the patient lets in."""

from typing import Any

import pytest

from scanward.domain.ids import to_uuid
from tests.support.client import ApiClient, Reply
from tests.support.departments import actions, admit, assign, cursor, department
from tests.support.links import connect, log_of
from tests.support.people import own_id

SAID = {"description": "Cough for a week", "diagnosis": "Bronchitis"}


def write(doctor: ApiClient, patient: ApiClient, **said: Any) -> Reply:
    return doctor.post("/api/patient_records/", {"patient_id": own_id(patient), **SAID, **said})


def amend(doctor: ApiClient, record: object, body: dict[str, Any]) -> Reply:
    return doctor.patch(f"/api/patient_records/{record}", body)


@pytest.fixture
def record(doctor: ApiClient, ada: ApiClient) -> int:
    """Provide a record that the doctor wrote, whom the patient let in."""
    connect(doctor, ada)
    return int(write(doctor, ada).json["pk"])


def test_a_doctor_writes_and_the_patient_reads(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    written = write(doctor, ada)
    assert (written.status, written.json["version"]) == (201, 1)
    assert (written.json["patient_id"], written.json["doctor_id"]) == (own_id(ada), own_id(doctor))
    for client in (ada, doctor):
        assert client.get(f"/api/patient_records/{written.json['pk']}").json == written.json
        assert client.get(f"/api/patient_records/{to_uuid(written.json['pk'])}").json == written.json
    entries = [(entry["action"], entry["resource"]) for entry in log_of(ada)]
    assert entries[:3] == [("READ_RECORD", "patient_record")] * 2 + [("WRITE_RECORD", "patient_record")]


def test_a_strangers_record_is_404_as_one_that_is_not_there(
    other_doctor: ApiClient, ben: ApiClient, lab: ApiClient, hospital: ApiClient, record: int
) -> None:
    for client in (other_doctor, ben, lab, hospital):
        stranger, missing = (client.get(f"/api/patient_records/{which}") for which in (record, 1))
        assert (stranger.status, stranger.body) == (missing.status, missing.body) == (404, b'{"error": "Not found"}')
        assert client.get(f"/api/patient_records/{record}/versions").status == 404
        assert amend(client, record, {"version": 1, "diagnosis": "x"}).status == 404
    assert ApiClient().get(f"/api/patient_records/{record}").status == 401


def test_hospitals_who_were_let_in_read_and_labs_do_not(
    ada: ApiClient, lab: ApiClient, hospital: ApiClient, admin: ApiClient, record: int
) -> None:
    for client in (lab, hospital):
        connect(client, ada)
    path = f"/api/patient_records/{record}"
    assert [client.get(path).status for client in (hospital, admin, lab)] == [200, 200, 403]


@pytest.fixture
def organisations(lab: ApiClient, hospital: ApiClient) -> list[ApiClient]:
    """Provide one of each kind."""
    return [lab, hospital]


def test_only_doctors_who_may_see_the_patient_write(
    doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient, organisations: list[ApiClient], admin: ApiClient
) -> None:
    for client in organisations:
        connect(client, ada)
    assert [write(client, ada).status for client in (*organisations, ada, admin)] == [403] * 4
    assert [write(client, ada).status for client in (doctor, other_doctor)] == [404] * 2
    missing = doctor.post("/api/patient_records/", {"patient_id": 1, **SAID})
    assert (missing.status, missing.body) == (404, write(doctor, ada).body)
    assert ApiClient().post("/api/patient_records/", {"patient_id": 1, **SAID}).status == 401


def test_who_waits_for_approval_reads_and_writes_nothing(
    waiting_doctor: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    connect(waiting_doctor, ada)
    connect(doctor, ada)
    record = write(doctor, ada).json["pk"]
    assert waiting_doctor.get(f"/api/patient_records/{record}").status == 200
    assert write(waiting_doctor, ada).status == 403
    assert amend(waiting_doctor, record, {"version": 1, "diagnosis": "x"}).status == 403
    assert waiting_doctor.get("/api/patient_records/").status == 403


def test_an_amendment_keeps_what_it_replaces(
    doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient, record: int
) -> None:
    connect(other_doctor, ada)
    amended = amend(other_doctor, record, {"version": 1, "diagnosis": "Pneumonia"})
    assert (amended.status, amended.json["version"], amended.json["diagnosis"]) == (200, 2, "Pneumonia")
    assert amended.json["description"] == SAID["description"]
    assert (amended.json["doctor_id"], amended.json["amended_by"]) == (own_id(doctor), own_id(other_doctor))
    amend(doctor, record, {"version": 2, "description": "Cough", "diagnosis": "Cold"})
    kept = ada.get(f"/api/patient_records/{record}/versions").json
    said = [(one["version"], one["description"], one["diagnosis"], one["doctor_id"]) for one in kept]
    assert said == [
        (2, SAID["description"], "Pneumonia", own_id(other_doctor)),
        (1, SAID["description"], SAID["diagnosis"], own_id(doctor)),
    ]
    assert all(one["at"].endswith("Z") for one in kept)


def test_a_version_that_has_moved_on_is_not_written_over(doctor: ApiClient, ada: ApiClient, record: int) -> None:
    assert amend(doctor, record, {"version": 1, "diagnosis": "A"}).status == 200
    for version in (1, 3, 2**53 - 1):
        refused = amend(doctor, record, {"version": version, "diagnosis": "B"})
        assert (refused.status, refused.json) == (409, {"error": "The state has moved on"})
    assert ada.get(f"/api/patient_records/{record}").json["diagnosis"] == "A"


def test_patients_amend_nothing(ada: ApiClient, record: int) -> None:
    assert amend(ada, record, {"version": 1, "diagnosis": "Healthy"}).status == 403


@pytest.mark.parametrize(
    "broken",
    [
        {"description": ""},
        {"diagnosis": " "},
        {"description": "x" * 10_001},
        {"diagnosis": "Bron\0chitis"},
        {"diagnosis": "Bron\x1bchitis"},
        {"description": None},
        {"patient_id": "x"},
        {"patient_id": -1},
        {"patient_id": 2**53},
        {"patient_id": True},
        {"pk": 1},
        {"doctor_id": 1},
        {"version": 7},
        {"created_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_a_broken_record_is_refused_by_its_field(doctor: ApiClient, ada: ApiClient, broken: dict[str, Any]) -> None:
    refused = doctor.post("/api/patient_records/", {"patient_id": 1, **SAID} | broken)
    assert (refused.status, set(refused.json)) == (400, set(broken))


def test_a_megabyte_is_too_large(doctor: ApiClient) -> None:
    assert doctor.post("/api/patient_records/", {"patient_id": 1, **SAID, "diagnosis": "x" * 1_000_000}).status == 413


@pytest.mark.parametrize("body", [{"version": 1}, {"diagnosis": "x"}, {"version": "1", "diagnosis": "x"}, {}])
def test_an_amendment_says_what_and_over_which_version(doctor: ApiClient, record: int, body: dict[str, Any]) -> None:
    assert amend(doctor, record, body).status == 400
    assert amend(doctor, record, {"version": 1, "diagnosis": "x", "patient_id": 1}).json.keys() == {"patient_id"}


def test_one_key_writes_one_record(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    said = {"patient_id": own_id(ada), **SAID}
    first, again = (doctor.post("/api/patient_records", said, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    other = doctor.post("/api/patient_records", said | {"diagnosis": "x"}, headers={"Idempotency-Key": "k"})
    assert other.status == 422
    assert len(doctor.get(f"/api/patient_records/?patient_id={own_id(ada)}").json) == 1


def test_a_doctor_lists_the_records_of_their_departments_newest_first(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient, ben: ApiClient
) -> None:
    ward, elsewhere = department(admin), department(admin, "Radiology")
    assign(admin, ward, doctor)
    for each in (ward, elsewhere):
        assign(admin, each, other_doctor)
    for patient in (ada, ben):
        admit(admin, ward, patient)
    admit(admin, elsewhere, ada)
    made = [write(other_doctor, patient).json for patient in (ada, ben, ada)]
    assert made[0]["departments"] == [ward, elsewhere]
    mine = [record["pk"] for record in made][::-1]
    for client in (doctor, other_doctor):
        assert [record["pk"] for record in client.get("/api/patient_records/").json] == mine
    first = doctor.get("/api/patient_records/?limit=2")
    second = doctor.get(f"/api/patient_records/?limit=2&cursor={cursor(first)}")
    assert [record["pk"] for page in (first, second) for record in page.json] == mine
    assert actions(log_of(ben)).count("READ_RECORD") == 3


def test_records_of_who_left_are_left_out(admin: ApiClient, doctor: ApiClient, ada: ApiClient, ben: ApiClient) -> None:
    ward = department(admin)
    assign(admin, ward, doctor)
    for patient in (ada, ben):
        admit(admin, ward, patient)
        write(doctor, patient)
    ada.delete(f"/patients/me/departments/{ward}")
    assert [record["patient_id"] for record in doctor.get("/api/patient_records/").json] == [own_id(ben)]


def test_records_listed_through_a_broken_glass_are_logged_with_its_reason(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    ward = department(admin)
    assign(admin, ward, doctor)
    admit(admin, ward, ada)
    record = write(doctor, ada).json["pk"]
    ada.delete(f"/patients/me/departments/{ward}")
    doctor.post(f"/patients/{own_id(ada)}/break-glass", {"reason": "Unconscious at the door"})
    assert [one["pk"] for one in doctor.get("/api/patient_records/").json] == [record]
    newest = log_of(ada)[0]
    assert (newest["action"], newest["reason"]) == ("READ_RECORD", "Unconscious at the door")


def test_the_list_of_departments_is_for_doctors(
    ada: ApiClient, lab: ApiClient, hospital: ApiClient, admin: ApiClient
) -> None:
    for client in (ada, lab, hospital, admin):
        assert client.get("/api/patient_records/").status == 403
    assert ApiClient().get("/api/patient_records/").status == 401


def test_one_patients_records_are_listed_for_whom_they_let_in(
    ada: ApiClient, doctor: ApiClient, lab: ApiClient, admin: ApiClient, record: int
) -> None:
    connect(lab, ada)
    path = f"/api/patient_records/?patient_id={own_id(ada)}"
    for client in (ada, doctor, admin):
        assert [one["pk"] for one in client.get(path).json] == [record]
    assert lab.get(path).status == 403


def test_a_strangers_records_are_404_as_those_of_who_is_not_there(
    admin: ApiClient, ben: ApiClient, other_doctor: ApiClient, ada: ApiClient
) -> None:
    for client in (ben, other_doctor):
        for who in (own_id(ada), 1):
            assert client.get(f"/api/patient_records/?patient_id={who}").status == 404
    assert admin.get("/api/patient_records/?patient_id=1").status == 404
    assert admin.get("/users/1/access-log").status == 404, "a look at nobody is no entry"


@pytest.mark.parametrize("query", ["skip=1001", "limit=51", "limit=0", "cursor=x", "patient=1"])
def test_a_window_out_of_bounds_is_refused(doctor: ApiClient, query: str) -> None:
    assert doctor.get(f"/api/patient_records/?{query}").status == 400
