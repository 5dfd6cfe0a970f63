"""Departments: made, renamed, closed, and who works in them."""

import json
from typing import Any

import pytest

from scanward.clock import now
from scanward.domain.accounts import Actor, Role
from scanward.domain.care import AccessEntry
from scanward.domain.departments import MOST_OF_DOCTOR
from scanward.domain.ids import to_uuid
from scanward.stores.care import CareStore
from scanward.stores.departments import DepartmentStore
from tests.support.client import ApiClient, Reply
from tests.support.cloud import TABLES
from tests.support.departments import actions, admit, assign, cursor, department
from tests.support.links import connect, log_of
from tests.support.people import own_id
from tests.support.read_units import counted


def rename(client: ApiClient, ward: int, name: str) -> Reply:
    return client.patch(f"/api/department/{ward}", {"name": name})


def test_everybody_who_is_signed_in_sees_the_departments_newest_first(admin: ApiClient, ada: ApiClient) -> None:
    made = [department(admin, name) for name in ("Cardiology", "Radiology", "Surgery")]
    for client in (ada, admin):
        listed = client.get("/api/department/")
        assert [one["pk"] for one in listed.json] == made[::-1]
        assert listed.json[0].keys() == {"pk", "name", "created_at"}
    assert ApiClient().get("/api/department/").status == 401


def test_pages_of_departments_meet(admin: ApiClient) -> None:
    made = [department(admin, f"Ward {index}") for index in range(5)][::-1]
    first = admin.get("/api/department/?limit=2")
    second = admin.get(f"/api/department/?limit=2&cursor={cursor(first)}")
    last = admin.get(f"/api/department/?limit=2&cursor={cursor(second)}")
    assert [one["pk"] for page in (first, second, last) for one in page.json] == made
    assert "link" not in last.headers
    assert [one["pk"] for one in admin.get("/api/department/?skip=3").json] == made[3:]


def test_a_cursor_of_another_list_is_refused(admin: ApiClient) -> None:
    ward = department(admin)
    department(admin, "Radiology")
    given = cursor(admin.get("/api/department/?limit=1"))
    for forged in ("x", given[:-2], str(admin.token)):
        assert admin.get(f"/api/department/?cursor={forged}").status == 400
    assert admin.get(f"/api/department/{ward}/doctors?cursor={given}").status == 400
    assert admin.get(f"/api/doctors/?cursor={given}").status == 400


def test_only_administrators_make_change_and_staff_departments(
    admin: ApiClient, ada: ApiClient, doctor: ApiClient
) -> None:
    ward, someone = department(admin), own_id(doctor)
    for client, refused in ((ada, 403), (doctor, 403), (ApiClient(), 401)):
        assert client.post("/api/department/", {"name": "X"}).status == refused
        assert rename(client, ward, "X").status == refused
        assert client.delete(f"/api/department/{ward}").status == refused
        assert client.put(f"/api/department/{ward}/doctors/{someone}", {}).status == refused
        assert client.delete(f"/api/department/{ward}/doctors/{someone}").status == refused


def test_who_waits_for_approval_sees_no_department(admin: ApiClient, waiting_doctor: ApiClient) -> None:
    ward = department(admin)
    for path in ("", f"{ward}/doctors", f"{ward}/patients"):
        assert waiting_doctor.get(f"/api/department/{path}").status == 403


def test_a_name_is_one_departments_while_it_is_open(admin: ApiClient) -> None:
    ward, other = department(admin, "Cardiology"), department(admin, "Radiology")
    taken = {"name": ["This field must be unique."]}
    again = admin.post("/api/department/", {"name": "ＣＡＲＤＩＯＬＯＧＹ "})
    assert (again.status, again.json) == (400, taken)
    assert rename(admin, other, "cardiology").json == taken
    assert rename(admin, ward, "CARDIOLOGY").json["name"] == "CARDIOLOGY"
    assert rename(admin, ward, "Heart").json["name"] == "Heart"
    department(admin, "Cardiology")
    admin.delete(f"/api/department/{ward}")
    department(admin, "Heart")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 101},
        {"name": "\ufdfa" * 100},  # a hundred characters that fold to more than a key takes
        {"name": "Heart\0"},
        {"name": 7},
        {"name": None},
        {"name": "Heart", "pk": 1},
        {"name": "Heart", "closed_at": None},
    ],
)
def test_a_broken_department_is_refused(admin: ApiClient, body: dict[str, Any]) -> None:
    ward, said = department(admin), json.dumps(body).encode()
    for refused in (
        admin.post("/api/department/", body),
        admin.send("PATCH", f"/api/department/{ward}", said, "application/json"),
    ):
        assert (refused.status, "error" in refused.json) == (400, False)


