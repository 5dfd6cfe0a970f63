"""Contract E: the columns of its Users table, and the profile."""

import json
from typing import Any

import pytest

from tests.http.client import Client, Reply
from tests.http.conftest import sign_in_administrator
from tests.http.replay import Replay

PERSON = {"full_name": "Ada Byron", "email": "ada@example.org", "usertype": "patient", "password": "correct horse"}
REQUIRED, BLANK = ["This field is required."], ["This field may not be blank."]
UNIQUE, UNKNOWN = ["This field must be unique."], ["This field is not known."]
COLUMNS = {"id", "full_name", "email", "phone", "usertype", "created_at", "updated_at"}
NAMES = {"carte_id": "C-1", "email": "ada@example.org", "password": "correct horse"}
REGISTRATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "patient": ("/api/user/register", NAMES | {"first_name": "Ada", "last_name": "Byron"}),
    "doctor": ("/api/doctor/register", {"profile": NAMES | {"first_name": "Ada", "last_name": "Byron"}}),
    "hospital": ("/api/hospital/register", {"profile": NAMES, "name": "Ada's"}),
    "lab": ("/api/labo/register", {"profile": NAMES, "name": "Ada's"}),
}
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


def signed_in(api: Client, usertype: str) -> Client:
    if usertype == "admin":
        return sign_in_administrator(api)
    path, body = REGISTRATIONS[usertype]
    return Client(api.post(path, body).json["access"])


def patch(client: Client, fields: object) -> Reply:
    return client.send("PATCH", "/api/profile", json.dumps(fields).encode(), "application/json")


def test_every_exchange_is_as_the_document_shows_it(api: Client) -> None:
    replay = Replay("e")
    replay.play(*replay.names)
    assert Client(replay.tokens["access"]).get("/api/profile").status == 401


def test_a_registration_is_answered_with_the_tables_columns_alone(api: Client) -> None:
    assert api.post("/api/register", PERSON).json.keys() == COLUMNS


@pytest.mark.parametrize(
    ("body", "broken"),
    [
        ({"usertype": "patient"}, dict.fromkeys(["full_name", "email", "password"], REQUIRED)),
        (
            dict.fromkeys(["full_name", "email", "phone", "password"], ""),
            dict.fromkeys(PERSON.keys() - {"usertype"}, BLANK),
        ),
        (
            {"role": "ADMIN", "is_superuser": True, "is_approved": True, "approved": True, "id": 1, "created_at": "x"},
            dict.fromkeys(["role", "is_superuser", "is_approved", "approved", "id", "created_at"], UNKNOWN),
        ),
    ],
    ids=["nothing", "blank", "mass-assignment"],
)
def test_every_broken_field_is_named_at_once(
    api: Client, body: dict[str, object], broken: dict[str, list[str]]
) -> None:
    sent = body if "usertype" in body else PERSON | body
    reply = api.post("/api/register", sent)
    assert (reply.status, {name: texts for name, texts in reply.json.items() if name != "phone"}) == (400, broken)


@pytest.mark.parametrize(
    "field",
    [
        {"usertype": "admin"},
        {"usertype": "Patient"},
        {"usertype": None},
        {"full_name": " "},
        {"full_name": "Ada\0"},
        {"full_name": 7},
        {"full_name": "x" * 255},
        {"email": "ada"},
        {"phone": "none"},
        {"password": "short"},
        {"password": "x" * 129},
    ],
)
def test_a_broken_field_is_refused(api: Client, field: dict[str, object]) -> None:
    reply = api.post("/api/register", PERSON | field)
    assert (reply.status, set(reply.json)) == (400, set(field)), reply.body


def test_a_taken_email_is_named_beside_what_is_broken(api: Client) -> None:
    api.post("/api/register", PERSON)
    assert api.post("/api/register", PERSON).json == {"email": UNIQUE}
    assert api.post("/api/register", PERSON | {"password": ""}).json == {"email": UNIQUE, "password": BLANK}


@pytest.mark.parametrize("path", ["/api/profile", "/api/logout"])
@pytest.mark.parametrize("token", [None, "x", "e30.e30."])
def test_the_profile_and_logout_need_a_token(api: Client, path: str, token: str | None) -> None:
    reply = Client(token).send("GET" if path == "/api/profile" else "POST", path)
    assert (reply.status, reply.json) == (401, {"error": "Not authenticated"})


@pytest.mark.parametrize("usertype", EDITABLE)
def test_every_field_of_ones_role_is_edited_and_cleared(api: Client, usertype: str) -> None:
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
def test_fields_of_other_roles_are_refused_by_name(api: Client, usertype: str) -> None:
    client = signed_in(api, usertype)
    foreign = EVERYTHING.keys() - EDITABLE[usertype].keys() - ({"age"} if usertype in {"patient", "doctor"} else set())
    assert patch(client, EVERYTHING).json == dict.fromkeys(foreign, UNKNOWN)
    broken = patch(client, EVERYTHING | {"phone": "", "role": "ADMIN"})
    assert (broken.status, broken.json) == (400, dict.fromkeys(foreign | {"role"}, UNKNOWN) | {"phone": BLANK})


@pytest.mark.parametrize("usertype", EDITABLE)
@pytest.mark.parametrize(
    "field",
    ["id", "role", "usertype", "is_superuser", "approved", "is_approved", "registration_id", "carte_id", "image"],
)
def test_nobody_assigns_what_is_not_theirs_to_say(api: Client, usertype: str, field: str) -> None:
    client = signed_in(api, usertype)
    before = client.get("/api/profile").json
    assert patch(client, {"phone": "1", field: "1"}).json == {field: UNKNOWN}
    assert client.get("/api/profile").json == before


def test_a_new_email_frees_the_old_one(api: Client) -> None:
    client = signed_in(api, "patient")
    api.post("/api/register", PERSON | {"email": "held@example.org"})
    taken = patch(client, {"email": "HELD@example.org", "phone": "1"})
    assert (taken.status, taken.json) == (400, {"email": UNIQUE})
    assert patch(client, {"email": "new@example.org"}).json["email"] == "new@example.org"
    assert api.post("/api/register", PERSON).status == 201
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
    ],
)
def test_a_broken_field_of_a_profile_is_refused(api: Client, field: dict[str, object]) -> None:
    reply = patch(signed_in(api, "patient"), field)
    assert (reply.status, set(reply.json)) == (400, set(field))


@pytest.mark.parametrize("body", [b"null", b"[]", b'["bio"]', b'"bio"', b"1"])
def test_a_profile_of_another_shape_is_refused(api: Client, body: bytes) -> None:
    reply = signed_in(api, "patient").send("PATCH", "/api/profile", body, "application/json")
    assert (reply.status, reply.json) == (400, {"body": ["Input should be an object"]})


def test_an_age_is_what_was_said_until_a_birth_date_says_better(api: Client) -> None:
    client = signed_in(api, "patient")
    assert patch(client, {"age": 99}).json["age"] == client.get("/users/me").data["age"] == 99
    assert patch(client, {"birth_date": "1990-05-15"}).json["age"] < 99
    assert patch(client, {"birth_date": None}).json["age"] == 99


def test_logging_out_everywhere_ends_all_sessions(api: Client) -> None:
    client = signed_in(api, "patient")
    other = Client(api.post("/api/login", {"email": "ada@example.org", "password": "correct horse"}).json["access"])
    assert client.post("/api/logout", {"everywhere": True}).json == {"message": "Logged out"}
    assert [client.get("/api/profile").status, other.get("/api/profile").status] == [401, 401]
