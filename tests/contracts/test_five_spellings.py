"""One person, five spellings: whoever registers through one contract reads right through every other."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from functions.auth.schemas.contract_c import DoctorOut, HospitalOut, LaboOut, PatientOut
from functions.auth.usecases.sessions import SignedIn
from scanward.domain.ids import parse_id
from scanward.stores.accounts import AccountStore
from tests.support.client import ApiClient
from tests.support.cloud import TABLES
from tests.support.people import sign_in_administrator

PASSWORD = {"password": "correct horse"}
EMAIL = {"email": "ada@example.org"}
MEMBER = PASSWORD | EMAIL | {"username": "countess", "registration_id": "R-1", "phone_number": "+44 1"}
NAMES = PASSWORD | EMAIL | {"carte_id": "C-1"}
PERSON = NAMES | {"first_name": "Ada", "last_name": "Byron", "numero_tel": "+44 1"}
PERSON |= {"gender": "Female", "birth_date": "1990-05-15"}
USER = PASSWORD | EMAIL | {"full_name": "Ada King", "phone": "+44 1"}
NOTHING = dict.fromkeys(
    ["email", "username", "phone", "gender", "birth_date", "first_name", "last_name", "registration_id", "carte_id"]
)
OF_MEMBER = EMAIL | {"username": "countess", "full_name": "countess", "registration_id": "R-1", "phone": "+44 1"}
OF_PERSON = EMAIL | {"carte_id": "C-1", "first_name": "Ada", "last_name": "Byron", "full_name": "Ada Byron"}
OF_PERSON |= {"phone": "+44 1", "gender": "FEMALE", "birth_date": "1990-05-15"}
OF_ORGANISATION = EMAIL | {"carte_id": "C-1", "full_name": "Ada's", "phone": "+44 1"}
OF_USER = EMAIL | {"full_name": "Ada King", "phone": "+44 1"}
PATIENT, DOCTOR = {"role": "PATIENT"}, {"role": "DOCTOR"}

# What is registered where, and who that is in the canonical spelling.
WAYS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "A patient": ("/api/register", MEMBER | {"is_patient": True}, OF_MEMBER | PATIENT),
    "A doctor": ("/api/register", MEMBER | {"is_doctor": True}, OF_MEMBER | DOCTOR),
    "B patient": ("/auth/register", PASSWORD | EMAIL | PATIENT, EMAIL | PATIENT | {"full_name": "ada"}),
    "B doctor": ("/auth/register", PASSWORD | EMAIL | DOCTOR, EMAIL | DOCTOR | {"full_name": "ada"}),
    "C patient": ("/api/user/register", PERSON, OF_PERSON | PATIENT),
    "C doctor": ("/api/doctor/register", {"profile": PERSON}, OF_PERSON | DOCTOR),
    "C hospital": (
        "/api/hospital/register",
        {"profile": NAMES, "name": "Ada's", "hospital_number": "+44 1"},
        OF_ORGANISATION | {"role": "HOSPITAL"},
    ),
    "C labo": (
        "/api/labo/register",
        {"profile": NAMES, "name": "Ada's", "labo_number": "+44 1"},
        OF_ORGANISATION | {"role": "LAB"},
    ),
    "D": (
        "/auth/register",
        PASSWORD | {"username": "countess"},
        PATIENT | {"username": "countess", "full_name": "countess"},
    ),
    "E patient": ("/api/register", USER | {"usertype": "patient"}, OF_USER | PATIENT),
    "E doctor": ("/api/register", USER | {"usertype": "doctor"}, OF_USER | DOCTOR),
}
KINDS = {"PATIENT": "user", "DOCTOR": "doctor", "HOSPITAL": "hospital", "LAB": "labo"}
FLAGS = {"PATIENT": {"isPatient"}, "DOCTOR": {"isDoctor"}, "HOSPITAL": {"isHospital"}, "LAB": {"isLabo", "isLabOorRad"}}
ANSWERS: dict[str, Any] = {"PATIENT": PatientOut, "DOCTOR": DoctorOut, "HOSPITAL": HospitalOut, "LAB": LaboOut}


def age(who: dict[str, Any]) -> int | None:
    if who["birth_date"] is None:
        return None
    today, born = datetime.now(UTC).date(), date.fromisoformat(who["birth_date"])
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def reads_right_in_a(opened: dict[str, Any], who: dict[str, Any]) -> None:
    assert (opened["is_patient"], opened["is_doctor"]) == (who["role"] == "PATIENT", who["role"] == "DOCTOR")
    assert (opened["email"], opened["username"]) == (who["email"], who["username"])
    assert (opened["phone_number"], opened["registration_id"]) == (who["phone"], who["registration_id"])


def reads_right_in_b_and_d(client: ApiClient, uid: int, who: dict[str, Any]) -> None:
    shown = client.get("/users/me").data
    assert (shown["id"], shown["pk"]) == (uid, uid)
    assert (shown["role"], shown["is_superuser"]) == (who["role"], False)
    assert (shown["name"], shown["email"], shown["username"]) == (who["full_name"], who["email"], who["username"])
    assert (shown["gender"], shown["age"]) == (who["gender"], age(who))


def reads_right_in_c(api: ApiClient, uid: int, who: dict[str, Any]) -> None:
    if who["email"]:
        opened = api.post(f"/api/{KINDS[who['role']]}/login", EMAIL | PASSWORD).json
        assert parse_id(opened["id"]) == uid
        assert {name for name, value in opened.items() if value is True} == FLAGS[who["role"]]
    # The document shows the other cells in registrations alone: so would it show this account.
    found = AccountStore(TABLES["ACCOUNTS_TABLE"]).get(uid)
    assert found
    answer: BaseModel = ANSWERS[who["role"]].from_sign_in(SignedIn(found.account, "access", "refresh"))
    shown = json.loads(answer.model_dump_json())
    profile = shown.get("profile", shown)
    assert (parse_id(shown["id"]), profile["carte_id"], profile["email"]) == (uid, who["carte_id"], who["email"])
    if who["role"] in {"HOSPITAL", "LAB"}:
        number = shown["hospital_number" if who["role"] == "HOSPITAL" else "labo_number"]
        assert (shown["name"], profile["first_name"], number) == (who["full_name"], who["full_name"], who["phone"])
        return
    assert (profile["first_name"], profile["last_name"]) == (who["first_name"], who["last_name"])
    gender = who["gender"] and who["gender"].capitalize()
    assert (profile["numero_tel"], profile["gender"]) == (who["phone"], gender)
    assert profile["birth_date"] == who["birth_date"]


def reads_right_in_e(client: ApiClient, uid: int, who: dict[str, Any]) -> None:
    shown = client.get("/api/profile").json
    assert (shown["id"], shown["usertype"]) == (uid, who["role"].lower())
    assert (shown["full_name"], shown["email"], shown["phone"]) == (who["full_name"], who["email"], who["phone"])


def reads_right_everywhere(api: ApiClient, who: dict[str, Any]) -> None:
    name = EMAIL if who["email"] else {"username": who["username"]}
    opened = api.post("/api/login", name | PASSWORD).json
    client = ApiClient(opened["access"])
    reads_right_in_a(opened, who)
    reads_right_in_b_and_d(client, opened["uid"], who)
    reads_right_in_c(api, opened["uid"], who)
    reads_right_in_e(client, opened["uid"], who)


def approve(api: ApiClient) -> None:
    administrator = sign_in_administrator(api)
    for account in administrator.get("/users/?approved=false").data:
        assert administrator.post(f"/users/{account['id']}/approval", {"approved": True}).status == 200


@pytest.mark.parametrize("way", WAYS)
def test_whoever_registers_reads_right_through_every_contract(api: ApiClient, way: str) -> None:
    path, body, said = WAYS[way]
    assert api.post(path, body).status in {200, 201}
    approve(api)
    reads_right_everywhere(api, NOTHING | said)


@pytest.mark.parametrize("way", [way for way, (_, _, said) in WAYS.items() if said["role"] in {"PATIENT", "DOCTOR"}])
def test_a_profile_change_reads_right_through_every_contract(api: ApiClient, way: str) -> None:
    path, body, said = WAYS[way]
    api.post(path, body)
    approve(api)
    name = {"email": said["email"]} if "email" in said else {"username": said["username"]}
    client = ApiClient(api.post("/api/login", name | PASSWORD).json["access"])
    later = {"full_name": "A. A. King", "first_name": "Augusta", "last_name": "King", "phone": "+44 2"}
    later |= {"gender": "OTHER", "birth_date": "2000-02-29"}
    assert client.patch("/api/profile", later).status == 200
    reads_right_everywhere(api, NOTHING | said | later)


def test_an_administrator_reads_right_where_one_can_sign_in(api: ApiClient) -> None:
    client = sign_in_administrator(api)
    shown = client.get("/users/me").data
    assert (shown["role"], shown["is_superuser"]) == ("ADMIN", True)
    assert client.get("/api/profile").json["usertype"] == "admin"
    name = {"email": "administrator@example.org"}
    opened = api.post("/api/login", name | PASSWORD).json
    assert (opened["uid"], opened["is_patient"], opened["is_doctor"]) == (shown["id"], False, False)
    assert {api.post(f"/api/{kind}/login", name | PASSWORD).status for kind in KINDS.values()} == {401}
