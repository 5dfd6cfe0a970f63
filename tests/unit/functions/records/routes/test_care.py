"""Care links: tokens that let a professional in once, and parting with them."""

from datetime import timedelta
from hashlib import sha256
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import boto3
import pytest

from scanward import clock
from scanward.domain.accounts import Role
from scanward.domain.care import AccessEntry, CareLink
from scanward.domain.ids import to_uuid
from scanward.errors import Conflict
from scanward.stores.dynamo import connection
from tests.faults.injection import lost_answer
from tests.support.client import ApiClient
from tests.support.departments import admit, assign, department
from tests.support.links import connect, log_of
from tests.support.people import own_id


def token_of(professional: ApiClient, minutes: int = 60) -> str:
    made = professional.post("/patients/create-connect-token", {"expires_in_minutes": minutes}).data
    return str(made["token"])


def test_a_token_lets_its_maker_in_and_works_once(doctor: ApiClient, ada: ApiClient, ben: ApiClient) -> None:
    made = doctor.post("/patients/create-connect-token", {"expires_in_minutes": 60}).data
    assert (str(UUID(made["token"])), made["doctor_id"]) == (made["token"], own_id(doctor))
    assert doctor.get(f"/patients/{own_id(ada)}").status == 404
    said = ada.post(f"/patients/connect-doctor/{made['token']}", {})
    assert (said.data["id"], said.data["role"], said.data["email"]) == (own_id(doctor), "DOCTOR", "doctor@example.org")
    assert doctor.get(f"/patients/{own_id(ada)}").data["id"] == own_id(ada)
    assert ben.post(f"/patients/connect-doctor/{made['token']}", {}).code == "NOT_FOUND"


@pytest.mark.parametrize("minutes", [0, -1, 10_081, 1.5, "60", None, True])
def test_a_token_lives_a_minute_to_a_week(doctor: ApiClient, minutes: object) -> None:
    refused = doctor.post("/patients/create-connect-token", {"expires_in_minutes": minutes})
    assert (refused.status, set(refused.json["error"]["details"])) == (422, {"expires_in_minutes"})


def test_every_professional_makes_tokens_and_nobody_else(
    waiting_doctor: ApiClient, lab: ApiClient, hospital: ApiClient, ada: ApiClient, admin: ApiClient
) -> None:
    for professional in (waiting_doctor, lab, hospital):
        assert professional.post("/patients/create-connect-token", {}).status == 200
    for other in (ada, admin):
        assert other.post("/patients/create-connect-token", {}).code == "NOT_ALLOWED"
    assert ApiClient().post("/patients/create-connect-token", {}).status == 401


def test_only_patients_connect(doctor: ApiClient, other_doctor: ApiClient, admin: ApiClient) -> None:
    token = token_of(doctor)
    for stranger in (doctor, other_doctor, admin):
        assert stranger.post(f"/patients/connect-doctor/{token}", {}).status == 403


def test_tokens_that_do_not_hold_are_refused_alike(doctor: ApiClient, ada: ApiClient, admin: ApiClient) -> None:
    used, expired, revoked = token_of(doctor), token_of(doctor), token_of(doctor)
    assert ada.post(f"/patients/connect-doctor/{used}", {}).status == 200
    assert doctor.delete(f"/patients/connect-tokens/{revoked}").status == 200
    expire_tokens()
    refusals = [
        ada.post(f"/patients/connect-doctor/{token}", {})
        for token in (used, expired, revoked, uuid4(), "x", "%00", own_id(doctor), to_uuid(own_id(doctor)), "x" * 5000)
    ]
    assert {(reply.status, reply.body) for reply in refusals} == {(404, refusals[0].body)}


def expire_tokens() -> None:
    """Set the end of every token to this moment; they are not removed yet."""
    dynamodb = boto3.client("dynamodb")
    for item in dynamodb.scan(TableName="ClinicTable")["Items"]:
        if item["pk"]["S"].startswith("CONNECT#"):
            ends = {"N": str(int(clock.now().timestamp() * 1000))}
            dynamodb.put_item(TableName="ClinicTable", Item={**item, "ends_ms": ends})


def test_a_token_is_kept_so_that_nobody_can_spell_it(doctor: ApiClient) -> None:
    token = token_of(doctor)
    kept = str(boto3.client("dynamodb").scan(TableName="ClinicTable")["Items"])
    assert token not in kept
    assert UUID(token).hex not in kept


def test_only_its_maker_revokes_a_token(doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient) -> None:
    token = token_of(doctor)
    assert other_doctor.delete(f"/patients/connect-tokens/{token}").status == 404
    assert ada.delete(f"/patients/connect-tokens/{token}").status == 403
    assert ada.post(f"/patients/connect-doctor/{token}", {}).status == 200
    assert doctor.delete(f"/patients/connect-tokens/{token}").status == 404, "it is used"


