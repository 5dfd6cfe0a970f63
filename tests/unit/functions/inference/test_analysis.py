"""From an arrived object to a finished task, with the real model and real images."""

import io

import boto3
import pytest
from PIL import Image

from functions.inference.analysis import AnalysisDeps
from functions.inference.ingest import UploadedObject
from functions.inference.worker import Outcome, process
from scanward.domain import tasks
from scanward.domain.object_keys import heatmap_key, preview_key
from scanward.domain.results import DISCLAIMER, MEANINGS, NO_SUITABLE_MODEL
from scanward.domain.tasks import FailureReason, Task, TaskStatus
from scanward.errors import NotFound
from scanward.stores.dynamo import connection
from tests.faults.injection import lost_answer
from tests.support.clock import Clock
from tests.support.cloud import BUCKET
from tests.unit.functions.inference.conftest import SAMPLES, TRUTH, Upload


def ended(inference: AnalysisDeps, task: Task) -> Task:
    found = inference.scans.task(task.id)
    scan = inference.scans.get(task.scan_id)
    assert found
    assert scan
    assert (scan.status, scan.result, scan.failure) == (found.status, found.result, found.failure)
    return found


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_each_sample_is_read_as_what_it_shows(inference: AnalysisDeps, uploaded: Upload, name: str) -> None:
    task, arrival = uploaded((SAMPLES / name).read_bytes())
    assert process(inference, arrival) is Outcome.FINISHED
    done = ended(inference, task)
    assert (done.status, done.progress) == (TaskStatus.COMPLETED, 100)
    assert done.result
    assert set(done.result["pathologies"]) == set(TRUTH[name])
    assert done.result["notice"] == DISCLAIMER
    assert len(done.result["model"]["sha256"]) == 64
    preview = Image.open(io.BytesIO(inference.objects.get(preview_key(task.scan_id)).content))
    heatmap = Image.open(io.BytesIO(inference.objects.get(heatmap_key(task.scan_id, task.id)).content))
    assert (preview.format, heatmap.format, preview.size) == ("JPEG", "PNG", heatmap.size)


def test_told_twice_it_is_read_once(inference: AnalysisDeps, uploaded: Upload) -> None:
    task, arrival = uploaded((SAMPLES / "clear-1.png").read_bytes())
    assert process(inference, arrival) is Outcome.FINISHED
    first = ended(inference, task)
    assert process(inference, arrival) is Outcome.NOTHING_TO_DO
    assert ended(inference, task) == first


def test_while_another_worker_holds_it_nothing_is_done(inference: AnalysisDeps, uploaded: Upload) -> None:
    task, arrival = uploaded((SAMPLES / "clear-1.png").read_bytes())
    held = inference.scans.write_transition(task, tasks.claim(task, "another", None, inference.now()))
    assert process(inference, arrival) is Outcome.NOTHING_TO_DO
    assert inference.scans.task(task.id) == held


def test_a_dead_workers_task_is_taken_over(inference: AnalysisDeps, uploaded: Upload, time: Clock) -> None:
    task, arrival = uploaded((SAMPLES / "clear-1.png").read_bytes())
    inference.scans.write_transition(task, tasks.claim(task, "dead", None, inference.now()))
    time.ahead = tasks.LEASE
    assert process(inference, arrival) is Outcome.FINISHED
    assert ended(inference, task).attempts == 2


