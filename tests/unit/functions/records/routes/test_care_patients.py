"""Patients: the list of who let one in, and the sheet that professionals keep."""

import json

import pytest

from scanward.domain.ids import to_uuid
from tests.support.client import Client
from tests.support.clinic import connect, log_of, number, put
from tests.support.signed_in import sign_in


def test_a_professional_sees_who_let_them_in_newest_first_in_pages_that_meet(api: Client, doctor: Client) -> None:
    made = [sign_in(api, f"p{count}@example.org") for count in range(5)]
    for patient in made:
        connect(doctor, patient)
    newest = [number(patient) for patient in reversed(made)]
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
def test_a_window_out_of_bounds_is_refused(doctor: Client, query: str) -> None:
    assert doctor.get(f"/patients?{query}").status == 422


def test_a_cursor_of_somebody_elses_list_is_refused(doctor: Client, other_doctor: Client, ada: Client) -> None:
    patients = [ada, sign_in(Client(), "cleo@example.org")]
    for patient in patients:
        connect(doctor, patient)
    cursor = doctor.get("/patients?limit=1").json["next"]
    for forged in (cursor[:-2], "x", "a.b.c", str(doctor.token)):
        assert doctor.get(f"/patients?cursor={forged}").code == "INVALID_CURSOR"
    assert other_doctor.get(f"/patients?cursor={cursor}").code == "INVALID_CURSOR"


def test_lists_are_for_professionals(ada: Client, admin: Client, waiting_doctor: Client, lab: Client) -> None:
    for other in (ada, admin):
        assert other.get("/patients").status == 403
    connect(waiting_doctor, ada)
    connect(lab, ada)
    for professional in (waiting_doctor, lab):
        assert [one["id"] for one in professional.get("/patients").data] == [number(ada)]


def test_each_patient_that_a_list_shows_can_see_that(doctor: Client, ada: Client, ben: Client) -> None:
    connect(doctor, ada)
    connect(doctor, ben)
    assert len(doctor.get("/patients?limit=1").data) == 1
    assert [entry["action"] for entry in log_of(ben)] == ["READ_PATIENT", "CONNECT"]
    assert [entry["action"] for entry in log_of(ada)] == ["CONNECT"], "ada was on the next page"


def test_a_sheet_is_kept_beside_what_the_patient_says(doctor: Client, ada: Client) -> None:
    connect(doctor, ada)
    sent = {"name": "Jane Doe", "age": 36, "gender": "female", "diagnosis": "Updated diagnosis"}
    said = put(doctor, f"/patients/{number(ada)}", sent)
    assert said.status == 200
    assert {name: said.data[name] for name in sent} == {**sent, "gender": "FEMALE"}
    assert (said.data["sheet"]["version"], said.data["sheet"]["author_id"]) == (1, number(doctor))
    own = ada.get("/users/me").data
    assert (own["name"], own["age"], own["gender"]) == ("ada", None, None)
    assert ada.get(f"/patients/{number(ada)}").data["diagnosis"] == "Updated diagnosis"


def test_fields_that_are_not_sent_stay_and_null_clears(doctor: Client, other_doctor: Client, ada: Client) -> None:
    connect(doctor, ada)
    connect(other_doctor, ada)
    path = f"/patients/{to_uuid(number(ada))}"
    put(doctor, path, {"name": "Jane Doe", "diagnosis": "Asthma"})
    said = put(other_doctor, path, {"diagnosis": None, "age": 40}).data
    assert (said["name"], said["age"], said["diagnosis"], said["gender"]) == ("Jane Doe", 40, None, None)
    assert (said["sheet"]["version"], said["sheet"]["author_id"]) == (2, number(other_doctor))


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
def test_a_sheet_that_breaks_its_schema_is_refused(doctor: Client, ada: Client, body: object, field: str) -> None:
    connect(doctor, ada)
    refused = put(doctor, f"/patients/{number(ada)}", body)
    assert (refused.status, set(refused.json["error"]["details"])) == (422, {field})


def test_labs_and_hospitals_write_no_diagnosis_and_labs_see_none(
    lab: Client, hospital: Client, doctor: Client, ada: Client
) -> None:
    path = f"/patients/{number(ada)}"
    for professional in (lab, hospital, doctor):
        connect(professional, ada)
    put(doctor, path, {"diagnosis": "Asthma"})
    for professional in (lab, hospital):
        assert put(professional, path, {"diagnosis": "Other"}).status == 403
        assert put(professional, path, {"name": "Ada", "diagnosis": None}).status == 403
        assert put(professional, path, {"name": "Ada L."}).data["name"] == "Ada L."
    assert lab.get(path).data["diagnosis"] is None
    assert put(lab, path, {"age": 30}).data["diagnosis"] is None
    assert hospital.get(path).data["diagnosis"] == "Asthma"


def test_strangers_learn_nothing(
    doctor: Client, waiting_doctor: Client, ada: Client, ben: Client, admin: Client
) -> None:
    missing = doctor.get("/patients/1")
    for path in (f"/patients/{number(ada)}", "/patients/x", f"/patients/{number(doctor) + 1}"):
        assert (doctor.get(path).status, doctor.get(path).body) == (404, missing.body)
        assert put(doctor, path, {"name": "x"}).status == 404
    assert ben.get(f"/patients/{number(ada)}").status == 404
    assert put(ada, f"/patients/{number(ada)}", {"name": "x"}).status == 403
    assert put(admin, f"/patients/{number(ada)}", {"name": "x"}).status == 403
    assert admin.get(f"/patients/{number(doctor)}").status == 404, "doctors are no patients"
    assert log_of(ada) == []
    connect(waiting_doctor, ada)
    assert put(waiting_doctor, f"/patients/{number(ada)}", {"diagnosis": "x"}).status == 200


def test_reads_and_changes_are_in_the_patients_log(doctor: Client, admin: Client, ada: Client) -> None:
    connect(doctor, ada)
    path = f"/patients/{number(ada)}"
    doctor.get(path)
    put(doctor, path, {"name": "Jane"})
    put(doctor, path, {"diagnosis": "Asthma"})
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
    assert {(entry["resource"], entry["resource_id"]) for entry in entries[:4]} == {("patient", number(ada))}
    assert "Asthma" not in json.dumps(entries)
