"""A worker over an AWS in the process, with the real model."""

import json
from collections.abc import Callable

import pytest

from functions.inference.analysis import AnalysisDeps
from functions.inference.ingest import UploadedObject
from scanward.domain.tasks import Task
from tests.support.clock import Clock
from tests.support.cloud import ROOT
from tests.support.world import World

SAMPLES = ROOT / "samples"
TRUTH: dict[str, dict[str, list[float]]] = json.loads((SAMPLES / "truth.json").read_text())


@pytest.fixture
def time(world: World) -> Clock:
    return world.clock


@pytest.fixture
def inference(world: World) -> AnalysisDeps:
    return world.workers.inference


Upload = Callable[[bytes | None], tuple[Task, UploadedObject]]


@pytest.fixture
def uploaded(world: World) -> Upload:
    """Add a scan with its task, and its object unless that is None; gives what S3 would announce."""

    def upload(content: bytes | None) -> tuple[Task, UploadedObject]:
        task, version = world.scans.begin(content)
        return task, UploadedObject(task.scan_id, task.id, task.object_key, version)

    return upload
