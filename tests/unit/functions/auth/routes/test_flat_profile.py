"""The profile: each role's own fields, and no others."""

from typing import Any

import pytest

from tests.support.client import ApiClient, Reply
from tests.support.people import sign_in_administrator
from tests.support.registrations import body

PERSON = {"full_name": "Ada Byron", "email": "ada@example.org", "usertype": "patient", "password": "correct horse"}
BLANK = ["This field may not be blank."]
UNIQUE, UNKNOWN = ["This field must be unique."], ["This field is not known."]
COLUMNS = {"id", "full_name", "email", "phone", "usertype", "created_at", "updated_at"}
KINDS = {"patient": "user", "doctor": "doctor", "hospital": "hospital", "lab": "labo"}
OF_PEOPLE: dict[str, Any] = {
    "full_name": "Ada King",
    "first_name": "Augusta",
    "last_name": "King",
    "phone": "+44 20 7946 0000",
    "gender": "FEMALE",
    "birth_date": "1990-05-15",
    "address": "12 St James's Square",
    "blood_type": "AB-",
    "emergency_numbers": ["999"],
    "married": True,
}
OF_DOCTORS = {"bio": "Long in practice.", "specialty": "Cardiology", "is_private": False, "practice_address": "Ward 3"}
OF_ORGANISATIONS = {"name": "Another's", "phone": "+44 20 7946 0000", "practice_address": "Ward 3"}
OF_ADMINISTRATORS = {name: OF_PEOPLE[name] for name in ("full_name", "first_name", "last_name", "phone")}
EDITABLE = {
    "patient": OF_PEOPLE,
    "doctor": OF_PEOPLE | OF_DOCTORS,
    "hospital": OF_ORGANISATIONS,
    "lab": OF_ORGANISATIONS,
    "admin": OF_ADMINISTRATORS,
}
EVERYTHING = OF_PEOPLE | OF_DOCTORS | OF_ORGANISATIONS | {"age": 36}


def signed_in(api: ApiClient, usertype: str) -> ApiClient:
    if usertype == "admin":
        return sign_in_administrator(api)
    kind = KINDS[usertype]
    return ApiClient(api.post(f"/api/{kind}/register", body(kind)).json["access"])


def patch(client: ApiClient, fields: object) -> Reply:
    return client.patch("/api/profile", fields)


@pytest.mark.parametrize("usertype", EDITABLE)
def test_every_field_of_ones_role_is_edited_and_cleared(api: ApiClient, usertype: str) -> None:
    client, fields = signed_in(api, usertype), EDITABLE[usertype]
    before = client.get("/api/profile").json
    assert before.keys() >= COLUMNS | fields.keys()
    assert before["usertype"] == usertype
    edited = patch(client, fields)
    assert (edited.status, edited.json) == (200, client.get("/api/profile").json)
    assert {name: edited.json[name] for name in fields} == fields
    cleared = patch(client, dict.fromkeys(fields)).json
    empty = {name: cleared[name] for name in fields if name not in {"full_name", "emergency_numbers"}}
    assert set(empty.values()) == {None}
    assert cleared["full_name"] == before["email"].partition("@")[0]
    assert cleared.get("emergency_numbers", []) == []


@pytest.mark.parametrize("usertype", EDITABLE)
def test_fields_of_other_roles_are_refused_by_name(api: ApiClient, usertype: str) -> None:
    client = signed_in(api, usertype)
    foreign = EVERYTHING.keys() - EDITABLE[usertype].keys() - ({"age"} if usertype in {"patient", "doctor"} else set())
    assert patch(client, EVERYTHING).json == dict.fromkeys(foreign, UNKNOWN)
    broken = patch(client, EVERYTHING | {"phone": "", "role": "ADMIN"})
    assert (broken.status, broken.json) == (400, dict.fromkeys(foreign | {"role"}, UNKNOWN) | {"phone": BLANK})


@pytest.mark.parametrize("usertype", EDITABLE)
@pytest.mark.parametrize(
    "field",
    ["id", "role", "usertype", "is_superuser", "approved", "is_approved", "registration_id", "carte_id", "password"],
)
def test_a_profile_change_refuses_fields_that_callers_may_not_set(api: ApiClient, usertype: str, field: str) -> None:
    client = signed_in(api, usertype)
    before = client.get("/api/profile").json
    assert patch(client, {"phone": "1", field: "1"}).json == {field: UNKNOWN}
    assert client.get("/api/profile").json == before


def test_a_new_email_is_the_one_that_holds_and_the_old_one_stays_the_accounts(api: ApiClient) -> None:
    client = signed_in(api, "patient")
    api.post("/api/register", PERSON | {"email": "held@example.org"})
    taken = patch(client, {"email": "HELD@example.org", "phone": "1"})
    assert (taken.status, taken.json) == (400, {"email": UNIQUE})
    assert patch(client, {"email": "new@example.org"}).json["email"] == "new@example.org"
    again = api.post("/api/register", PERSON)
    assert (again.status, again.json) == (400, {"email": UNIQUE})
    assert api.post("/api/login", {"email": "new@example.org", "password": "correct horse"}).status == 200


@pytest.mark.parametrize(
    "field",
    [
        {"email": None},
        {"email": "x"},
        {"age": -1},
        {"age": 151},
        {"age": "36"},
        {"age": True},
        {"birth_date": "2999-01-01"},
        {"blood_type": "?"},
        {"emergency_numbers": ["1"] * 11},
        {"first_name": "A\0da"},
        {"full_name": ""},
    ],
)
def test_a_broken_field_of_a_profile_is_refused(api: ApiClient, field: dict[str, object]) -> None:
    reply = patch(signed_in(api, "patient"), field)
    assert (reply.status, set(reply.json)) == (400, set(field))


@pytest.mark.parametrize("sent", [b"null", b"[]", b'["bio"]', b'"bio"', b"1"])
def test_a_profile_of_another_shape_is_refused(api: ApiClient, sent: bytes) -> None:
    reply = signed_in(api, "patient").send("PATCH", "/api/profile", sent, "application/json")
    assert (reply.status, reply.json) == (400, {"body": ["Input should be an object"]})


def test_an_age_is_what_was_said_until_a_birth_date_says_better(api: ApiClient) -> None:
    client = signed_in(api, "patient")
    assert patch(client, {"age": 99}).json["age"] == client.get("/users/me").data["age"] == 99
    assert patch(client, {"birth_date": "1990-05-15"}).json["age"] < 99
    assert patch(client, {"birth_date": None}).json["age"] == 99
