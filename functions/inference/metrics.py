"""What is measured of the lanes' work: how each analysis ended, how long it took, how long its message had waited.

And of the models: which of them could not be served.
"""

from datetime import datetime, timedelta

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from scanward.domain.tasks import Task
from scanward.metrics import Metric, emit, emit_failure

_MILLISECOND = timedelta(milliseconds=1)


def measure_wait(record: SQSRecord, now: datetime) -> None:
    """Emit how long ago the message was sent, whichever try this is."""
    sent_ms = int(record.attributes.sent_timestamp)
    emit({Metric.WAIT: max(0.0, now.timestamp() * 1000 - sent_ms)})


def measure_end(task: Task, took: timedelta) -> None:
    """Emit one task that a worker ended. Failures are emitted as 0 or 1, so that their mean is their share."""
    is_failed = task.failure is not None
    numbers = {
        Metric.ANALYSES_FINISHED: int(not is_failed),
        Metric.ANALYSES_FAILED: int(is_failed),
        Metric.DURATION: took / _MILLISECOND,
        Metric.ATTEMPTS: task.attempts,
    }
    emit(numbers, lane=task.order.priority)
    if task.failure:
        emit_failure(task.failure)


def measure_quarantine() -> None:
    """Emit one object that was quarantined."""
    emit({Metric.OBJECTS_QUARANTINED: 1})


def measure_model_error() -> None:
    """Emit one model that was refused."""
    emit({Metric.MODELS_REFUSED: 1})
