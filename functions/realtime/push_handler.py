"""Wires pushing and exports it to Lambda; the stream of the scans table starts it."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.realtime.settings import PushSettings, connection_deps
from functions.realtime.usecases.push import PushDeps, push_first_state, push_notification, push_task
from scanward.clock import now
from scanward.logs import log_failures
from scanward.security.access import Access
from scanward.settings import load_settings
from scanward.stores import keys
from scanward.stores.care import CareStore
from scanward.stores.connections import subscription_of_image
from scanward.stores.notifications import access_notification_of_image, notification_of_image
from scanward.stores.scans import ScanStore
from scanward.stores.tasks import task_of_image

settings = load_settings(PushSettings)
log = Logger(service="push")
scans = ScanStore(settings.sockets.scans_table)
deps = PushDeps(connection_deps(settings.sockets), scans, Access(CareStore(settings.clinic_table), now))
processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


@log_failures(log)
def read_record(record: DynamoDBRecord) -> None:
    """Push one change of the table: a task that moved, a socket that began to watch one, or a notice."""
    change = record.raw_event["dynamodb"]
    image = change.get("NewImage")
    kind = change["Keys"]["sk"]["S"]
    if image is None:
        return
    if kind == keys.TASK:
        log.info("pushed", extra={"to": push_task(deps, task_of_image(image))})
    elif kind.startswith(keys.SUBSCRIPTION_PREFIX) and record.raw_event["eventName"] == "INSERT":
        log.info("pushed", extra={"to": push_first_state(deps, subscription_of_image(image))})
    elif kind == keys.NOTICE:
        log.info("told", extra={"to": push_notification(deps.connections, notification_of_image(image))})
    elif kind.startswith(keys.NOTICE_PREFIX) and record.raw_event["eventName"] == "INSERT":
        log.info("told", extra={"to": push_notification(deps.connections, access_notification_of_image(image))})


def app(event: dict[str, Any], context: LambdaContext) -> Any:
    """Return one batch of changes; the first that failed is named, so that the rest comes again in order."""
    return process_partial_response(event=event, record_handler=read_record, processor=processor, context=context)