@pytest.mark.parametrize("end", ["deactivated", "refused"])
def test_a_token_of_a_professional_who_was_deactivated_or_refused_holds_no_longer(
    doctor: ApiClient, ada: ApiClient, admin: ApiClient, end: str
) -> None:
    token, path = token_of(doctor), f"/users/{own_id(doctor)}"
    if end == "refused":
        assert admin.post(f"{path}/approval", {"approved": False}).status == 200
        assert doctor.post("/patients/create-connect-token", {}).status == 403, "nor is another one made"
    else:
        assert admin.patch(path, {"is_active": False}).status == 200
    assert ada.post(f"/patients/connect-doctor/{token}", {}).status == 404


def test_a_patient_sees_whom_they_let_in_and_parts_with_them_at_once(
    doctor: ApiClient, lab: ApiClient, ada: ApiClient, ben: ApiClient
) -> None:
    connect(doctor, ada)
    connect(lab, ada)
    assert [(one["id"], one["role"]) for one in ada.get("/patients/me/doctors").data] == [
        (own_id(lab), "LAB"),
        (own_id(doctor), "DOCTOR"),
    ]
    assert ben.get("/patients/me/doctors").data == []
    assert doctor.get("/patients/me/doctors").status == 403
    assert ben.delete(f"/patients/me/doctors/{own_id(doctor)}").status == 404
    assert ada.delete(f"/patients/me/doctors/{to_uuid(own_id(doctor))}").status == 200
    assert doctor.get(f"/patients/{own_id(ada)}").status == 404
    assert doctor.get("/patients").data == []
    assert [one["id"] for one in ada.get("/patients/me/doctors").data] == [own_id(lab)]
    assert ada.delete(f"/patients/me/doctors/{own_id(doctor)}").status == 404
    assert ada.delete("/patients/me/doctors/x").status == 404


def test_a_link_ends_when_the_patient_said_so(doctor: ApiClient, ada: ApiClient) -> None:
    soon = clock.now() + timedelta(seconds=2)
    connect(doctor, ada, ends_at=soon.isoformat())
    assert ada.get("/patients/me/doctors").data[0]["ends_at"] is not None
    end_links()
    assert doctor.get(f"/patients/{own_id(ada)}").status == 404
    assert doctor.get("/patients").data == []
    assert ada.get("/patients/me/doctors").data == []


def end_links() -> None:
    """Set the end of every link to this moment; they are not removed yet."""
    dynamodb = boto3.client("dynamodb")
    for item in dynamodb.scan(TableName="ClinicTable")["Items"]:
        if item["pk"]["S"].startswith(("CARE#", "PATIENTS#", "DOCTORS#")):
            ends = {"N": str(int(clock.now().timestamp() * 1000))}
            dynamodb.put_item(TableName="ClinicTable", Item={**item, "ends_ms": ends})


@pytest.mark.parametrize("ends_at", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "2027-01-01T00:00:00", "x", 5])
def test_an_end_that_is_past_too_far_or_no_time_is_refused(doctor: ApiClient, ada: ApiClient, ends_at: object) -> None:
    token = token_of(doctor)
    refused = ada.post(f"/patients/connect-doctor/{token}", {"ends_at": ends_at})
    assert (refused.status, set(refused.json["error"]["details"])) == (422, {"ends_at"})
    assert ada.post(f"/patients/connect-doctor/{token}", {}).status == 200, "the token is not spent by it"


def test_connecting_again_replaces_the_link(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada, ends_at=(clock.now() + timedelta(days=1)).isoformat())
    connect(doctor, ada)
    [link] = ada.get("/patients/me/doctors").data
    assert link["ends_at"] is None
    assert [one["id"] for one in doctor.get("/patients").data] == [own_id(ada)]


def test_connecting_again_with_the_same_key_is_answered_again(doctor: ApiClient, ada: ApiClient) -> None:
    path, key = f"/patients/connect-doctor/{token_of(doctor)}", {"Idempotency-Key": "one"}
    first = ada.post(path, {}, headers=key)
    assert first.status == 200
    again = ada.post(path, {}, headers=key)
    assert (again.status, again.data) == (200, first.data)
    assert ada.post(path, {}).status == 404, "without the key the token is used"
    assert len(log_of(ada)) == 1


def test_connecting_and_parting_are_in_the_log(doctor: ApiClient, ada: ApiClient) -> None:
    connect(doctor, ada)
    ada.delete(f"/patients/me/doctors/{own_id(doctor)}")
    parted, connected = log_of(ada)
    assert (connected["action"], parted["action"]) == ("CONNECT", "WITHDRAW")
    for entry in (connected, parted):
        said = (entry["actor_id"], entry["actor_role"], entry["resource"], entry["resource_id"])
        assert said == (own_id(ada), "PATIENT", "care_link", own_id(doctor))


def test_a_link_whose_acknowledgement_is_lost_is_made_once(doctor: ApiClient, ada: ApiClient) -> None:
    token = token_of(doctor)
    with lost_answer(connection().client, "dynamodb.TransactWriteItems") as lost:
        assert ada.post(f"/patients/connect-doctor/{token}", {}).status == 200
    assert len(lost) == 1
    assert [one["id"] for one in doctor.get("/patients").data] == [own_id(ada)]


