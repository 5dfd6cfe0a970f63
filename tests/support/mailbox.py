"""A queue of requests for mails, the function that reads it, and the inbox that its mails land in."""

import json
import re
from typing import Any

import boto3
from moto.ses.models import ses_backends

from functions.auth.usecases.reset_mails import MAX_MAILS_PER_HOUR, MailOutcome, ResetMailDeps, send_reset_mail
from scanward.stores.mail import Mailer, MailRateStore
from tests.support.cloud import REGION, TABLES

SENDER = "scanward@example.org"
_TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+(?=\s)")


class Mailbox:
    """Mails go out from a sender that SES knows."""

    def __init__(self) -> None:
        from functions.auth import handler

        boto3.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        self._sqs = boto3.client("sqs")
        self._queue = self._sqs.create_queue(QueueName="mail")["QueueUrl"]
        auth = handler.deps
        sent = MailRateStore(TABLES["ACCOUNTS_TABLE"], MAX_MAILS_PER_HOUR)
        self.mails = ResetMailDeps(
            accounts=auth.accounts, tokens=auth.tokens, mail_rates=sent, mailer=Mailer(SENDER), url=None, now=auth.now
        )

    def waiting(self) -> list[Any]:
        """Take the messages that wait in the queue."""
        taken = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in taken:
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return taken

    def deliver(self) -> list[MailOutcome]:
        """Let the waiting requests be answered."""
        return [
            send_reset_mail(self.mails, each["MessageId"], json.loads(each["Body"])["email"]) for each in self.waiting()
        ]

    def inbox(self) -> list[Any]:
        """Return every mail that was sent, the newest last."""
        [backend] = [account[REGION] for account in ses_backends.values()]
        return list(backend.sent_messages)

    def token(self) -> str:
        """Return the token in the newest mail."""
        [token] = _TOKEN.findall(self.inbox()[-1].body)
        return str(token)
