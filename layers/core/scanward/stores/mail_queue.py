"""The queue of mails that somebody asked for and that may be sent."""

import json

from botocore.exceptions import BotoCoreError, ClientError

from scanward.errors import Unavailable
from scanward.stores.sdk import sqs


class MailQueue:
    """Raises Unavailable when SQS does not take a message."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask_for_reset(self, email: str) -> None:
        """Keeps that somebody asked to set a new password for an address, whether or not it is anybody's."""
        try:
            sqs().send_message(QueueUrl=self._url, MessageBody=json.dumps({"kind": "password-reset", "email": email}))
        except (BotoCoreError, ClientError) as failure:
            raise Unavailable from failure


def asked_for_reset(body: str) -> str | None:
    """The address in a message of `ask_for_reset`; None for a message that is none of ours."""
    try:
        said = json.loads(body)
        email = said["email"] if said["kind"] == "password-reset" else None
    except (ValueError, KeyError, TypeError):
        return None
    return email if isinstance(email, str) else None
