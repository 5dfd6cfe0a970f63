"""Turning one-time passwords on and off: by the password, told to the owner, and undone where a thief did it."""

from dataclasses import replace
from importlib import import_module
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from scanward.security.authentication import Authenticator as Gate
from scanward.settings import load_settings
from scanward.stores.clients import sqs
from scanward.stores.dynamo import connection
from scanward.web.api import Api, Edge
from scanward.web.responses import Cors
from tests.faults.injection import failing, meanwhile
from tests.support.client import ApiClient, InProcess, Reply
from tests.support.clock import Clock
from tests.support.cloud import TABLES
from tests.support.mailbox import Mailbox, undo_token
from tests.support.one_time_passwords import PATH, Authenticator, turn_on_one_time_passwords
from tests.support.own_data import deliver
from tests.support.people import PASSWORD, own_id

ADA, NEW = "ada@example.org", "battery staple"
NOBODYS_CODE = "nobody's"


@pytest.fixture
def clock(aws: None) -> Clock:
    return Clock(stands=True)


@pytest.fixture
def ada(patient: ApiClient, clock: Clock) -> ApiClient:
    """Somebody who is signed in, at a time that stands."""
    handler = import_module("functions.auth.handler")
    app = Api(handler.routes, replace(handler.deps, now=clock.now), handler.edge)
    return patient.through(InProcess(app))


def login(client: ApiClient, code: str | None = None, password: str = PASSWORD) -> Reply:
    body = {"email": ADA, "password": password} | ({"one_time_password": code} if code else {})
    return ApiClient(transport=client.transport).post("/auth/login", body)


def turn_off(client: ApiClient, code: str, password: str = PASSWORD) -> Reply:
    return client.delete(PATH, {"password": password, "one_time_password": code})


def undo_tokens(mailbox: Mailbox) -> list[str]:
    while mailbox.deliver():
        pass
    return [undo_token(mail) for mail in mailbox.inbox_of(ADA) if "was changed" in mail.subject]


def test_enrolment_shows_a_secret_and_its_uri_and_changes_no_login_before_a_code_confirms_it(ada: ApiClient) -> None:
    answer = ada.post(PATH, {"password": PASSWORD})
    uri = urlsplit(answer.data["otpauth_uri"])
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/Scanward:ada%40example.org")
    assert parse_qs(uri.query) == {"secret": [answer.data["secret"]], "issuer": ["Scanward"]}
    assert login(ada).status == 200


def test_enrolment_needs_the_password_and_counts_wrong_ones(ada: ApiClient) -> None:
    tries = [ada.post(PATH, {"password": "wrong horse"}) for _ in range(24)]
    assert {reply.status for reply in tries} == {422, 429}
    assert tries[0].json["error"]["details"] == {"password": ["This is not your password."]}


def test_second_enrolment_replaces_the_first_until_a_code_confirms_one(ada: ApiClient, clock: Clock) -> None:
    first = Authenticator(ada.post(PATH, {"password": PASSWORD}).data["secret"], ())
    second = Authenticator(ada.post(PATH, {"password": PASSWORD}).data["secret"], ())
    wrong = ada.post(f"{PATH}/confirm", {"one_time_password": first.code(clock.now())})
    assert (wrong.status, list(wrong.json["error"]["details"])) == (422, ["one_time_password"])
    confirmed = ada.post(f"{PATH}/confirm", {"one_time_password": second.code(clock.now())})
    assert (confirmed.status, len(confirmed.data["recovery_codes"])) == (200, 10)
    assert ada.post(PATH, {"password": PASSWORD}).code == "CONFLICT"
    assert ada.post(f"{PATH}/confirm", {"one_time_password": second.code(clock.now(), 1)}).code == "CONFLICT"


def test_nothing_is_confirmed_before_an_enrolment_has_begun(ada: ApiClient) -> None:
    assert ada.post(f"{PATH}/confirm", {"one_time_password": "123456"}).code == "CONFLICT"


def test_turning_on_ends_all_sessions_but_the_callers(ada: ApiClient, clock: Clock) -> None:
    other = ada.signed_in(login(ada).data["access_token"])
    turn_on_one_time_passwords(ada, clock.now())
    assert (ada.get("/users/me").status, other.get("/users/me").status) == (200, 401)


