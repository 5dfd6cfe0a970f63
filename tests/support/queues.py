"""The queues as the template has them: S3 says what has come; what fails comes again, and ends among dead letters."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote_plus

import boto3

from scanward.domain.object_keys import parse_upload_key
from scanward.domain.orders import Priority
from scanward.stores.clients import s3
from tests.support.cloud import BUCKET

RECEIVED_AT_MOST = 3
Read = Callable[[str], object]


def s3_event(key: str, version: str) -> str:
    """Return what S3 says of an object, as far as it is read."""
    thing = {"key": quote_plus(key, safe="/"), "versionId": version}
    return json.dumps({"Records": [{"s3": {"bucket": {"name": BUCKET}, "object": thing}}]})


class Queues:
    """Three lanes, what comes before each of them, and the dead letters. What a reader raises, a kill included, lets
    its message come again at once.
    """

    def __init__(self) -> None:
        self._sqs = boto3.client("sqs")
        self.dead = self._sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": RECEIVED_AT_MOST})
        self.lanes = {lane: self._sqs.create_queue(QueueName=lane.value)["QueueUrl"] for lane in Priority}
        self.arrivals = {
            lane: self._sqs.create_queue(QueueName=f"{lane.value}-arrivals")["QueueUrl"] for lane in Priority
        }
        for url in (*self.lanes.values(), *self.arrivals.values()):
            self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": redrive})
        self.events: list[str] = []

    def send(self, url: str, body: str) -> None:
        self._sqs.send_message(QueueUrl=url, MessageBody=body)

    def waiting(self, url: str) -> int:
        """Return how many messages are in a queue."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        said = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]  # type: ignore[arg-type]
        return sum(map(int, said.values()))

    def read(self, url: str, reader: Read) -> BaseException | None:
        """Give one message to a reader; what that raised. A message that was read is gone."""
        got = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages", [])
        for message in got:
            handle = message["ReceiptHandle"]
            try:
                reader(message["Body"])
            except BaseException as raised:
                if isinstance(raised, (AssertionError, KeyboardInterrupt)):
                    raise
                self._sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
                return raised
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
        return None

    @contextmanager
    def notified(self, *, lost: bool = False) -> Iterator[None]:
        """S3 sends an event of each object that comes meanwhile, by its lane, or loses it. `events` keeps them all."""
        begun: list[str] = []

        def begin(params: dict[str, str], **_: object) -> None:
            begun.append(params["Key"])

        def arrived(parsed: dict[str, str], **_: object) -> None:
            place = parse_upload_key(begun.pop())
            if place and "VersionId" in parsed:
                lane, scan_id, task_id = place
                self.events.append(s3_event(f"uploads/{lane}/{scan_id}/{task_id}", parsed["VersionId"]))
                if not lost:
                    self.send(self.arrivals[lane], self.events[-1])

        heard: dict[str, Any] = {"provide-client-params.s3.PutObject": begin, "after-call.s3.PutObject": arrived}
        for name, listener in heard.items():
            s3().meta.events.register(name, listener)
        try:
            yield
        finally:
            for name, listener in heard.items():
                s3().meta.events.unregister(name, listener)
