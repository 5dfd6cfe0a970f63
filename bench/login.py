"""A login, and how much of it is argon2id: the work that keeps stolen hashes from being guessed."""

import base64
import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode

from bench import inputs
from bench.environment import Answer, answer_from_memory, request, silent
from bench.report import Report
from bench.timing import Measurement, Subject, in_turns
from functions.auth.handler import app
from scanward.clock import now
from scanward.domain import accounts
from scanward.domain.accounts import Names, Profile, Role
from scanward.security import passwords
from scanward.stores import keys
from scanward.stores.accounts import profile_item
from scanward.stores.clients import secrets_manager
from scanward.stores.dynamo import connection
from scanward.stores.identity.unique_names import unique_name_items

EMAIL, PASSWORD = "ada@example.org", "correct horse battery staple"
LOGIN, ARGON = "`POST /auth/login`", "argon2id alone"


def measure(rounds: int = 15, calls: int = 2) -> Report:
    """Return the share of argon2id in the CPU of a login."""
    password_hash = passwords.hash_password(PASSWORD)
    subjects = {LOGIN: _login(), ARGON: lambda: passwords.matches(PASSWORD, password_hash)}
    with ExitStack() as stack:
        stack.enter_context(silent("auth"))
        stack.enter_context(answer_from_memory(secrets_manager(), {"GetSecretValue": inputs.secret}))
        stack.enter_context(answer_from_memory(connection().client, _dynamodb(password_hash)))
        return _report(in_turns(subjects, rounds, calls))


def _login() -> Subject:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    event = request("POST", "/auth/login", {}, headers)
    event["body"] = base64.b64encode(urlencode({"email": EMAIL, "password": PASSWORD}).encode()).decode()
    event["isBase64Encoded"] = True

    def login() -> None:
        answer = app(event, None)
        if answer["statusCode"] != 200:
            raise AssertionError(f"the login failed: {answer['body']}")

    return login


def _dynamodb(password_hash: str) -> Mapping[str, Answer]:
    """Return the marker of the email, its account, and the gate with the new session."""
    account = accounts.register(
        id=inputs.ACCOUNT_ID, role=Role.PATIENT, names=Names(email=EMAIL), profile=Profile(), now=now()
    )
    marker = unique_name_items(account)["email"].serialize()
    profile = profile_item(account, password_hash).serialize()
    items = [json.dumps({"Item": item}).encode() for item in (marker, profile)]
    return {"GetItem": lambda body: items[_asks_for_account(body)], "UpdateItem": _session_update}


def _session_update(body: Any) -> bytes:
    """Return the gate with the new session, or the address's counters."""
    if b"ADDRESS#" not in body.body:
        return inputs.answers()["UpdateItem"](body)
    counters = {"calls": {"N": "1"}, "expires_at": {"N": "1"}}
    return json.dumps({"Attributes": counters}).encode()


def _asks_for_account(body: Any) -> bool:
    return keys.PROFILE.encode() in body.body


def _report(measurement: Measurement) -> Report:
    share = measurement.ratio(ARGON, LOGIN)
    rows = [
        (LOGIN, f"{measurement.micros(LOGIN) / 1000:.1f}", "100 %", ""),
        (ARGON, f"{measurement.micros(ARGON) / 1000:.1f}", f"{100 * share.median:.0f} %", ""),
    ]
    return Report("Logging in", ("login", "CPU ms", "share", ""), rows, ["19 MiB, two passes, one lane."])
