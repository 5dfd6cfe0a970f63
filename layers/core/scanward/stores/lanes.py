"""The queues that uploads wait in."""

import json
from collections.abc import Mapping

from botocore.exceptions import BotoCoreError, ClientError

from scanward.domain.scans import Lane
from scanward.errors import Unavailable
from scanward.stores.sdk import sqs


class LaneQueues:
    """One queue URL per lane. Raises Unavailable when SQS does not take a message."""

    def __init__(self, bucket: str, urls: Mapping[Lane, str]) -> None:
        self._bucket = bucket
        self._urls = urls

    def announce(self, lane: Lane, key: str) -> None:
        """Says again that an object has come, in the words S3 uses, for an event that was lost."""
        record = {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Announced",
            "s3": {"bucket": {"name": self._bucket}, "object": {"key": key}},
        }
        try:
            sqs().send_message(QueueUrl=self._urls[lane], MessageBody=json.dumps({"Records": [record]}))
        except (BotoCoreError, ClientError) as failure:
            raise Unavailable from failure
