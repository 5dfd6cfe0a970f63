"""Wires keeping sockets alive and exports it to Lambda; a schedule starts it each minute."""

from typing import Any

from aws_lambda_powertools import Logger

from functions.realtime.settings import SocketSettings, connection_deps
from functions.realtime.usecases.connections import keep_alive
from scanward.settings import load_settings

log = Logger(service="keep-alive")
deps = connection_deps(load_settings(SocketSettings))


def app(event: dict[str, Any], context: object) -> dict[str, int]:
    """Return one round; the answer counts what was done."""
    counts = keep_alive(deps)
    log.info("kept alive", extra=counts)
    return counts
