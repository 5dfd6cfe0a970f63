"""Mails of broken glass: to whom they go, and that they say nothing of anybody."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest

from functions.auth.usecases import administration
from functions.auth.usecases.glass_mails import SUBJECT, send_glass_mail
from functions.auth.usecases.reset_mails import MailOutcome
from scanward.domain.accounts import Account, Names
from scanward.errors import Unavailable
from scanward.stores.clients import ses
from scanward.stores.mail import GlassMailRequest, Mailer, MailQueue, ResetRequest, parse_mail_request
from tests.faults.injection import failing
from tests.support.mailbox import SENDER, Mailbox
from tests.unit.functions.auth.usecases.account_actions import ADMINISTRATOR
from tests.unit.functions.auth.usecases.test_reset_mails import batch, register

ENDS_AT = datetime(2026, 5, 8, 11, 30, tzinfo=UTC)


@pytest.fixture
def mailbox(aws: None) -> Mailbox:
    return Mailbox()


@pytest.fixture
def ada(mailbox: Mailbox) -> Account:
    """Somebody with an account."""
    return register(Names(email="Ada@example.org", username="countess"))


def test_the_mail_says_until_when_and_nothing_of_anybody(mailbox: Mailbox, ada: Account) -> None:
    assert send_glass_mail(mailbox.mails, GlassMailRequest(ada.id, ENDS_AT)) is MailOutcome.SENT
    [mail] = mailbox.inbox()
    assert (mail.source, mail.destinations["ToAddresses"], mail.subject) == (SENDER, ["Ada@example.org"], SUBJECT)
    assert "until 2026-05-08 11:30 UTC." in mail.body
    assert not [word for word in ("countess", "Ada", str(ada.id)) if word in mail.body]


def test_each_broken_glass_is_mailed_and_no_reset_is_held_back_by_it(mailbox: Mailbox, ada: Account) -> None:
    for _ in range(5):
        assert send_glass_mail(mailbox.mails, GlassMailRequest(ada.id, ENDS_AT)) is MailOutcome.SENT
    from functions.auth.usecases.reset_mails import send_reset_mail

    assert send_reset_mail(mailbox.mails, "one", ResetRequest("ada@example.org")) is MailOutcome.SENT


def test_who_has_no_address_or_no_account_is_sent_no_word_of_glass(mailbox: Mailbox) -> None:
    nameless = register(Names(username="jane.doe"))
    for number in (nameless.id, 1):
        assert send_glass_mail(mailbox.mails, GlassMailRequest(number, ENDS_AT)) is MailOutcome.UNKNOWN_ADDRESS
    assert mailbox.inbox() == []


def test_a_deactivated_patient_is_sent_word_of_glass(mailbox: Mailbox, ada: Account) -> None:
    from functions.auth import handler

    administration.set_active(handler.deps, ADMINISTRATOR, str(ada.id), active=False)
    assert send_glass_mail(mailbox.mails, GlassMailRequest(ada.id, ENDS_AT)) is MailOutcome.SENT


def test_an_address_that_could_lead_elsewhere_is_sent_no_word_of_glass(mailbox: Mailbox) -> None:
    account = register(Names(email="ada,grace@example.org"))
    assert send_glass_mail(mailbox.mails, GlassMailRequest(account.id, ENDS_AT)) is MailOutcome.UNDELIVERABLE


def test_a_message_of_broken_glass_is_read_as_it_was_written(mailbox: Mailbox) -> None:
    from functions.auth import handler

    MailQueue(handler.settings.mail_queue_url).enqueue_glass(7, ENDS_AT)
    [message] = mailbox.waiting()
    assert parse_mail_request(message["Body"]) == GlassMailRequest(7, ENDS_AT)


@pytest.fixture
def handler(mailbox: Mailbox) -> Iterator[Any]:
    """Provide the function as Lambda has it, with a sender."""
    module = import_module("functions.auth.mail_handler")
    before = module.mails
    module.mails = replace(before, mailer=Mailer(SENDER))  # type: ignore[attr-defined]
    yield module
    module.mails = before  # type: ignore[attr-defined]


def test_one_mail_of_glass_that_fails_is_tried_again(handler: Any, mailbox: Mailbox, ada: Account) -> None:
    glass = json.dumps({"kind": "break-glass", "account_id": ada.id, "ends_ms": 1778239800000})
    strange = ('{"kind": "break-glass"}', '{"kind": "break-glass", "account_id": 1, "ends_ms": 1e40}')
    with failing(ses(), "sesv2.SendEmail"), pytest.raises(Unavailable):
        send_glass_mail(handler.mails, GlassMailRequest(ada.id, ENDS_AT))
    with failing(ses(), "sesv2.SendEmail"):
        assert handler.app(batch(*strange, glass), None) == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert handler.app(batch(glass), None) == {"batchItemFailures": []}
    assert len(mailbox.inbox()) == 1
