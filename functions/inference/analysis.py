"""The analysis of one task's image: fetch, decode, preview, infer, heatmap, and what the result says of them.

A worker holds a task by a lease: each step is written over the version that it last wrote, or not at all.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from functions.inference.model_registry import ModelRegistry
from functions.inference.reports import expert, friendly
from imaging.analysis import Analysis, analyse
from imaging.decode import decode
from imaging.errors import ImageError
from imaging.image import Picture
from imaging.model_card import Card
from imaging.renderings import heatmap, preview
from scanward.domain import tasks
from scanward.domain.ids import to_uuid
from scanward.domain.image_formats import CONTENT_TYPE_OF, ImageFormat
from scanward.domain.object_keys import (
    deidentified_key,
    deidentified_with_text_key,
    heatmap_key,
    preview_key,
)
from scanward.domain.orders import Order, Priority, ReportStyle, ScanType
from scanward.domain.results import (
    KNOWLEDGE,
    NO_DEIDENTIFIED_COPY,
    NO_GATE,
    NO_SUITABLE_MODEL,
    UNKNOWN_MODEL,
    AnalysisResult,
    BlankedRegion,
    Finding,
    ModelVersion,
    is_foreign,
)
from scanward.domain.tasks import FailureReason, Task
from scanward.errors import Conflict, ScanwardError, Unavailable
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanStore
from scanward.stores.secrets import PseudonymKeyStore
from scanward.stores.tasks import DurationStore
from scanward.treatment.suggestions import suggest

if TYPE_CHECKING:
    from imaging.model_texts import ModelTexts


class LeaseLost(ScanwardError):
    """The task was cancelled, or given to another worker, while this one was at it."""

    message = "The task was taken from this worker"


class Lease:
    """Every method raises LeaseLost when the task is no longer this worker's."""

    def __init__(self, scans: ScanStore, task: Task, now: Callable[[], datetime]) -> None:
        self._scans = scans
        self._now = now
        self.task = task

    def advance(self, progress: int, message: str, object_version: str | None = None) -> None:
        """Move the task further along; the lease starts anew."""
        self._move(
            tasks.advance(
                task=self.task, progress=progress, message=message, now=self._now(), object_version=object_version
            )
        )

    def complete(self, result: Mapping[str, Any]) -> None:
        """Complete the task with its result."""
        self._move(tasks.complete(self.task, result, self._now()))

    def fail(self, reason: FailureReason, message: str | None = None) -> None:
        """Fail the task with a reason, and the sentence of whoever refused its image."""
        self._move(tasks.fail(self.task, reason, self._now(), message))

    def release(self) -> None:
        """Give the task back at once, for another try."""
        self._move(tasks.release(self.task, self._now()))

    def _move(self, after: Task) -> None:
        try:
            self.task = self._scans.write_transition(self.task, after)
        except Conflict as error:
            raise LeaseLost from error


WRITE_INTERVAL = timedelta(minutes=1)
_WEIGHT = 0.2  # of the newest, in a mean that forgets


class DurationTracker:
    """A mean for each lane; it costs one small write a minute, and fails no analysis."""

    def __init__(self, durations: DurationStore) -> None:
        self._durations = durations
        self._means: dict[Priority, float] = {}
        self._written_at: dict[Priority, datetime] = {}

    def note(self, lane: Priority, took: timedelta, now: datetime) -> None:
        """Add the duration of one analysis to the lane's mean."""
        seconds = took.total_seconds()
        self._means[lane] = mean = self._means.get(lane, seconds) * (1 - _WEIGHT) + seconds * _WEIGHT
        if lane in self._written_at and now - self._written_at[lane] < WRITE_INTERVAL:
            return
        self._written_at[lane] = now
        with suppress(Unavailable):
            self._durations.record(lane, mean)


_SCAN_TYPES = {"CT": ScanType.CT, "MR": ScanType.MRI}


def _ignore_end(task: Task, took: timedelta) -> None:
    """Ignore the end of an analysis."""


@dataclass(frozen=True, slots=True)
class AnalysisDeps:
    """What the use-cases work with. `on_end` is called with each task that came to its end, and how long that took."""

    scans: ScanStore
    objects: ObjectStore
    purger: Purger
    models: ModelRegistry
    pace: DurationTracker
    pseudonyms: PseudonymKeyStore
    now: Callable[[], datetime]
    on_end: Callable[[Task, timedelta], None] = _ignore_end


def analyse_task(deps: AnalysisDeps, lease: Lease) -> None:
    """Read the image of a leased task and complete the task.

    Raises ImageError, ModelError, NotFound, TooLarge, StorageFailed, Unavailable, LeaseLost.
    """
    task, start = lease.task, deps.now()
    image_object = deps.objects.get(task.object_key, task.object_version)
    content = image_object.content
    picture = decode(content)
    copy = _store_derivatives(deps, task, content, picture)
    lease.advance(45, "Processing image...", image_object.version)
    result = _analyse_picture(deps, lease, picture)
    result = replace(result, warnings=(*result.warnings, *copy.warnings), blanked_regions=copy.regions)
    lease.complete(_add_report(result, task, deps.models.texts(result.model.name) if result.model else None))
    end = deps.now()
    deps.pace.note(task.order.priority, end - start, end)


@dataclass(frozen=True, slots=True)
class _CopyFacts:
    """What a result says of the de-identified copy."""

    warnings: tuple[str, ...] = ()
    regions: tuple[BlankedRegion, ...] = ()


