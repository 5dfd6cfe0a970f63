"""Logins that need a one-time password: each family says so in its own shape, and each code opens one session."""

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module

import pytest

from scanward.domain.one_time_passwords import PAUSE
from scanward.stores.dynamo import connection
from scanward.web.api import Api
from tests.faults.injection import meanwhile
from tests.support.client import ApiClient, InProcess, Reply
from tests.support.clock import Clock
from tests.support.one_time_passwords import Authenticator, turn_on_one_time_passwords
from tests.support.people import PASSWORD, approve, own_id, register_organisation, sign_in
from tests.support.read_units import counted

LOGINS = {
    "/auth/login": "patient",
    "/api/login": "patient",
    "/api/user/login": "patient",
    "/api/doctor/login": "doctor",
    "/api/hospital/login": "hospital",
    "/api/labo/login": "labo",
}
NOBODYS_CODE = "nobody's"


@pytest.fixture
def clock(aws: None) -> Clock:
    return Clock(stands=True)


@pytest.fixture
def still(api: ApiClient, clock: Clock) -> ApiClient:
    """Provide a client of accounts, at a time that stands."""
    handler = import_module("functions.auth.handler")
    return ApiClient(transport=InProcess(Api(handler.routes, replace(handler.deps, now=clock.now), handler.edge)))


@pytest.fixture
def app(still: ApiClient, clock: Clock) -> Authenticator:
    """Provide a patient's authenticator app."""
    return turn_on_one_time_passwords(sign_in(still, "patient@example.org"), clock.now())


def login(client: ApiClient, code: str | None = None, path: str = "/auth/login", **fields: str) -> Reply:
    body = {"email": f"{LOGINS[path]}@example.org", "password": PASSWORD} | fields
    return client.post(path, body | ({} if code is None else {"one_time_password": code}))


def person(still: ApiClient, admin: ApiClient, kind: str) -> ApiClient:
    if kind in {"patient", "doctor"}:
        client = sign_in(still, f"{kind}@example.org", kind.upper())
    else:
        client = register_organisation(still, kind, kind)
    return client if kind == "patient" else approve(admin, client)


def in_shape(path: str, code: str, message: str) -> Mapping[str, object]:
    if path.startswith("/auth"):
        return {"success": False, "error": {"code": code, "message": message, "details": {}}}
    return {"error": message}


@pytest.mark.parametrize("path", LOGINS)
def test_login_without_a_code_says_that_it_needs_one_in_its_familys_shape(
    still: ApiClient, admin: ApiClient, clock: Clock, path: str
) -> None:
    app = turn_on_one_time_passwords(person(still, admin, LOGINS[path]), clock.now())
    absent = login(still, path=path)
    assert (absent.status, absent.json) == (
        401,
        in_shape(path, "ONE_TIME_PASSWORD_REQUIRED", "A one-time password is required"),
    )
    wrong = login(still, NOBODYS_CODE, path)
    assert (wrong.status, wrong.json) == (
        401,
        in_shape(path, "INVALID_ONE_TIME_PASSWORD", "Invalid one-time password"),
    )
    assert login(still, app.code(clock.now(), 1), path).status == 200
    assert login(still, app.recovery_codes[0], path).status == 200


def test_login_by_user_name_or_form_takes_a_code_too(still: ApiClient, clock: Clock) -> None:
    still.post("/auth/register", {"email": "ada@example.org", "username": "ada", "password": PASSWORD})
    fields = {"username": "ada", "password": PASSWORD}
    session = still.signed_in(still.form("/auth/login", fields).data["access_token"])
    app = turn_on_one_time_passwords(session, clock.now())
    assert still.form("/auth/login", fields).status == 401
    assert still.form("/auth/login", fields | {"one_time_password": app.code(clock.now(), 1)}).status == 200


@pytest.mark.parametrize("path", ["/auth/login", "/api/login", "/api/user/login"])
def test_wrong_password_is_answered_as_ever_whether_or_not_a_code_is_needed(
    still: ApiClient, app: Authenticator, clock: Clock, path: str
) -> None:
    sign_in(still, "without@example.org")
    replies, work = [], []
    for email in ("patient@example.org", "without@example.org", "nobody@example.org"):
        for code in (None, app.code(clock.now(), 1)):
            with counted() as units:
                reply = login(still, code, path, email=email, password="wrong horse")
            replies.append((reply.status, reply.body))
            work.append(units.calls)
    assert len(set(replies)) == 1
    assert all(calls == work[0] for calls in work)
    assert login(still, app.code(clock.now(), 1), path).status == 200, "the code was not used up"