def test_one_key_makes_one_department(admin: ApiClient) -> None:
    key = {"Idempotency-Key": "one"}
    first, again = (admin.post("/api/department/", {"name": "Cardiology"}, headers=key) for _ in range(2))
    assert (first.status, first.json) == (201, again.json)
    assert admin.post("/api/department/", {"name": "Other"}, headers=key).status == 422
    assert len(admin.get("/api/department/").json) == 1


def test_a_department_that_is_not_there_is_404(admin: ApiClient, doctor: ApiClient) -> None:
    someone = own_id(doctor)
    for ward in ("1", "x", str(to_uuid(1))):
        assert rename(admin, 1, "X").status == 404
        assert admin.put(f"/api/department/{ward}/doctors/{someone}", {}).status == 404
        for method, path in (
            ("DELETE", ""),
            ("DELETE", f"/doctors/{someone}"),
            ("GET", "/doctors"),
            ("GET", "/patients"),
        ):
            assert admin.send(method, f"/api/department/{ward}{path}").status == 404


def test_only_approved_doctors_work_in_departments(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient, waiting_doctor: ApiClient
) -> None:
    ward = department(admin)
    path = f"/api/department/{ward}/doctors"
    assert admin.put(f"{path}/{own_id(waiting_doctor)}", {}).status == 409
    assert admin.put(f"{path}/{own_id(ada)}", {}).status == 404
    assert admin.put(f"{path}/1", {}).status == 404
    assigned = admin.send("PUT", f"{path}/{to_uuid(own_id(doctor))}")
    assert (assigned.status, assigned.json["departments"]) == (200, [{"pk": ward, "name": "Cardiology"}])
    assert admin.put(f"{path}/{own_id(doctor)}", {}).status == 200
    assert [one["pk"] for one in doctor.get(path).json] == [own_id(doctor)]


def test_a_doctor_works_in_a_bounded_number_of_departments(admin: ApiClient, doctor: ApiClient) -> None:
    wards = [department(admin, f"Ward {index}") for index in range(MOST_OF_DOCTOR + 1)]
    for ward in wards[:-1]:
        assign(admin, ward, doctor)
    assert admin.put(f"/api/department/{wards[-1]}/doctors/{own_id(doctor)}", {}).status == 409
    assign(admin, wards[0], doctor)


def test_a_doctor_finds_each_assignment_and_dismissal_in_their_log(admin: ApiClient, doctor: ApiClient) -> None:
    ward, someone = department(admin), own_id(doctor)
    approvals = len(log_of(doctor))
    for _ in range(2):
        assign(admin, ward, doctor)  # the second changes nothing
    for status in (200, 404):
        assert admin.delete(f"/api/department/{ward}/doctors/{someone}").status == status
    dismissed, assigned = log_of(doctor)[:-approvals]
    assert (assigned["action"], dismissed["action"]) == ("ASSIGN_DOCTOR", "DISMISS_DOCTOR")
    for entry in (assigned, dismissed):
        assert (entry["actor_id"], entry["resource"], entry["resource_id"]) == (own_id(admin), "department", ward)


def test_an_assignment_or_dismissal_and_its_entry_are_one_write(admin: ApiClient, doctor: ApiClient) -> None:
    ward, path = department(admin), f"/api/department/{department(admin, 'Radiology')}/doctors/{own_id(doctor)}"
    assign(admin, ward, doctor)
    with counted() as units:
        assert admin.put(path, {}).status == 200
    assert units.calls.count("TransactWriteItems") == 1
    assert "PutItem" not in units.calls
    with counted() as units:
        assert admin.delete(path).status == 200
    assert units.calls.count("TransactWriteItems") == 1
    assert "PutItem" not in units.calls


