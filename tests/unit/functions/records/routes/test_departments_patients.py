"""Patients come into departments and go; each of it is in the access log."""

from datetime import timedelta

import pytest

from scanward.clock import now
from scanward.domain.care import CareLink
from scanward.domain.departments import MOST_OF_PATIENT, Membership
from scanward.domain.ids import to_uuid
from scanward.errors import Conflict
from scanward.stores.care import CareLinkStore
from scanward.stores.departments import MembershipStore
from scanward.stores.dynamo import connection
from tests.faults.injection import meanwhile
from tests.support.client import ApiClient
from tests.support.cloud import TABLES
from tests.support.departments import actions, admit, assign, cursor, department
from tests.support.links import connect, log_of
from tests.support.people import own_id


@pytest.fixture
def ward(admin: ApiClient, doctor: ApiClient) -> int:
    """Provide a department in which the doctor works."""
    made = department(admin)
    assign(admin, made, doctor)
    return made


def refusals(client: ApiClient, ward: int, patient: ApiClient) -> set[int]:
    """Return what the client is answered that has no business with a department's patients."""
    path = f"/api/department/{ward}/patients"
    who = patient.get("/users/me").data["id"]
    looked, admitted = client.get(path), client.put(f"{path}/{who}", {})
    return {looked.status, admitted.status, client.delete(f"{path}/{who}").status}


def test_doctors_admit_who_let_them_in(doctor: ApiClient, ada: ApiClient, ward: int) -> None:
    connect(doctor, ada)
    admitted = admit(doctor, ward, ada)
    assert (admitted.status, admitted.json["department"], admitted.json["patient"]) == (200, ward, own_id(ada))
    assert actions(log_of(ada)) == ["ADMIT_PATIENT", "CONNECT"]
    assert admit(doctor, ward, ada).json == admitted.json
    assert [one["pk"] for one in doctor.get(f"/api/department/{ward}/patients").json] == [own_id(ada)]


