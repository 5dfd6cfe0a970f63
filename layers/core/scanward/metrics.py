"""Numbers for CloudWatch, told as lines of a function's log in its embedded metric format.

What a number may be kept by is a closed list: the stack, a lane, a reason. No id, and nothing of a person, is one.
"""

import os
from collections.abc import Mapping
from enum import StrEnum

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from scanward.domain.orders import Priority
from scanward.domain.tasks import FailureReason

NAMESPACE = "Scanward"
# These are ours to mend; for the others the image or its sender is the reason.
FAULTS = frozenset(
    {FailureReason.STORAGE, FailureReason.MODEL, FailureReason.RETRIES_EXHAUSTED, FailureReason.TIMED_OUT}
)


class Metric(StrEnum):
    """The closed list of what is measured. docs/operations.md says what each is good for."""

    ANALYSES_FINISHED = "AnalysesFinished"
    ANALYSES_FAILED = "AnalysesFailed"
    DURATION = "AnalysisDuration"
    ATTEMPTS = "AnalysisAttempts"
    WAIT = "QueueWait"
    OBJECTS_QUARANTINED = "ObjectsSetAside"
    MODELS_REFUSED = "ModelsRefused"
    FAILURES = "Failures"
    FAULTS = "Faults"
    DEAD_LETTERS = "DeadLetters"
    SWEEP_ANNOUNCED = "SweepAnnounced"
    SWEEP_FAILED = "SweepFailed"
    SWEEP_WAITING = "SweepWaiting"
    SWEEP_UNTOUCHED = "SweepUntouched"
    SWEEP_UNREAD = "SweepUnread"
    GLASSES_BROKEN = "GlassesBroken"
    GLASSES_REFUSED = "GlassesRefused"


_MILLISECONDS = frozenset({Metric.DURATION, Metric.WAIT})


def emit(numbers: Mapping[Metric, float], *, lane: Priority | None = None, reason: FailureReason | None = None) -> None:
    """Tell numbers of the whole stack, and of the lane or the reason if one is given."""
    stack = os.environ.get("POWERTOOLS_SERVICE_NAME") or "unnamed"
    line = EphemeralMetrics(namespace=NAMESPACE, service=stack)
    if lane:
        line.add_dimensions(service=stack, lane=lane)
    if reason:
        line.add_dimensions(service=stack, reason=reason)
    for metric, number in numbers.items():
        line.add_metric(metric, MetricUnit.Milliseconds if metric in _MILLISECONDS else MetricUnit.Count, number)
    line.flush_metrics()


def emit_failure(reason: FailureReason) -> None:
    """Emit that a task failed, whichever function ended it."""
    emit({Metric.FAILURES: 1}, reason=reason)
    if reason in FAULTS:
        emit({Metric.FAULTS: 1})
