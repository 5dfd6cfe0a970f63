"""What a queue message says is to be read: S3's notification of an object, or our own word about a task."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from scanward.domain.places import Incoming, parse_incoming_key, parse_upload_key


@dataclass(frozen=True, slots=True)
class Arrival:
    """A task whose image is there. `key` and `version` of its object are None where only the task was named."""

    scan_id: int
    task_id: int
    key: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An object that another system put there for an account."""

    place: Incoming
    key: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Unexpected:
    """Something that nothing of ours can be. `why` is ours; nothing of the message is repeated.

    `key` and `version`: of an object in our bucket, to be set aside.
    """

    why: str
    key: str | None = None
    version: str | None = None


Announced = Arrival | Delivery | Unexpected


def arrivals(body: str, bucket: str) -> list[Announced]:
    """What a message announces; nothing for S3's own test event."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return [Unexpected("the message is not JSON")]
    if not isinstance(message, dict):
        return [Unexpected("the message is not an event")]
    if message.get("Event") == "s3:TestEvent":
        return []
    if "analysis" in message:
        return [_task(message["analysis"])]
    records = message.get("Records")
    if not isinstance(records, list) or not records:
        return [Unexpected("the event has no records")]
    return [_object(record, bucket) for record in records]


def _task(said: Any) -> Announced:
    try:
        return Arrival(int(said["scan_id"]), int(said["task_id"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return Unexpected("the message does not name a task")


def _object(record: Any, bucket: str) -> Announced:
    try:
        place, thing = record["s3"]["bucket"]["name"], record["s3"]["object"]
        key, said = unquote_plus(thing["key"]), thing.get("versionId")
    except (KeyError, TypeError, AttributeError):
        return Unexpected("the record does not name an object")
    if place != bucket:
        return Unexpected("the object is in another bucket")
    version = said if isinstance(said, str) and said != "null" else None
    ids, incoming = parse_upload_key(key), parse_incoming_key(key)
    if ids:
        _, scan_id, task_id = ids
        return Arrival(scan_id, task_id, key, version)
    if incoming:
        return Delivery(incoming, key, version)
    return Unexpected("the key is not of an upload", key, version)
