"""The mails that tell an address of a changed email, password or one-time password, with the token that undoes it."""

import secrets

from functions.auth.usecases.reset_mails import MailDeps, MailOutcome, spell_way
from scanward.domain.accounts import MAX_UNDO_PERIOD, UNDO_PERIOD
from scanward.stores.identity.undo_tokens import UndoPlace
from scanward.stores.mail import ChangeNotice, MailCount, Undeliverable

MAX_NOTICES_PER_HOUR = 10
SUBJECT = "Your Scanward account was changed"
_TEXT = """The email address, the password or the one-time passwords of your Scanward account were changed.

If it was you, or an administrator whom you had asked, there is nothing to do.

If it was neither, undo it:

{way}

It holds for {days} days and can be used once. It makes this address that of your account again, sets a new password
that you choose, turns off one-time passwords that were turned on since, and ends all sessions.
"""


def send_change_mail(mails: MailDeps, request: str, notice: ChangeNotice) -> MailOutcome:
    """Tell the address that an account had of a change, once it is made. `request`: the id of what asked for it.

    Held back is only what an inbox has had ten of in this hour, each with a token that does the same. Raises
    Unavailable.
    """
    if mails.mailer is None:
        return MailOutcome.NOT_CONFIGURED
    credentials = mails.accounts.get(notice.account_id)
    addresses = credentials.account.earlier_addresses if credentials else ()
    address = next((address for address in addresses if address.change == notice.change), None)
    if address is None:
        return MailOutcome.NO_CHANGE
    now = int(mails.now().timestamp())
    sent_mails = MailCount(notice.account_id, str(address.id), MAX_NOTICES_PER_HOUR)
    if not mails.mail_rates.count(sent_mails, request, now):
        return MailOutcome.HELD_BACK
    token = secrets.token_urlsafe(32)
    ends = now + int(MAX_UNDO_PERIOD.total_seconds())
    mails.undo_tokens.add(token, UndoPlace(notice.account_id, address.id), ends)
    try:
        mails.mailer.send(address.email, SUBJECT, mail_text(token, mails.undo_url))
    except Undeliverable:
        return MailOutcome.UNDELIVERABLE
    return MailOutcome.SENT


def mail_text(token: str, url: str | None) -> str:
    """Return the mail."""
    return _TEXT.format(way=spell_way(token, url), days=UNDO_PERIOD.days)
