"""Wires the end of sockets whose sessions have ended; the stream of the accounts table starts it."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.realtime.settings import SocketSettings, connection_deps
from functions.realtime.usecases.connections import end_without_session
from scanward.logs import log_failures
from scanward.settings import load_settings
from scanward.stores import keys

log = Logger(service="session-end")
deps = connection_deps(load_settings(SocketSettings))
processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


@log_failures(log)
def read_record(record: DynamoDBRecord) -> None:
    """End the connections without a session when some session of an account has ended, or the account is gone.

    Which ones live is asked of the gate.
    """
    account_id = keys.number(record.raw_event["dynamodb"]["Keys"]["pk"]["S"])
    log.info("ended", extra={"sockets": end_without_session(deps, account_id)})


def app(event: dict[str, Any], context: LambdaContext) -> Any:
    """Return one batch of ends; the first that failed is named, so that the rest comes again in order."""
    return process_partial_response(event=event, record_handler=read_record, processor=processor, context=context)