def test_code_that_confirmed_an_enrolment_opens_no_session(ada: ApiClient, clock: Clock) -> None:
    app = turn_on_one_time_passwords(ada, clock.now())
    assert login(ada, app.code(clock.now())).status == 401
    assert login(ada, app.code(clock.now(), 1)).status == 200


@pytest.mark.parametrize("is_recovery_code", [False, True], ids=["code", "recovery code"])
def test_turning_off_needs_the_password_and_a_code(ada: ApiClient, clock: Clock, is_recovery_code: bool) -> None:
    app = turn_on_one_time_passwords(ada, clock.now())
    code = app.recovery_codes[0] if is_recovery_code else app.code(clock.now(), 1)
    assert turn_off(ada, code, "wrong horse").json["error"]["details"] == {"password": ["This is not your password."]}
    wrong = turn_off(ada, NOBODYS_CODE)
    assert (wrong.status, list(wrong.json["error"]["details"])) == (422, ["one_time_password"])
    assert login(ada).status == 401
    assert turn_off(ada, code).status == 200
    assert (login(ada).status, turn_off(ada, code).code) == (200, "CONFLICT")


def test_wrong_codes_at_turning_off_begin_the_pause_that_those_of_logins_do(ada: ApiClient, clock: Clock) -> None:
    app = turn_on_one_time_passwords(ada, clock.now())
    assert [turn_off(ada, NOBODYS_CODE).status for _ in range(6)] == [422] * 5 + [429]
    assert login(ada, app.code(clock.now(), 1)).status == 429


def test_each_change_of_one_time_passwords_is_mailed_with_a_way_back(ada: ApiClient, clock: Clock) -> None:
    mailbox = Mailbox()
    app = turn_on_one_time_passwords(ada, clock.now())
    assert len(undo_tokens(mailbox)) == 1
    assert turn_off(ada, app.recovery_codes[0]).status == 200
    assert len(undo_tokens(mailbox)) == 2


def test_turning_on_of_which_nobody_could_be_told_is_not_made(ada: ApiClient, clock: Clock) -> None:
    Mailbox()
    app = Authenticator(ada.post(PATH, {"password": PASSWORD}).data["secret"], ())
    with failing(sqs(), "sqs.SendMessage"):
        assert ada.post(f"{PATH}/confirm", {"one_time_password": app.code(clock.now())}).status == 503
    assert login(ada).status == 200


def test_undo_turns_off_what_a_thief_turned_on(ada: ApiClient, clock: Clock) -> None:
    mailbox = Mailbox()
    turn_on_one_time_passwords(ada, clock.now())
    ada.put("/users/me", {"email": "thief@example.org"})
    for token in undo_tokens(mailbox)[:1]:
        assert ada.post("/auth/undo", {"token": token, "password": NEW}).status == 200
    assert login(ada, password=NEW).status == 200


def test_undo_of_a_later_change_leaves_on_what_the_owner_had_turned_on(ada: ApiClient, clock: Clock) -> None:
    mailbox, handler = Mailbox(), import_module("functions.auth.handler")
    app = turn_on_one_time_passwords(ada, clock.now())
    credentials = handler.deps.accounts.get(own_id(ada))
    settled = replace(credentials, account=replace(credentials.account, earlier_addresses=()))  # a week later
    handler.deps.accounts.change(credentials, settled, ends_sessions=False)
    assert ada.put("/users/me", {"email": "thief@example.org"}).status == 200
    token = undo_tokens(mailbox)[-1]
    assert ada.post("/auth/undo", {"token": token, "password": NEW}).status == 200
    assert login(ada, password=NEW).code == "ONE_TIME_PASSWORD_REQUIRED"
    assert login(ada, app.code(clock.now(), 1), NEW).status == 200


def test_reset_by_mail_sets_a_password_and_still_needs_a_code(ada: ApiClient, clock: Clock) -> None:
    mailbox = Mailbox()
    app = turn_on_one_time_passwords(ada, clock.now())
    while mailbox.deliver():
        pass
    ada.post("/auth/password-reset", {"email": ADA})
    mailbox.deliver()
    assert ada.post("/auth/password-reset/confirm", {"token": mailbox.token(), "password": NEW}).status == 200
    assert login(ada, password=NEW).code == "ONE_TIME_PASSWORD_REQUIRED"
    assert login(ada, app.code(clock.now(), 1), NEW).status == 200


