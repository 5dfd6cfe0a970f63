"""Contract E: the columns of its Users table, and the profile."""

import pytest

from tests.contracts.replay import Replay
from tests.support.client import ApiClient

PERSON = {"full_name": "Ada Byron", "email": "ada@example.org", "usertype": "patient", "password": "correct horse"}
REQUIRED, BLANK = ["This field is required."], ["This field may not be blank."]
UNIQUE, UNKNOWN = ["This field must be unique."], ["This field is not known."]
SAID = ["full_name", "email", "phone", "password"]
COLUMNS = {"id", "full_name", "email", "phone", "usertype", "created_at", "updated_at"}


def test_contract_e_answers_every_exchange_as_its_document_shows(api: ApiClient) -> None:
    replay = Replay("e")
    replay.play("register patient", "log in patient", "profile of patient")
    replay.play("register doctor", "log in doctor", "profile of doctor", "log out")
    assert ApiClient(replay.tokens["access"]).get("/api/profile").status == 401


def test_a_registration_is_answered_with_the_tables_columns_alone(api: ApiClient) -> None:
    assert api.post("/api/register", PERSON).json.keys() == COLUMNS


@pytest.mark.parametrize(
    ("body", "broken"),
    [
        ({"usertype": "patient"}, dict.fromkeys(["full_name", "email", "password"], REQUIRED)),
        (dict.fromkeys(SAID, ""), dict.fromkeys(SAID, BLANK)),
        (
            {"role": "ADMIN", "is_superuser": True, "is_approved": True, "approved": True, "id": 1, "created_at": "x"},
            dict.fromkeys(["role", "is_superuser", "is_approved", "approved", "id", "created_at"], UNKNOWN),
        ),
    ],
    ids=["nothing", "blank", "mass-assignment"],
)
def test_every_broken_field_is_named_at_once(
    api: ApiClient, body: dict[str, object], broken: dict[str, list[str]]
) -> None:
    sent = body if "usertype" in body else PERSON | body
    reply = api.post("/api/register", sent)
    assert (reply.status, reply.json) == (400, broken)


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
def test_a_broken_field_is_refused(api: ApiClient, field: dict[str, object]) -> None:
    reply = api.post("/api/register", PERSON | field)
    assert (reply.status, set(reply.json)) == (400, set(field)), reply.body


def test_a_taken_email_is_named_beside_what_is_broken(api: ApiClient) -> None:
    api.post("/api/register", PERSON)
    assert api.post("/api/register", PERSON).json == {"email": UNIQUE}
    assert api.post("/api/register", PERSON | {"password": ""}).json == {"email": UNIQUE, "password": BLANK}


@pytest.mark.parametrize("path", ["/api/profile", "/api/logout"])
@pytest.mark.parametrize("token", [None, "x", "e30.e30."])
def test_the_profile_and_logout_need_a_token(api: ApiClient, path: str, token: str | None) -> None:
    reply = ApiClient(token).send("GET" if path == "/api/profile" else "POST", path)
    assert (reply.status, reply.json) == (401, {"error": "Not authenticated"})


def test_logging_out_everywhere_ends_all_sessions(api: ApiClient) -> None:
    api.post("/api/register", PERSON)
    shown = {"email": "ada@example.org", "password": "correct horse"}
    client, other = (ApiClient(api.post("/api/login", shown).json["access"]) for _ in range(2))
    assert client.post("/api/logout", {"everywhere": True}).json == {"message": "Logged out"}
    assert [client.get("/api/profile").status, other.get("/api/profile").status] == [401, 401]
