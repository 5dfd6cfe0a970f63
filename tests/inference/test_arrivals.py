"""What queue messages mean, genuine and forged."""

import json
from typing import Any

import pytest

from functions.inference.arrivals import Arrival, Unexpected, arrivals

BUCKET = "images"


def event(key: str = "uploads/high/1/2", bucket: str = BUCKET, **thing: Any) -> str:
    return json.dumps({"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": key, **thing}}}]})


def test_an_uploads_event_is_read() -> None:
    assert arrivals(event(versionId="v1"), BUCKET) == [Arrival("uploads/high/1/2", "v1", 1, 2)]
    assert arrivals(event("uploads%2Fhigh%2F1%2F2"), BUCKET) == [Arrival("uploads/high/1/2", None, 1, 2)]


def test_s3s_own_test_event_is_nothing() -> None:
    assert arrivals('{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "images"}', BUCKET) == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[" * 100_000,
        "[]",
        "{}",
        '{"Records": {}}',
        '{"Records": []}',
        '{"Records": [null]}',
        '{"Records": [{"s3": {"bucket": {"name": "images"}, "object": {"key": 7}}}]}',
        event(bucket="elsewhere"),
        event("derived/1/preview.jpg"),
        event("uploads/high/../../2"),
        event("uploads/high/1"),
    ],
)
def test_anything_else_is_set_aside(body: str) -> None:
    [found] = arrivals(body[:200_000], BUCKET)
    assert isinstance(found, Unexpected)
