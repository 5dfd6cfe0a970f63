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
from scanward.stores.identity.undo_tokens import UndoTokenStore
from scanward.stores.mail import MailCount, Mailer, MailRateStore, ResetLink, ResetRequest, Undeliverable

MAX_MAILS_PER_NETWORK = 3  # an hour
MAX_MAILS_PER_ACCOUNT = 10  # an hour
SUBJECT = "Set a new Scanward password"
_TEXT = """Somebody, hopefully you, asked to set a new password for your Scanward account.

{way}

It holds for {minutes} minutes and can be used once. All your sessions end with it.
If it was not you who asked, there is nothing to do: your password stays as it is.
"""
_LIFETIME = int(LIFETIMES[TokenType.RESET].total_seconds())


class MailOutcome(StrEnum):
    """What became of a request for a mail. Safe to log: it names no person."""

    SENT = "sent"
    UNKNOWN_ADDRESS = "no active account has this address"
    HELD_BACK = "the account was sent enough mails this hour"
    UNDELIVERABLE = "no mail can be sent to this address"
    NOT_CONFIGURED = "mail is not configured"
    NO_CHANGE = "the change was not made, is undone, or a later one is told of"


@dataclass(frozen=True, slots=True)
class MailDeps:
    """What sending needs. `mailer`: None where mail is not configured. `reset_url`, `undo_url`: where an app takes the
    token.
    """

    accounts: AccountStore
    tokens: Tokens
    undo_tokens: UndoTokenStore
    mail_rates: MailRateStore
    mailer: Mailer | None
    reset_url: str | None
    undo_url: str | None
    now: Callable[[], datetime]


def send_reset_mail(mails: MailDeps, request: str, reset: ResetRequest) -> MailOutcome:
    """Send the owner of an address a token to set a new password with. `request`: the id of what asked for it.

    The mail goes to the address as the account has it, not as the caller typed it. Raises Unavailable.
    """
    if mails.mailer is None:
        return MailOutcome.NOT_CONFIGURED
    credentials = mails.accounts.by_name("email", reset.email)
    owner = credentials.account.names.email if credentials and credentials.account.is_active else None
    if credentials is None or owner is None:
        return MailOutcome.UNKNOWN_ADDRESS
    fingerprint = password_fingerprint(credentials.password_hash, owner)
    if not _may_send(mails, ResetLink(credentials.account.id, fingerprint, request), reset.network):
        return MailOutcome.HELD_BACK
    claims = Claims(credentials.account.id, fingerprint, fresh_token())
    try:
        mails.mailer.send(owner, SUBJECT, mail_text(mails.tokens.issue(TokenType.RESET, claims), mails.reset_url))
    except Undeliverable:
        return MailOutcome.UNDELIVERABLE
    return MailOutcome.SENT


def _may_send(mails: MailDeps, link: ResetLink, network: str | None) -> bool:
    """Tell whether a mail may go out: within the limits, or because the last link that was sent does not hold for long.

    A stranger may use up the limits, from as many networks as they have: whoever owns the inbox has a link in it that
    holds for half its life at least, or is sent one.
    """
    now = int(mails.now().timestamp())
    counts = [MailCount(link.account_id, "", MAX_MAILS_PER_ACCOUNT)]
    if network:
        counts.insert(0, MailCount(link.account_id, network, MAX_MAILS_PER_NETWORK))
    if all(mails.mail_rates.count(count, link.request, now) for count in counts):
        mails.mail_rates.note_link(link, now)
        return True
    return mails.mail_rates.replace_link(link, now, older_than=now - _LIFETIME // 2)


def mail_text(token: str, url: str | None) -> str:
    """Return the mail."""
    return _TEXT.format(way=spell_way(token, url), minutes=_LIFETIME // 60)


def spell_way(token: str, url: str | None) -> str:
    """Return how to use a token. A link carries it behind `#`, which browsers keep to themselves: no server logs it."""
    return f"Open this link:\n{url}#token={token}" if url else f"Give your app this code:\n{token}"
