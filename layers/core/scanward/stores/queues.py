"""SQS queues: one for each priority of an upload, and one for requests for personal data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from scanward.domain.orders import Priority
from scanward.domain.tasks import Task
from scanward.stores.clients import sqs
from scanward.stores.sdk import failures_mapped


class PriorityQueues:
    """One queue URL per lane. Raises Unavailable when SQS does not answer."""

    def __init__(self, urls: Mapping[Priority, str]) -> None:
        self._urls = urls

    def enqueue(self, task: Task) -> None:
        """Say that the image of a task is there: of one whose event was lost, or that needs no event."""
        body = json.dumps({"analysis": {"scan_id": task.scan_id, "task_id": task.id}})
        with failures_mapped():
            sqs().send_message(QueueUrl=self._urls[task.order.priority], MessageBody=body)

    def depth(self, lane: Priority) -> int:
        """Return about how many images wait in a lane or are being read."""
        with failures_mapped():
            payload = sqs().get_queue_attributes(
                QueueUrl=self._urls[lane],
                AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            )["Attributes"]
        return int(payload["ApproximateNumberOfMessages"]) + int(payload["ApproximateNumberOfMessagesNotVisible"])


class RequestKind(StrEnum):
    """What is to be done. QUESTIONS: give those of a doctor who left back to their patients.

    REFUSAL: tell the patients of who was refused, or is approved again. DEPARTMENT: have everybody leave one that is
    closed. SCAN: remove what is left of one that is being removed.
    """

    EXPORT = "EXPORT"
    ERASURE = "ERASURE"
    REFUSAL = "REFUSAL"
    QUESTIONS = "QUESTIONS"
    DEPARTMENT = "DEPARTMENT"
    SCAN = "SCAN"


@dataclass(frozen=True, slots=True)
class PersonalDataRequest:
    """What is to be done, and the id of whom it is about: an account, of DEPARTMENT and SCAN those.

    `before`: where in a list to go on, as far as there is one.
    """

    kind: RequestKind
    subject_id: int
    before: int | None = None


class PersonalDataQueue:
    """Raises Unavailable when SQS does not take a message."""

    def __init__(self, url: str) -> None:
        self._url = url

    def enqueue(
        self, wish: RequestKind, subject_id: int, after: timedelta = timedelta(), *, before: int | None = None
    ) -> None:
        """Queue a request; it is carried out once or more often, not before `after` (at most 15 minutes)."""
        place = {} if before is None else {"before": str(before)}  # more digits than other readers of JSON keep
        body = json.dumps({"wish": wish.value, "account_id": subject_id, **place})
        with failures_mapped():
            sqs().send_message(QueueUrl=self._url, MessageBody=body, DelaySeconds=int(after.total_seconds()))


def parse_request(body: str) -> PersonalDataRequest | None:
    """Return what a message of `ask` says; None for a message that is none of ours."""
    try:
        payload = json.loads(body)
        before = int(payload["before"]) if "before" in payload else None
        return PersonalDataRequest(RequestKind(payload["wish"]), int(payload["account_id"]), before)
    except (ValueError, KeyError, TypeError):
        return None
