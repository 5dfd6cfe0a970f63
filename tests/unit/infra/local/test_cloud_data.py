"""The embedded cloud's data, put right before it reads it again."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.local.cloud import prepare

QUEUE = "http://localhost:%d/000000000000/high"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return data as it was written on port 4566."""
    prepare(tmp_path, 4566)
    positions = {"data": {"000000000000\0us-east-1\0'push'": 37}}
    payload = {"functions": {"kept": True}, "dynamodb_stream_positions": positions}
    (tmp_path / "state" / "lambda.json").write_text(json.dumps({"payload": payload}))
    (tmp_path / "state" / "sqs.json").write_text(json.dumps({"url": QUEUE % 4566}))
    return tmp_path


def read(state: Path, name: str) -> Any:
    return json.loads((state / "state" / name).read_text())


def test_streams_are_read_from_their_beginning_and_the_rest_is_kept(state: Path) -> None:
    prepare(state, 4566)
    payload = read(state, "lambda.json")["payload"]
    assert payload == {"functions": {"kept": True}, "dynamodb_stream_positions": {"data": {}}}
    assert read(state, "sqs.json") == {"url": QUEUE % 4566}


def test_queues_move_with_the_port_and_back(state: Path) -> None:
    prepare(state, 4600)
    assert read(state, "sqs.json") == {"url": QUEUE % 4600}
    prepare(state, 4566)
    assert read(state, "sqs.json") == {"url": QUEUE % 4566}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"payload": 7}'])
def test_state_of_another_shape_is_left_alone(state: Path, content: str) -> None:
    file = state / "state" / "lambda.json"
    file.write_text(content)
    prepare(state, 4566)
    assert file.read_text() == content
