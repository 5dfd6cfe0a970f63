"""What the handlers tell CloudWatch, line by line, over an AWS in the process."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger

from functions.inference.analysis import AnalysisDeps
from functions.inference.model_registry import ModelRegistry, on_model_error, read_configs
from functions.inference.worker import Outcome, process
from scanward import clock
from scanward.domain import tasks
from scanward.domain.orders import Order, Priority
from scanward.domain.scans import Scan
from scanward.domain.tasks import MAX_ATTEMPTS, FailureReason, Task
from scanward.metrics import FAULTS, Metric, emit_failure
from scanward.stores.scans import ScanStore
from tests.support.cloud import BUCKET, ROOT
from tests.unit.functions.inference.conftest import SAMPLES, Upload

SAMPLE_BUCKET, SAMPLE_KEY = "scanward-000000000000-us-east-1", "uploads/medium/243963252383569/243963252379899"
SAMPLE_VERSION, SAMPLE_SENT = "7adfef03-ef6a-4617-9492-7c8e9043bbc3", "1795250941039"
HANDLERS = {
    "arrivals-upload": "functions.inference.arrival_handler",
    "inference-upload": "functions.inference.handler",
    "dead-letter": "functions.inference.dead_letter_handler",
    "sweep": "functions.scans.sweep_handler",
}
PNG = (SAMPLES / "nodule-1.png").read_bytes()
Told = list[dict[str, Any]]


@pytest.fixture
def told(aws: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Send a sample event, about `task` if one is given, and give the lines of metrics that come of it."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "clinic")

    def send(name: str, task: Task | None = None, version: str = "", sent: int = 0) -> Told:
        text = (ROOT / "events" / f"{name}.json").read_text().replace(SAMPLE_BUCKET, BUCKET)
        text = text.replace(SAMPLE_KEY, task.object_key if task else SAMPLE_KEY)
        for sample, meant in zip(SAMPLE_KEY.split("/")[2:], (task.scan_id, task.id) if task else (), strict=False):
            text = text.replace(sample, str(meant))
        text = text.replace(SAMPLE_VERSION, version or SAMPLE_VERSION).replace(SAMPLE_SENT, str(sent or SAMPLE_SENT))
        import_module(HANDLERS[name]).app(json.loads(text), None)
        said = [line for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
        return [json.loads(line) for line in said]

    return send


def kept(content: bytes | None, lane: Priority = Priority.HIGH, ago: timedelta = timedelta()) -> tuple[Task, str]:
    """Return a task that waits, and the version of its object."""
    now = clock.now() - ago
    task = tasks.create(
        id=clock.fresh_id(now), scan_id=clock.fresh_id(now), patient_id=3, now=now, order=Order(priority=lane)
    )
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
    ScanStore("ScansTable").add(scan, task)
    if content is None:
        return task, ""
    return task, boto3.client("s3").put_object(Bucket=BUCKET, Key=task.object_key, Body=content)["VersionId"]


def numbers(lines: Told, metric: Metric) -> list[float]:
    """Return what was told of a metric."""
    return [number for line in lines for number in line.get(metric, ())]


def kept_by(lines: Told, metric: Metric) -> list[list[dict[str, str]]]:
    """Return what each number of a metric is kept by."""
    found = [line for line in lines if metric in line]
    return [[{name: line[name] for name in names} for names in dimensions(line)] for line in found]


def dimensions(line: dict[str, Any]) -> list[list[str]]:
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Scanward"
    found: list[list[str]] = directive["Dimensions"]
    return found


def test_a_finished_analysis_is_told_with_its_lane_its_time_and_its_attempts(told: Callable[..., Told]) -> None:
    task, version = kept(PNG)
    lines = told("inference-upload", task, version)
    assert (numbers(lines, Metric.ANALYSES_FINISHED), numbers(lines, Metric.ANALYSES_FAILED)) == ([1], [0])
    assert numbers(lines, Metric.ATTEMPTS) == [1]
    [duration] = numbers(lines, Metric.DURATION)
    assert duration > 0
    assert kept_by(lines, Metric.ANALYSES_FINISHED) == [[{"service": "clinic"}, {"service": "clinic", "lane": "high"}]]
    assert numbers(lines, Metric.FAILURES) == numbers(lines, Metric.FAULTS) == []


def test_a_refused_image_is_told_with_its_reason_and_is_no_fault_of_ours(told: Callable[..., Told]) -> None:
    task, version = kept(PNG[:-500])
    lines = told("inference-upload", task, version)
    assert (numbers(lines, Metric.ANALYSES_FINISHED), numbers(lines, Metric.ANALYSES_FAILED)) == ([0], [1])
    assert kept_by(lines, Metric.FAILURES) == [[{"service": "clinic"}, {"service": "clinic", "reason": "BAD_INPUT"}]]
    assert numbers(lines, Metric.FAULTS) == []


def test_an_image_that_is_not_there_is_a_fault_of_ours(told: Callable[..., Told]) -> None:
    task, _ = kept(None)
    lines = told("inference-upload", task)
    assert kept_by(lines, Metric.FAILURES) == [[{"service": "clinic"}, {"service": "clinic", "reason": "STORAGE"}]]
    assert numbers(lines, Metric.FAULTS) == [1]


def test_the_metrics_count_objects_that_are_set_aside(told: Callable[..., Told]) -> None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key=SAMPLE_KEY, Body=PNG)
    lines = told("arrivals-upload")
    assert numbers(lines, Metric.OBJECTS_QUARANTINED) == [1]
    assert numbers(lines, Metric.ANALYSES_FINISHED) == numbers(lines, Metric.ANALYSES_FAILED) == []


def test_how_long_a_message_waited_is_told_even_of_one_that_means_nothing(told: Callable[..., Told]) -> None:
    sent = int((clock.now() - timedelta(minutes=5)).timestamp() * 1000)
    [waited] = numbers(told("inference-upload", sent=sent), Metric.WAIT)
    assert waited >= 300_000


def test_a_queue_whose_clock_is_ahead_makes_no_wait_below_none(told: Callable[..., Told]) -> None:
    sent = int((clock.now() + timedelta(minutes=5)).timestamp() * 1000)
    assert numbers(told("inference-upload", sent=sent), Metric.WAIT) == [0]


def test_a_dead_letter_is_told_and_the_failure_that_comes_of_it_once(told: Callable[..., Told]) -> None:
    task, _ = kept(PNG)
    lines = told("dead-letter", task)
    for metric in (Metric.DEAD_LETTERS, Metric.FAILURES, Metric.FAULTS):
        assert numbers(lines, metric) == [1]
    again = told("dead-letter", task)
    assert (numbers(again, Metric.DEAD_LETTERS), numbers(again, Metric.FAILURES)) == ([1], [])


def test_a_sweep_is_told_even_when_there_is_nothing_to_do(told: Callable[..., Told]) -> None:
    [line] = told("sweep")
    swept = {Metric.SWEEP_ANNOUNCED, Metric.SWEEP_FAILED, Metric.SWEEP_WAITING, Metric.SWEEP_UNTOUCHED}
    assert [line[metric] for metric in swept] == [[0]] * 4


def test_a_sweep_tells_why_it_failed_a_task(told: Callable[..., Told]) -> None:
    kept(None, ago=timedelta(minutes=30))
    kept(PNG, ago=timedelta(hours=2))
    lines = told("sweep")
    assert numbers(lines, Metric.SWEEP_FAILED) == [2]
    reasons = [by[1]["reason"] for by in kept_by(lines, Metric.FAILURES)]
    assert sorted(reasons) == ["TIMED_OUT", "UPLOAD_EXPIRED"]
    assert numbers(lines, Metric.FAULTS) == [1], "an upload that never came is not ours"


def test_a_model_that_is_refused_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "clinic")
    models = ModelRegistry(
        ROOT / "nothing", 1769, read_configs('{"knee": {}}'), on_error=on_model_error(Logger(service="new"))
    )
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "MODELS: knee: there is no such model" in [line.get("why") for line in lines]
    assert numbers(lines, Metric.MODELS_REFUSED) == [1]
    assert kept_by([line for line in lines if "_aws" in line], Metric.MODELS_REFUSED) == [[{"service": "clinic"}]]
    assert models.names == ["knee"]


def test_the_metrics_tell_nothing_of_any_person(told: Callable[..., Told]) -> None:
    tries = [kept(PNG), kept(PNG[:-500])]
    lines = [line for task, version in tries for line in told("inference-upload", task, version)]
    lines += [line for task, _ in tries for line in told("dead-letter", task)] + told("sweep")
    assert {name for line in lines for names in dimensions(line) for name in names} == {"service", "lane", "reason"}
    told_of = set(Metric) | {"_aws", "service", "lane", "reason"}
    assert {name for line in lines for name in line} <= told_of
    text = json.dumps(lines)
    assert [name for task, _ in tries for name in (task.id, task.scan_id) if str(name) in text] == []


@pytest.mark.parametrize("reason", FailureReason)
def test_the_metrics_know_every_failure_reason(reason: FailureReason, capsys: pytest.CaptureFixture[str]) -> None:
    emit_failure(reason)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["reason"] for line in lines if Metric.FAILURES in line] == [reason]
    assert bool(numbers(lines, Metric.FAULTS)) is (reason in FAULTS)


def test_a_task_that_was_tried_too_often_is_told_as_failed(inference: AnalysisDeps, uploaded: Upload) -> None:
    ended: list[Task] = []
    listening = replace(inference, on_end=lambda task, _: ended.append(task))
    task, arrival = uploaded(PNG)
    for _ in range(MAX_ATTEMPTS):
        held = inference.scans.write_transition(task, tasks.claim(task, "a worker that dies", None, inference.now()))
        task = inference.scans.write_transition(held, tasks.release(held, inference.now()))
    assert process(listening, arrival) is Outcome.FAILED
    assert [task.failure for task in ended] == [FailureReason.RETRIES_EXHAUSTED]


def test_an_end_is_told_once(inference: AnalysisDeps, uploaded: Upload) -> None:
    ended: list[Task] = []
    _, arrival = uploaded(PNG)
    listening = replace(inference, on_end=lambda task, _: ended.append(task))
    assert process(listening, arrival) is Outcome.FINISHED
    assert process(listening, arrival) is Outcome.NOTHING_TO_DO
    assert len(ended) == 1
