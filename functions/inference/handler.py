"""Wires queued analysis and exports it to Lambda; the three lanes start it."""

from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

import imaging
from functions.inference.arrivals import Unexpected, arrivals
from functions.inference.models import Models
from functions.inference.settings import Settings
from functions.inference.usecases import Inference, process
from scanward.clock import now
from scanward.failures import logged
from scanward.settings import Environment
from scanward.stores.objects import ObjectStore
from scanward.stores.scans import ScanStore

settings = Settings.read(Environment(), Path(imaging.__file__).resolve().parents[1] / "models")
log = Logger(service="inference")
inference = Inference(
    ScanStore(settings.scans_table),
    ObjectStore(settings.bucket),
    Models(settings.models, settings.memory_mb),
    now,
)
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logged(log)
def read_message(record: SQSRecord) -> None:
    """One message. What it raises is left to the queue to try again."""
    for arrival in arrivals(record.body, settings.bucket):
        if isinstance(arrival, Unexpected):
            log.error("set aside", extra={"why": arrival.why})
            continue
        outcome = process(inference, arrival)
        log.info("analysed", extra={"task": arrival.task_id, "outcome": outcome})


def app(event: dict[str, Any], context: LambdaContext) -> Any:
    """One batch of messages; failed ones are named, so that only they come again."""
    return process_partial_response(event=event, record_handler=read_message, processor=processor, context=context)
