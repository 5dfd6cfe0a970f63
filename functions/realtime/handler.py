"""Wires the WebSocket API's routes and exports them to Lambda."""

from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from functions.realtime.routes import answer
from functions.realtime.settings import Settings, connection_deps
from functions.realtime.usecases.dependencies import RealtimeDeps
from scanward.clock import now
from scanward.logs import log_failure
from scanward.security.access import Access
from scanward.security.authentication import Authenticator
from scanward.security.rate_limits import SenderRateLimiter
from scanward.security.tokens import Tokens
from scanward.settings import load_settings
from scanward.stores.care import CareStore
from scanward.stores.scans import ScanListStore, ScanStore
from scanward.stores.secrets import read_token_keys

settings = load_settings(Settings)
log = Logger(service="realtime")
tokens = Tokens(partial(read_token_keys, settings.token_keys_secret), now)
scans = ScanStore(settings.sockets.scans_table)
connections = connection_deps(settings.sockets)
deps = RealtimeDeps(
    connections=connections,
    authenticator=Authenticator(
        connections.sessions,
        tokens,
        settings.requests_per_minute,
        now,
        administrators_enrol=settings.administrators_enrol,
    ),
    tokens=tokens,
    scans=scans,
    lists=ScanListStore(settings.sockets.scans_table),
    access=Access(CareStore(settings.clinic_table), now),
    limit=settings.requests_per_minute,
    origins=frozenset(settings.allowed_origins),
    sender_limiter=SenderRateLimiter(settings.public_calls_per_minute, now),
    mark=settings.distribution_mark,
)


def app(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one WebSocket event; tokens are in its query and are never logged."""
    try:
        reply = answer(deps, event)
    except Exception as failure:  # its message may hold what a client sent, and Lambda would log it
        log_failure(log, failure)
        reply = {"statusCode": 500}
    log.info("socket", extra={"event_type": event["requestContext"]["eventType"], "status": reply["statusCode"]})
    return reply
