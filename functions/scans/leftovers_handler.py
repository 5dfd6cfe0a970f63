"""Wires the removal of leftovers and exports it to Lambda; a schedule starts it four times a day."""

from typing import Any

from aws_lambda_powertools import Logger

from functions.scans.leftovers import LeftoverDeps, purge_leftovers
from functions.scans.settings import LeftoverSettings
from scanward import clock
from scanward.settings import load_settings
from scanward.stores.dynamo import StoreClock
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanListStore

settings = load_settings(LeftoverSettings)
log = Logger(service="leftovers")
deps = LeftoverDeps(
    lists=ScanListStore(settings.scans_table),
    objects=ObjectStore(settings.bucket),
    purger=Purger(settings.bucket),
    now=StoreClock(clock.now).now,
)


def app(event: dict[str, Any], context: object) -> dict[str, int]:
    """Return one run; the answer counts what was done."""
    counts = purge_leftovers(deps)
    log.info("leftovers removed", extra=counts)
    return counts
