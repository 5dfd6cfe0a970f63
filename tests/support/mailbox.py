"""A queue of requests for mails, the function that reads it, and the inbox that its mails land in."""

import re
from typing import Any

import boto3
from moto.ses.models import ses_backends
from moto.sqs.models import sqs_backends

from functions.auth.usecases.change_mails import send_change_mail
from functions.auth.usecases.glass_mails import send_glass_mail
from functions.auth.usecases.reset_mails import MailDeps, MailOutcome, send_reset_mail
from scanward.stores.mail import ChangeNotice, GlassMailRequest, Mailer, MailRateStore, parse_mail_request
from tests.support.cloud import REGION, TABLES

SENDER = "scanward@example.org"
_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+(?=\s)")
_UNDO_TOKEN = re.compile(r"^[\w-]{43}$", re.MULTILINE)


class Mailbox:
    """Mails go out from a sender that SES knows."""

    def __init__(self) -> None:
        from functions.auth import handler

        boto3.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        self._sqs = boto3.client("sqs")
        self._queue = self._sqs.create_queue(QueueName="mail")["QueueUrl"]
        auth = handler.deps
        self.mails = MailDeps(
            accounts=auth.accounts,
            tokens=auth.tokens,
            undo_tokens=auth.undo_tokens,
            mail_rates=MailRateStore(TABLES["ACCOUNTS_TABLE"]),
            mailer=Mailer(SENDER),
            reset_url=None,
            undo_url=None,
            now=auth.now,
        )

    def waiting(self) -> list[Any]:
        """Take the messages that wait in the queue, however late they are to be read."""
        let_through("mail")
        taken = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in taken:
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return taken

    def deliver(self) -> list[MailOutcome]:
        """Let the waiting requests be answered."""
        return [self.answer(each) for each in self.waiting()]

    def answer(self, message: Any) -> MailOutcome:
        """Answer one message as the function does."""
        request = parse_mail_request(message["Body"])
        assert request
        if isinstance(request, ChangeNotice):
            return send_change_mail(self.mails, message["MessageId"], request)
        if isinstance(request, GlassMailRequest):
            return send_glass_mail(self.mails, request)
        return send_reset_mail(self.mails, message["MessageId"], request)

    def inbox(self) -> list[Any]:
        """Return every mail that was sent, the newest last."""
        [backend] = [account[REGION] for account in ses_backends.values()]
        return list(backend.sent_messages)

    def inbox_of(self, address: str) -> list[Any]:
        """Return every mail that was sent to an address, the newest last."""
        return [mail for mail in self.inbox() if mail.destinations["ToAddresses"] == [address]]

    def token(self) -> str:
        """Return the token in the newest mail."""
        [token] = _TOKEN.findall(self.inbox()[-1].body)
        return str(token)


def undo_token(mail: Any) -> str:
    """Return the token in a mail of a change."""
    [token] = _UNDO_TOKEN.findall(mail.body)
    return str(token)


def let_through(queue: str) -> None:
    """Make the messages of a queue that are to be read later readable now."""
    [backend] = [account[REGION] for account in sqs_backends.values()]
    for message in backend.queues[queue]._messages:
        message.delayed_until = 0
