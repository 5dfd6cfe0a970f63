"""A changed email or password: told to the address of before, and undone by it, whatever a thief did meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import boto3
import pytest

from functions.auth.usecases import credentials, own_account
from functions.auth.usecases.change_mails import MAX_NOTICES_PER_HOUR, mail_text
from functions.auth.usecases.reset_mails import MailOutcome
from scanward.domain.accounts import MAX_EARLIER_ADDRESSES
from scanward.domain.tokens import TokenType
from scanward.errors import NotAuthenticated
from scanward.stores.clients import sqs
from scanward.stores.dynamo import connection
from tests.faults.injection import failing, meanwhile
from tests.support.client import ApiClient, Reply
from tests.support.cloud import TABLES
from tests.support.mailbox import Mailbox, undo_token
from tests.support.own_data import deliver
from tests.support.people import own_id, sign_in, sign_in_administrator

ADA, THIEF = "ada@example.org", "thief@example.org"
OLD, NEW = "correct horse", "battery staple"


@pytest.fixture
def mailbox(api: ApiClient) -> Mailbox:
    return Mailbox()


@pytest.fixture
def ada(mailbox: Mailbox, patient: ApiClient) -> ApiClient:
    """Somebody who is signed in, and whose session a thief may have."""
    return patient


def undo(api: ApiClient, token: str, password: str = NEW) -> Reply:
    return api.post("/auth/undo", {"token": token, "password": password})


def login(api: ApiClient, email: str, password: str) -> int:
    return api.form("/auth/login", {"email": email, "password": password}).status


def mailed(mailbox: Mailbox, address: str) -> list[str]:
    """Deliver what waits, and return the tokens of all changes that an address was told of."""
    while mailbox.deliver():
        pass
    return [undo_token(mail) for mail in mailbox.inbox_of(address) if "was changed" in mail.subject]


def later(days: float) -> Any:
    """Return what use-cases work with, so many days from now."""
    deps = import_module("functions.auth.handler").deps
    return replace(deps, now=lambda: deps.now() + timedelta(days=days))


def undo_later(days: float, token: str) -> None:
    credentials.undo_change(later(days), "192.0.2.1", token, NEW)


def put(fields: dict[str, str]) -> Callable[[ApiClient, Mailbox], Reply]:
    return lambda client, _: client.put("/users/me", fields)


def reset(client: ApiClient, mailbox: Mailbox) -> Reply:
    client.post("/auth/password-reset", {"email": ADA})
    mailbox.deliver()
    return client.post("/auth/password-reset/confirm", {"token": mailbox.token(), "password": "the thief's own"})


@pytest.mark.parametrize(
    "change",
    [
        put({"email": THIEF}),
        put({"password": "the thief's own"}),
        put({"email": THIEF, "password": "the thief's own"}),
        lambda client, _: client.patch("/api/profile", {"email": THIEF}),
        lambda client, _: client.post("/auth/password", {"old_password": OLD, "new_password": "the thief's own"}),
        reset,
    ],
    ids=["email", "password", "both", "profile", "old password", "reset"],
)
def test_each_way_to_change_an_email_or_password_is_told_to_the_old_address_and_undone_by_it(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox, change: Callable[[ApiClient, Mailbox], Reply]
) -> None:
    assert change(ada, mailbox).status == 200
    [token] = mailed(mailbox, ADA)
    undone = undo(api, token)
    assert (undone.status, undone.data) == (200, {"message": "Change undone"})
    assert ada.get("/users/me").status == 401
    tries = [login(api, email, password) for email in (ADA, THIEF) for password in (OLD, "the thief's own", NEW)]
    assert tries == [401, 401, 200, 401, 401, 401]
    assert mailed(mailbox, THIEF) == [], "an undo is no change that could be undone"
    assert undo(api, token, OLD).status == 401, "a token is good once"


@pytest.mark.parametrize("is_first", [True, False], ids=["undone before", "not undone before"])
def test_the_oldest_address_wins_whatever_a_thief_changed_and_undid_since(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox, is_first: bool
) -> None:
    ada.put("/users/me", {"email": THIEF})
    ada.put("/users/me", {"password": "the thief's own"})
    thief = api.signed_in(api.form("/auth/login", {"email": THIEF, "password": "the thief's own"}).data["access_token"])
    assert thief.put("/users/me", {"email": "third@example.org"}).status == 200
    [oldest], younger = mailed(mailbox, ADA), mailed(mailbox, THIEF)
    if is_first:
        assert undo(api, younger[0], "the thief's next").status == 200, "it holds, until an older one is used"
        assert login(api, THIEF, "the thief's next") == 200
    assert undo(api, oldest).status == 200
    assert {undo(api, token, "the thief's last").status for token in (*younger, oldest)} == {401}
    thiefs = [login(api, THIEF, password) for password in ("the thief's own", "the thief's next", "the thief's last")]
    assert (login(api, ADA, NEW), thiefs) == (200, [401] * 3)


def test_a_token_lasts_seven_days_and_as_long_as_any_younger_one(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox
) -> None:
    ada.put("/users/me", {"email": THIEF})
    [token] = mailed(mailbox, ADA)
    with pytest.raises(NotAuthenticated):
        undo_later(7.01, token)
    auth = import_module("functions.auth.handler").gate.authenticate(str(ada.token), TokenType.ACCESS)
    own_account.change_credentials(later(6.9), auth.actor, "third@example.org", None)
    with pytest.raises(NotAuthenticated):
        undo_later(14, token)
    undo_later(13.8, token)
    assert login(api, ADA, NEW) == 200


def test_nobody_takes_an_address_that_an_account_can_be_brought_back_to(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox
) -> None:
    ada.put("/users/me", {"email": THIEF})
    taken = api.post("/auth/register", {"email": "ADA@example.org", "password": OLD})
    assert (taken.status, taken.code) == (409, "ALREADY_TAKEN")
    other = sign_in(api, "other@example.org")
    assert other.put("/users/me", {"email": ADA}).status == 409
    assert login(api, ADA, OLD) == 401, "it is no name to log in by any more"
    api.post("/auth/password-reset", {"email": ADA})
    assert MailOutcome.UNKNOWN_ADDRESS in mailbox.deliver()
    assert ada.put("/users/me", {"email": ADA}).status == 200, "but by the account itself"
    assert login(api, ADA, OLD) == 200


def test_an_address_is_free_when_its_time_is_over_and_its_next_owner_keeps_it(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox
) -> None:
    from functions.auth.usecases.registration import Registration, register
    from scanward.domain.accounts import Names, Profile, Role

    ada.put("/users/me", {"email": THIEF})
    [token] = mailed(mailbox, ADA)
    wanted = Registration(Role.PATIENT, Names(email=ADA), Profile(), "the next owner's")
    register(later(7.1), "192.0.2.1", wanted)
    with pytest.raises(NotAuthenticated):
        undo_later(7.2, token)
    auth = import_module("functions.auth.handler").gate.authenticate(str(ada.token), TokenType.ACCESS)
    own_account.change_credentials(later(7.2), auth.actor, "third@example.org", None)
    assert login(api, ADA, "the next owner's") == 200
    import_module("functions.auth.handler").accounts.remove(auth.actor.account_id)
    assert login(api, ADA, "the next owner's") == 200


def test_a_change_that_is_not_made_is_told_to_nobody(api: ApiClient, ada: ApiClient, mailbox: Mailbox) -> None:
    sign_in(api, THIEF)
    assert ada.put("/users/me", {"email": THIEF}).status == 409
    assert ada.put("/users/me", {"email": ADA}).status == 200, "the one that it is"
    assert mailed(mailbox, ADA) == []


def test_no_change_is_made_that_nobody_could_be_told_of(api: ApiClient, ada: ApiClient, mailbox: Mailbox) -> None:
    with failing(sqs(), "sqs.SendMessage"):
        for reply in (
            ada.put("/users/me", {"email": THIEF}),
            ada.put("/users/me", {"password": NEW}),
            ada.post("/auth/password", {"old_password": OLD, "new_password": NEW}),
        ):
            assert (reply.status, reply.code) == (503, "UNAVAILABLE")
    assert (login(api, ADA, OLD), ada.get("/users/me").data["email"]) == (200, ADA)


def test_a_change_that_an_undo_overtakes_is_refused(api: ApiClient, ada: ApiClient, mailbox: Mailbox) -> None:
    ada.put("/users/me", {"email": THIEF})
    [token] = mailed(mailbox, ADA)
    handler = import_module("functions.auth.handler")
    auth = handler.gate.authenticate(str(ada.token), TokenType.ACCESS)
    with (
        meanwhile(connection().client, "dynamodb.TransactWriteItems", lambda: undo(api, token)),
        pytest.raises(NotAuthenticated),
    ):
        own_account.change_credentials(handler.deps, auth.actor, "third@example.org", None)
    assert login(api, ADA, NEW) == 200


def test_an_undo_that_a_change_overtakes_still_wins(api: ApiClient, ada: ApiClient, mailbox: Mailbox) -> None:
    ada.put("/users/me", {"email": THIEF})
    [token] = mailed(mailbox, ADA)
    with meanwhile(
        connection().client,
        "dynamodb.TransactWriteItems",
        lambda: ada.put("/users/me", {"email": "third@example.org"}),
    ) as acted:
        assert undo(api, token).status == 200
    assert (len(acted), login(api, ADA, NEW), ada.get("/users/me").status) == (1, 200, 401)


def test_while_an_account_has_too_many_addresses_it_gets_no_other(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox
) -> None:
    for number in range(MAX_EARLIER_ADDRESSES):
        assert ada.put("/users/me", {"email": f"thief{number}@example.org"}).status == 200
    over = ada.put("/users/me", {"email": "one-more@example.org"})
    assert (over.status, over.code) == (429, "TOO_MANY_REQUESTS")
    assert 6 * 86400 < int(over.headers["retry-after"]) <= 7 * 86400
    [token] = mailed(mailbox, ADA)
    assert undo(api, token).status == 200
    again = api.signed_in(api.form("/auth/login", {"email": ADA, "password": NEW}).data["access_token"])
    assert again.put("/users/me", {"email": "lovelace@example.org"}).status == 200


def test_an_address_that_is_told_very_often_is_left_alone_for_the_hour_and_the_others_are_not(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox
) -> None:
    outcomes = []
    for _ in range(MAX_NOTICES_PER_HOUR + 1):
        ada.put("/users/me", {"email": "victim@example.org"})
        ada.put("/users/me", {"email": ADA})
        outcomes += mailbox.deliver()
    assert outcomes.count(MailOutcome.HELD_BACK) == 2
    assert len(mailed(mailbox, "victim@example.org")) == MAX_NOTICES_PER_HOUR
    ada.put("/users/me", {"email": "victim@example.org"})
    ada.put("/users/me", {"email": THIEF})
    assert undo(api, mailed(mailbox, ADA)[0]).status == 200
    assert login(api, ADA, NEW) == 200


def test_a_token_of_a_deactivated_account_or_none_at_all_is_refused_in_the_same_words(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox
) -> None:
    ada.put("/users/me", {"email": THIEF})
    [token] = mailed(mailbox, ADA)
    refused = [undo(api, other) for other in ("x", token[:-1], token + "x", "a.b.c", str(ada.token))]
    number = own_id(ada)
    sign_in_administrator(api).patch(f"/users/{number}", {"is_active": False})
    refused.append(undo(api, token))
    assert {reply.status for reply in refused} == {401}
    assert len({reply.body for reply in refused}) == 1
    assert refused[0].json["error"]["message"] == "Invalid undo token"
    assert api.get("/auth/undo").status == 405, "what follows links changes nothing"


def stored() -> str:
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=TABLES["ACCOUNTS_TABLE"])
    return "\n".join(repr(item) for page in pages for item in page["Items"])


def test_a_token_is_stored_as_a_hash_alone_and_logged_nowhere(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    ada.put("/users/me", {"email": THIEF})
    [token] = mailed(mailbox, ADA)
    assert "UNDO#" in stored()
    assert token not in stored()
    undo(api, token)
    undo(api, token)
    logged = "\n".join(repr(record.__dict__) for record in caplog.records)
    assert [planted for planted in (token, ADA, THIEF) if planted in logged] == []


def test_an_erased_account_leaves_neither_tokens_nor_addresses(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox
) -> None:
    ada.put("/users/me", {"email": THIEF})
    [token] = mailed(mailbox, ADA)
    assert ada.delete("/users/me", {"password": OLD}).status == 202
    deliver()
    assert [trace for trace in ("UNDO#", ADA, THIEF) if trace in stored()] == []
    assert undo(api, token).status == 401
    assert api.post("/auth/register", {"email": ADA, "password": OLD}).status == 200


def test_an_account_without_an_address_is_changed_and_nobody_is_told(api: ApiClient, mailbox: Mailbox) -> None:
    api.post("/auth/register", {"username": "jane.doe", "password": OLD})
    token = api.form("/auth/login", {"username": "jane.doe", "password": OLD}).data["access_token"]
    jane = api.signed_in(token)
    assert jane.put("/users/me", {"email": "jane@example.org"}).status == 200
    assert mailbox.waiting() == []


def test_the_link_of_a_change_carries_its_token_where_no_server_sees_it() -> None:
    assert "\nhttps://app.example.org/undo#token=abc\n" in mail_text("abc", "https://app.example.org/undo")
    assert "\nabc\n" in mail_text("abc", None)
    assert "7 days" in mail_text("abc", None)
