"""Wires the WebSocket API's routes and exports them to Lambda."""

from functools import partial
from typing import Any

from aws_lambda_powertools import Logger

from functions.realtime.routes import answer
from functions.realtime.settings import Settings
from functions.realtime.usecases import Realtime
from scanward.clock import now
from scanward.security.gate import Gate
from scanward.security.tokens import Tokens
from scanward.settings import Environment
from scanward.stores.connections import ConnectionStore
from scanward.stores.gate import GateStore
from scanward.stores.scans import ScanStore
from scanward.stores.secrets import read_token_keys
from scanward.stores.sockets import Sockets

settings = Settings.read(Environment())
log = Logger(service="realtime")
tokens = Tokens(partial(read_token_keys, settings.token_keys_secret), now)
realtime = Realtime(
    Gate(GateStore(settings.accounts_table), tokens, settings.requests_per_minute, now),
    tokens,
    ScanStore(settings.scans_table),
    ConnectionStore(settings.connections_table, settings.scans_table),
    Sockets(settings.websocket_api_id, settings.websocket_stage, settings.region),
    now,
)


def app(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answers one WebSocket event; tokens are in its query and are never logged."""
    reply = answer(realtime, event)
    log.info("socket", extra={"event_type": event["requestContext"]["eventType"], "status": reply["statusCode"]})
    return reply