def test_reset_by_mail_forgives_the_wrong_codes_of_who_knew_the_old_password(ada: ApiClient, clock: Clock) -> None:
    mailbox = Mailbox()
    app = turn_on_one_time_passwords(ada, clock.now())
    assert [login(ada, NOBODYS_CODE).status for _ in range(6)] == [401] * 5 + [429]
    while mailbox.deliver():
        pass
    ada.post("/auth/password-reset", {"email": ADA})
    mailbox.deliver()
    assert ada.post("/auth/password-reset/confirm", {"token": mailbox.token(), "password": NEW}).status == 200
    assert login(ada, app.code(clock.now(), 1), NEW).status == 200


def test_new_password_by_a_session_forgives_no_wrong_codes(ada: ApiClient, clock: Clock) -> None:
    app = turn_on_one_time_passwords(ada, clock.now())
    assert [login(ada, NOBODYS_CODE).status for _ in range(6)] == [401] * 5 + [429]
    assert ada.post("/auth/password", {"old_password": PASSWORD, "new_password": NEW}).status == 200
    assert login(ada, app.code(clock.now(), 1), NEW).status == 429


def test_owner_reads_whether_they_are_on_and_how_many_recovery_codes_are_left(ada: ApiClient, clock: Clock) -> None:
    off = {"is_on": False, "since": None, "recovery_codes_left": 0}
    assert ada.get(PATH).data == off
    ada.post(PATH, {"password": PASSWORD})
    assert ada.get(PATH).data == off, "no code has confirmed it"
    app = turn_on_one_time_passwords(ada, clock.now())
    on = ada.get(PATH).data
    assert (on["is_on"], on["recovery_codes_left"], bool(on["since"])) == (True, 10, True)
    assert app.secret not in repr(on)
    assert login(ada, app.recovery_codes[0]).status == 200
    assert ada.get(PATH).data == on | {"recovery_codes_left": 9}
    assert login(ada, app.code(clock.now(), 1)).status == 200
    assert ada.get(PATH).data["recovery_codes_left"] == 9


def test_session_that_ends_meanwhile_turns_nothing_on(ada: ApiClient, clock: Clock) -> None:
    app = Authenticator(ada.post(PATH, {"password": PASSWORD}).data["secret"], ())
    with meanwhile(connection().client, "dynamodb.TransactWriteItems", lambda: ada.post("/auth/logout", {})):
        answer = ada.post(f"{PATH}/confirm", {"one_time_password": app.code(clock.now())})
    assert (answer.status, login(ada).status) == (401, 200)


def test_administrator_turns_off_those_of_another_and_the_log_says_so(
    ada: ApiClient, admin: ApiClient, clock: Clock
) -> None:
    turn_on_one_time_passwords(ada, clock.now())
    assert admin.delete(f"/users/{own_id(ada)}/one-time-password").status == 200
    assert login(ada).status == 200
    entries = ApiClient(ada.token).get("/users/me/access-log")
    assert "one-time password off" in {entry.get("change") for entry in entries.data}


def test_owner_is_mailed_that_an_administrator_turned_theirs_off_and_can_undo_it(
    ada: ApiClient, admin: ApiClient, clock: Clock
) -> None:
    mailbox = Mailbox()
    turn_on_one_time_passwords(ada, clock.now())
    assert len(undo_tokens(mailbox)) == 1
    path = f"/users/{own_id(ada)}/one-time-password"
    assert [admin.delete(path).status for _ in range(2)] == [200, 200]
    tokens = undo_tokens(mailbox)
    assert len(tokens) == 2, "the second call changed nothing"
    assert "administrator" in mailbox.inbox_of(ADA)[-1].body
    assert ada.post("/auth/undo", {"token": tokens[-1], "password": NEW}).status == 200
    assert (login(ada).status, login(ada, password=NEW).status, ada.get("/users/me").status) == (401, 200, 401)


def test_administrator_turns_nothing_off_of_which_nobody_could_be_told(
    ada: ApiClient, admin: ApiClient, clock: Clock
) -> None:
    Mailbox()
    turn_on_one_time_passwords(ada, clock.now())
    with failing(sqs(), "sqs.SendMessage"):
        assert admin.delete(f"/users/{own_id(ada)}/one-time-password").status == 503
    assert login(ada).code == "ONE_TIME_PASSWORD_REQUIRED"


