"""What the functions find around them while they are measured, and on what machine that is."""

import logging
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    "REQUESTS_PER_MINUTE": "100",
    "UPLOADS_PER_WINDOW": "20",
    "HIGH_AT_ONCE": "10",
    "MEDIUM_AT_ONCE": "5",
    "LOW_AT_ONCE": "2",
    "ALLOWED_ORIGINS": "https://app.example.org",
    "HIGH_QUEUE_URL": "https://sqs.example.org/high",
    "MEDIUM_QUEUE_URL": "https://sqs.example.org/medium",
    "LOW_QUEUE_URL": "https://sqs.example.org/low",
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
