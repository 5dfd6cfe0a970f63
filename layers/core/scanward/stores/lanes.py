"""The queues that uploads wait in."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from scanward.domain.orders import Lane
from scanward.domain.tasks import Task
from scanward.errors import Unavailable
from scanward.stores.sdk import sqs


class LaneQueues:
    """One queue URL per lane. Raises Unavailable when SQS does not answer."""

    def __init__(self, urls: Mapping[Lane, str]) -> None:
        self._urls = urls

    def announce(self, task: Task) -> None:
        """Says that the image of a task is there: of one whose event was lost, or that needs no event."""
        body = json.dumps({"analysis": {"scan_id": task.scan_id, "task_id": task.id}})
        with _translated():
            sqs().send_message(QueueUrl=self._urls[task.order.lane], MessageBody=body)

    def waiting(self, lane: Lane) -> int:
        """About how many images wait in a lane or are being read."""
        with _translated():
            said = sqs().get_queue_attributes(
                QueueUrl=self._urls[lane],
                AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            )["Attributes"]
        return int(said["ApproximateNumberOfMessages"]) + int(said["ApproximateNumberOfMessagesNotVisible"])


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as failure:
        raise Unavailable from failure
