"""Wires the sweeper and exports it to Lambda; a schedule starts it each minute."""

from typing import Any

from aws_lambda_powertools import Logger

from functions.scans.settings import SweepSettings
from functions.scans.sweeper import SweepDeps, sweep
from scanward import clock
from scanward.metrics import Metric, emit, emit_failure
from scanward.settings import load_settings
from scanward.stores.dynamo import StoreClock
from scanward.stores.queues import PriorityQueues
from scanward.stores.s3 import ObjectStore
from scanward.stores.scans import ScanStore

settings = load_settings(SweepSettings)
log = Logger(service="sweep")
deps = SweepDeps(
    scans=ScanStore(settings.scans_table),
    objects=ObjectStore(settings.bucket),
    lanes=PriorityQueues(settings.queue_urls),
    arrivals=PriorityQueues(settings.arrival_urls),
    now=StoreClock(clock.now).now,
    on_failure=emit_failure,
)


def app(event: dict[str, Any], context: object) -> dict[str, int]:
    """Return one sweep; the answer counts what was done."""
    counts = sweep(deps)
    log.info("swept", extra=counts)
    emit({Metric(f"Sweep{what.capitalize()}"): count for what, count in counts.items()})
    return counts
