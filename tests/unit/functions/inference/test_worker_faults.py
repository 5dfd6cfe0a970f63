"""Storage that fails, and a model whose file was swapped."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from functions.inference.analysis import AnalysisDeps
from functions.inference.model_registry import ModelRegistry
from functions.inference.worker import Outcome, process
from scanward.domain.tasks import MAX_ATTEMPTS, FailureReason, TaskStatus
from scanward.stores.clients import s3
from scanward.stores.s3 import StorageFailed
from tests.faults.injection import failing
from tests.support.cloud import ROOT
from tests.unit.functions.inference.conftest import SAMPLES, Upload

PNG = (SAMPLES / "nodule-1.png").read_bytes()


@pytest.mark.parametrize("operation", ["GetObject", "PutObject"])
def test_storage_that_fails_is_tried_again_and_ends_as_storage(
    inference: AnalysisDeps, uploaded: Upload, operation: str
) -> None:
    task, arrival = uploaded(PNG)
    with failing(s3(), f"s3.{operation}"):
        for _ in range(MAX_ATTEMPTS - 1):
            with pytest.raises(StorageFailed):
                process(inference, arrival)
        assert process(inference, arrival) is Outcome.FAILED
    failed = inference.scans.task(task.id)
    assert failed
    assert (failed.status, failed.failure, failed.attempts) == (
        TaskStatus.FAILED,
        FailureReason.STORAGE,
        MAX_ATTEMPTS,
    )


def test_storage_that_recovers_loses_nothing(inference: AnalysisDeps, uploaded: Upload) -> None:
    task, arrival = uploaded(PNG)
    with failing(s3(), "s3.GetObject"), pytest.raises(StorageFailed):
        process(inference, arrival)
    assert process(inference, arrival) is Outcome.FINISHED
    done = inference.scans.task(task.id)
    assert done
    assert done.attempts == 2


def test_a_model_that_is_not_what_its_card_says_reads_nothing(
    inference: AnalysisDeps, uploaded: Upload, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "layers" / "model" / "models", tmp_path / "models")
    model = tmp_path / "models" / "chest_xray" / "model.onnx"
    model.write_bytes(model.read_bytes() + b"\0")
    swapped = replace(inference, models=ModelRegistry(tmp_path / "models", memory_mb=1769))
    task, arrival = uploaded(PNG)
    assert process(swapped, arrival) is Outcome.FAILED
    failed = swapped.scans.task(task.id)
    assert failed
    assert failed.failure is FailureReason.MODEL
