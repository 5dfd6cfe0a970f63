"""A warm, authenticated `GET /scans/{scan_id}` by its owner, against a bare function and FastAPI."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from bench import inputs
from bench.environment import answer_from_memory, silent
from bench.peers import fastapi_app
from bench.peers.bare import Bare
from bench.report import Report, times, verdict
from bench.timing import Measurement, Subject, in_turns
from functions.scans.handler import app
from scanward.stores.clients import secrets_manager
from scanward.stores.dynamo import connection
from tests.support.cloud import KEY, TABLES

AT_MOST = 1.20
OURS, BARE, LOOP, THREADS = "Scanward", "bare function", "FastAPI, async views", "FastAPI, plain views"


def measure(rounds: int = 60, calls: int = 12) -> Report:
    """Time, and how many times as much as the bare function."""
    event, bare = inputs.read_event(), Bare(TABLES["ACCOUNTS_TABLE"], TABLES["SCANS_TABLE"], KEY)
    handlers = {OURS: app, BARE: bare, LOOP: _fastapi(in_loop=True), THREADS: _fastapi(in_loop=False)}
    subjects = {name: _call(handler, event) for name, handler in handlers.items()}
    with aws_from_memory(bare.client, *fastapi_app.clients()):
        _alike(subjects)
        measurement = in_turns(subjects, rounds, calls)
    return _report(measurement)


@contextmanager
def aws_from_memory(*others: Any) -> Iterator[None]:
    """Answer for DynamoDB and Secrets Manager from memory, for Scanward and for other clients."""
    with ExitStack() as stack:
        stack.enter_context(silent("scans"))
        stack.enter_context(answer_from_memory(secrets_manager(), {"GetSecretValue": inputs.secret}))
        for client in (connection().client, *others):
            stack.enter_context(answer_from_memory(client, inputs.answers()))
        yield


def _fastapi(*, in_loop: bool) -> Any:
    return fastapi_app.handler(in_loop=in_loop)


def _call(handler: Any, event: dict[str, Any]) -> Subject:
    return lambda: handler(event, None)


def _alike(subjects: Mapping[str, Subject]) -> None:
    """Refuse to compare what does not do the same."""
    replies: dict[str, Any] = {name: subject() for name, subject in subjects.items()}
    first_body = json.loads(replies[OURS]["body"])
    for name, answer in replies.items():
        if answer["statusCode"] != 200 or json.loads(answer["body"]) != first_body:
            raise AssertionError(f"{name} answers otherwise: {answer['statusCode']} {answer['body'][:400]}")


def _report(measurement: Measurement) -> Report:
    rows = []
    for name in measurement.rounds:
        ratio, budget, outcome = measurement.ratio(name, BARE), "", ""
        if name == OURS:
            under = measurement.ratio(OURS, LOOP).median < 1 and measurement.ratio(OURS, THREADS).median < 1
            budget = f"{AT_MOST}, and under FastAPI"
            outcome = verdict(ratio.median if under else AT_MOST + 1, AT_MOST)
        rows.append((name, f"{measurement.micros(name):.0f}", times(ratio), budget, outcome))
    columns = ("warm `GET /scans/{scan_id}`", "CPU µs", "× bare", "budget", "")
    note = "The bare function neither routes, renders CORS headers nor logs; FastAPI has no CORS and no log either."
    return Report("Reading a scan", columns, rows, [note])
