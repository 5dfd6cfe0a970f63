"""What contract C's registrations and logins refuse, by field."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.client import ApiClient
from tests.support.registrations import KINDS, NAMES, PERSON, body

REQUIRED, BLANK = ["This field is required."], ["This field may not be blank."]
UNIQUE, UNKNOWN = ["This field must be unique."], ["This field is not known."]
UNBORN = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()


@pytest.mark.parametrize("kind", KINDS)
def test_every_missing_field_is_named_plainly(api: ApiClient, kind: str) -> None:
    reply = api.post(f"/api/{kind}/register", {} if kind == "user" else {"profile": {}})
    required = PERSON if kind in {"user", "doctor"} else NAMES
    assert (reply.status, reply.json) == (400, dict.fromkeys(required, REQUIRED))


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("sent", [{}, {"profile": None}, {"profile": []}, {"profile": "Ada"}])
def test_a_profile_that_is_none_is_named(api: ApiClient, kind: str, sent: dict[str, object]) -> None:
    reply = api.post(f"/api/{kind}/register", sent)
    assert (reply.status, set(reply.json)) == (400, {"profile"})


@pytest.mark.parametrize("kind", KINDS)
def test_contract_c_registration_refuses_fields_that_callers_may_not_set(api: ApiClient, kind: str) -> None:
    forbidden = {"role": "ADMIN", "is_superuser": True, "approved": True, "is_approved": True, "id": 1}
    reply = api.post(f"/api/{kind}/register", body(kind) | forbidden)
    assert (reply.status, reply.json) == (400, dict.fromkeys(forbidden, UNKNOWN))
    nested = api.post(f"/api/{kind}/register", body(kind, **forbidden))
    assert (nested.status, nested.json) == (400, dict.fromkeys(forbidden, UNKNOWN))


@pytest.mark.parametrize("kind", KINDS)
def test_names_that_are_taken_are_named_beside_what_is_broken(api: ApiClient, kind: str) -> None:
    api.post(f"/api/{kind}/register", body(kind))
    again = api.post(f"/api/{kind}/register", body(kind, carte_id="c-1"))
    assert (again.status, again.json) == (400, dict.fromkeys(["carte_id", "email"], UNIQUE))
    broken = api.post(f"/api/{kind}/register", body(kind, password=""))
    assert broken.json == {"carte_id": UNIQUE, "email": UNIQUE, "password": BLANK}


@pytest.mark.parametrize("kind", ["user", "doctor"])
@pytest.mark.parametrize(
    "field",
    [
        {"birth_date": UNBORN},
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
def test_a_broken_field_of_a_person_is_refused(api: ApiClient, kind: str, field: dict[str, object]) -> None:
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
def test_a_broken_field_of_a_professional_is_refused(api: ApiClient, kind: str, field: dict[str, object]) -> None:
    reply = api.post(f"/api/{kind}/register", body(kind) | field)
    assert (reply.status, set(reply.json)) == (400, set(field)), reply.body


def test_each_broken_emergency_number_is_named(api: ApiClient) -> None:
    reply = api.post("/api/user/register", body("user", emergency_numbers=["1", "none", 2]))
    assert set(reply.json) == {"emergency_numbers.1", "emergency_numbers.2"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_login_is_refused(api: ApiClient, kind: str) -> None:
    reply = api.post(f"/api/{kind}/login", {"email": "", "password": 1, "username": "ada"})
    assert (reply.status, reply.json["email"], reply.json["username"]) == (400, BLANK, UNKNOWN)
    assert set(reply.json) == {"email", "password", "username"}
