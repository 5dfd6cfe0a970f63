"""Sends a sample event to a function of the local stack, and reads what functions logged."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import ClientError

from infra.local.places import STACK_NAME
from infra.local.refusal import LocalRefused
from infra.local.sessions import functions, logs


def invoke(endpoint: str, function: str, event: Path) -> tuple[str, str]:
    """What the function answered (JSON, indented) and logged. `function` is a short name, such as scans."""
    try:
        payload = event.read_bytes()
        json.loads(payload)
    except OSError as missing:
        hint = "make invoke FN=portal EVENT=events/portal-health.json; events/ holds a sample for each function."
        raise LocalRefused(f"There is no event in {str(event)!r}.", hint) from missing
    except ValueError as broken:
        raise LocalRefused(f"{event} is not JSON.") from broken
    try:
        said = functions(endpoint).invoke(FunctionName=f"{STACK_NAME}-{function}", Payload=payload, LogType="Tail")
    except ClientError as failure:
        raise LocalRefused(f"{function!r} could not be invoked: {failure}", _known(endpoint)) from failure
    answer = json.loads(said["Payload"].read() or b"null")
    return json.dumps(answer, indent=2, ensure_ascii=False), base64.b64decode(said.get("LogResult", "")).decode()


def logged(endpoint: str, function: str, follow: bool) -> Iterator[str]:
    """The function's log lines, oldest first; with `follow`, new ones as they come, without end."""
    # MiniStack gives events no id: what tells them apart is the whole of them.
    client, since, seen = logs(endpoint), 0, set[tuple[object, ...]]()
    while True:
        try:
            pages = client.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{STACK_NAME}-{function}", startTime=since
            )
            events = [event for page in pages for event in page["events"]]
        except ClientError as failure:
            raise LocalRefused(f"{function!r} has no log.", _known(endpoint)) from failure
        for event in sorted(events, key=lambda event: event["timestamp"]):
            told_apart = (event["timestamp"], event["logStreamName"], event["message"])
            if told_apart not in seen:
                seen.add(told_apart)
                since = event["timestamp"]
                yield event["message"].rstrip("\n")
        if not follow:
            return
        time.sleep(1)


def _known(endpoint: str) -> str:
    pages = functions(endpoint).get_paginator("list_functions").paginate()
    prefix = f"{STACK_NAME}-"
    names = [f["FunctionName"].removeprefix(prefix) for page in pages for f in page["Functions"]]
    return f"Functions: {', '.join(sorted(names))}" if names else "No stack is deployed: make run"
