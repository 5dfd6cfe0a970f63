"""The three routes of the WebSocket API (proxy integration): $connect, $disconnect and all messages."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from functions.realtime import schemas
from functions.realtime.usecases import handshake, subscriptions
from functions.realtime.usecases.dependencies import RealtimeDeps
from functions.realtime.usecases.handshake import Handshake
from scanward.errors import NotAuthenticated, ScanwardError, TooManyRequests
from scanward.security.rate_limits import sender_address
from scanward.web.families import Family

Reply = dict[str, Any]
OK_REPLY: Reply = {"statusCode": 200}


def answer(deps: RealtimeDeps, event: Mapping[str, Any]) -> Reply:
    """Answer one event. A refused handshake carries the status that an HTTP request would have got."""
    kind, connection_id = event["requestContext"]["eventType"], event["requestContext"]["connectionId"]
    try:
        if kind == "CONNECT":
            handshake.connect(deps, _handshake(connection_id, event, deps.mark))
        elif kind == "DISCONNECT":
            handshake.disconnect(deps, connection_id)
        else:
            _handle_message(deps, connection_id, event.get("body"))
    except ScanwardError as refusal:
        status, body = Family.ENVELOPE.error_body(refusal)
        headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooManyRequests) else {}
        return {"statusCode": status, "headers": headers, "body": body}
    return OK_REPLY


def _handshake(connection_id: str, event: Mapping[str, Any], mark: str | None) -> Handshake:
    query = event.get("queryStringParameters") or {}
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    task_ids = [part.strip() for part in query.get("task_ids", "").split(",") if part.strip()]
    source = str(event["requestContext"].get("identity", {}).get("sourceIp", ""))
    return Handshake(
        connection_id=connection_id,
        token=query.get("token", ""),
        task_ids=task_ids,
        origin=headers.get("origin"),
        address=sender_address(headers, source, mark),
    )


def _handle_message(deps: RealtimeDeps, connection_id: str, body: object) -> None:
    ends = False
    try:
        watching = subscriptions.handle_message(deps, connection_id, partial(schemas.read_message, body))
        payload = schemas.watching(watching) if watching else schemas.PONG
    except (NotAuthenticated, subscriptions.MessageRateExceeded) as over:
        payload, ends = schemas.error_message(over), True
    except ScanwardError as error:
        payload = schemas.error_message(error)
    subscriptions.reply(deps, connection_id, payload, ends=ends)