def test_of_two_patients_who_use_a_connect_token_at_once_one_connects(
    doctor: ApiClient, ada: ApiClient, ben: ApiClient
) -> None:
    token, clinic = token_of(doctor), import_module("functions.records.handler").deps
    hashed = sha256(UUID(token).bytes).hexdigest()
    found = clinic.connect_tokens.find(hashed)
    assert ben.post(f"/patients/connect-doctor/{token}", {}).status == 200, "between ada's look and her write"
    now = clock.now()
    link = CareLink(own_id(ada), own_id(doctor), now)
    entry = AccessEntry(
        patient_id=own_id(ada),
        at=now,
        actor_id=own_id(ada),
        actor_role=Role.PATIENT,
        action="CONNECT",
        resource="care_link",
        resource_id=own_id(doctor),
    )
    with pytest.raises(Conflict):
        clinic.connect_tokens.spend(found, link, entry, None)
    assert [one["id"] for one in doctor.get("/patients").data] == [own_id(ben)]
    assert log_of(ada) == []


def names(people: list[dict[str, Any]]) -> list[int]:
    return [one["id"] for one in people]


def test_a_patient_sees_everyone_who_can_see_them_and_why(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, lab: ApiClient, ada: ApiClient
) -> None:
    ward = department(admin)
    assign(admin, ward, other_doctor)
    admit(admin, ward, ada)
    for professional in (doctor, lab):
        connect(professional, ada)
    doctor.post(f"/patients/{own_id(ada)}/break-glass", {"reason": "Unconscious at the door"})
    seen = ada.get("/patients/me/access").data
    assert names(seen["doctors"]) == [own_id(lab), own_id(doctor)]
    [place] = seen["departments"]
    assert (place["id"], place["name"], names(place["doctors"])) == (ward, "Cardiology", [own_id(other_doctor)])
    [glass] = seen["broken_glass"]
    assert (glass["doctor"]["id"], glass["reason"]) == (own_id(doctor), "Unconscious at the door")
    assert glass["since"] < glass["ends_at"]
    assert own_id(admin) in names(seen["administrators"])
    assert [client.get("/patients/me/access").status for client in (doctor, admin, ApiClient())] == [403, 403, 401]


def test_who_let_nobody_in_is_seen_by_administrators_alone(admin: ApiClient, ben: ApiClient) -> None:
    seen = ben.get("/patients/me/access").data
    assert own_id(admin) in names(seen.pop("administrators"))
    assert seen == {"doctors": [], "departments": [], "broken_glass": []}


def test_whom_an_administrator_refused_is_not_among_those_who_can_see(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    ward = department(admin)
    assign(admin, ward, doctor)
    admit(admin, ward, ada)
    connect(doctor, ada)
    admin.post(f"/users/{own_id(doctor)}/approval", {"approved": False})
    seen = ada.get("/patients/me/access").data
    assert (seen["doctors"], [place["doctors"] for place in seen["departments"]]) == ([], [[]])


def test_who_was_deactivated_is_not_among_those_who_can_see(
    admin: ApiClient, doctor: ApiClient, ada: ApiClient
) -> None:
    connect(doctor, ada)
    assert admin.patch(f"/users/{own_id(doctor)}", {"is_active": False}).status == 200
    assert ada.get("/patients/me/access").data["doctors"] == []


def test_a_withdrawal_tells_what_is_still_open(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient
) -> None:
    ward = department(admin)
    for one in (doctor, other_doctor):
        assign(admin, ward, one)
    connect(doctor, ada)
    admit(doctor, ward, ada)
    answer = ada.delete(f"/patients/me/doctors/{own_id(doctor)}").data
    assert answer["message"] == "Access withdrawn"
    assert answer["still_open"] == ada.get("/patients/me/access").data
    assert answer["still_open"]["doctors"] == []
    assert [names(place["doctors"]) for place in answer["still_open"]["departments"]] == [[own_id(other_doctor)]]
    assert doctor.get(f"/patients/{own_id(ada)}").status == 404


def test_a_patient_withdraws_from_a_doctor_whom_only_a_department_let_in(
    admin: ApiClient, doctor: ApiClient, other_doctor: ApiClient, ada: ApiClient
) -> None:
    ward = department(admin)
    assign(admin, ward, doctor)
    admit(admin, ward, ada)
    assert doctor.get(f"/patients/{own_id(ada)}").status == 200
    path = f"/patients/me/doctors/{own_id(doctor)}"
    assert ada.delete(f"/patients/me/doctors/{own_id(other_doctor)}").status == 404, "who sees nothing"
    assert [ada.delete(path).status for _ in range(2)] == [200, 404]
    assert doctor.get(f"/patients/{own_id(ada)}").status == 404
    assert [log_of(ada)[0][field] for field in ("action", "resource_id")] == ["WITHDRAW", own_id(doctor)]
    admin.put(f"/api/department/{ward}/doctors/{own_id(doctor)}", {})
    assert doctor.get(f"/patients/{own_id(ada)}").status == 404, "no department gives it back"
    connect(doctor, ada)
    assert doctor.get(f"/patients/{own_id(ada)}").status == 200
    [place] = ada.get("/patients/me/access").data["departments"]
    assert names(place["doctors"]) == [own_id(doctor)], "new consent ends the refusal"
