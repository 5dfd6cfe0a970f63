"""What a queue message says has come: S3's event notification, as S3 or the sweeper wrote it."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from scanward.domain.scans import parse_upload_key


@dataclass(frozen=True, slots=True)
class Arrival:
    """One object in the bucket. `version` is None where the message does not name one."""

    key: str
    version: str | None
    scan_id: int
    task_id: int


@dataclass(frozen=True, slots=True)
class Unexpected:
    """Something that no upload of ours can be. `why` is ours; nothing of the message is repeated."""

    why: str


def arrivals(body: str, bucket: str) -> list[Arrival | Unexpected]:
    """The objects that a message announces; none for S3's own test event."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return [Unexpected("the message is not JSON")]
    if not isinstance(message, dict):
        return [Unexpected("the message is not an event")]
    if message.get("Event") == "s3:TestEvent":
        return []
    records = message.get("Records")
    if not isinstance(records, list) or not records:
        return [Unexpected("the event has no records")]
    return [_arrival(record, bucket) for record in records]


def _arrival(record: Any, bucket: str) -> Arrival | Unexpected:
    try:
        place, thing = record["s3"]["bucket"]["name"], record["s3"]["object"]
        key, version = unquote_plus(thing["key"]), thing.get("versionId")
    except (KeyError, TypeError, AttributeError):
        return Unexpected("the record does not name an object")
    if place != bucket:
        return Unexpected("the object is in another bucket")
    ids = parse_upload_key(key)
    if ids is None:
        return Unexpected("the key is not of an upload")
    _, scan_id, task_id = ids
    return Arrival(key, version if isinstance(version, str) and version != "null" else None, scan_id, task_id)
