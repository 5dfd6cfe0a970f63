"""Scans and tasks: written item by item or as an upload leaves them, and analysed by a worker."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import boto3
from pynamodb.models import Model

from scanward import clock
from scanward.domain import tasks
from scanward.domain.ids import parse_id
from scanward.domain.orders import Order
from scanward.domain.scans import Scan
from scanward.domain.tasks import Task
from scanward.stores import keys
from scanward.stores.scans import ListEntry, ScanStore, scan_item
from scanward.stores.tasks import DurationStore, task_item
from tests.support.cloud import BUCKET, TABLES
from tests.support.people import numbers

SCANS = TABLES["SCANS_TABLE"]
PATIENT_ID = 3


class Scans:
    """Adds scans whose first task waits."""

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        self._now = now

    def add(self, patient_id: int, requested_by: int) -> tuple[Scan, Task]:
        """Write a scan with its task and their places in lists, item by item."""
        now, scan_id, task_id = self._now(), next(numbers), next(numbers)
        task = tasks.create(task_id, scan_id, patient_id, now, requested_by=requested_by)
        scan = _scan_of(task, requested_by)
        places = [(keys.scans_of(patient_id), keys.sortable(scan_id)), (keys.scan(scan_id), keys.analysis(task_id))]
        places += [(keys.tasks_of(number), keys.sortable(task_id)) for number in (patient_id, requested_by)]
        ScanStore(SCANS)  # which binds the items
        save(scan_item(scan), task_item(task), *(ListEntry(*place) for place in places))
        return scan, task

    def begin(self, content: bytes | None = None, order: Order | None = None) -> tuple[Task, str | None]:
        """Add a scan by the store, and its object if there is any; its task, and the version of its object."""
        now = self._now()
        task = tasks.create(
            id=clock.fresh_id(now), scan_id=clock.fresh_id(now), patient_id=PATIENT_ID, now=now, order=order or Order()
        )
        ScanStore(SCANS).add(_scan_of(task, PATIENT_ID), task)
        if content is None:
            return task, None
        return task, boto3.client("s3").put_object(Bucket=BUCKET, Key=task.object_key, Body=content)["VersionId"]


def _scan_of(task: Task, requested_by: int) -> Scan:
    return Scan(
        id=task.scan_id,
        patient_id=task.patient_id,
        uploaded_by=requested_by,
        task_id=task.id,
        object_key=task.object_key,
        scan_type=None,
        status=task.status,
        created_at=task.created_at,
    )


def save(*items: Model) -> None:
    """Write items one by one: the cloud of the tests copies all its tables for each transaction."""
    for item in items:
        item.save()


def analyse(scan: dict[str, str]) -> None:
    """Let a worker analyse what was uploaded.

    It writes how long that took each time, not once a minute as a process does, so that no test depends on another.
    """
    from functions.inference.analysis import DurationTracker
    from functions.inference.handler import deps
    from functions.inference.ingest import UploadedObject
    from functions.inference.worker import process

    inference = replace(deps, pace=DurationTracker(DurationStore(SCANS)))
    process(inference, UploadedObject(parse_id(scan["scan_id"]), parse_id(scan["task_id"])))
