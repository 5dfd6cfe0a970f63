"""The mails that password resets need: to whom one goes, and what it says.

Apart from the rest of a reset, so that the function that mails loads no password hashing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scanward.clock import fresh_token
from scanward.domain.tokens import LIFETIMES, Claims, TokenType, password_fingerprint
from scanward.security.tokens import Tokens
from scanward.stores.accounts import AccountStore
from scanward.stores.mail import Mailer, MailRateStore, Undeliverable

MAX_MAILS_PER_HOUR = 3
SUBJECT = "Set a new Scanward password"
_MINUTES = int(LIFETIMES[TokenType.RESET].total_seconds()) // 60
_TEXT = """Somebody, hopefully you, asked to set a new password for your Scanward account.

{way}

It holds for {minutes} minutes and can be used once. All your sessions end with it.
If it was not you who asked, there is nothing to do: your password stays as it is.
"""


class MailOutcome(StrEnum):
    """What became of a request for a mail. Safe to log: it names no person."""

    SENT = "sent"
    UNKNOWN_ADDRESS = "no active account has this address"
    HELD_BACK = "the account was sent enough mails this hour"
    UNDELIVERABLE = "no mail can be sent to this address"
    NOT_CONFIGURED = "mail is not configured"


@dataclass(frozen=True, slots=True)
class ResetMailDeps:
    """What sending needs. `mailer`: None where mail is not configured. `url`: where an app takes the token."""

    accounts: AccountStore
    tokens: Tokens
    mail_rates: MailRateStore
    mailer: Mailer | None
    url: str | None
    now: Callable[[], datetime]


def send_reset_mail(mails: ResetMailDeps, request: str, email: str) -> MailOutcome:
    """Send the owner of an address a token to set a new password with. `request`: the id of what asked for it.

    The mail goes to the address as the account has it, not as the caller typed it. Raises Unavailable.
    """
    if mails.mailer is None:
        return MailOutcome.NOT_CONFIGURED
    credentials = mails.accounts.by_name("email", email)
    owner = credentials.account.names.email if credentials and credentials.account.is_active else None
    if credentials is None or owner is None:
        return MailOutcome.UNKNOWN_ADDRESS
    if not mails.mail_rates.allow(credentials.account.id, request, int(mails.now().timestamp())):
        return MailOutcome.HELD_BACK
    claims = Claims(credentials.account.id, password_fingerprint(credentials.password_hash, owner), fresh_token())
    try:
        mails.mailer.send(owner, SUBJECT, mail_text(mails.tokens.issue(TokenType.RESET, claims), mails.url))
    except Undeliverable:
        return MailOutcome.UNDELIVERABLE
    return MailOutcome.SENT


def mail_text(token: str, url: str | None) -> str:
    """Return the mail. A link carries the token behind `#`, which browsers keep to themselves: no server logs it."""
    way = f"Open this link:\n{url}#token={token}" if url else f"Give your app this code:\n{token}"
    return _TEXT.format(way=way, minutes=_MINUTES)