PNG = (SAMPLES / "nodule-1.png").read_bytes()
JPEG = (SAMPLES / "nodule-2.jpg").read_bytes()
DICOM = (SAMPLES / "nodule-3.dcm").read_bytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "BAD_INPUT"),
        (b"no image at all", "UNSUPPORTED"),
        (PNG[: len(PNG) // 2], "BAD_INPUT"),
        (JPEG[: len(JPEG) // 2], "BAD_INPUT"),
        (DICOM[: len(DICOM) // 2], "BAD_INPUT"),
        (PNG[:8] + bytes(range(256)) * 4, "BAD_INPUT"),
        (JPEG + b"PK\3\4 and more", "BAD_INPUT"),
        (PNG[:16] + b"\0\xff\xff\xff\0\xff\xff\xff" + PNG[24:], "BAD_INPUT TOO_LARGE"),
    ],
    ids=["empty", "text", "cut-png", "cut-jpeg", "cut-dicom", "noise", "polyglot", "vast"],
)
def test_an_unreadable_image_fails_its_task_on_the_first_try(
    inference: AnalysisDeps, uploaded: Upload, content: bytes, reason: str
) -> None:
    task, arrival = uploaded(content)
    assert process(inference, arrival) is Outcome.FAILED
    failed = ended(inference, task)
    assert (failed.status, failed.attempts) == (TaskStatus.FAILED, 1)
    assert failed.failure in {FailureReason(name) for name in reason.split()}
    with pytest.raises(NotFound):
        inference.objects.get(heatmap_key(task.scan_id, task.id))


def test_an_object_that_is_gone_fails_for_storage(inference: AnalysisDeps, uploaded: Upload) -> None:
    task, arrival = uploaded(None)
    assert process(inference, arrival) is Outcome.FAILED
    assert ended(inference, task).failure is FailureReason.STORAGE


def test_the_version_that_was_announced_is_read_though_another_lies_over_it(
    inference: AnalysisDeps, uploaded: Upload
) -> None:
    task, arrival = uploaded(PNG)
    boto3.client("s3").put_object(Bucket=BUCKET, Key=task.object_key, Body=b"something else")
    assert process(inference, arrival) is Outcome.FINISHED
    assert ended(inference, task).object_version == arrival.version


@pytest.mark.parametrize("wrong", [{"task_id": 1}, {"scan_id": 1}])
def test_an_event_for_no_task_of_ours_is_set_aside(
    inference: AnalysisDeps, uploaded: Upload, wrong: dict[str, int]
) -> None:
    task, arrival = uploaded(PNG)
    scan_id, task_id = wrong.get("scan_id", arrival.scan_id), wrong.get("task_id", arrival.task_id)
    assert process(inference, UploadedObject(scan_id, task_id, arrival.key)) is Outcome.SET_ASIDE
    assert inference.scans.task(task.id) == task


def test_an_mri_of_a_knee_is_not_read_as_a_chest_film(inference: AnalysisDeps, uploaded: Upload) -> None:
    import pydicom

    dataset = pydicom.dcmread(io.BytesIO(DICOM))
    dataset.Modality, dataset.BodyPartExamined = "MR", "KNEE"
    file = io.BytesIO()
    dataset.save_as(file)
    task, arrival = uploaded(file.getvalue())
    assert process(inference, arrival) is Outcome.FINISHED
    result = ended(inference, task).result
    assert result
    assert (result["pathologies"], result["confidence"], result["model"]) == ([], 0, None)
    assert NO_SUITABLE_MODEL in result["warnings"]


def test_a_header_value_that_nobody_can_read_is_warned_of_and_changes_no_finding(
    inference: AnalysisDeps, uploaded: Upload
) -> None:
    import pydicom

    dataset = pydicom.dcmread(io.BytesIO(DICOM))
    dataset.NumberOfFrames = 0
    file = io.BytesIO()
    dataset.save_as(file)
    task, arrival = uploaded(file.getvalue()[132:])  # nor does it need its preamble
    assert process(inference, arrival) is Outcome.FINISHED
    result = ended(inference, task).result
    assert result
    assert set(result["pathologies"]) == set(TRUTH["nodule-3.dcm"])
    assert "HEADER_VALUE_IGNORED" in result["warnings"]
    assert "HEADER_VALUE_IGNORED" in MEANINGS
    assert "NO_DEIDENTIFIED_COPY" not in result["warnings"]


def test_progress_is_written_in_growing_versions(inference: AnalysisDeps, uploaded: Upload) -> None:
    seen: list[tuple[int, int, str]] = []
    store = inference.scans
    plain = store.write_transition

    def watched(before: Task, after: Task) -> Task:
        seen.append((after.version, after.progress, after.status.value))
        return plain(before, after)

    store.write_transition = watched  # type: ignore[method-assign]
    process(inference, uploaded(PNG)[1])
    assert seen == [
        (2, 10, "IN_PROGRESS"),
        (3, 45, "IN_PROGRESS"),
        (4, 80, "IN_PROGRESS"),
        (5, 100, "COMPLETED"),
    ]


def test_the_version_that_was_read_is_pinned_though_no_event_named_it(
    inference: AnalysisDeps, uploaded: Upload
) -> None:
    task, arrival = uploaded(PNG)
    assert process(inference, UploadedObject(arrival.scan_id, arrival.task_id)) is Outcome.FINISHED
    scan = inference.scans.get(task.scan_id)
    assert scan
    assert (ended(inference, task).object_version, scan.object_version) == (arrival.version, arrival.version)


def test_a_result_of_tuples_is_recognised_when_its_answer_is_lost(inference: AnalysisDeps, uploaded: Upload) -> None:
    task, _ = uploaded(None)
    held = inference.scans.write_transition(task, tasks.claim(task, "one", None, inference.now()))
    done = tasks.complete(held, {"image": {"window": (1.0, 2.0)}}, inference.now())
    with lost_answer(connection().client, "dynamodb.TransactWriteItems") as lost:
        assert inference.scans.write_transition(held, done) == done
    assert lost
