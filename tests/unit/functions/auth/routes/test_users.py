"""Administration: the list and its pages, approval, deactivation, removal, and who may not."""

import pytest

from infra.operations.stack import create_administrator
from scanward.domain.ids import parse_id, to_uuid
from tests.support.client import ApiClient
from tests.support.people import sign_in

PASSWORD = "correct horse"


def register(api: ApiClient, name: str, role: str = "PATIENT") -> int:
    body = {"email": f"{name}@example.org", "password": PASSWORD, "role": role}
    return int(api.post("/auth/register", body).data["id"])


def test_the_list_is_for_administrators_only(api: ApiClient, patient: ApiClient) -> None:
    for method, path in (("GET", "/users"), ("GET", "/users/1"), ("DELETE", "/users/1")):
        assert patient.send(method, path).status == 403
        assert api.send(method, path).status == 401
    assert patient.patch("/users/1", {"is_active": False}).status == 403
    assert patient.post("/users/1/approval", {"approved": True}).status == 403


def test_accounts_are_listed_newest_first_in_pages_that_meet(api: ApiClient, admin: ApiClient) -> None:
    made = [register(api, f"p{number}") for number in range(7)]
    newest = list(reversed(made))
    first = admin.get("/users?limit=3")
    assert [account["id"] for account in first.data] == newest[:3]
    assert {"email", "is_active", "role", "id"} <= set(first.data[0])
    cursor = first.json["next"]
    assert f"cursor={cursor}" in first.headers["link"]
    second = admin.get(f"/users?limit=3&cursor={cursor}")
    assert [account["id"] for account in second.data] == newest[3:6]
    last = admin.get(f"/users?limit=3&cursor={second.json['next']}")
    assert last.data[0]["id"] == newest[6]
    assert "next" not in last.json
    assert [account["id"] for account in admin.get("/users?skip=2&limit=3").data] == newest[2:5]


def test_filters_hold_alone_and_together(api: ApiClient, admin: ApiClient) -> None:
    doctors = [register(api, f"d{number}", "DOCTOR") for number in range(3)]
    patients = [register(api, f"p{number}") for number in range(2)]
    admin.post(f"/users/{doctors[0]}/approval", {"approved": True})
    admin.patch(f"/users/{patients[0]}", {"is_active": False})

    def listed(query: str) -> set[int]:
        return {account["id"] for account in admin.get(f"/users?{query}").data}

    assert listed("role=doctor") == set(doctors)
    assert listed("approved=false") == set(doctors[1:])
    assert listed("is_active=false") == {patients[0]}
    assert listed("role=PATIENT&is_active=true") == {patients[1]}
    assert listed("role=DOCTOR&approved=true&is_active=true") == {doctors[0]}


@pytest.mark.parametrize(
    "query", ["skip=-1", "skip=1001", "limit=0", "limit=101", "role=KING", "is_active=perhaps", "limit=x", "page=2"]
)
def test_a_window_out_of_bounds_is_refused(admin: ApiClient, query: str) -> None:
    assert admin.get(f"/users?{query}").status == 422


def test_a_cursor_that_we_did_not_give_or_not_for_this_list_is_400(api: ApiClient, admin: ApiClient) -> None:
    for number in range(3):
        register(api, f"p{number}")
    cursor = admin.get("/users?limit=1").json["next"]
    for forged in ("x", "a.b.c", cursor[:-2], str(admin.token)):
        assert admin.get(f"/users?cursor={forged}").code == "INVALID_CURSOR"
    assert admin.get(f"/users?limit=1&role=PATIENT&cursor={cursor}").status == 400


def test_approval_lets_a_doctor_upload_and_is_for_professionals(api: ApiClient, admin: ApiClient) -> None:
    doctor = sign_in(api, "doctor@example.org", "DOCTOR")
    number = doctor.get("/users/me").data["id"]
    start = {"filename": "a", "content_type": "image/png"}
    assert doctor.post("/scans/uploads", start).status == 403
    approved = admin.post(f"/users/{to_uuid(number)}/approval", {"approved": True, "reason": "licence seen"})
    assert approved.data["is_approved"] is True
    assert doctor.post("/scans/uploads", start).status == 200
    assert admin.post(f"/users/{number}/approval", {"approved": False}).data["is_approved"] is False
    assert doctor.post("/scans/uploads", start).status == 403
    patient = register(api, "patient")
    assert admin.post(f"/users/{patient}/approval", {"approved": True}).status == 409


def test_deactivation_ends_sessions_at_once_and_reactivation_lets_back_in(api: ApiClient, admin: ApiClient) -> None:
    client = sign_in(api, "ada@example.org")
    number = client.get("/users/me").data["id"]
    off = admin.patch(f"/users/{number}", {"is_active": False})
    assert off.data["is_active"] is False
    assert client.get("/users/me").status == 401
    login = {"email": "ada@example.org", "password": PASSWORD}
    assert api.form("/auth/login", login).code == "INVALID_CREDENTIALS"
    admin.patch(f"/users/{number}", {"is_active": True})
    assert client.get("/users/me").status == 401, "the old session stays ended"
    assert api.form("/auth/login", login).status == 200


def test_a_removed_account_is_gone_and_its_names_are_free(api: ApiClient, admin: ApiClient) -> None:
    client = sign_in(api, "ada@example.org")
    number = client.get("/users/me").data["id"]
    assert admin.delete(f"/users/{number}").status == 200
    assert client.get("/users/me").status == 401
    assert admin.get(f"/users/{number}").status == 404
    assert number not in {account["id"] for account in admin.get("/users").data}
    assert register(api, "ada") != number


def test_the_last_administrator_stays(api: ApiClient, admin: ApiClient) -> None:
    own = admin.get("/users/me").data["id"]
    assert admin.delete(f"/users/{own}").status == 409
    assert admin.patch(f"/users/{own}", {"is_active": False}).status == 409
    create_administrator("AccountsTable", "second@example.org")
    assert admin.delete(f"/users/{own}").status == 200
    assert admin.get("/users").status == 401


def test_nothing_but_activity_is_changed_through_an_account(api: ApiClient, admin: ApiClient) -> None:
    number = register(api, "ada")
    for field in ("role", "is_superuser", "is_approved", "id", "email"):
        body = f'{{"is_active": true, "{field}": "ADMIN"}}'.encode()
        assert admin.send("PATCH", f"/users/{number}", body, "application/json").status == 422
    assert admin.get(f"/users/{number}").data["role"] == "PATIENT"
    assert parse_id(str(number)) == number


def test_a_deactivated_professional_is_a_stranger_though_never_approved(api: ApiClient, admin: ApiClient) -> None:
    number = register(api, "doctor", "DOCTOR")
    login = {"email": "doctor@example.org", "password": PASSWORD}
    assert api.post("/api/doctor/login", login).status == 404
    admin.patch(f"/users/{number}", {"is_active": False})
    assert api.post("/api/doctor/login", login).status == 401
