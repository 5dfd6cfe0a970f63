"""The three routes of the WebSocket API (proxy integration): $connect, $disconnect and all messages."""

from collections.abc import Mapping
from typing import Any

from functions.realtime import usecases
from functions.realtime.usecases import Realtime
from scanward.errors import ScanwardError, TooManyRequests
from scanward.web.families import Family

Reply = dict[str, Any]


def answer(realtime: Realtime, event: Mapping[str, Any]) -> Reply:
    """Answers one event. A refused handshake carries the status that an HTTP request would have got."""
    context = event["requestContext"]
    try:
        if context["eventType"] == "CONNECT":
            query = event.get("queryStringParameters") or {}
            named = [part.strip() for part in query.get("task_ids", "").split(",") if part.strip()]
            usecases.connect(realtime, context["connectionId"], query.get("token", ""), named)
        elif context["eventType"] == "DISCONNECT":
            usecases.disconnect(realtime, context["connectionId"])
        else:
            usecases.hear(realtime, context["connectionId"], event.get("body"))
    except ScanwardError as refusal:
        status, body = Family.ENVELOPE.refuse(refusal)
        headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooManyRequests) else {}
        return {"statusCode": status, "headers": headers, "body": body}
    return {"statusCode": 200}
