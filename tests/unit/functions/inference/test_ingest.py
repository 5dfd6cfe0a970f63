"""What queue messages mean, genuine and forged."""

import json
from typing import Any

import pytest

from functions.inference.ingest import ExternalUpload, UnexpectedObject, UploadedObject, parse_message
from scanward.domain.object_keys import ExternalPrefix
from scanward.domain.orders import Priority

BUCKET = "images"


def event(key: str = "uploads/high/1/2", bucket: str = BUCKET, **thing: Any) -> str:
    return json.dumps({"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": key, **thing}}}]})


def test_an_uploads_event_is_read() -> None:
    assert parse_message(event(versionId="v1"), BUCKET) == [UploadedObject(1, 2, "uploads/high/1/2", "v1")]
    assert parse_message(event("uploads%2Fhigh%2F1%2F2"), BUCKET) == [UploadedObject(1, 2, "uploads/high/1/2")]


def test_our_own_word_about_a_task_is_read() -> None:
    assert parse_message('{"analysis": {"scan_id": 1, "task_id": 2}}', BUCKET) == [UploadedObject(1, 2)]


def test_a_delivery_is_read_with_its_lane_and_account() -> None:
    key = "uploads/low/incoming/7/a%2Fb+c/..%2Fd.dcm"
    expected = ExternalUpload(ExternalPrefix(Priority.LOW, 7), "uploads/low/incoming/7/a/b c/../d.dcm", "v1")
    assert parse_message(event(key, versionId="v1"), BUCKET) == [expected]


def test_s3s_own_test_event_is_nothing() -> None:
    assert parse_message('{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "images"}', BUCKET) == []


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
        event("uploads/high/incoming/x/a"),
        event("uploads/high/incoming/7/"),
        event("uploads/high/incoming/99999999999999999/a"),
        event("uploads/urgent/incoming/7/a"),
        '{"analysis": {"scan_id": 1}}',
        '{"analysis": 1}',
        '{"analysis": {"scan_id": "x", "task_id": 2}}',
    ],
)
def test_anything_else_is_set_aside(body: str) -> None:
    [found] = parse_message(body[:200_000], BUCKET)
    assert isinstance(found, UnexpectedObject)