def test_administrator_turns_off_nobodys_own_by_a_session_alone(admin: ApiClient) -> None:
    turn_on_one_time_passwords(admin)
    assert admin.delete(f"/users/{own_id(admin)}/one-time-password").code == "CONFLICT"


def test_secret_and_recovery_codes_are_in_no_export_and_gone_after_an_erasure(ada: ApiClient, clock: Clock) -> None:
    app, number = turn_on_one_time_passwords(ada, clock.now()), own_id(ada)
    recovery_code = app.recovery_codes[0]
    from functions.records.personal_data_handler import deps as personal_data
    from functions.records.usecases.export_archive import export_contents

    credentials = personal_data.accounts.get(number)
    assert credentials is not None
    assert credentials.has_one_time_password
    contents = export_contents(personal_data, credentials.account)
    shown = repr([list(rows()) for rows in contents.values()])
    assert app.secret not in shown
    assert app.secret in stored(), "the test looks where it is"
    assert recovery_code not in stored(), "a hash alone is kept"
    assert ada.delete("/users/me", {"password": PASSWORD}).status == 202
    deliver()
    assert app.secret not in stored()


def stored() -> str:
    return repr(boto3.client("dynamodb").scan(TableName=TABLES["ACCOUNTS_TABLE"])["Items"])


SLICES = {
    "functions.auth.handler": "/users/me/sessions",
    "functions.records.handler": "/users/me/access-log",
    "functions.scans.handler": "/scans",
}


def demanding(module: str) -> ApiClient:
    """Return a client of a function whose administrators need one-time passwords."""
    handler = import_module(module)
    settings = handler.settings
    gate = Gate(
        import_module("functions.auth.handler").gate_store,
        handler.tokens,
        settings.requests_per_minute,
        import_module("functions.auth.handler").now,
        administrators_enrol=True,
    )
    edge = Edge(gate, Cors(()), import_module("functions.auth.handler").edge.log)
    return ApiClient(transport=InProcess(Api(handler.routes, handler.deps, edge)))


@pytest.mark.parametrize(("module", "path"), SLICES.items(), ids=SLICES)
def test_administrator_without_one_time_passwords_does_nothing_where_they_are_needed(
    admin: ApiClient, patient: ApiClient, module: str, path: str
) -> None:
    api = demanding(module)
    refusal = api.signed_in(str(admin.token)).get(path)
    assert (refusal.status, refusal.code) == (403, "ONE_TIME_PASSWORD_REQUIRED")
    assert api.signed_in(str(patient.token)).get(path).status == 200, "others need none"
    turn_on_one_time_passwords(admin)
    assert api.signed_in(str(admin.token)).get(path).status == 200


def test_administrator_who_needs_one_time_passwords_may_enrol_read_who_they_are_renew_and_log_out(
    admin: ApiClient,
) -> None:
    api = demanding("functions.auth.handler")
    tokens = api.post("/auth/login", {"email": "administrator@example.org", "password": PASSWORD}).data
    caller = api.signed_in(tokens["access_token"])
    renewed = api.signed_in(tokens["refresh_token"]).send("POST", "/auth/refresh-token")
    assert (caller.get("/users").status, caller.get("/users/me").status, renewed.status) == (403, 200, 200)
    flat = caller.get("/api/profile")
    assert (flat.status, flat.json) == (403, {"error": "Administrators turn on one-time passwords first"})
    turn_on_one_time_passwords(caller)
    assert caller.get("/users").status == 200
    assert caller.post("/auth/logout", {}).status == 200


@pytest.mark.parametrize(("text", "is_needed"), [("true", True), ("false", False), ("", False)])
@pytest.mark.parametrize(
    "module", ["auth", "records", "scans", "realtime", "inference.predict"], ids=lambda module: module
)
def test_every_function_with_a_gate_reads_whether_administrators_need_one_time_passwords(
    module: str, text: str, is_needed: bool
) -> None:
    import os

    kind = "PredictSettings" if module == "inference.predict" else "Settings"
    settings = getattr(import_module(f"functions.{module.partition('.')[0]}.settings"), kind)
    values = {**os.environ, **SOCKET_SETTINGS, "ADMINISTRATORS_NEED_SECOND_FACTOR": text}
    assert load_settings(settings, values).administrators_enrol is is_needed


SOCKET_SETTINGS = {"WEBSOCKET_API_ID": "api", "WEBSOCKET_STAGE": "live"}
