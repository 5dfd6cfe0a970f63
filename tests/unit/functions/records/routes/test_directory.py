"""The directory of doctors, and the patients of a doctor."""

import pytest

from scanward.domain.ids import to_uuid
from tests.support.client import ApiClient
from tests.support.departments import actions, admit, assign, cursor, department
from tests.support.links import connect, log_of
from tests.support.people import own_id, sign_in


def test_doctors_and_administrators_see_the_approved_doctors(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, waiting_doctor: ApiClient, ada: ApiClient
) -> None:
    ward = department(admin)
    assign(admin, ward, doctor)
    for client in (doctor, admin):
        listed = client.get("/api/doctors/").json
        assert [one["pk"] for one in listed] == [own_id(other_doctor), own_id(doctor)]
        assert (listed[0]["department"], listed[0]["departments"]) == (None, [])
        assert (listed[1]["department"], listed[1]["departments"]) == (ward, [{"pk": ward, "name": "Cardiology"}])
    assert doctor.get(f"/api/doctors/{to_uuid(own_id(other_doctor))}").json["email"] == "other@example.org"


def test_the_directory_of_doctors_is_only_for_doctors_and_administrators(
    doctor: ApiClient, ada: ApiClient, lab: ApiClient, hospital: ApiClient, waiting_doctor: ApiClient
) -> None:
    for path in ("/api/doctors/", f"/api/doctors/{own_id(doctor)}"):
        for client in (ada, lab, hospital, waiting_doctor):
            assert client.get(path).status == 403
        assert ApiClient().get(path).status == 401


def test_an_account_that_is_no_approved_doctor_is_not_in_the_directory(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, waiting_doctor: ApiClient, ada: ApiClient
) -> None:
    for who in (str(own_id(waiting_doctor)), str(own_id(ada)), str(own_id(admin)), "1", "x"):
        assert doctor.get(f"/api/doctors/{who}").status == 404
    body = b'{"is_active": false}'
    admin.send("PATCH", f"/users/{own_id(other_doctor)}", body, "application/json")
    assert [one["email"] for one in doctor.get("/api/doctors/").json] == ["doctor@example.org"]


def test_pages_of_doctors_meet(admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient) -> None:
    first = admin.get("/api/doctors/?limit=1")
    second = admin.get(f"/api/doctors/?limit=1&cursor={cursor(first)}")
    assert [one["pk"] for page in (first, second) for one in page.json] == [own_id(other_doctor), own_id(doctor)]
    assert "link" not in second.headers


def test_a_doctor_sees_each_of_their_patients_once_who_came_last_first(
    api: ApiClient, admin: ApiClient, doctor: ApiClient, ada: ApiClient, ben: ApiClient
) -> None:
    eve, wards = sign_in(api, "eve@example.org"), [department(admin, name) for name in ("Cardiology", "Radiology")]
    for ward in wards:
        assign(admin, ward, doctor)
        admit(admin, ward, ada)
    connect(doctor, ben)
    admit(admin, wards[0], eve)
    connect(doctor, ada)
    listed = doctor.get("/api/patients/").json
    assert [one["email"] for one in listed] == ["ada@example.org", "eve@example.org", "ben@example.org"]
    assert listed[0].keys() == {"pk", "username", "name", "email", "phone", "gender", "birth_date", "age"}
    paged, page = [], doctor.get("/api/patients/?limit=1")
    for _ in range(8):
        paged += [one["email"] for one in page.json]
        if "link" not in page.headers:
            break
        page = doctor.get(f"/api/patients/?limit=1&cursor={cursor(page)}")
    assert paged == ["ada@example.org", "eve@example.org", "ben@example.org"]


def test_each_patient_who_was_shown_can_read_so(doctor: ApiClient, ada: ApiClient, ben: ApiClient) -> None:
    for patient in (ada, ben):
        connect(doctor, patient)
    doctor.get("/api/patients/?limit=1")
    assert actions(log_of(ben)) == ["READ_PATIENT", "CONNECT"]
    assert actions(log_of(ada)) == ["CONNECT"]
    doctor.get(f"/api/patients/{own_id(ada)}")
    newest = log_of(ada)[0]
    assert (newest["action"], newest["actor_id"], newest["resource"]) == ("READ_PATIENT", own_id(doctor), "patient")


def test_somebody_elses_patient_is_404_as_one_who_is_not_there(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient
) -> None:
    connect(other_doctor, ada)
    stranger, missing = (doctor.get(f"/api/patients/{who}") for who in (own_id(ada), 1))
    assert (stranger.status, stranger.body) == (missing.status, missing.body) == (404, b'{"error": "Not found"}')
    assert admin.get(f"/api/patients/{own_id(ada)}").json["email"] == "ada@example.org"
    for who in (1, own_id(doctor)):
        assert admin.get(f"/api/patients/{who}").status == 404


def test_a_patient_who_withdrew_is_gone_at_once(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    assert len(doctor.get("/api/patients/").json) == 1
    ada.delete(f"/patients/me/doctors/{own_id(doctor)}")
    assert doctor.get("/api/patients/").json == []
    assert doctor.get(f"/api/patients/{own_id(ada)}").status == 404


def test_patients_hospitals_and_labs_have_no_list_of_patients(
    ada: ApiClient, ben: ApiClient, lab: ApiClient, hospital: ApiClient
) -> None:
    for client in (ada, lab, hospital):
        assert client.get("/api/patients/").status == 403
        assert client.get(f"/api/patients/{own_id(ben)}").status == 403
    assert ApiClient().get("/api/patients/").status == 401


def test_who_waits_for_approval_sees_who_let_them_in_and_nobody_else(
    waiting_doctor: ApiClient, ada: ApiClient, ben: ApiClient
) -> None:
    connect(waiting_doctor, ada)
    assert [one["email"] for one in waiting_doctor.get("/api/patients/").json] == ["ada@example.org"]
    assert waiting_doctor.get(f"/api/patients/{own_id(ada)}").status == 200
    assert waiting_doctor.get(f"/api/patients/{own_id(ben)}").status == 404


@pytest.mark.parametrize("query", ["skip=-1", "skip=1001", "limit=0", "limit=101", "limit=x", "page=2", "cursor=x"])
@pytest.mark.parametrize("path", ["/api/doctors/", "/api/patients/", "/api/department/"])
def test_a_window_out_of_bounds_is_refused(doctor: ApiClient, path: str, query: str) -> None:
    assert doctor.get(f"{path}?{query}").status == 400
