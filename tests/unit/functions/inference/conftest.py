"""A worker over an AWS in the process, with the real model."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import boto3
import pytest

from functions.inference.analysis import AnalysisDeps, DurationTracker
from functions.inference.ingest import UploadedObject
from functions.inference.model_registry import ModelRegistry
from scanward import clock
from scanward.domain import tasks
from scanward.domain.scans import Scan
from scanward.domain.tasks import Task
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanStore
from scanward.stores.tasks import DurationStore
from tests.support.cloud import BUCKET, ROOT

SAMPLES = ROOT / "samples"
TRUTH: dict[str, dict[str, list[float]]] = json.loads((SAMPLES / "truth.json").read_text())


@dataclass
class Time:
    """A clock that can be moved on."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return clock.now() + self.ahead


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def inference(aws: None, time: Time) -> AnalysisDeps:
    models = ModelRegistry(ROOT / "layers" / "model" / "models", memory_mb=1769)
    pace = DurationTracker(DurationStore("ScansTable"))
    return AnalysisDeps(
        scans=ScanStore("ScansTable"),
        objects=ObjectStore(BUCKET),
        purger=Purger(BUCKET),
        models=models,
        pace=pace,
        now=time.now,
    )


Upload = Callable[[bytes | None], tuple[Task, UploadedObject]]


@pytest.fixture
def uploaded(inference: AnalysisDeps) -> Upload:
    """Keep a scan with its task, and its object unless that is None; gives what S3 would announce."""

    def upload(content: bytes | None) -> tuple[Task, UploadedObject]:
        now = inference.now()
        task = tasks.create(clock.fresh_id(now), clock.fresh_id(now), 3, now)
        scan = Scan(
            id=task.scan_id,
            patient_id=3,
            uploaded_by=3,
            task_id=task.id,
            object_key=task.object_key,
            scan_type=None,
            status=task.status,
            created_at=now,
        )
        inference.scans.add(scan, task)
        version = None
        if content is not None:
            version = boto3.client("s3").put_object(Bucket=BUCKET, Key=scan.object_key, Body=content)["VersionId"]
        return task, UploadedObject(scan.id, task.id, scan.object_key, version)

    return upload
