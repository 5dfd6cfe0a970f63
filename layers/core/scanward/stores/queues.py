"""SQS queues: one for each priority of an upload, and one for requests for personal data."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from scanward.domain.orders import Priority
from scanward.domain.tasks import Task
from scanward.errors import Unavailable
from scanward.stores.clients import sqs


class PriorityQueues:
    """One queue URL per lane. Raises Unavailable when SQS does not answer."""

    def __init__(self, urls: Mapping[Priority, str]) -> None:
        self._urls = urls

    def enqueue(self, task: Task) -> None:
        """Say that the image of a task is there: of one whose event was lost, or that needs no event."""
        body = json.dumps({"analysis": {"scan_id": task.scan_id, "task_id": task.id}})
        with _sdk_errors_mapped():
            sqs().send_message(QueueUrl=self._urls[task.order.priority], MessageBody=body)

    def depth(self, lane: Priority) -> int:
        """Return about how many images wait in a lane or are being read."""
        with _sdk_errors_mapped():
            payload = sqs().get_queue_attributes(
                QueueUrl=self._urls[lane],
                AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            )["Attributes"]
        return int(payload["ApproximateNumberOfMessages"]) + int(payload["ApproximateNumberOfMessagesNotVisible"])


@contextmanager
def _sdk_errors_mapped() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as failure:
        raise Unavailable from failure


class RequestKind(StrEnum):
    """What a person wants done with their data."""

    EXPORT = "EXPORT"
    ERASURE = "ERASURE"


@dataclass(frozen=True, slots=True)
class PersonalDataRequest:
    """Whose data, and what is to be done with them."""

    kind: RequestKind
    account_id: int


class PersonalDataQueue:
    """Raises Unavailable when SQS does not take a message."""

    def __init__(self, url: str) -> None:
        self._url = url

    def enqueue(self, wish: RequestKind, account_id: int, after: timedelta = timedelta()) -> None:
        """Queue a request; it is carried out once or more often, not before `after` (at most 15 minutes)."""
        body = json.dumps({"wish": wish.value, "account_id": account_id})
        try:
            sqs().send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=int(after.total_seconds()))
        except (BotoCoreError, ClientError) as failure:
            raise Unavailable from failure


def parse_request(body: str) -> PersonalDataRequest | None:
    """Return what a message of `ask` says; None for a message that is none of ours."""
    try:
        payload = json.loads(body)
        return PersonalDataRequest(RequestKind(payload["wish"]), int(payload["account_id"]))
    except (ValueError, KeyError, TypeError):
        return None
