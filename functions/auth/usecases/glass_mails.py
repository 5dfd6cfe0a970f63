"""The mail to a patient whose data a doctor opened without having been let in.

It names nobody and no reason: who reads a mailbox is not known. Who it was and why is read after signing in.
"""

from functions.auth.usecases.reset_mails import MailDeps, MailOutcome
from scanward.stores.mail import GlassMailRequest, Undeliverable

SUBJECT = "Somebody opened your Scanward data"
_TEXT = """A professional whom you had not let in can look at your Scanward data until {until} UTC.

Sign in to see who it is, among your notifications, and the reason given, in your access log.
If you think that this is not right, tell your clinic.
"""


def send_glass_mail(mails: MailDeps, request: GlassMailRequest) -> MailOutcome:
    """Send a patient word of a broken glass, each time: how often there can be one is limited where it is broken.

    A deactivated account's owner is told as well: the data are theirs. Raises Unavailable.
    """
    if mails.mailer is None:
        return MailOutcome.NOT_CONFIGURED
    credentials = mails.accounts.get(request.patient_id)
    email = credentials.account.names.email if credentials else None
    if email is None:
        return MailOutcome.UNKNOWN_ADDRESS
    try:
        mails.mailer.send(email, SUBJECT, _TEXT.format(until=f"{request.ends_at:%Y-%m-%d %H:%M}"))
    except Undeliverable:
        return MailOutcome.UNDELIVERABLE
    return MailOutcome.SENT
