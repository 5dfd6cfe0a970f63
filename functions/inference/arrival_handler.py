"""Wires the taking in of what has come into the bucket and exports it to Lambda; S3 starts it by three queues."""

from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from functions.inference.arrivals import SET_ASIDE, ArrivalDeps, take_in
from functions.inference.ingest import IngestDeps
from functions.inference.settings import ArrivalSettings
from scanward import clock
from scanward.logs import log_failure
from scanward.metrics import Metric, emit
from scanward.security.access import Access
from scanward.settings import load_settings
from scanward.stores.care import CareStore
from scanward.stores.dynamo import StoreClock
from scanward.stores.idempotency import IdempotencyStore
from scanward.stores.queues import PriorityQueues
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanStore
from scanward.stores.sessions import SessionStore

settings = load_settings(ArrivalSettings)
log = Logger(service="arrivals")
now = StoreClock(clock.now).now
deps = ArrivalDeps(
    ingest=IngestDeps(
        scans=ScanStore(settings.scans_table),
        objects=ObjectStore(settings.bucket),
        sessions=SessionStore(settings.accounts_table),
        idempotency=IdempotencyStore(settings.scans_table),
        now=now,
        fresh_id=clock.fresh_id,
    ),
    access=Access(CareStore(settings.clinic_table), now),
    lanes=PriorityQueues(settings.queue_urls),
    purger=Purger(settings.bucket),
    bucket=settings.bucket,
)


def app(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Handle one batch of announcements; failed ones are named, so that only they come again."""
    bodies = {record["messageId"]: record["body"] for record in event["Records"]}
    batch = take_in(deps, bodies, partial(log_failure, log))
    log.info("taken in", extra={"outcomes": dict(batch.outcomes), "failed": len(batch.to_resend)})
    if batch.outcomes[SET_ASIDE]:
        emit({Metric.OBJECTS_QUARANTINED: batch.outcomes[SET_ASIDE]})
        log.error("set aside", extra={"objects": batch.outcomes[SET_ASIDE]})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in batch.to_resend]}
