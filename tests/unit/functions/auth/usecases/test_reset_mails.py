"""Mails to set a new password with: to whom they go, how often, what they say, and what is logged of them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from itertools import count
from typing import Any

import pytest

from functions.auth.usecases import administration, password_reset, registration
from functions.auth.usecases.registration import Registration
from functions.auth.usecases.reset_mails import (
    MAX_MAILS_PER_ACCOUNT,
    MAX_MAILS_PER_NETWORK,
    SUBJECT,
    MailOutcome,
    mail_text,
    send_reset_mail,
)
from scanward.domain.accounts import Account, Names, Profile, Role
from scanward.domain.tokens import TokenType
from scanward.errors import Unavailable
from scanward.stores.clients import ses
from scanward.stores.mail import Mailer, ResetRequest, Undeliverable
from tests.faults.injection import failing, refused
from tests.support.mailbox import SENDER, Mailbox
from tests.unit.functions.auth.usecases.account_actions import ADMINISTRATOR


@pytest.fixture
def mailbox(aws: None) -> Mailbox:
    return Mailbox()


@pytest.fixture
def ada(mailbox: Mailbox) -> Account:
    """Somebody with an account."""
    return register(Names(email="Ada@example.org"))


def register(names: Names) -> Account:
    from functions.auth import handler

    return registration.register(
        handler.deps, "192.0.2.1", Registration(Role.PATIENT, names, Profile(), "correct horse")
    )


def test_the_mail_goes_to_the_address_of_the_account_however_it_was_typed(mailbox: Mailbox, ada: Account) -> None:
    assert send_reset_mail(mailbox.mails, "one", ResetRequest("ａda@EXAMPLE.org")) is MailOutcome.SENT
    [mail] = mailbox.inbox()
    assert (mail.source, mail.destinations["ToAddresses"], mail.subject) == (SENDER, ["Ada@example.org"], SUBJECT)
    assert mailbox.mails.tokens.verify(mailbox.token(), TokenType.RESET).account_id == ada.id


def test_no_reset_mail_goes_to_an_address_without_an_active_account(mailbox: Mailbox, ada: Account) -> None:
    from functions.auth import handler

    register(Names(username="jane.doe"))
    administration.set_active(handler.deps, ADMINISTRATOR, str(ada.id), active=False)
    for email in ("nobody@example.org", "jane.doe", "", "ada@example.org", "x" * 5000):
        assert send_reset_mail(mailbox.mails, email, ResetRequest(email)) is MailOutcome.UNKNOWN_ADDRESS
    assert mailbox.inbox() == []


class Hour:
    """Requests for mails to Ada's address, at a minute of an hour that begins now."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._begun = mailbox.mails.now().replace(minute=0, second=0)
        self._mails, self._numbers = mailbox.mails, count()

    def ask(self, network: str | None, minute: float = 0, email: str = "ada@example.org") -> MailOutcome:
        mails = replace(self._mails, now=lambda: self._begun + timedelta(minutes=minute))
        return send_reset_mail(mails, f"r{next(self._numbers)}", ResetRequest(email, network))


@pytest.fixture
def hour(mailbox: Mailbox, ada: Account) -> Hour:
    return Hour(mailbox)


def test_a_reset_mail_that_is_tried_again_counts_once(mailbox: Mailbox, ada: Account) -> None:
    begun = mailbox.mails.now()
    mails, request = replace(mailbox.mails, now=lambda: begun), ResetRequest("ada@example.org", "clinic")
    for number in range(MAX_MAILS_PER_NETWORK):
        with failing(ses(), "sesv2.SendEmail"), pytest.raises(Unavailable):
            send_reset_mail(mails, str(number), request)
        assert send_reset_mail(mails, str(number), request) is MailOutcome.SENT
    assert send_reset_mail(mails, "one more", request) is MailOutcome.HELD_BACK
    assert len(mailbox.inbox()) == MAX_MAILS_PER_NETWORK


def test_a_network_that_used_up_its_reset_mails_uses_up_nobody_elses(hour: Hour) -> None:
    for _ in range(MAX_MAILS_PER_NETWORK):
        assert hour.ask("stranger") is MailOutcome.SENT
    assert hour.ask("stranger") is MailOutcome.HELD_BACK
    assert hour.ask("owner") is MailOutcome.SENT
    other = register(Names(email="grace@example.org")).names.email
    assert hour.ask("stranger", email=str(other)) is MailOutcome.SENT
    assert hour.ask("stranger", minute=60) is MailOutcome.SENT


def test_strangers_from_many_networks_leave_the_owner_a_link_that_holds_for_a_quarter_of_an_hour(
    hour: Hour, mailbox: Mailbox
) -> None:
    sent_at: list[int] = []

    def ask(network: str, minute: int) -> None:
        if hour.ask(network, minute) is MailOutcome.SENT:
            sent_at.append(minute)

    for minute in range(0, 120, 3):
        for number in range(4):
            ask(f"stranger {minute} {number}", minute)
        ask("owner", minute)
        assert minute - sent_at[-1] <= 15, "whoever asks has a link that holds for half its life, or is sent one"
    assert len(mailbox.inbox()) == len(sent_at) <= 2 * (MAX_MAILS_PER_ACCOUNT + 4)


