"""What arrives: S3 events and our own messages about tasks, and uploads that other systems put into the bucket.

Each external upload becomes a scan of the account whose prefix it lies under.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from scanward.domain import tasks
from scanward.domain.idempotency import IdempotencyKey, IdempotencyRecord
from scanward.domain.image_formats import MAX_UPLOAD_BYTES, SIGNATURE_BYTES, format_of
from scanward.domain.object_keys import (
    ExternalPrefix,
    derived_prefix,
    parse_external_key,
    parse_upload_key,
    quarantine_key,
)
from scanward.domain.orders import Order
from scanward.domain.scans import Scan
from scanward.domain.tasks import Task
from scanward.errors import Conflict, NotFound, Unavailable
from scanward.stores.idempotency import IdempotencyStore
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import IdempotencyWrite, ScanStore

if TYPE_CHECKING:
    # What dead letters need of this file needs no accounts, and no import of them.
    from scanward.stores.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class UploadedObject:
    """A task whose image is there. `key` and `version` of its object are None where only the task was named."""

    scan_id: int
    task_id: int
    key: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class ExternalUpload:
    """An object that another system put there for an account."""

    prefix: ExternalPrefix
    key: str
    version: str | None


@dataclass(frozen=True, slots=True)
class UnexpectedObject:
    """Something that nothing of ours can be. `reason` is ours; nothing of the message is repeated.

    `key` and `version`: of an object in our bucket, to be set aside.
    """

    reason: str
    key: str | None = None
    version: str | None = None


IncomingMessage = UploadedObject | ExternalUpload | UnexpectedObject


def parse_message(body: str, bucket: str) -> list[IncomingMessage]:
    """Return what a message announces; nothing for S3's own test event."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return [UnexpectedObject("the message is not JSON")]
    if not isinstance(message, dict):
        return [UnexpectedObject("the message is not an event")]
    if message.get("Event") == "s3:TestEvent":
        return []
    if "analysis" in message:
        return [_parse_task(message["analysis"])]
    records = message.get("Records")
    if not isinstance(records, list) or not records:
        return [UnexpectedObject("the event has no records")]
    return [_parse_record(record, bucket) for record in records]


def _parse_task(body: Any) -> IncomingMessage:
    try:
        return UploadedObject(int(body["scan_id"]), int(body["task_id"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return UnexpectedObject("the message does not name a task")


def _parse_record(record: Any, bucket: str) -> IncomingMessage:
    try:
        bucket_name, s3_object = record["s3"]["bucket"]["name"], record["s3"]["object"]
        key, version = unquote_plus(s3_object["key"]), s3_object.get("versionId")
    except (KeyError, TypeError, AttributeError):
        return UnexpectedObject("the record does not name an object")
    if bucket_name != bucket:
        return UnexpectedObject("the object is in another bucket")
    version = version if isinstance(version, str) and version != "null" else None
    ids, incoming = parse_upload_key(key), parse_external_key(key)
    if ids:
        _, scan_id, task_id = ids
        return UploadedObject(scan_id, task_id, key, version)
    if incoming:
        return ExternalUpload(incoming, key, version)
    return UnexpectedObject("the key is not of an upload", key, version)


RECORD_RETENTION = timedelta(days=30)  # longer than any queue keeps a message about it


@dataclass(frozen=True, slots=True)
class IngestDeps:
    """What accepting uploads works with."""

    scans: ScanStore
    objects: ObjectStore
    sessions: "SessionStore"
    idempotency: IdempotencyStore
    now: Callable[[], datetime]
    fresh_id: Callable[[datetime], int]


def accept_external(ingest: IngestDeps, delivery: ExternalUpload) -> UploadedObject | None:
    """Return the task of a delivered object, created at its first announcement.

    None when it is not an image of an account. The content decides, not the object's name. Raises Unavailable to be
    tried again.
    """
    idempotency_key = _idempotency_key(delivery)
    record = ingest.idempotency.find(idempotency_key, ingest.now())
    if record is None:  # later the account may be deactivated, and the object removed with its scan
        if not ingest.sessions.is_active(delivery.prefix.account_id) or not _is_image(ingest.objects, delivery):
            return None
        record = _create_scan(ingest, delivery, idempotency_key)
    return _uploaded_object(delivery, record)


def find_accepted(store: IdempotencyStore, delivery: ExternalUpload, now: datetime) -> UploadedObject | None:
    """Return the task of a delivered object that was announced before, or None."""
    record = store.find(_idempotency_key(delivery), now)
    return _uploaded_object(delivery, record) if record else None


def quarantine(objects: ObjectStore, key: str, version: str | None) -> None:
    """Move an object into quarantine, so that nothing reads it again; one that is not there is no error."""
    try:
        objects.move(key, quarantine_key(key), version)
    except NotFound:
        return


def delete_leftovers(scans: ScanStore, purger: Purger, arrival: UploadedObject) -> bool:
    """Delete the image and all that was made of it where its scan was removed; return whether it was.

    A worker may have analysed it meanwhile, and have died before it saw that.
    """
    if not scans.was_removed(arrival.scan_id):
        return False
    purger.purge(derived_prefix(arrival.scan_id))
    if arrival.key:
        purger.purge_image(arrival.key, arrival.version)
    return True


def _is_image(objects: ObjectStore, delivery: ExternalUpload) -> bool:
    try:
        head = objects.head(delivery.key, SIGNATURE_BYTES, delivery.version)
    except NotFound:
        return False
    return 0 < head.size <= MAX_UPLOAD_BYTES and format_of(head.content) is not None


def _create_scan(ingest: IngestDeps, delivery: ExternalUpload, idempotency_key: IdempotencyKey) -> IdempotencyRecord:
    scan, task = _new_scan(ingest, delivery)
    answer = {"scan_id": str(scan.id), "task_id": str(task.id)}
    try:
        ingest.scans.add(scan, task, IdempotencyWrite(idempotency_key, answer))
    except Conflict as error:
        record = ingest.idempotency.find(idempotency_key, ingest.now())
        if record is None:  # an id was in use, which the next try is not
            raise Unavailable from error
        return record
    return IdempotencyRecord(answer, task.created_at, is_complete=True)


def _new_scan(ingest: IngestDeps, delivery: ExternalUpload) -> tuple[Scan, Task]:
    now, account = ingest.now(), delivery.prefix.account_id
    scan_id, task_id = ingest.fresh_id(now), ingest.fresh_id(now)
    order = Order(priority=delivery.prefix.priority)
    task = tasks.create(id=task_id, scan_id=scan_id, patient_id=account, now=now, order=order, object_key=delivery.key)
    scan = Scan(
        id=scan_id,
        patient_id=account,
        uploaded_by=account,
        task_id=task_id,
        object_key=delivery.key,
        scan_type=None,
        status=task.status,
        created_at=now,
    )
    # Pinned at once: the message about the task has no version, and another may lie under the name by then.
    version = delivery.version
    return replace(scan, object_version=version), replace(task, object_version=version)


def _uploaded_object(delivery: ExternalUpload, record: IdempotencyRecord) -> UploadedObject:
    return UploadedObject(int(record.answer["scan_id"]), int(record.answer["task_id"]), delivery.key, delivery.version)


def _idempotency_key(delivery: ExternalUpload) -> IdempotencyKey:
    name = hashlib.sha256(f"{delivery.key}\n{delivery.version}".encode()).hexdigest()
    return IdempotencyKey(delivery.prefix.account_id, f"delivery-{name}", name, RECORD_RETENTION)