def test_code_is_asked_for_and_counts_as_neither_success_nor_failure(still: ApiClient, app: Authenticator) -> None:
    assert {login(still).status for _ in range(30)} == {401}
    assert login(still, app.recovery_codes[0]).status == 200


def test_code_opens_one_session(still: ApiClient, app: Authenticator, clock: Clock) -> None:
    code = app.code(clock.now(), 1)
    assert [login(still, code).status for _ in range(2)] == [200, 401]
    assert login(still, app.code(clock.now())).status == 401, "nor does one from before it"


def test_recovery_code_opens_one_session(still: ApiClient, app: Authenticator) -> None:
    assert [login(still, app.recovery_codes[0]).status for _ in range(2)] == [200, 401]
    assert login(still, app.recovery_codes[1].replace("-", "").upper()).status == 200


@pytest.mark.parametrize("path", ["/auth/login", "/api/login", "/api/user/login"])
def test_login_by_a_recovery_code_says_how_many_are_left_and_no_other_login_does(
    still: ApiClient, app: Authenticator, clock: Clock, path: str
) -> None:
    def left(code: str) -> object:
        reply = login(still, code, path)
        assert reply.status == 200
        return (reply.data if path.startswith("/auth") else reply.json).get("recovery_codes_left", "not said")

    by_code = left(app.code(clock.now(), 1))
    assert [by_code, *map(left, app.recovery_codes)] == ["not said", *range(9, -1, -1)]


@pytest.mark.parametrize(("periods", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
def test_phone_may_be_a_period_early_or_late(
    still: ApiClient, app: Authenticator, clock: Clock, periods: int, status: int
) -> None:
    clock.ahead += PAUSE
    assert login(still, app.code(clock.now(), periods)).status == status


@pytest.mark.parametrize("is_recovery_code", [False, True], ids=["code", "recovery code"])
def test_of_two_logins_at_once_with_one_code_one_gets_in(
    still: ApiClient, app: Authenticator, clock: Clock, is_recovery_code: bool
) -> None:
    code = app.recovery_codes[0] if is_recovery_code else app.code(clock.now(), 1)
    others: list[int] = []

    def race() -> None:
        # The first UpdateItem of a login counts the call; the second is that of the code.
        others.append(login(still, code).status)

    with meanwhile(connection().client, "dynamodb.UpdateItem", lambda: None, race):
        mine = login(still, code).status
    assert sorted([mine, *others]) == [200, 401]
    assert others == [200], "the other one was between the look at the code and its writing"


def test_fifth_wrong_code_in_a_row_begins_a_pause_whatever_address_it_came_from(
    still: ApiClient, app: Authenticator, clock: Clock
) -> None:
    guesses = [login(still.elsewhere(f"198.51.100.{number}"), NOBODYS_CODE) for number in range(6)]
    assert [guess.status for guess in guesses] == [401] * 5 + [429]
    assert int(guesses[-1].headers["retry-after"]) == PAUSE.total_seconds() + 1
    assert login(still, app.code(clock.now(), 1)).status == 429
    clock.ahead += PAUSE
    assert login(still, app.code(clock.now(), 1)).status == 200


def test_wrong_codes_at_once_are_each_counted(still: ApiClient, app: Authenticator, clock: Clock) -> None:
    def guess() -> None:
        login(still, NOBODYS_CODE)

    with meanwhile(connection().client, "dynamodb.UpdateItem", lambda: None, guess):
        guess()
    assert [login(still, NOBODYS_CODE).status for _ in range(4)] == [401] * 3 + [429]


def test_wrong_code_counts_as_a_failed_login_of_its_address(still: ApiClient, app: Authenticator, clock: Clock) -> None:
    statuses = []
    for recovery_code in app.recovery_codes[:6]:
        statuses += [login(still, NOBODYS_CODE).status for _ in range(4)]
        login(still, recovery_code)  # which forgives the account's own count, not the address
    assert 429 in statuses, "ten a minute, and the minute turns once at most"


def test_login_of_a_deactivated_account_is_refused_as_ever(
    still: ApiClient, admin: ApiClient, app: Authenticator, clock: Clock
) -> None:
    session = still.signed_in(login(still, app.code(clock.now(), 1)).data["access_token"])
    assert admin.patch(f"/users/{own_id(session)}", {"is_active": False}).status == 200
    assert login(still).code == "INVALID_CREDENTIALS"


def test_login_costs_one_write_more_where_a_code_is_needed(still: ApiClient, app: Authenticator, clock: Clock) -> None:
    sign_in(still, "without@example.org")
    with counted() as without:
        assert login(still, email="without@example.org").status == 200
    with counted() as units:
        assert login(still, app.code(clock.now(), 1)).status == 200
    assert len(units.calls) == len(without.calls) + 1
