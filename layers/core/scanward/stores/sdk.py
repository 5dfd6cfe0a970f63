"""How long the SDK may take, how often it tries, and what its failures are to us.

A service may refuse, be silent, close the connection, or give half of an answer. Each of these is Unavailable, within
five seconds in all: a caller is told to come again before the gateway gives up.
"""

import json
import random
import re
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ResponseStreamingError
from botocore.model import OperationModel
from botocore.parsers import ResponseParserError
from botocore.retries.standard import RetryEventAdapter, StandardRetryConditions

from scanward.errors import Unavailable

CONNECT_SECONDS = 1.0
READ_SECONDS = 1.5
"""Without a byte: what arrives slowly, but arrives, is not cut off."""
MAX_TRIES = 3
REQUEST_SECONDS = 4.5
"""For all calls of one request; a client that waits longer for each byte has three times that for a call."""
LEAST_SECONDS = 1.0
"""With less than this left, a request begins no further call."""
RETRY_SECONDS = 0.1
"""Before the second try, give or take a half; three times as long before the third."""

FAILURES = (BotoCoreError, ClientError, ResponseParserError)
"""All that the SDK raises when a service fails."""

_RESULT = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:\w+:)?\w+Result\b")
"""What a good answer of S3 begins with, where it has a body."""
_ENDS = "scanward.ends"
_BEGAN = "scanward.began"
_IS_HALF = "scanward.half"
_spent: ContextVar[list[float] | None] = ContextVar("spent", default=None)
_conditions = StandardRetryConditions(MAX_TRIES)
_adapter = RetryEventAdapter()


@contextmanager
def failures_mapped(to: type[Unavailable] = Unavailable) -> Iterator[None]:
    """Raise `to` for every failure of the SDK inside, with the original as its cause."""
    try:
        yield
    except FAILURES as failure:
        raise to from failure


@contextmanager
def time_limited() -> Iterator[None]:
    """Limit all calls inside to `REQUEST_SECONDS` together. Without it each call has that time for itself."""
    token = _spent.set([0.0])
    try:
        yield
    finally:
        _spent.reset(token)


def register_limits(events: Any) -> None:
    """Have clients with these events try again as this module says, and refuse half of an answer."""
    events.register("before-call", _begin)
    events.register("needs-retry", _retry_delay)
    events.register("before-parse", _drop_half)
    events.register("after-call", _end)
    events.register("after-call-error", _end_failed)


def _begin(context: dict[str, Any], **_: Any) -> None:
    now, spent = time.monotonic(), _spent.get()
    seconds = MAX_TRIES * context["client_config"].read_timeout
    if spent is not None:
        left = REQUEST_SECONDS - spent[0]
        seconds = min(seconds, left)
        if left < LEAST_SECONDS:
            raise ConnectTimeoutError(endpoint_url="a service, of whose time none is left to this request")
    context[_BEGAN], context[_ENDS] = now, now + seconds


def _retry_delay(
    response: tuple[AWSResponse, Any] | None,
    operation: OperationModel,
    attempts: int,
    request_dict: dict[str, Any],
    **event: Any,
) -> float | None:
    """Return the seconds until the next try; None when there is none."""
    if response is not None and response[0].status_code < 300:
        is_worth_a_try = _IS_HALF in response[1] and attempts < MAX_TRIES
    else:
        retry = _adapter.create_retry_context(
            response=response, operation=operation, attempts=attempts, request_dict=request_dict, **event
        )
        is_worth_a_try = _conditions.is_retryable(retry)
    if not is_worth_a_try:
        return None
    context = request_dict["context"]
    delay = RETRY_SECONDS * 3 ** (attempts - 1) * random.uniform(0.5, 1.5)
    last_end = time.monotonic() + delay + context["client_config"].read_timeout
    return delay if last_end <= context.get(_ENDS, last_end) else None


def _end(parsed: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
    _count(context)
    if _IS_HALF in parsed:
        raise ResponseStreamingError(error="the answer ends before its time")


def _end_failed(context: dict[str, Any], **_: Any) -> None:
    _count(context)


def _count(context: dict[str, Any]) -> None:
    spent = _spent.get()
    if spent is not None and _BEGAN in context:
        spent[0] += time.monotonic() - context[_BEGAN]


def _drop_half(
    operation_model: OperationModel, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Have botocore parse nothing instead of half: it takes some of that for an empty answer, and fails on the rest."""
    status = response_dict["status_code"]
    if _is_whole(status, response_dict["headers"], response_dict["body"], operation_model):
        return
    response_dict["body"] = b"{}" if _speaks_json(operation_model) else b""
    if status < 300:
        customized_response_dict[_IS_HALF] = True


def _is_whole(status: int, headers: Mapping[str, str], body: Any, operation: OperationModel) -> bool:
    if operation.has_streaming_output:
        return True
    if not _speaks_json(operation):
        return status >= 300 or not _has_body(operation) or bool(_RESULT.match(body))
    checksum = headers.get("x-amz-crc32", "")
    if checksum.isdecimal():
        return zlib.crc32(body) == int(checksum)
    if not body:
        return status >= 300 or not _has_body(operation)
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _speaks_json(operation: OperationModel) -> bool:
    return "json" in operation.service_model.resolved_protocol


def _has_body(operation: OperationModel) -> bool:
    """Tell whether a good answer has a body: whether anything of it stands there, and not in headers."""
    shape = operation.output_shape
    return shape is not None and any("location" not in member.serialization for member in shape.members.values())
