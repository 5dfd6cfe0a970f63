"""Wires the sealing of access logs and exports it to Lambda; the stream of the clinic's table starts it."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.records.settings import SealSettings
from functions.records.usecases.access_seals import seal_entries
from scanward.clock import now
from scanward.logs import log_failures
from scanward.settings import load_settings
from scanward.stores.access_log import SealStore, sealed_row_of

log = Logger(service="seal")
seals = SealStore(load_settings(SealSettings).clinic_table)


@log_failures(log)
def seal_batch(records: list[dict[str, Any]]) -> int | None:
    """Seal a batch of new entries, each log once; the position of the first that failed."""
    return seal_entries(seals, [sealed_row_of(record["dynamodb"]) for record in records], now())


def app(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Return the first record that could not be sealed, so that it comes again with all behind it."""
    records = event["Records"]
    position = seal_batch(records)
    log.info("sealed", extra={"entries": len(records), "failed_at": position})
    if position is None:
        return {"batchItemFailures": []}
    return {"batchItemFailures": [{"itemIdentifier": records[position]["dynamodb"]["SequenceNumber"]}]}
