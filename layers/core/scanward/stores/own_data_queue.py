"""The queue of what people asked for of their own data: to take it along, or to have it erased."""

import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from scanward.errors import Unavailable
from scanward.stores.sdk import sqs


class Wish(StrEnum):
    """What somebody wants done with their data."""

    EXPORT = "EXPORT"
    ERASURE = "ERASURE"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose data, and what is to be done with them."""

    wish: Wish
    account_id: int


class OwnDataQueue:
    """Raises Unavailable when SQS does not take a message."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, wish: Wish, account_id: int, after: timedelta = timedelta()) -> None:
        """Keeps that somebody asked; it is carried out once or more often, not before `after` (at most 15 minutes)."""
        body = json.dumps({"wish": wish.value, "account_id": account_id})
        try:
            sqs().send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=int(after.total_seconds()))
        except (BotoCoreError, ClientError) as failure:
            raise Unavailable from failure


def asked_for(body: str) -> Asked | None:
    """What a message of `ask` says; None for a message that is none of ours."""
    try:
        said = json.loads(body)
        return Asked(Wish(said["wish"]), int(said["account_id"]))
    except (ValueError, KeyError, TypeError):
        return None