def test_every_approved_doctor_sees_who_works_in_a_department(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient
) -> None:
    ward = department(admin)
    assign(admin, ward, doctor)
    for client in (doctor, other_doctor, admin):
        assert [one["email"] for one in client.get(f"/api/department/{ward}/doctors").json] == ["doctor@example.org"]
    assert ada.get(f"/api/department/{ward}/doctors").status == 403


def test_who_is_no_longer_approved_is_no_longer_shown(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient
) -> None:
    ward = department(admin)
    assign(admin, ward, doctor)
    admin.post(f"/users/{own_id(doctor)}/approval", {"approved": False})
    assert other_doctor.get(f"/api/department/{ward}/doctors").json == []


def test_a_doctor_who_is_dismissed_loses_the_departments_patients_at_once(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    ward, patient = department(admin), own_id(ada)
    assign(admin, ward, doctor)
    admit(admin, ward, ada)
    assert doctor.get(f"/api/patients/{patient}").status == 200
    gone = admin.delete(f"/api/department/{ward}/doctors/{own_id(doctor)}")
    assert gone.json == {"message": "Doctor removed from the department"}
    assert doctor.get(f"/api/patients/{patient}").status == 404
    assert admin.delete(f"/api/department/{ward}/doctors/{own_id(doctor)}").status == 404


def test_a_closed_department_opens_nothing_and_its_records_stay(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    ward, patient = department(admin), own_id(ada)
    assign(admin, ward, doctor)
    admit(admin, ward, ada)
    said = {"patient_id": patient, "description": "Cough", "diagnosis": "Cold"}
    record = doctor.post("/api/patient_records/", said).json["pk"]
    assert admin.delete(f"/api/department/{ward}").json == {"message": "Department closed"}
    assert doctor.get(f"/api/patients/{patient}").status == 404
    assert doctor.get(f"/api/patient_records/{record}").status == 404
    assert (doctor.get("/api/patients/").json, doctor.get("/api/patient_records/").json) == ([], [])
    assert ada.get(f"/api/patient_records/{record}").json["diagnosis"] == "Cold"
    assert ada.get("/patients/me/departments").data == []
    assert admin.get("/api/department/").json == []
    assert admin.get(f"/api/department/{ward}/patients").status == 404
    assert admit(admin, ward, ada).status == 404
    assert rename(admin, ward, "X").status == 404


def test_a_department_whose_closing_was_interrupted_opens_nothing_either(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    ward, patient = department(admin), own_id(ada)
    assign(admin, ward, doctor)
    admit(admin, ward, ada)
    store = DepartmentStore(TABLES["CLINIC_TABLE"])
    store.close(store.get_open(ward), now())
    assert doctor.get(f"/api/patients/{patient}").status == 404
    assert (doctor.get("/api/patients/").json, doctor.get(f"/api/department/{ward}/patients").status) == ([], 404)
    open_one = department(admin, "Radiology")
    assign(admin, open_one, doctor)
    admit(admin, open_one, ada)
    assert doctor.get(f"/api/patients/{patient}").status == 200, "an open department is not hidden by a closed one"
    assert admin.delete(f"/api/department/{ward}").status == 200
    assert [one["id"] for one in ada.get("/patients/me/departments").data] == [open_one]
    connect(doctor, ada)
    assert len(doctor.get("/api/patients/").json) == 1


def test_a_department_that_is_closed_while_somebody_looks_lets_them_not(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    ward, patient, someone = department(admin), own_id(ada), own_id(doctor)
    assign(admin, ward, doctor)
    admit(admin, ward, ada)
    care, store = CareStore(TABLES["CLINIC_TABLE"]), DepartmentStore(TABLES["CLINIC_TABLE"])
    actor = Actor(
        account_id=someone, role=Role.DOCTOR, is_approved=True, session_id="session", departments=frozenset({ward})
    )
    grant = care.grant(actor, patient, now())
    assert grant
    assert grant.department_id == ward
    entry = AccessEntry(
        patient_id=patient,
        at=now(),
        actor_id=someone,
        actor_role=Role.DOCTOR,
        action="READ_RECORD",
        resource="patient_record",
        resource_id=1,
    )
    assert care.log(entry, grant)
    store.close(store.get_open(ward), now())
    assert not care.log(entry, grant)
    assert care.grant(actor, patient, now()) is None
    assert actions(log_of(ada)) == ["READ_RECORD", "ADMIT_PATIENT"]