def _store_derivatives(deps: AnalysisDeps, task: Task, content: bytes, picture: Picture) -> _CopyFacts:
    """Store the preview and, of a DICOM image, the de-identified copy; return what is to be said about the copy.

    All copies of a patient's images are made under one key: slices that came one by one belong together, and a copy
    that is made again has the UIDs that it had.
    """
    deps.objects.put(preview_key(task.scan_id), preview(picture), "image/jpeg")
    if picture.facts.format != ImageFormat.DICOM:
        return _CopyFacts()
    from imaging.dicom.deidentify import deidentify  # noqa: PLC0415 (pydicom is a fifth of a cold start)

    pseudonym_key = deps.pseudonyms.read_or_make(task.patient_id)
    try:
        copy = deidentify(content, pseudonym_key, picture)
    except ImageError:  # what can be read but not be cleaned is read all the same
        _remove_earlier_copies(deps, task, deidentified_key(task.scan_id), deidentified_with_text_key(task.scan_id))
        return _CopyFacts((NO_DEIDENTIFIED_COPY,))
    deps.objects.put(deidentified_key(task.scan_id), copy.data, CONTENT_TYPE_OF[ImageFormat.DICOM])
    key = deidentified_with_text_key(task.scan_id)
    if copy.with_text is not None:
        deps.objects.put(key, copy.with_text, CONTENT_TYPE_OF[ImageFormat.DICOM])
    else:
        _remove_earlier_copies(deps, task, key)
    regions = tuple(BlankedRegion(one.top, one.left, one.rows, one.columns) for one in copy.regions)
    return _CopyFacts(copy.warnings, regions)


def _remove_earlier_copies(deps: AnalysisDeps, task: Task, *keys: str) -> None:
    """Remove copies that nothing takes the place of: they have what is cleaned, or the UIDs that were given, before."""
    for key in keys if not task.is_first else ():
        deps.purger.purge_key(key)


def _analyse_picture(deps: AnalysisDeps, lease: Lease, picture: Picture) -> AnalysisResult:
    task = lease.task
    model = deps.models.for_image(picture.facts, task.order.scan_type, task.order.model, study=picture.study)
    if model is None:
        unknown = task.order.model is not None and task.order.model not in deps.models.names
        return _result_without_model(picture, UNKNOWN_MODEL if unknown else NO_SUITABLE_MODEL)
    analysis = analyse(picture, model)
    if analysis.is_read:
        lease.advance(80, "Drawing the heatmap")
        deps.objects.put(heatmap_key(task.scan_id, task.id), heatmap(picture, analysis), "image/png")
    return _result(picture, analysis, model.card)


def _add_report(result: AnalysisResult, task: Task, own: "ModelTexts | None") -> dict[str, object]:
    """Return the result as JSON, with a report in the style that was ordered, and what the model's own knowledge says
    of what was found: whoever is asked for suggestions later has no models at hand.
    """
    order = task.order
    payload: dict[str, object] = {**result.to_dict(), "scan_type": _scan_type(result, order)}
    knowledge = own.knowledge_of(result.pathologies) if own and not is_foreign(result.warnings) else None
    if knowledge is not None:
        payload[KNOWLEDGE] = knowledge
    if order.report_style is ReportStyle.FRIENDLY:
        suggestions = {"suggestions": _suggestions(result, knowledge)} if order.include_suggestions else {}
        payload["friendly"] = friendly(result.findings, result.model, result.warnings, own=own) | suggestions
    if order.report_style is ReportStyle.EXPERT:
        payload["expert"] = expert(
            findings=result.findings,
            model=result.model,
            image_facts=result.image,
            warnings=result.warnings,
            additional_notes=order.additional_notes,
            heatmap=f"/files/heatmaps/{to_uuid(task.id)}" if result.findings else None,
            own=own,
        )
    return payload


def _suggestions(result: AnalysisResult, own: Mapping[str, Any] | None) -> list[dict[str, object]]:
    """Return what clinicians consider for the findings, in any person: nothing is known of the patient here.

    Nothing for a picture that may not be what the model reads.
    """
    if is_foreign(result.warnings):
        return []
    labels_with_scores = [(finding.label, finding.score) for finding in result.findings if finding.found]
    name = result.model.name if result.model else None
    return [suggestion.to_dict() for suggestion in suggest(labels_with_scores, None, None, None, model=name, own=own)]


def _scan_type(result: AnalysisResult, order: Order) -> str:
    return order.scan_type or _SCAN_TYPES.get(str(result.image.get("modality")), ScanType.XRAY)


def _result_without_model(picture: Picture, why: str) -> AnalysisResult:
    timings = {"decode": round(picture.decode_ms, 1)}
    return AnalysisResult(
        findings=(), model=None, image=asdict(picture.facts), timings=timings, warnings=(*picture.warnings, why)
    )


def _result(picture: Picture, analysis: Analysis, card: Card) -> AnalysisResult:
    findings = tuple(
        Finding(
            label=f.label,
            title=f.title,
            score=f.score,
            operating_point=f.operating_point,
            found=f.positive,
        )
        for f in analysis.findings
    )
    return AnalysisResult(
        findings=findings,
        model=ModelVersion(
            name=card.name,
            version=card.version,
            sha256=card.sha256,
            preprocessing=card.preprocessing,
            disclaimer=card.notice,
        ),
        image=asdict(picture.facts),
        timings={step: round(ms, 1) for step, ms in asdict(analysis.timings).items()},
        warnings=(*analysis.warnings, *(() if card.has_gate else (NO_GATE,))),
    )
