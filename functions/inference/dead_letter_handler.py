"""Wires the end of the line and exports it to Lambda; the dead-letter queue starts it."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.inference.dead_letters import DeadLetterDeps, DeadLetterOutcome, fail_dead_letter
from functions.inference.ingest import parse_message
from functions.inference.settings import DeadLetterSettings
from scanward import clock
from scanward.domain.tasks import FailureReason
from scanward.logs import log_failures
from scanward.metrics import Metric, emit, emit_failure
from scanward.settings import load_settings
from scanward.stores.dynamo import StoreClock
from scanward.stores.idempotency import IdempotencyStore
from scanward.stores.s3 import ObjectStore
from scanward.stores.scans import ScanStore

settings = load_settings(DeadLetterSettings)
log = Logger(service="dead-letters")
table, now = settings.scans_table, StoreClock(clock.now).now
deps = DeadLetterDeps(ScanStore(table), IdempotencyStore(table), ObjectStore(settings.bucket), now)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@log_failures(log)
def read_message(record: SQSRecord) -> None:
    """Fail the tasks of one dead letter; a message without a task of ours is only logged."""
    emit({Metric.DEAD_LETTERS: 1})
    for message in parse_message(record.body, settings.bucket):
        end = fail_dead_letter(deps, message)
        log.warning("dead letter", extra={"end": end})
        if end is DeadLetterOutcome.TASK_FAILED:
            emit_failure(FailureReason.RETRIES_EXHAUSTED)
        if end is DeadLetterOutcome.SET_ASIDE:
            emit({Metric.OBJECTS_QUARANTINED: 1})


def app(event: dict[str, Any], context: LambdaContext) -> Any:
    """Handle one batch of dead letters."""
    return process_partial_response(event=event, record_handler=read_message, processor=processor, context=context)
