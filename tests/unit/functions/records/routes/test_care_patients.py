"""Patients: the list of who let one in, and the sheet that professionals keep."""

import json

import pytest

from scanward.domain.ids import to_uuid
from tests.support.client import ApiClient
from tests.support.links import connect, log_of
from tests.support.people import own_id, sign_in


def test_a_professional_sees_who_let_them_in_newest_first_in_pages_that_meet(api: ApiClient, doctor: ApiClient) -> None:
    made = [sign_in(api, f"p{count}@example.org") for count in range(5)]
    for patient in made:
        connect(doctor, patient)
    newest = [own_id(patient) for patient in reversed(made)]
    first = doctor.get("/patients?limit=2")
    assert [one["id"] for one in first.data] == newest[:2]
    assert {"id", "role", "is_active"} <= set(first.data[0])
    assert f"cursor={first.json['next']}" in first.headers["link"]
    second = doctor.get(f"/patients?limit=2&cursor={first.json['next']}")
    third = doctor.get(f"/patients?limit=2&cursor={second.json['next']}")
    assert [one["id"] for one in second.data + third.data] == newest[2:]
    assert "next" not in third.json
    assert [one["id"] for one in doctor.get("/patients/?skip=3&limit=1").data] == newest[3:4]


@pytest.mark.parametrize("query", ["skip=-1", "skip=1001", "limit=0", "limit=101", "limit=x", "page=2"])
def test_a_window_out_of_bounds_is_refused(doctor: ApiClient, query: str) -> None:
    assert doctor.get(f"/patients?{query}").status == 422


def test_a_cursor_of_somebody_elses_list_is_refused(doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient) -> None:
    patients = [ada, sign_in(ApiClient(), "cleo@example.org")]
    for patient in patients:
        connect(doctor, patient)
    cursor = doctor.get("/patients?limit=1").json["next"]
    for forged in (cursor[:-2], "x", "a.b.c", str(doctor.token)):
        assert doctor.get(f"/patients?cursor={forged}").code == "INVALID_CURSOR"
    assert other_doctor.get(f"/patients?cursor={cursor}").code == "INVALID_CURSOR"


def test_lists_are_for_professionals(
    ada: ApiClient, admin: ApiClient, waiting_doctor: ApiClient, lab: ApiClient
) -> None:
    for other in (ada, admin):
        assert other.get("/patients").status == 403
    connect(waiting_doctor, ada)
    connect(lab, ada)
    for professional in (waiting_doctor, lab):
        assert [one["id"] for one in professional.get("/patients").data] == [own_id(ada)]


def test_each_patient_that_a_list_shows_can_see_that(doctor: ApiClient, ada: ApiClient, ben: ApiClient) -> None:
    connect(doctor, ada)
    connect(doctor, ben)
    assert len(doctor.get("/patients?limit=1").data) == 1
    assert [entry["action"] for entry in log_of(ben)] == ["READ_PATIENT", "CONNECT"]
    assert [entry["action"] for entry in log_of(ada)] == ["CONNECT"], "ada was on the next page"


def test_a_sheet_is_kept_beside_what_the_patient_says(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    sent = {"name": "Jane Doe", "age": 36, "gender": "female", "diagnosis": "Updated diagnosis"}
    said = doctor.put(f"/patients/{own_id(ada)}", sent)
    assert said.status == 200
    assert {name: said.data[name] for name in sent} == {**sent, "gender": "FEMALE"}
    assert (said.data["sheet"]["version"], said.data["sheet"]["author_id"]) == (1, own_id(doctor))
    own = ada.get("/users/me").data
    assert (own["name"], own["age"], own["gender"]) == ("ada", None, None)
    assert ada.get(f"/patients/{own_id(ada)}").data["diagnosis"] == "Updated diagnosis"


def test_fields_that_are_not_sent_stay_and_null_clears(
    doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient
) -> None:
    connect(doctor, ada)
    connect(other_doctor, ada)
    path = f"/patients/{to_uuid(own_id(ada))}"
    doctor.put(path, {"name": "Jane Doe", "diagnosis": "Asthma"})
    said = other_doctor.put(path, {"diagnosis": None, "age": 40}).data
    assert (said["name"], said["age"], said["diagnosis"], said["gender"]) == ("Jane Doe", 40, None, None)
    assert (said["sheet"]["version"], said["sheet"]["author_id"]) == (2, own_id(other_doctor))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"name": ""}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": "x" * 255}, "name"),
        ({"age": -1}, "age"),
        ({"age": 151}, "age"),
        ({"age": "36"}, "age"),
        ({"gender": "x"}, "gender"),
        ({"diagnosis": "x" * 10_001}, "diagnosis"),
        ({"diagnosis": " "}, "diagnosis"),
        ({"role": "ADMIN", "name": "x"}, "role"),
        ({"version": 9, "name": "x"}, "version"),
    ],
)
def test_a_sheet_that_breaks_its_schema_is_refused(doctor: ApiClient, ada: ApiClient, body: object, field: str) -> None:
    connect(doctor, ada)
    refused = doctor.put(f"/patients/{own_id(ada)}", body)
    assert (refused.status, set(refused.json["error"]["details"])) == (422, {field})


