"""Wires queued analysis and exports it to Lambda; the three lanes start it."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.inference.analysis import AnalysisDeps, DurationTracker
from functions.inference.ingest import IncomingMessage, IngestDeps, UploadedObject, parse_message
from functions.inference.metrics import measure_end, measure_quarantine, measure_wait
from functions.inference.model_registry import (
    ModelSettings,
    model_registry,
    models_folder,
    on_model_error,
    on_model_overlap,
)
from functions.inference.settings import Settings
from functions.inference.worker import Outcome, handle_event
from scanward import clock
from scanward.logs import log_failures
from scanward.settings import load_settings
from scanward.stores.dynamo import StoreClock
from scanward.stores.idempotency import IdempotencyStore
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanStore
from scanward.stores.secrets import PseudonymKeyStore
from scanward.stores.sessions import SessionStore
from scanward.stores.tasks import DurationStore

settings = load_settings(Settings)
log = Logger(service="inference")
now = StoreClock(clock.now).now
scans, objects = ScanStore(settings.scans_table), ObjectStore(settings.bucket)
models = model_registry(
    load_settings(ModelSettings),
    models_folder(settings.models_dir),
    settings.memory_mb,
    on_error=on_model_error(log),
    on_overlap=on_model_overlap(log),
)
deps = AnalysisDeps(
    scans=scans,
    objects=objects,
    purger=Purger(settings.bucket),
    models=models,
    pace=DurationTracker(DurationStore(settings.scans_table)),
    pseudonyms=PseudonymKeyStore(settings.scans_table),
    now=now,
    on_end=measure_end,
)
accounts, idempotency = SessionStore(settings.accounts_table), IdempotencyStore(settings.scans_table)
ingest = IngestDeps(
    scans=scans, objects=objects, sessions=accounts, idempotency=idempotency, now=now, fresh_id=clock.fresh_id
)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@log_failures(log)
def read_message(record: SQSRecord) -> None:
    """Handle one message. What it raises is left to the queue to try again."""
    measure_wait(record, now())
    for message in parse_message(record.body, settings.bucket):
        outcome = handle_event(deps, ingest, message)
        if outcome is Outcome.SET_ASIDE:
            measure_quarantine()
            log.error("set aside", extra={"why": getattr(message, "why", "nothing of ours is to be read there")})
        else:
            log.info("analysed", extra={"outcome": outcome, **_log_fields(message)})


def _log_fields(message: IncomingMessage) -> dict[str, int]:
    return {"task": message.task_id} if isinstance(message, UploadedObject) else {}


def app(event: dict[str, Any], context: LambdaContext) -> Any:
    """Handle one batch of messages; failed ones are named, so that only they come again."""
    return process_partial_response(event=event, record_handler=read_message, processor=processor, context=context)
