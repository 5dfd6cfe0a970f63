"""What all tests share: an environment without secrets, an AWS in the process, a client of the whole API."""

import os
from collections.abc import Iterator

import pytest

from tests.cloud import BUCKET, LANES, REGION, ROOT, SECRET, TABLES

BUILDING = ("stack", "infra", "bench")
"""Folders of tests that build and deploy: one process runs them all, since they share a cache and a cloud."""

os.environ.update(
    {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "BUCKET": BUCKET,
        "TOKEN_KEYS_SECRET": SECRET,
        "REQUESTS_PER_MINUTE": "100",
        "UPLOADS_PER_WINDOW": "20",
        **{f"{lane}_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/{lane.lower()}" for lane in LANES},
        **{f"{lane}_AT_ONCE": "2" for lane in LANES},
        "OWN_DATA_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/own-data",
        "MAIL_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/mail",
        "SIGN_IN_CALLS_PER_MINUTE": "300",
        "SIGN_IN_FAILURES_PER_MINUTE": "10",
        "ALLOWED_ORIGINS": "https://app.example.org",
        **TABLES,
    }
)
os.environ.pop("AWS_ENDPOINT_URL", None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests stay in one process, and so do all that build; these take longest, so they come first."""
    for item in items:
        within = item.path.relative_to(ROOT / "tests")
        item.add_marker(pytest.mark.xdist_group("building" if within.parts[0] in BUILDING else str(within)))
    items.sort(key=lambda item: item.path.relative_to(ROOT / "tests").parts[0] not in BUILDING)


@pytest.fixture
def aws() -> Iterator[None]:
    """An empty AWS with the template's tables, bucket and secret."""
    from tests.cloud import cloud

    with cloud():
        yield
