"""Sending mail through SES."""

import re

from botocore.exceptions import BotoCoreError, ClientError

from scanward.errors import ScanwardError, Unavailable
from scanward.stores.sdk import ses

# The plain form of RFC 5321 that SES delivers to. What else RFC 5322 allows (names, groups, comments, lists) could lead
# a mail to somebody other than the one whose account the address is.
_PLAIN = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class Undeliverable(ScanwardError):
    """An address that SES delivers nothing to, however often it is tried."""

    message = "No mail can be sent there"


class Mailer:
    """Sends from one address. Raises Unavailable when SES does not take a mail now."""

    def __init__(self, sender: str) -> None:
        self._sender = sender

    def send(self, to: str, subject: str, text: str) -> None:
        """Sends one plain text. Raises Undeliverable."""
        client = ses()
        try:
            client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [_plain(to)]},
                Content={
                    "Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": text, "Charset": "UTF-8"}}}
                },
            )
        except client.exceptions.BadRequestException as refused:
            raise Undeliverable from refused
        except (BotoCoreError, ClientError) as failure:
            raise Unavailable from failure


def _plain(address: str) -> str:
    local, _, host = address.rpartition("@")
    try:
        plain = f"{local}@{host.encode('idna').decode()}"
    except UnicodeError as broken:
        raise Undeliverable from broken
    if not _PLAIN.fullmatch(plain):
        raise Undeliverable
    return plain
