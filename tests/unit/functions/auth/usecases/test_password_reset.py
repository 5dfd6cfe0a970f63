"""A forgotten password: asked for by an address, confirmed by what its inbox was told, and told to nobody else."""

import json
from datetime import timedelta

import pytest

from functions.auth.usecases.reset_mails import MailOutcome, send_reset_mail
from scanward.domain.tokens import Claims, TokenType
from scanward.security.tokens import Tokens
from scanward.stores.clients import sqs
from scanward.stores.mail import ResetRequest
from tests.faults.injection import failing
from tests.support.client import ApiClient, Reply
from tests.support.mailbox import Mailbox
from tests.support.people import sign_in_administrator, spend_the_minute

ADA = {"email": "ada@example.org"}
NEW = "battery staple"


@pytest.fixture
def mailbox(api: ApiClient) -> Mailbox:
    return Mailbox()


@pytest.fixture
def ada(mailbox: Mailbox, patient: ApiClient) -> ApiClient:
    """Somebody who is signed in, and will forget the password."""
    return patient


def mailed(api: ApiClient, mailbox: Mailbox) -> str:
    """Return a token from a mail that was asked for."""
    assert api.post("/auth/password-reset", ADA).status == 200
    assert mailbox.deliver() == [MailOutcome.SENT]
    return mailbox.token()


def confirm(api: ApiClient, token: str, password: str = NEW) -> Reply:
    return api.post("/auth/password-reset/confirm", {"token": token, "password": password})


def login(api: ApiClient, password: str) -> int:
    return api.form("/auth/login", ADA | {"password": password}).status


def test_a_new_password_by_mail_ends_all_sessions(api: ApiClient, ada: ApiClient, mailbox: Mailbox) -> None:
    token = mailed(api, mailbox)
    assert ada.get("/users/me").status == 200, "asking alone changes nothing"
    confirmed = confirm(api, token)
    assert (confirmed.status, confirmed.data) == (200, {"message": "Password changed"})
    assert ada.get("/users/me").status == 401
    assert (login(api, "correct horse"), login(api, NEW)) == (401, 200)


@pytest.mark.parametrize("way", ["form", "upload", "post"])
def test_a_password_reset_is_asked_for_and_confirmed_by_form_or_json(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox, way: str
) -> None:
    def say(path: str, fields: dict[str, str]) -> int:
        reply: Reply = api.upload(path, {}, fields) if way == "upload" else getattr(api, way)(path, fields)
        return reply.status

    assert say("/auth/password-reset/", ADA) == 200
    mailbox.deliver()
    assert say("/auth/password-reset/confirm/", {"token": mailbox.token(), "password": NEW}) == 200
    assert login(api, NEW) == 200


def test_known_and_unknown_addresses_are_answered_and_worked_on_alike(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox
) -> None:
    replies, queued = [], []
    for email in ("ada@example.org", "nobody@example.org"):
        replies.append(api.post("/auth/password-reset", {"email": email}))
        queued.append([json.loads(message["Body"]) for message in mailbox.waiting()])
    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].body == replies[1].body
    [[known], [unknown]] = queued
    assert (known["email"], unknown["email"]) == ("ada@example.org", "nobody@example.org")
    assert {**known, "email": ""} == {**unknown, "email": ""}
    assert set(known) == {"kind", "email", "network"}
    assert "192.0.2.1" not in str(known), "whence it was asked for is a hash"


def test_a_token_is_good_once(api: ApiClient, ada: ApiClient, mailbox: Mailbox) -> None:
    first, second = mailed(api, mailbox), mailed(api, mailbox)
    assert confirm(api, second).status == 200
    assert {confirm(api, token, "yet another one").status for token in (first, second)} == {401}
    assert login(api, NEW) == 200


def test_a_new_password_or_address_ends_the_token(api: ApiClient, ada: ApiClient, mailbox: Mailbox) -> None:
    token = mailed(api, mailbox)
    ada.put("/users/me", {"email": "lovelace@example.org"})
    assert confirm(api, token).status == 401
    ada.put("/users/me", {"email": "ada@example.org"})
    ada.put("/users/me", {"password": "correct horse 2"})
    assert confirm(api, token).status == 401
    assert login(api, "correct horse 2") == 200


def test_a_token_of_a_deactivated_or_removed_account_is_refused(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox
) -> None:
    token, path = mailed(api, mailbox), f"/users/{ada.get('/users/me').data['id']}"
    administrator = sign_in_administrator(api)
    administrator.patch(path, {"is_active": False})
    assert confirm(api, token).status == 401
    administrator.delete(path)
    assert confirm(api, token).status == 401


