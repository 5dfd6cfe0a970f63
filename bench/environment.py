"""What the functions find around them in a benchmark: requests, AWS from memory, settings; and the machine."""

import io
import logging
import os
import platform
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSResponse

from tests.support.cloud import BUCKET, REGION, SECRET, TABLES

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "layers" / "model" / "models"
SETTINGS = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
    "BUCKET": BUCKET,
    "TOKEN_KEYS_SECRET": SECRET,
    "OWN_DATA_QUEUE_URL": "https://sqs.example.org/own-data",
    "MAIL_QUEUE_URL": "https://sqs.example.org/mail",
    "SIGN_IN_CALLS_PER_MINUTE": "300",
    "SIGN_IN_FAILURES_PER_MINUTE": "10",
    "PUBLIC_CALLS_PER_MINUTE": "100000",
    "REQUESTS_PER_MINUTE": "100",
    "REFERENCE_MODELS": "on",
    "UPLOADS_PER_WINDOW": "20",
    "GLASSES_PER_DAY": "10",
    "HIGH_PER_PATIENT": "3",
    "HIGH_PER_PROFESSIONAL": "6",
    "HIGH_AT_ONCE": "10",
    "MEDIUM_AT_ONCE": "5",
    "LOW_AT_ONCE": "2",
    "ALLOWED_ORIGINS": "https://app.example.org",
    "HIGH_QUEUE_URL": "https://sqs.example.org/high",
    "MEDIUM_QUEUE_URL": "https://sqs.example.org/medium",
    "LOW_QUEUE_URL": "https://sqs.example.org/low",
    "HIGH_ARRIVALS_URL": "https://sqs.example.org/high-arrivals",
    "MEDIUM_ARRIVALS_URL": "https://sqs.example.org/medium-arrivals",
    "LOW_ARRIVALS_URL": "https://sqs.example.org/low-arrivals",
    "WEBSOCKET_API_ID": "api",
    "WEBSOCKET_STAGE": "live",
    **TABLES,
}


def settle() -> None:
    """Set the environment that the handlers read, and no more of AWS than that."""
    os.environ.update(SETTINGS)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    os.environ.pop("AWS_PROFILE", None)


@contextmanager
def silent(*services: str) -> Iterator[None]:
    """Let the handlers' log lines be written, as they are in Lambda, but to nowhere."""
    handlers = [handler for service in services for handler in logging.getLogger(service).handlers]
    streams = [handler for handler in handlers if isinstance(handler, logging.StreamHandler)]
    with open(os.devnull, "w") as nowhere:
        before = [handler.setStream(nowhere) for handler in streams]
        try:
            yield
        finally:
            for handler, stream in zip(streams, before, strict=True):
                handler.setStream(stream)


def machine() -> str:
    """Describe the machine in general terms: cores, processor family, Python."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-GB,en;q=0.9",
    "Host": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
    "Origin": "https://app.example.org",
    "Referer": "https://app.example.org/scans",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "X-Amzn-Trace-Id": "Root=1-67f1c0de-0123456789abcdef01234567",
    "X-Forwarded-For": "192.0.2.1",
    "X-Forwarded-Port": "443",
    "X-Forwarded-Proto": "https",
}


def request(method: str, resource: str, parameters: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
    """Return an event without a body."""
    path = resource.format(**parameters)
    all_headers = {**HEADERS, **headers}
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": all_headers,
        "multiValueHeaders": {name: [value] for name, value in all_headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "resourceId": "abc123",
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/live{path}",
            "protocol": "HTTP/1.1",
            "stage": "live",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTimeEpoch": 1_763_700_000_000,
            "domainName": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": HEADERS["User-Agent"]},
        },
        "body": None,
        "isBase64Encoded": False,
    }


Answer = Callable[[Any], bytes]
"""The request as it would be sent → the body that comes back."""


class _Raw(io.BytesIO):
    """A body as urllib3 hands it over."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class NoAnswer(Exception):
    """A call for which no answer was prepared: nothing here may reach a network."""


@contextmanager
def answer_from_memory(client: Any, answers: Mapping[str, Answer]) -> Iterator[None]:
    """Answer a client from memory while this lasts, by operation, such as `GetItem`.

    Anything else raises Unanswered.
    """
    events, event = client.meta.events, f"before-send.{client.meta.service_model.service_id.hyphenize()}"
    handler = _handler(answers)
    events.register_first(event, handler)
    try:
        yield
    finally:
        events.unregister(event, handler)


def _handler(answers: Mapping[str, Answer]) -> Callable[..., AWSResponse]:
    def give(request: Any, event_name: str, **_: Any) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        if operation not in answers:
            raise NoAnswer(event_name)
        body = answers[operation](request)
        headers: Any = {
            "Content-Type": "application/x-amz-json-1.0",
            "Content-Length": str(len(body)),
            "x-amzn-RequestId": "K3VQ7N0E5T1F4S9R8P2L6M0C1BVV4KQNSO5AEMVJF66Q9ASUAAJG",
            "x-amz-crc32": str(zlib.crc32(body)),
        }
        raw: Any = _Raw(body)
        return AWSResponse(request.url, 200, headers, raw)

    return give
