"""Mail: the queue of requests, what an account was sent this hour, and SES, which sends it."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from scanward.errors import ScanwardError
from scanward.stores import keys
from scanward.stores.clients import ses, sqs
from scanward.stores.dynamo import ConditionFailed, TableItem, bind_table, from_ms, sdk_errors_mapped, to_ms
from scanward.stores.sdk import failures_mapped

_RESET, _NOTICE, _GLASS = "password-reset", "account-change", "break-glass"
NOTICE_DELAY = timedelta(seconds=20)  # more than a request may take


@dataclass(frozen=True, slots=True)
class ResetRequest:
    """Who forgot a password. `network`: a keyed hash of whence it was asked for; None in messages of before."""

    email: str
    network: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeNotice:
    """A change of an account's email or password, which the address that it had is told of."""

    account_id: int
    change: int


@dataclass(frozen=True, slots=True)
class GlassMailRequest:
    """Whose glass was broken, and until when."""

    patient_id: int
    ends_at: datetime


class MailQueue:
    """Raises Unavailable when SQS does not take a message."""

    def __init__(self, url: str) -> None:
        self._url = url

    def enqueue_reset(self, reset: ResetRequest) -> None:
        """Queue a request to set a new password for an address, whether or not an account has it."""
        self._send({"kind": _RESET, "email": reset.email, "network": reset.network}, timedelta())

    def enqueue_notice(self, account_id: int, change: int) -> None:
        """Queue that an address is to be told of a change of its account, which is about to be written.

        It is read when whoever writes it has ended: the change is there by then, or never comes.
        """
        self._send({"kind": _NOTICE, "account_id": account_id, "change": change}, NOTICE_DELAY)

    def _send(self, message: dict[str, str | int | None], delay: timedelta) -> None:
        with failures_mapped():
            sqs().send_message(
                QueueUrl=self._url, MessageBody=json.dumps(message), DelaySeconds=int(delay.total_seconds())
            )

    def enqueue_glass(self, patient_id: int, ends_at: datetime) -> None:
        """Queue a mail to a patient that a doctor broke the glass, until a time."""
        self._send({"kind": _GLASS, "account_id": patient_id, "ends_ms": to_ms(ends_at)}, timedelta())


def parse_mail_request(body: str) -> ResetRequest | ChangeNotice | GlassMailRequest | None:
    """Return what a message of the queue asks for; None for a message that is none of ours."""
    try:
        payload = json.loads(body)
        if payload["kind"] == _NOTICE:
            return ChangeNotice(int(payload["account_id"]), int(payload["change"]))
        if payload["kind"] == _GLASS:
            return GlassMailRequest(int(payload["account_id"]), from_ms(payload["ends_ms"]))
        if payload["kind"] != _RESET or not isinstance(payload["email"], str):
            return None
        return ResetRequest(payload["email"], payload.get("network"))
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
    """ACCOUNT#id / MAILS#hour, and MAILS#hour#part. `asked`: the ids of the requests that led to a mail."""

    asked = UnicodeSetAttribute()
    expires_at = NumberAttribute()


class ResetLinkItem(TableItem):
    """ACCOUNT#id / RESET_LINK: the last that was mailed. `mark`: of the password and address that it is good for."""

    sk = UnicodeAttribute(range_key=True, default=keys.RESET_LINK)
    sent_at = NumberAttribute()
    mark = UnicodeAttribute()
    request = UnicodeAttribute()
    expires_at = NumberAttribute()


@dataclass(frozen=True, slots=True)
class MailCount:
    """What is counted, and how far: an account's mails in an hour, or those for one `part`, a network or an address."""

    account_id: int
    part: str
    limit: int


@dataclass(frozen=True, slots=True)
class ResetLink:
    """A link that may be mailed. `mark`: of the password and address that it is good for."""

    account_id: int
    mark: str
    request: str


class MailRateStore:
    """Counts mails. Each method is one round trip."""

    def __init__(self, table: str) -> None:
        for model in (MailCountItem, ResetLinkItem):
            bind_table(model, table)

    def count(self, mails: MailCount, request: str, now: int) -> bool:
        """Tell whether one more mail may go out for this request, which is counted by that, once."""
        hour = now // HOUR_SECONDS
        sort = keys.mails_for(hour, mails.part) if mails.part else keys.mails(hour)
        path = Path("asked")
        few = size(path) < mails.limit  # type: ignore[no-untyped-call]
        room = path.does_not_exist() | few | path.contains(request)
        actions: list[Action] = [
            MailCountItem.asked.add({request}),
            MailCountItem.expires_at.set(now + RETENTION_SECONDS),
        ]
        return _update(MailCountItem(keys.account(mails.account_id), sort), actions, room)

    def note_link(self, link: ResetLink, now: int) -> None:
        """Keep that a link is being mailed."""
        _update(ResetLinkItem(keys.account(link.account_id)), _link_actions(link, now), None)

    def replace_link(self, link: ResetLink, now: int, *, older_than: int) -> bool:
        """Keep that a link is being mailed, unless the last one is younger and still good; False then."""
        old = ResetLinkItem.sent_at.does_not_exist() | (ResetLinkItem.sent_at <= older_than)
        useless = (ResetLinkItem.mark != link.mark) | (ResetLinkItem.request == link.request)
        return _update(ResetLinkItem(keys.account(link.account_id)), _link_actions(link, now), old | useless)


def _link_actions(link: ResetLink, now: int) -> list[Action]:
    return [
        ResetLinkItem.sent_at.set(now),
        ResetLinkItem.mark.set(link.mark),
        ResetLinkItem.request.set(link.request),
        ResetLinkItem.expires_at.set(now + RETENTION_SECONDS),
    ]


def _update(item: TableItem, actions: list[Action], condition: Condition | None) -> bool:
    try:
        with sdk_errors_mapped():
            item.update(actions, condition=condition)
    except ConditionFailed:
        return False
    return True
