"""Contract A: user names, and `is_patient` or `is_doctor`."""

import pytest

from tests.contracts.replay import Replay
from tests.support.client import ApiClient
from tests.support.people import spend_the_minute

PERSON = {"username": "ada", "email": "ada@example.org", "password": "correct horse"}
PATIENT = PERSON | {"is_patient": True, "is_doctor": False}
DOCTOR = PERSON | {"is_patient": False, "is_doctor": True, "registration_id": "R-1"}
REQUIRED, BLANK = ["This field is required."], ["This field may not be blank."]
UNIQUE, UNKNOWN = ["This field must be unique."], ["This field is not known."]


def test_contract_a_answers_every_exchange_as_its_document_shows(api: ApiClient) -> None:
    replay = Replay("a")
    replay.play(*replay.names)


@pytest.mark.parametrize("name", ["register doctor", "register patient"])
def test_a_registration_is_answered_with_the_documents_fields_alone(api: ApiClient, name: str) -> None:
    replay = Replay("a")
    assert replay.play(name).json == {key: value for key, value in replay.sent(name).items() if key != "password"}


def test_contract_a_answers_carry_an_access_token_that_holds(api: ApiClient) -> None:
    replay = Replay("a")
    for last in ("log in doctor", "refresh"):
        replay.play(*(["register doctor"] if last != "refresh" else []), last)
        assert ApiClient(replay.tokens["access"]).get("/users/me").data["username"] == "doctor123"


def test_contract_a_logs_in_by_email_as_well_as_by_user_name(api: ApiClient) -> None:
    api.post("/api/register", PATIENT)
    reply = api.post("/api/login", {"email": "ADA@example.org", "password": "correct horse"})
    assert (reply.status, reply.json["username"], reply.json["phone_number"]) == (200, "ada", None)


@pytest.mark.parametrize(
    ("body", "broken"),
    [
        (
            {},
            {
                "username": REQUIRED,
                "email": REQUIRED,
                "password": REQUIRED,
                "is_doctor": ["One of is_patient and is_doctor is true, the other false."],
            },
        ),
        (dict.fromkeys(PERSON, "") | {"is_patient": True}, dict.fromkeys(PERSON, BLANK)),
        (DOCTOR | {"registration_id": None, "phone_number": ""}, {"registration_id": REQUIRED, "phone_number": BLANK}),
        (PATIENT | {"is_doctor": True}, {"is_doctor": ["One of is_patient and is_doctor is true, the other false."]}),
        (
            PATIENT | {"role": "ADMIN", "is_superuser": True, "is_approved": True, "approved": True, "id": 1, "uid": 1},
            dict.fromkeys(["role", "is_superuser", "is_approved", "approved", "id", "uid"], UNKNOWN),
        ),
    ],
    ids=["nothing", "blank", "doctor-without-id", "both", "mass-assignment"],
)
def test_every_broken_field_is_named_at_once(
    api: ApiClient, body: dict[str, object], broken: dict[str, list[str]]
) -> None:
    reply = api.post("/api/register", body)
    assert (reply.status, reply.json) == (400, broken)


@pytest.mark.parametrize(
    "field",
    [
        {"username": 7},
        {"username": "with space"},
        {"username": "at@sign"},
        {"username": "nul\0"},
        {"username": "   "},
        {"username": "a" * 255},
        {"username": "ﷺ" * 250},
        {"username": "ada\u200b"},
        {"email": ["ada@example.org"]},
        {"email": "ada"},
        {"email": "ada@example.org\u202e"},
        {"password": "short"},
        {"password": "x" * 129},
        {"password": None},
        {"is_patient": "true"},
        {"is_doctor": 1},
        {"registration_id": "   "},
        {"registration_id": "x" * 101},
        {"phone_number": "none"},
        {"phone_number": "1" * 41},
    ],
)
def test_a_broken_field_is_refused_and_nothing_is_stored(api: ApiClient, field: dict[str, object]) -> None:
    reply = api.post("/api/register", PATIENT | field)
    assert (reply.status, set(reply.json)) == (400, set(field)), reply.body
    assert api.post("/api/register", PATIENT).status == 201


@pytest.mark.parametrize("body", [b"null", b"[]", b'"usertype"', b"1"])
def test_a_body_of_another_shape_is_refused(api: ApiClient, body: bytes) -> None:
    reply = api.send("POST", "/api/register", body, "application/json")
    assert (reply.status, reply.json) == (400, {"body": ["Input should be an object"]})


def test_every_name_that_is_taken_is_named_beside_what_is_broken(api: ApiClient) -> None:
    api.post("/api/register", DOCTOR)
    assert api.post("/api/register", DOCTOR).json == dict.fromkeys(["username", "email", "registration_id"], UNIQUE)
    again = DOCTOR | {"username": "ＡＤＡ", "email": "ADA@EXAMPLE.ORG", "registration_id": "r-1", "is_doctor": "x"}
    reply = api.post("/api/register", again)
    assert reply.status == 400
    assert {name for name, texts in reply.json.items() if texts == UNIQUE} == {"username", "email", "registration_id"}
    assert "is_doctor" in reply.json


def test_asking_which_names_are_taken_is_limited_as_registering_is(api: ApiClient) -> None:
    body = {"email": "somebody@example.org"}
    assert api.post("/api/register", body).status == 400
    spend_the_minute()
    assert api.post("/api/register", body).status == 429


def test_known_and_unknown_accounts_are_refused_alike(api: ApiClient) -> None:
    api.post("/api/register", PATIENT)
    wrong = {"password": "wrong horse"}
    names = ({"username": "ada"}, {"username": "nobody"}, {"email": "ada@example.org"}, {"email": "nobody@example.org"})
    replies = [api.post("/api/login", wrong | name) for name in names]
    assert {(reply.status, reply.body) for reply in replies} == {(401, b'{"error": "Invalid credentials"}')}


@pytest.mark.parametrize(
    ("body", "broken"),
    [
        ({}, {"email", "password"}),
        ({"username": "ada", "email": "ada@example.org", "password": "x"}, {"email"}),
        ({"username": "", "password": ""}, {"username", "password"}),
        ({"username": 1, "password": 1, "role": "ADMIN"}, {"username", "password", "role"}),
        ({"username": "ada", "password": "x" * 129}, {"password"}),
        ({"username": "ﷺ" * 250, "password": "x"}, {"username"}),
    ],
)
def test_a_broken_login_is_refused(api: ApiClient, body: dict[str, object], broken: set[str]) -> None:
    reply = api.post("/api/login", body)
    assert (reply.status, set(reply.json)) == (400, broken)


@pytest.mark.parametrize(
    ("sent", "content_type", "status", "text"),
    [
        (b"{", "application/json", 400, "The body is not valid JSON"),
        (b'{"usertype": 1, "usertype": 2}', "application/json", 400, "The body is not valid JSON"),
        (b'{"usertype": "\\ud800"}', "application/json", 400, "The body is not valid JSON"),
        (b'{"password": "' + b"x" * 2_000_000 + b'"}', "application/json", 413, "Too large"),
        (b"username=ada", "application/x-www-form-urlencoded", 415, "Unsupported content type"),
    ],
    ids=["cut", "twice", "surrogate", "large", "form"],
)
def test_a_body_that_cannot_be_read_is_refused(
    api: ApiClient, sent: bytes, content_type: str, status: int, text: str
) -> None:
    reply = api.send("POST", "/api/register", sent, content_type)
    assert (reply.status, reply.json) == (status, {"error": text})