def test_a_reset_token_is_no_other_token_and_no_other_token_resets(
    api: ApiClient, ada: ApiClient, mailbox: Mailbox
) -> None:
    from functions.auth import handler

    tokens: Tokens = handler.deps.tokens
    reset = tokens.verify(mailed(api, mailbox), TokenType.RESET)
    token = tokens.issue(TokenType.RESET, reset)
    holder = ApiClient(token)
    assert holder.get("/users/me").status == 401
    assert holder.send("POST", "/auth/refresh-token").status == 401
    assert api.post("/api/token/refresh", {"refresh": token}).status == 401
    claims = Claims(reset.account_id, reset.session_id, "j", 7)
    others = [tokens.issue(kind, claims) for kind in TokenType if kind is not TokenType.RESET]
    refused = [confirm(api, other) for other in (*others, str(ada.token), "a.b.c", "x", token[:-2])]
    assert {reply.status for reply in refused} == {401}
    assert {reply.body for reply in refused} == {confirm(api, "garbage").body}
    assert confirm(api, token).status == 200, "the token itself would have held all the time"


def test_a_token_expires(api: ApiClient, ada: ApiClient, mailbox: Mailbox) -> None:
    from functions.auth import handler

    def aged(minutes: int) -> str:
        tokens: Tokens = handler.deps.tokens
        claims = tokens.verify(mailbox.token(), TokenType.RESET)
        before = Tokens(tokens._read_keys, lambda: handler.deps.now() - timedelta(minutes=minutes))
        return before.issue(TokenType.RESET, claims)

    mailed(api, mailbox)
    assert confirm(api, aged(31)).status == 401
    assert confirm(api, aged(29)).status == 200


@pytest.mark.parametrize(
    ("path", "fields", "broken"),
    [
        ("", {}, {"email"}),
        ("", {"email": "nobody"}, {"email"}),
        ("", {"email": ["ada@example.org"]}, {"email"}),
        ("", {"email": "a\0@example.org", "username": "ada"}, {"email", "username"}),
        ("/confirm", {}, {"token", "password"}),
        ("/confirm", {"token": "", "password": "short"}, {"token", "password"}),
        ("/confirm", {"token": "x" * 3000, "password": "x" * 129}, {"token", "password"}),
        ("/confirm", {"token": 7, "password": None, "email": "ada@example.org"}, {"token", "password", "email"}),
    ],
)
def test_broken_fields_are_named_all_at_once(
    api: ApiClient, mailbox: Mailbox, path: str, fields: dict[str, object], broken: set[str]
) -> None:
    reply = api.post(f"/auth/password-reset{path}", fields)
    assert (reply.status, reply.code, set(reply.json["error"]["details"])) == (422, "VALIDATION_ERROR", broken)
    assert mailbox.waiting() == []


def test_an_address_that_asks_or_guesses_too_often_is_held_back(api: ApiClient, mailbox: Mailbox) -> None:
    api.post("/auth/password-reset", ADA)
    mailbox.waiting()
    spend_the_minute()
    for reply in (api.post("/auth/password-reset", ADA), confirm(api, "guess")):
        assert (reply.status, reply.code) == (429, "TOO_MANY_REQUESTS")
    assert mailbox.waiting() == []


def test_a_queue_that_takes_nothing_is_told_plainly(api: ApiClient, mailbox: Mailbox) -> None:
    with failing(sqs(), "sqs.SendMessage"):
        reply = api.post("/auth/password-reset", ADA)
    assert (reply.status, reply.code) == (503, "UNAVAILABLE")


def test_an_account_without_an_email_is_sent_no_reset_mail(api: ApiClient, mailbox: Mailbox) -> None:
    api.post("/auth/register", {"username": "jane.doe", "password": "correct horse"})
    assert api.post("/auth/password-reset", {"email": "jane.doe"}).status == 422
    assert send_reset_mail(mailbox.mails, "one", ResetRequest("jane.doe")) is MailOutcome.UNKNOWN_ADDRESS


def test_of_two_resets_with_one_token_at_once_one_wins(api: ApiClient, ada: ApiClient, mailbox: Mailbox) -> None:
    """The second reads the account before the first writes it, and then meets its own condition."""
    from functions.auth import handler

    token = mailed(api, mailbox)
    store, replies = handler.deps.accounts, list[int]()
    read = store.get

    def read_then_lose(account_id: int) -> object:
        found = read(account_id)
        if not replies:
            replies.append(0)
            replies[0] = confirm(api, token, "the first one's").status
        return found

    object.__setattr__(handler.deps, "accounts", _Overtaken(store, read_then_lose))
    try:
        replies.append(confirm(api, token, "the second one's").status)
    finally:
        object.__setattr__(handler.deps, "accounts", store)
    assert replies == [200, 401]
    assert (login(api, "the first one's"), login(api, "the second one's")) == (200, 401)


class _Overtaken:
    """The store, with reads that somebody else comes after."""

    def __init__(self, store: object, get: object) -> None:
        self._store, self.get = store, get

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def test_an_account_of_another_contract_resets_its_password_as_well(api: ApiClient, mailbox: Mailbox) -> None:
    person = {"full_name": "Ada", "email": "ada@example.org", "usertype": "doctor", "password": "correct horse"}
    assert api.post("/api/register", person).status == 201
    assert confirm(api, mailed(api, mailbox)).status == 200
    assert api.post("/api/login", ADA | {"password": NEW}).status == 200
