"""From an arrived object to a finished task: claim, fetch, decode, preview, infer, heatmap, complete."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from functions.inference.arrivals import Arrival
from functions.inference.lease import Lease, LeaseLost
from functions.inference.models import Models
from imaging.analyse import Analysis, analyse
from imaging.card import Card
from imaging.decode import decode
from imaging.derived import heatmap, preview
from imaging.picture import Picture
from imaging.refusal import ImageRefused, ModelRefused
from scanward.domain import tasks
from scanward.domain.failures import FailureReason
from scanward.domain.results import NO_SUITABLE_MODEL, AnalysisResult, Finding, ModelVersion
from scanward.domain.scans import heatmap_key, preview_key
from scanward.domain.tasks import TaskClosed, TaskLeased
from scanward.errors import Conflict, NotFound, ScanwardError, TooLarge, Unavailable
from scanward.stores.objects import ObjectStore, StorageFailed
from scanward.stores.scans import ScanStore

CLAIM_TRIES = 3


class Outcome(StrEnum):
    """What became of one arrival."""

    FINISHED = "finished"
    FAILED = "failed"
    NOTHING_TO_DO = "nothing to do"
    SET_ASIDE = "set aside"


@dataclass(frozen=True, slots=True)
class Inference:
    """What the use-cases work with."""

    scans: ScanStore
    objects: ObjectStore
    models: Models
    now: Callable[[], datetime]


def process(inference: Inference, arrival: Arrival) -> Outcome:
    """Analyses what has arrived, once, however often it is announced.

    Raises StorageFailed or Unavailable when it should be tried again; the lease is then given back.
    """
    try:
        lease = _claim(inference, arrival)
        if lease is None:
            return Outcome.SET_ASIDE
        if lease.task.is_final:
            return Outcome.FAILED
        return _work(inference, lease, arrival.key)
    except (TaskClosed, TaskLeased, LeaseLost):
        return Outcome.NOTHING_TO_DO


def _claim(inference: Inference, arrival: Arrival) -> Lease | None:
    """A lease on the arrival's task; None when there is no such task. Its task is final after too many attempts."""
    attempt = secrets.token_urlsafe(9)
    for _ in range(CLAIM_TRIES):
        task = inference.scans.task(arrival.task_id)
        if task is None or task.scan_id != arrival.scan_id:
            return None
        try:
            claimed = tasks.claim(task, attempt, arrival.version, inference.now())
            return Lease(inference.scans, inference.scans.move(task, claimed), inference.now)
        except (TaskClosed, TaskLeased):
            raise
        except Conflict:
            continue  # moved between read and write: look again
    raise LeaseLost


def _work(inference: Inference, lease: Lease, key: str) -> Outcome:
    try:
        _analyse(inference, lease, key)
    except StorageFailed:
        if lease.task.attempts < tasks.MAX_ATTEMPTS:
            lease.release()
            raise
        lease.fail(FailureReason.STORAGE)
    except Unavailable:
        with suppress(ScanwardError):  # DynamoDB may not take this either: then the lease ends by itself
            lease.release()
        raise
    except NotFound:
        lease.fail(FailureReason.STORAGE)
    except TooLarge:
        lease.fail(FailureReason.TOO_LARGE)
    except ImageRefused as refusal:
        lease.fail(FailureReason(refusal.reason.value))
    except ModelRefused:
        lease.fail(FailureReason.MODEL)
    else:
        return Outcome.FINISHED
    return Outcome.FAILED


def _analyse(inference: Inference, lease: Lease, key: str) -> None:
    task = lease.task
    picture = decode(inference.objects.get(key, task.object_version))
    inference.objects.put(preview_key(task.scan_id), preview(picture), "image/jpeg")
    lease.advance(45, "Processing the image")
    model = inference.models.for_image(picture.facts)
    if model is None:
        lease.complete(_unread(picture).to_dict())
        return
    analysis = analyse(picture, model)
    lease.advance(80, "Drawing the heatmap")
    inference.objects.put(heatmap_key(task.scan_id, task.id), heatmap(picture, analysis), "image/png")
    lease.complete(_result(picture, analysis, model.card).to_dict())


def _unread(picture: Picture) -> AnalysisResult:
    timings = {"decode": round(picture.decode_ms, 1)}
    return AnalysisResult((), None, asdict(picture.facts), timings, (*picture.warnings, NO_SUITABLE_MODEL))


def _result(picture: Picture, analysis: Analysis, card: Card) -> AnalysisResult:
    findings = tuple(
        Finding(f.label, f.title, round(f.score, 4), round(f.operating_point, 4), f.positive) for f in analysis.findings
    )
    return AnalysisResult(
        findings,
        ModelVersion(card.name, card.version, card.sha256, card.preprocessing),
        asdict(picture.facts),
        {step: round(ms, 1) for step, ms in asdict(analysis.timings).items()},
        analysis.warnings,
    )
