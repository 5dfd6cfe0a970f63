"""Contract C: patients, doctors, hospitals and labs, each by a path of its own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.http.client import Client
from tests.http.conftest import sign_in_administrator
from tests.http.replay import Replay

KINDS = ["user", "doctor", "hospital", "labo"]
NAMES = {"carte_id": "C-1", "email": "ada@example.org", "password": "correct horse"}
PERSON = NAMES | {"first_name": "Ada", "last_name": "Byron"}
REQUIRED, BLANK = ["This field is required."], ["This field may not be blank."]
UNIQUE, UNKNOWN = ["This field must be unique."], ["This field is not known."]
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()


def body(kind: str, **fields: object) -> dict[str, Any]:
    """A registration with these fields changed, which the document nests in a profile for all but patients."""
    if kind == "user":
        return PERSON | fields
    return {"profile": (PERSON if kind == "doctor" else NAMES) | fields}


def login(api: Client, kind: str, **fields: str) -> tuple[int, Any]:
    reply = api.post(f"/api/{kind}/login", {"email": "ada@example.org", "password": "correct horse"} | fields)
    return reply.status, reply.json


def test_every_exchange_is_as_the_document_shows_it(api: Client) -> None:
    replay = Replay("c")
    replay.play("register patient", "log in patient", "register doctor")
    hospital = replay.play("register hospital").json["id"]
    sign_in_administrator(api).post(f"/users/{hospital}/approval", {"approved": True})
    replay.play("log in hospital", "register labo", "log in labo that is not approved")


def test_a_patients_answer_has_the_documents_fields_alone(api: Client) -> None:
    replay = Replay("c")
    sent = replay.sent("register patient").keys() - {"password", "married"}
    assert replay.play("register patient").json.keys() == sent | {"id", "image", "access", "refresh", "isPatient"}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_invented(api: Client, kind: str) -> None:
    answer = api.post(f"/api/{kind}/register", body(kind)).json
    profile = answer.get("profile", answer)
    assert (profile["blood_type"], profile["gender"], profile["birth_date"], profile["numero_tel"]) == (None,) * 4
    assert (profile["image"], profile["emergency_numbers"], profile["id"]) == (None, [], answer["id"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_tokens_of_a_registration_are_the_accounts(api: Client, kind: str) -> None:
    answer = api.post(f"/api/{kind}/register", body(kind)).json
    assert Client(answer["access"]).get("/users/me").data["email"] == "ada@example.org"
    assert api.post("/api/token/refresh", {"refresh": answer["refresh"]}).status == 200


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_professional_logs_in_once_approved(api: Client, kind: str) -> None:
    registered = api.post(f"/api/{kind}/register", body(kind)).json
    assert login(api, kind) == (404, "You are not approved yet")
    assert login(api, kind, password="wrong horse") == (401, {"error": "Invalid credentials"})
    administrator = sign_in_administrator(api)
    administrator.post(f"/users/{registered['id']}/approval", {"approved": True})
    status, answer = login(api, kind)
    assert (status, answer["id"]) == (200, registered["id"])
    flags = {"doctor": {"isDoctor"}, "hospital": {"isHospital"}, "labo": {"isLabo", "isLabOorRad"}}[kind]
    assert {name for name, value in answer.items() if value is True} == flags
    administrator.post(f"/users/{registered['id']}/approval", {"approved": False})
    assert login(api, kind) == (404, "You are not approved yet")


@pytest.mark.parametrize("kind", KINDS)
def test_each_login_is_for_its_own_kind_and_tells_nothing_else(api: Client, kind: str) -> None:
    api.post(f"/api/{kind}/register", body(kind))
    others = [login(api, other) for other in KINDS if other != kind]
    others += [login(api, kind, password="wrong horse"), login(api, kind, email="nobody@example.org")]
    assert others == [(401, {"error": "Invalid credentials"})] * 5


def test_a_deactivated_account_is_refused_as_an_unknown_one(api: Client) -> None:
    registered = api.post("/api/user/register", body("user")).json
    path = f"/users/{registered['id']}"
    sign_in_administrator(api).send("PATCH", path, b'{"is_active": false}', "application/json")
    assert login(api, "user") == (401, {"error": "Invalid credentials"})


@pytest.mark.parametrize("kind", KINDS)
def test_every_missing_field_is_named_plainly(api: Client, kind: str) -> None:
    reply = api.post(f"/api/{kind}/register", {} if kind == "user" else {"profile": {}})
    required = PERSON if kind in {"user", "doctor"} else NAMES
    assert (reply.status, reply.json) == (400, dict.fromkeys(required, REQUIRED))


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("sent", [{}, {"profile": None}, {"profile": []}, {"profile": "Ada"}])
def test_a_profile_that_is_none_is_named(api: Client, kind: str, sent: dict[str, object]) -> None:
    reply = api.post(f"/api/{kind}/register", sent)
    assert (reply.status, set(reply.json)) == (400, {"profile"})


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_assigns_what_is_not_theirs_to_say(api: Client, kind: str) -> None:
    forbidden = {"role": "ADMIN", "is_superuser": True, "approved": True, "is_approved": True, "id": 1}
    reply = api.post(f"/api/{kind}/register", body(kind) | forbidden)
    assert (reply.status, reply.json) == (400, dict.fromkeys(forbidden, UNKNOWN))
    nested = api.post(f"/api/{kind}/register", body(kind, **forbidden))
    assert (nested.status, nested.json) == (400, dict.fromkeys(forbidden, UNKNOWN))


@pytest.mark.parametrize("kind", KINDS)
def test_names_that_are_taken_are_named_beside_what_is_broken(api: Client, kind: str) -> None:
    api.post(f"/api/{kind}/register", body(kind))
    again = api.post(f"/api/{kind}/register", body(kind, carte_id="c-1"))
    assert (again.status, again.json) == (400, dict.fromkeys(["carte_id", "email"], UNIQUE))
    broken = api.post(f"/api/{kind}/register", body(kind, password=""))
    assert broken.json == {"carte_id": UNIQUE, "email": UNIQUE, "password": BLANK}


@pytest.mark.parametrize("kind", ["user", "doctor"])
@pytest.mark.parametrize(
    "field",
    [
        {"birth_date": TOMORROW},
        {"birth_date": "1899-12-31"},
        {"birth_date": "2001-02-29"},
        {"birth_date": "15/05/1990"},
        {"birth_date": "643334400"},
        {"birth_date": 643334400},
        {"birth_date": ""},
        {"blood_type": "C+"},
        {"blood_type": "o+"},
        {"gender": "F"},
        {"gender": 1},
        {"emergency_numbers": ["1"] * 11},
        {"emergency_numbers": "555-5555"},
        {"married": "yes"},
        {"first_name": " "},
        {"first_name": "A\0da"},
        {"last_name": "x" * 255},
        {"address": "x" * 501},
        {"carte_id": "\u2007"},
        {"carte_id": 111111},
        {"email": "ada@"},
        {"password": "1234567"},
        {"numero_tel": ["555"]},
    ],
)
def test_a_broken_field_of_a_person_is_refused(api: Client, kind: str, field: dict[str, object]) -> None:
    reply = api.post(f"/api/{kind}/register", body(kind, **field))
    assert (reply.status, set(reply.json)) == (400, set(field)), reply.body
    assert api.post(f"/api/{kind}/register", body(kind)).status == 201


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("doctor", {"bio": "x" * 2001}),
        ("doctor", {"isPrivee": "true"}),
        ("doctor", {"is_private": True}),
        ("doctor", {"specialite": 1}),
        ("doctor", {"address": ""}),
        ("hospital", {"name": ""}),
        ("hospital", {"hospital_number": "none"}),
        ("hospital", {"labo_number": "055"}),
        ("labo", {"isLabo": False}),
        ("labo", {"labo_address": "x" * 501}),
    ],
)
def test_a_broken_field_of_a_professional_is_refused(api: Client, kind: str, field: dict[str, object]) -> None:
    reply = api.post(f"/api/{kind}/register", body(kind) | field)
    assert (reply.status, set(reply.json)) == (400, set(field)), reply.body


def test_each_broken_emergency_number_is_named(api: Client) -> None:
    reply = api.post("/api/user/register", body("user", emergency_numbers=["1", "none", 2]))
    assert set(reply.json) == {"emergency_numbers.1", "emergency_numbers.2"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_login_is_refused(api: Client, kind: str) -> None:
    reply = api.post(f"/api/{kind}/login", {"email": "", "password": 1, "username": "ada"})
    assert (reply.status, reply.json["email"], reply.json["username"]) == (400, BLANK, UNKNOWN)
    assert set(reply.json) == {"email", "password", "username"}