def test_labs_and_hospitals_write_no_diagnosis_and_labs_see_none(
    lab: ApiClient, hospital: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    path = f"/patients/{own_id(ada)}"
    for professional in (lab, hospital, doctor):
        connect(professional, ada)
    doctor.put(path, {"diagnosis": "Asthma"})
    for professional in (lab, hospital):
        assert professional.put(path, {"diagnosis": "Other"}).status == 403
        assert professional.put(path, {"name": "Ada", "diagnosis": None}).status == 403
        assert professional.put(path, {"name": "Ada L."}).data["name"] == "Ada L."
    assert lab.get(path).data["diagnosis"] is None
    assert lab.put(path, {"age": 30}).data["diagnosis"] is None
    assert hospital.get(path).data["diagnosis"] == "Asthma"


def test_strangers_learn_nothing_of_a_patients_sheet(
    doctor: ApiClient, waiting_doctor: ApiClient, ada: ApiClient, ben: ApiClient, admin: ApiClient
) -> None:
    missing = doctor.get("/patients/1")
    for path in (f"/patients/{own_id(ada)}", "/patients/x", f"/patients/{own_id(doctor) + 1}"):
        assert (doctor.get(path).status, doctor.get(path).body) == (404, missing.body)
        assert doctor.put(path, {"name": "x"}).status == 404
    assert ben.get(f"/patients/{own_id(ada)}").status == 404
    assert ada.put(f"/patients/{own_id(ada)}", {"name": "x"}).status == 403
    assert admin.put(f"/patients/{own_id(ada)}", {"name": "x"}).status == 403
    assert admin.get(f"/patients/{own_id(doctor)}").status == 404, "doctors are no patients"
    assert log_of(ada) == []
    connect(waiting_doctor, ada)
    assert waiting_doctor.put(f"/patients/{own_id(ada)}", {"name": "x"}).status == 200
    assert waiting_doctor.put(f"/patients/{own_id(ada)}", {"diagnosis": "x"}).status == 403


def test_a_professional_who_is_refused_loses_every_patient_at_once(
    waiting_doctor: ApiClient, ada: ApiClient, ben: ApiClient, admin: ApiClient
) -> None:
    connect(waiting_doctor, ada)
    spare = waiting_doctor.post("/patients/create-connect-token", {}).data["token"]
    assert waiting_doctor.get(f"/patients/{own_id(ada)}").status == 200
    decide = f"/users/{own_id(waiting_doctor)}/approval"
    assert admin.post(decide, {"approved": False, "reason": "No licence"}).status == 200
    assert waiting_doctor.get(f"/patients/{own_id(ada)}").status == 404
    assert waiting_doctor.put(f"/patients/{own_id(ada)}", {"name": "x"}).status == 404
    assert waiting_doctor.get("/patients").data == []
    assert waiting_doctor.post("/patients/create-connect-token", {}).status == 403
    assert ben.post(f"/patients/connect-doctor/{spare}", {}).status == 404
    assert waiting_doctor.get("/users/me").status == 200
    assert admin.post(decide, {"approved": True}).status == 200
    assert waiting_doctor.get(f"/patients/{own_id(ada)}").status == 200, "the link is the patient's word, and stands"


def test_reads_and_changes_are_in_the_patients_log(doctor: ApiClient, admin: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    path = f"/patients/{own_id(ada)}"
    doctor.get(path)
    doctor.put(path, {"name": "Jane"})
    doctor.put(path, {"diagnosis": "Asthma"})
    admin.get(path)
    ada.get(path)
    entries = log_of(ada)
    assert [entry["action"] for entry in entries[:4]] == [
        "READ_PATIENT",
        "WRITE_DIAGNOSIS",
        "WRITE_PATIENT",
        "READ_PATIENT",
    ]
    assert [entry["actor_role"] for entry in entries[:4]] == ["ADMIN", "DOCTOR", "DOCTOR", "DOCTOR"]
    assert {(entry["resource"], entry["resource_id"]) for entry in entries[:4]} == {("patient", own_id(ada))}
    assert "Asthma" not in json.dumps(entries)
