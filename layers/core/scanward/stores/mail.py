"""Mail: the queue of requests, how many an account was sent this hour, and SES, which sends it."""

import json
import re
from dataclasses import dataclass
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import size
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from scanward.errors import ScanwardError
from scanward.stores import keys
from scanward.stores.clients import ses, sqs
from scanward.stores.dynamo import ConditionFailed, TableItem, bind_table, from_ms, sdk_errors_mapped, to_ms
from scanward.stores.sdk import failures_mapped


class MailQueue:
    """Raises Unavailable when SQS does not take a message."""

    def __init__(self, url: str) -> None:
        self._url = url

    def enqueue_reset(self, email: str) -> None:
        """Queue a request to set a new password for an address, whether or not an account has it."""
        with failures_mapped():
            sqs().send_message(QueueUrl=self._url, MessageBody=json.dumps({"kind": "password-reset", "email": email}))

    def enqueue_glass(self, patient_id: int, ends_at: datetime) -> None:
        """Queue a mail to a patient that a doctor broke the glass, until a time."""
        body = json.dumps({"kind": "break-glass", "account_id": patient_id, "ends_ms": to_ms(ends_at)})
        with failures_mapped():
            sqs().send_message(QueueUrl=self._url, MessageBody=body)


def parse_reset_request(body: str) -> str | None:
    """Return the address in a message of `ask_for_reset`; None for a message that is none of ours."""
    try:
        payload = json.loads(body)
        email = payload["email"] if payload["kind"] == "password-reset" else None
    except (ValueError, KeyError, TypeError):
        return None
    return email if isinstance(email, str) else None


@dataclass(frozen=True, slots=True)
class GlassMailRequest:
    """Whose glass was broken, and until when."""

    patient_id: int
    ends_at: datetime


def parse_glass_request(body: str) -> GlassMailRequest | None:
    """Return what a message of `enqueue_glass` says; None for any other message."""
    try:
        payload = json.loads(body)
        is_ours = payload["kind"] == "break-glass"
        return GlassMailRequest(int(payload["account_id"]), from_ms(payload["ends_ms"])) if is_ours else None
    except (ValueError, KeyError, TypeError, OverflowError):
        return None


# The plain form of RFC 5321 that SES delivers to. What else RFC 5322 allows (names, groups, comments, lists) could lead
# a mail to another person than the one whose account the address is.
_PLAIN = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class Undeliverable(ScanwardError):
    """An address that SES delivers nothing to, however often it is tried."""

    message = "No mail can be sent there"


class Mailer:
    """Sends from one address. Raises Unavailable when SES does not take a mail now."""

    def __init__(self, sender: str) -> None:
        self._sender = sender

    def send(self, to: str, subject: str, text: str) -> None:
        """Send one plain text. Raises Undeliverable."""
        client = ses()
        with failures_mapped():
            try:
                client.send_email(
                    FromEmailAddress=self._sender,
                    Destination={"ToAddresses": [_plain(to)]},
                    Content={
                        "Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text, "Charset": "UTF-8"}}}
                    },
                )
            except client.exceptions.BadRequestException as error:
                raise Undeliverable from error


def _plain(address: str) -> str:
    local, _, host = address.rpartition("@")
    try:
        plain = f"{local}@{host.encode('idna').decode()}"
    except UnicodeError as error:
        raise Undeliverable from error
    if not _PLAIN.fullmatch(plain):
        raise Undeliverable
    return plain


HOUR_SECONDS = 3600
RETENTION_SECONDS = 2 * HOUR_SECONDS


class MailCountItem(TableItem):
    """ACCOUNT#id / MAILS#hour. `asked`: the ids of the requests that led to a mail."""

    asked = UnicodeSetAttribute()
    expires_at = NumberAttribute()


class MailRateStore:
    """Counts mails. `limit`: an hour and account."""

    def __init__(self, table: str, limit: int) -> None:
        bind_table(MailCountItem, table)
        self._limit = limit

    def allow(self, account_id: int, request: str, now: int) -> bool:
        """Tell whether one more mail may go out for this request, which is counted by that; one round trip."""
        item = MailCountItem(keys.account(account_id), keys.mails(now // HOUR_SECONDS))
        path = Path("asked")
        few = size(path) < self._limit  # type: ignore[no-untyped-call]
        room = path.does_not_exist() | few | path.contains(request)
        actions: list[Action] = [
            MailCountItem.asked.add({request}),
            MailCountItem.expires_at.set(now + RETENTION_SECONDS),
        ]
        try:
            with sdk_errors_mapped():
                item.update(actions, condition=room)
        except ConditionFailed:
            return False
        return True