def test_a_stranger_is_admitted_as_little_as_somebody_who_is_not_there(
    doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    connect(other_doctor, ada)  # who does not work there
    stranger = admit(doctor, ward, ada)
    missing = doctor.put(f"/api/department/{ward}/patients/1", {})
    assert (stranger.status, stranger.body) == (missing.status, missing.body) == (404, b'{"error": "Not found"}')
    assert "ADMIT_PATIENT" not in actions(log_of(ada))


def test_a_link_that_was_withdrawn_admits_nobody(doctor: ApiClient, ada: ApiClient, ward: int) -> None:
    connect(doctor, ada)
    ada.delete(f"/patients/me/doctors/{own_id(doctor)}")
    assert admit(doctor, ward, ada).status == 404


def test_a_link_to_a_colleague_admits_nobody(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    assign(admin, ward, other_doctor)
    connect(other_doctor, ada)
    assert admit(doctor, ward, ada).status == 404
    assert admit(other_doctor, ward, ada).status == 200


def test_nobody_is_admitted_by_a_doctor_who_is_refused_at_that_moment(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    connect(doctor, ada)

    def refuse() -> None:
        assert admin.post(f"/users/{own_id(doctor)}/approval", {"approved": False}).status == 200

    with meanwhile(connection().client, "dynamodb.TransactWriteItems", refuse) as acted:
        assert admit(doctor, ward, ada).status == 409
    assert acted
    assert ada.get("/patients/me/departments").data == []


def test_administrators_admit_any_patient_and_nobody_else(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    assert admit(admin, ward, ada).status == 200
    assert admit(admin, ward, doctor).status == 404
    assert admin.put(f"/api/department/{ward}/patients/{to_uuid(1)}", {}).status == 404


def test_doctors_of_other_departments_neither_look_nor_admit(
    admin: ApiClient, other_doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    admit(admin, ward, ada)
    connect(other_doctor, ada)
    assert refusals(other_doctor, ward, ada) == {403}


def test_patients_labs_and_hospitals_neither_look_nor_admit(
    ada: ApiClient, lab: ApiClient, hospital: ApiClient, ward: int
) -> None:
    for client in (lab, hospital):
        connect(client, ada)
    assert [refusals(client, ward, ada) for client in (ada, lab, hospital, ApiClient())] == [{403}] * 3 + [{401}]


def test_a_discharged_patient_is_a_stranger_again(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    admit(admin, ward, ada)
    path = f"/api/department/{ward}/patients/{own_id(ada)}"
    assert doctor.get(f"/api/patients/{own_id(ada)}").status == 200
    assert doctor.delete(path).json == {"message": "Patient discharged"}
    assert doctor.get(f"/api/patients/{own_id(ada)}").status == 404
    assert doctor.delete(path).status == 404
    assert actions(log_of(ada)) == ["DISCHARGE_PATIENT", "READ_PATIENT", "ADMIT_PATIENT"]


def test_a_patient_sees_their_departments_and_leaves(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    other = department(admin, "Radiology")
    for each in (ward, other):
        admit(admin, each, ada)
    own = ada.get("/patients/me/departments").data
    assert [(one["id"], one["name"]) for one in own] == [(other, "Radiology"), (ward, "Cardiology")]
    left = ada.delete(f"/patients/me/departments/{ward}")
    assert left.data == {"message": "Department left"}
    assert doctor.get(f"/api/patients/{own_id(ada)}").status == 404
    assert [one["id"] for one in ada.get("/patients/me/departments").data] == [other]
    newest = log_of(ada)[0]
    assert (newest["action"], newest["actor_id"], newest["resource_id"]) == ("DISCHARGE_PATIENT", own_id(ada), ward)
    assert ada.delete(f"/patients/me/departments/{ward}").code == "NOT_FOUND"


def test_a_patients_departments_are_theirs_alone(
    admin: ApiClient, ada: ApiClient, ben: ApiClient, doctor: ApiClient, ward: int
) -> None:
    admit(admin, ward, ada)
    for client in (ben, doctor):
        assert client.get("/patients/me/departments").data == []
        assert client.delete(f"/patients/me/departments/{ward}").status == 404
    assert ApiClient().get("/patients/me/departments").status == 401


def test_a_patient_is_in_a_bounded_number_of_departments(admin: ApiClient, ada: ApiClient) -> None:
    wards = [department(admin, f"Ward {index}") for index in range(MOST_OF_PATIENT + 1)]
    assert [admit(admin, each, ada).status for each in wards] == [200] * MOST_OF_PATIENT + [409]


def test_of_two_who_admit_at_once_none_goes_over_the_bound(admin: ApiClient, ada: ApiClient) -> None:
    *wards, one, other = [department(admin, f"Ward {index}") for index in range(MOST_OF_PATIENT + 1)]
    for each in wards:
        admit(admin, each, ada)
    met, client = list[int](), connection().client
    with meanwhile(client, "dynamodb.TransactWriteItems", lambda: met.append(admit(admin, other, ada).status)):
        assert admit(admin, one, ada).status == 409
    assert met == [200]
    assert len(ada.get("/patients/me/departments").data) == MOST_OF_PATIENT


def test_who_leaves_a_department_may_come_into_another(admin: ApiClient, ada: ApiClient) -> None:
    *wards, another = [department(admin, f"Ward {index}") for index in range(MOST_OF_PATIENT + 1)]
    for each in wards:
        admit(admin, each, ada)
    assert ada.delete(f"/patients/me/departments/{wards[0]}").status == 200
    assert admit(admin, another, ada).status == 200


def test_a_patient_whom_somebody_else_lets_go_at_that_moment_is_let_go(
    admin: ApiClient, ada: ApiClient, ward: int
) -> None:
    admit(admin, ward, ada)
    path = f"/patients/me/departments/{ward}"
    with meanwhile(connection().client, "dynamodb.TransactWriteItems", lambda: ada.delete(path)) as acted:
        assert admin.delete(f"/api/department/{ward}/patients/{own_id(ada)}").status == 200
    assert acted
    assert admit(admin, ward, ada).status == 409, "it was the patient who left"


def test_who_left_a_department_comes_back_by_a_newer_link_alone(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    assign(admin, ward, other_doctor)
    connect(doctor, ada)
    admit(doctor, ward, ada)
    assert ada.delete(f"/patients/me/departments/{ward}").status == 200
    barred = admit(doctor, ward, ada)
    assert (barred.status, "left this department" in barred.json["error"]) == (409, True)
    assert admit(admin, ward, ada).status == 409
    assert actions(log_of(ada))[0] == "DISCHARGE_PATIENT", "what was refused was not done"
    connect(other_doctor, ada)
    assert admit(doctor, ward, ada).status == 409, "their own link is as old as it was"
    assert admit(other_doctor, ward, ada).status == 200
    assert admin.delete(f"/api/department/{ward}/patients/{own_id(ada)}").status == 200
    assert admit(admin, ward, ada).status == 200, "who was discharged did not leave"


def test_nobody_is_admitted_by_a_link_older_than_a_departure_that_came_meanwhile(
    doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    connect(doctor, ada)
    admit(doctor, ward, ada)
    ada.delete(f"/patients/me/departments/{ward}")
    members = MembershipStore(TABLES["CLINIC_TABLE"], TABLES["ACCOUNTS_TABLE"])
    link = CareLinkStore(TABLES["CLINIC_TABLE"]).between(own_id(ada), own_id(doctor))
    for word in (link, None):
        with pytest.raises(Conflict):
            members.admit(Membership(own_id(ada), ward, now()), word)
    assert members.of_patient(own_id(ada)) == []


def test_patients_are_listed_who_came_last_first_and_each_look_is_logged(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient, ben: ApiClient, ward: int
) -> None:
    for patient in (ben, ada):
        admit(admin, ward, patient)
    first = doctor.get(f"/api/department/{ward}/patients?limit=1")
    second = doctor.get(f"/api/department/{ward}/patients?limit=1&cursor={cursor(first)}")
    assert [one["pk"] for page in (first, second) for one in page.json] == [own_id(ada), own_id(ben)]
    assert [actions(log_of(patient))[0] for patient in (ada, ben)] == ["READ_PATIENT"] * 2


def test_a_doctor_who_is_no_longer_approved_looks_at_no_department(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    admit(admin, ward, ada)
    admin.post(f"/users/{own_id(doctor)}/approval", {"approved": False})
    assert doctor.get(f"/api/department/{ward}/patients").status == 403
    assert doctor.get(f"/api/patients/{own_id(ada)}").status == 404
    assert doctor.get("/api/patients/").json == []


def test_nobody_is_admitted_by_a_link_that_ends_meanwhile(doctor: ApiClient, ada: ApiClient, ward: int) -> None:
    members = MembershipStore(TABLES["CLINIC_TABLE"], TABLES["ACCOUNTS_TABLE"])
    withdrawn = CareLink(own_id(ada), own_id(doctor), now() - timedelta(hours=1))
    with pytest.raises(Conflict):
        members.admit(Membership(own_id(ada), ward, now()), withdrawn)
    assert members.of_patient(own_id(ada)) == []


def visible(doctor: ApiClient, patient: ApiClient) -> list[bool]:
    """Return whether the doctor reads the patient, and finds them in each list."""
    number = own_id(patient)
    read = doctor.get(f"/api/patients/{number}").status == 200
    lists = [doctor.get("/api/patients/").json, doctor.get("/patients").data]
    return [read, *(number in [one.get("pk") or one.get("id") for one in each] for each in lists)]


def test_a_doctor_from_whom_a_patient_withdrew_is_let_in_by_no_department_until_the_patient_does(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient, ward: int
) -> None:
    assign(admin, ward, other_doctor)
    connect(doctor, ada)
    admit(doctor, ward, ada)
    assert visible(doctor, ada) == [True, True, True]
    assert ada.delete(f"/patients/me/doctors/{own_id(doctor)}").status == 200
    assert visible(doctor, ada) == [False, False, False]
    assert doctor.get(f"/api/department/{ward}/patients").json == []
    assert visible(other_doctor, ada)[0], "the others of the department are not meant"
    other_ward = department(admin, "Radiology")
    assign(admin, other_ward, doctor)
    admit(admin, other_ward, ada)
    assert visible(doctor, ada) == [False, False, False]
    connect(doctor, ada)
    assert visible(doctor, ada) == [True, True, True]


@pytest.mark.parametrize("by", ["link", "department"])
def test_a_look_at_a_patient_who_withdraws_at_that_moment_is_refused(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient, ward: int, by: str
) -> None:
    admit(admin, ward, ada)
    if by == "link":
        connect(doctor, ada)

    def withdraw() -> None:
        assert ada.delete(f"/patients/me/doctors/{own_id(doctor)}").status == 200

    with meanwhile(connection().client, "dynamodb.TransactWriteItems", withdraw) as acted:
        assert doctor.get(f"/api/patients/{own_id(ada)}").status == 404
    assert acted