def test_a_link_that_a_new_password_has_ended_holds_back_no_other(hour: Hour, mailbox: Mailbox) -> None:
    from functions.auth import handler

    for number in range(MAX_MAILS_PER_ACCOUNT):
        assert hour.ask(f"stranger {number}") is MailOutcome.SENT
    assert hour.ask("owner", 1) is MailOutcome.HELD_BACK
    password_reset.confirm_reset(handler.deps, "192.0.2.1", mailbox.token(), "battery staple")
    assert hour.ask("owner", 2) is MailOutcome.SENT
    assert hour.ask("owner", 3) is MailOutcome.HELD_BACK


def test_a_request_that_does_not_say_its_network_is_answered(hour: Hour) -> None:
    asked_for = [hour.ask(None) for _ in range(MAX_MAILS_PER_ACCOUNT + 1)]
    assert asked_for[-2:] == [MailOutcome.SENT, MailOutcome.HELD_BACK]


@pytest.mark.parametrize(
    "address",
    ["x<ada@example.org>", "ada,grace@example.org", "grüße@example.org", "a;b@example.org", "ada@-", '"a"@example.org'],
)
def test_an_address_that_could_lead_elsewhere_is_sent_nothing(mailbox: Mailbox, address: str) -> None:
    register(Names(email=address))
    assert send_reset_mail(mailbox.mails, "one", ResetRequest(address)) is MailOutcome.UNDELIVERABLE
    assert mailbox.inbox() == []


def test_a_host_in_another_script_is_spelled_as_mail_spells_it(mailbox: Mailbox) -> None:
    register(Names(email="ada@bücher.example"))
    assert send_reset_mail(mailbox.mails, "one", ResetRequest("ada@bücher.example")) is MailOutcome.SENT
    assert mailbox.inbox()[0].destinations["ToAddresses"] == ["ada@xn--bcher-kva.example"]


def test_an_address_that_ses_will_never_take_is_not_tried_again(mailbox: Mailbox) -> None:
    error = {"Error": {"Code": "BadRequestException", "Message": "put in by a test"}}
    with refused(ses(), "sesv2.SendEmail", 400, error), pytest.raises(Undeliverable):
        Mailer(SENDER).send("ada@example.org", SUBJECT, "text")


def test_a_link_carries_the_token_where_no_server_sees_it() -> None:
    assert "\nhttps://app.example.org/reset#token=a.b.c\n" in mail_text("a.b.c", "https://app.example.org/reset")
    assert "\na.b.c\n" in mail_text("a.b.c", None)
    assert "30 minutes" in mail_text("a.b.c", None)


@pytest.fixture
def handler(mailbox: Mailbox) -> Iterator[Any]:
    """Provide the function as Lambda has it, with a sender."""
    module = import_module("functions.auth.mail_handler")
    kept = module.mails
    module.mails = replace(kept, mailer=Mailer(SENDER))  # type: ignore[attr-defined]
    yield module
    module.mails = kept  # type: ignore[attr-defined]


def batch(*bodies: str) -> dict[str, Any]:
    event = json.loads((import_module("tests.support.cloud").ROOT / "events" / "mail-password-reset.json").read_text())
    [record] = event["Records"]
    return {"Records": [{**record, "messageId": str(place), "body": body} for place, body in enumerate(bodies)]}


def asked(email: str) -> str:
    return json.dumps({"kind": "password-reset", "email": email})


def test_one_reset_mail_that_fails_is_tried_again_and_the_others_are_not(
    handler: Any, mailbox: Mailbox, ada: Account
) -> None:
    strange = [
        "{",
        "[]",
        "{}",
        '{"kind": "invoice", "email": "ada@example.org"}',
        '{"kind": "password-reset", "email": 7}',
    ]
    with failing(ses(), "sesv2.SendEmail"):
        answer = handler.app(batch(asked("nobody@example.org"), asked("ada@example.org"), *strange), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert handler.app(batch(asked("ada@example.org")), None) == {"batchItemFailures": []}
    assert len(mailbox.inbox()) == 1


def test_no_address_and_no_token_is_logged(
    handler: Any, mailbox: Mailbox, ada: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    said = [asked("ada@example.org")] * (MAX_MAILS_PER_ACCOUNT + 1) + [asked("evangelina@example.org"), "evangelina"]
    handler.app(batch(*said), None)
    with failing(ses(), "sesv2.SendEmail"):
        handler.app(batch(asked(str(register(Names(email="evangelina@example.com")).names.email))), None)
    logged = "\n".join(repr(record.__dict__) for record in caplog.records if record.name == "mail")
    for outcome in (
        MailOutcome.SENT,
        MailOutcome.HELD_BACK,
        MailOutcome.UNKNOWN_ADDRESS,
        "not a request for a mail",
        "Unavailable",
    ):
        assert outcome in logged
    for planted in ("ada@", "evangelina", "example.org", "eyJ"):
        assert planted not in logged


def test_where_mail_is_not_configured_requests_are_let_go_and_that_is_said(
    mailbox: Mailbox, ada: Account, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "mail")
    module = import_module("functions.auth.mail_handler")
    assert module.settings.sender is None
    assert module.app(batch(asked("ada@example.org")), None) == {"batchItemFailures": []}
    assert [record.__dict__["outcome"] for record in caplog.records] == [MailOutcome.NOT_CONFIGURED]
    assert mailbox.inbox() == []
