"""The analysis of one task's image: fetch, decode, preview, infer, heatmap, and what the result says of them."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from functions.inference.lease import Lease
from functions.inference.models import Models
from functions.inference.pace import Pace
from functions.inference.reading.expert import expert
from functions.inference.reading.friendly import friendly
from imaging.analyse import Analysis, analyse
from imaging.card import Card
from imaging.decode import decode
from imaging.derived import heatmap, preview
from imaging.picture import Picture
from imaging.refusal import ImageRefused
from scanward.domain.ids import to_uuid
from scanward.domain.images import CONTENT_TYPE_OF, ImageFormat
from scanward.domain.orders import Order, Reading, ScanType
from scanward.domain.places import deidentified_key, heatmap_key, preview_key
from scanward.domain.results import (
    NO_DEIDENTIFIED_COPY,
    NO_SUITABLE_MODEL,
    UNKNOWN_MODEL,
    AnalysisResult,
    Finding,
    ModelVersion,
)
from scanward.domain.tasks import Task
from scanward.stores.objects import ObjectStore
from scanward.stores.purging import Purger
from scanward.stores.scans import ScanStore
from scanward.treatment.suggestions import suggest

_SCAN_TYPES = {"CT": ScanType.CT, "MR": ScanType.MRI}


def _untold(task: Task, took: timedelta) -> None:
    """Nobody is told of ends."""


@dataclass(frozen=True, slots=True)
class Inference:
    """What the use-cases work with. `ended` is told of each task that came to its end, and how long that took."""

    scans: ScanStore
    objects: ObjectStore
    purger: Purger
    models: Models
    pace: Pace
    now: Callable[[], datetime]
    ended: Callable[[Task, timedelta], None] = _untold


def analyse_task(inference: Inference, lease: Lease) -> None:
    """Reads the image of a leased task and completes the task.

    Raises ImageRefused, ModelRefused, NotFound, TooLarge, StorageFailed, Unavailable, LeaseLost.
    """
    task, begun = lease.task, inference.now()
    fetched = inference.objects.get(task.object_key, task.object_version)
    content = fetched.content
    picture = decode(content)
    warned = _derive(inference, task, content, picture)
    lease.advance(45, "Processing image...", fetched.version)
    read = _read(inference, lease, picture)
    result = replace(read, warnings=(*read.warnings, *warned))
    lease.complete(_told(result, task))
    ended = inference.now()
    inference.pace.note(task.order.lane, ended - begun, ended)


def _derive(inference: Inference, task: Task, content: bytes, picture: Picture) -> tuple[str, ...]:
    """Keeps what people look at; and what is to be said of it."""
    inference.objects.put(preview_key(task.scan_id), preview(picture), "image/jpeg")
    if picture.facts.format != ImageFormat.DICOM:
        return ()
    from imaging.deidentify import deidentify  # noqa: PLC0415 (pydicom is a fifth of a cold start)

    try:
        copy = deidentify(content)
    except ImageRefused:  # what can be read but not be cleaned is read all the same
        return (NO_DEIDENTIFIED_COPY,)
    key, first = deidentified_key(task.scan_id), task.is_first and task.attempts == 1
    # Its UIDs are new at each making: whoever has the copy already would meet the same image under other ones.
    if first or key not in inference.objects.under(key):
        inference.objects.put(key, copy.data, CONTENT_TYPE_OF[ImageFormat.DICOM])
    return copy.warnings


def _read(inference: Inference, lease: Lease, picture: Picture) -> AnalysisResult:
    task = lease.task
    model = inference.models.for_image(picture.facts, task.order.scan_type, task.order.model)
    if model is None:
        unknown = task.order.model is not None and task.order.model not in inference.models.names
        return _unread(picture, UNKNOWN_MODEL if unknown else NO_SUITABLE_MODEL)
    analysis = analyse(picture, model)
    lease.advance(80, "Drawing the heatmap")
    inference.objects.put(heatmap_key(task.scan_id, task.id), heatmap(picture, analysis), "image/png")
    return _result(picture, analysis, model.card)


def _told(result: AnalysisResult, task: Task) -> dict[str, object]:
    """The result, with a reading for whom it was ordered."""
    order = task.order
    said: dict[str, object] = {**result.to_dict(), "scan_type": _scan_type(result, order)}
    if order.reading is Reading.FRIENDLY:
        suggestions = {"suggestions": _suggestions(result)} if order.include_suggestions else {}
        said["friendly"] = friendly(result.findings, result.model, result.warnings) | suggestions
    if order.reading is Reading.EXPERT:
        said["expert"] = expert(
            result.findings,
            result.model,
            result.image,
            result.warnings,
            order.additional_notes,
            heatmap=f"/files/heatmaps/{to_uuid(task.id)}" if result.model else None,
        )
    return said


def _suggestions(result: AnalysisResult) -> list[dict[str, object]]:
    """What clinicians consider for what was found, in anybody: nothing is known of the person here."""
    found = [(finding.label, finding.score) for finding in result.findings if finding.found]
    name = result.model.name if result.model else None
    return [suggestion.to_dict() for suggestion in suggest(found, None, None, None, model=name)]


def _scan_type(result: AnalysisResult, order: Order) -> str:
    return order.scan_type or _SCAN_TYPES.get(str(result.image.get("modality")), ScanType.XRAY)


def _unread(picture: Picture, why: str) -> AnalysisResult:
    timings = {"decode": round(picture.decode_ms, 1)}
    return AnalysisResult((), None, asdict(picture.facts), timings, (*picture.warnings, why))


def _result(picture: Picture, analysis: Analysis, card: Card) -> AnalysisResult:
    findings = tuple(
        Finding(f.label, f.title, round(f.score, 4), round(f.operating_point, 4), f.positive) for f in analysis.findings
    )
    return AnalysisResult(
        findings,
        ModelVersion(card.name, card.version, card.sha256, card.preprocessing, card.notice),
        asdict(picture.facts),
        {step: round(ms, 1) for step, ms in asdict(analysis.timings).items()},
        analysis.warnings,
    )
