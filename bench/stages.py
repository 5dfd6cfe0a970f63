"""Where the time of that request goes: a stopwatch at each stage, inside of whole requests, ours and the bare one's."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any

from aws_lambda_powertools import Logger

from bench import inputs
from bench.peers import bare as peer
from bench.reading import aws_from_memory
from bench.report import Report
from functions.scans.handler import deps as wired
from functions.scans.routes import routes
from functions.scans.usecases.dependencies import ScanDeps
from scanward.clock import now
from scanward.domain.tokens import SigningKey, TokenKeys
from scanward.security.authentication import Authenticator
from scanward.security.tokens import Tokens
from scanward.stores.scans import ScanStore
from scanward.stores.sessions import SessionStore
from scanward.web.api import Api, Edge
from scanward.web.responses import Cors
from scanward.web.routes import Routes
from tests.support.cloud import KEY, TABLES

WHOLE, REST = "the whole request", "router, parsing, rendering, headers"
TOKEN, GATE, READ, VIEW, LOG = "token", "gate update", "read of the scan", "policy and answer model", "log line"


class Watch:
    """CPU microseconds by stage, of the request under way."""

    def __init__(self) -> None:
        self.times: dict[str, float] = defaultdict(float)

    def over(self, thing: Any, method: str, stage: str) -> Any:
        """Return the thing, with a stopwatch over one of its methods."""
        setattr(thing, method, self.time_work(stage, getattr(thing, method)))
        return thing

    def time_work(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the same work, timed."""

        def run(*arguments: Any, **keywords: Any) -> Any:
            start = time.process_time_ns()
            try:
                return work(*arguments, **keywords)
            finally:
                self.times[stage] += (time.process_time_ns() - start) / 1000

        return run


def measure(requests: int = 600) -> Report:
    """Return CPU of each stage of both, request by request in turns."""
    event, watches = inputs.read_event(), (Watch(), Watch())
    bare = _bare(watches[1])
    handlers: tuple[Callable[..., Any], ...] = (_ours(watches[0]), bare)
    wholes = [watch.time_work(WHOLE, handler) for watch, handler in zip(watches, handlers, strict=True)]
    rounds_of_both: tuple[list[dict[str, float]], ...] = ([], [])
    with aws_from_memory(bare.client):
        for turn in range(requests):
            for watch, whole, rounds in zip(watches, wholes, rounds_of_both, strict=True):
                watch.times.clear()
                whole(event, None)
                if turn:
                    rounds.append(dict(watch.times))
    return _report(*(partial(_median, rounds) for rounds in rounds_of_both))


def _ours(watch: Watch) -> Api[ScanDeps]:
    """Wire the API as functions/scans/handler.py does."""
    tokens = watch.over(Tokens(lambda: TokenKeys((SigningKey("k1", KEY),)), now), "verify", TOKEN)
    gate = Authenticator(watch.over(SessionStore(TABLES["ACCOUNTS_TABLE"]), "count_request", GATE), tokens, 100, now)
    scans = watch.over(ScanStore(TABLES["SCANS_TABLE"]), "get", READ)
    log = watch.over(Logger(service="scans"), "info", LOG)
    timed_routes = Routes[ScanDeps](routes.tag, routes.family)
    timed_routes.table = [replace(route, view=watch.time_work(VIEW, route.view)) for route in routes.table]
    return Api(
        timed_routes, replace(wired, scans=scans, tokens=tokens), Edge(gate, Cors(["https://app.example.org"]), log)
    )


def _bare(watch: Watch) -> peer.Bare:
    bare = peer.Bare(TABLES["ACCOUNTS_TABLE"], TABLES["SCANS_TABLE"], KEY)
    for method, stage in (("verify", TOKEN), ("enter", GATE), ("read", READ)):
        watch.over(bare, method, stage)
    return bare


def _median(rounds: list[dict[str, float]], stage: str) -> float:
    return median(times.get(stage, 0.0) for times in rounds)


def _report(ours: Callable[[str], float], bare: Callable[[str], float]) -> Report:
    own = {stage: ours(stage) for stage in (TOKEN, GATE, READ, VIEW, LOG)}
    own[VIEW] -= own[READ]
    own[REST] = ours(WHOLE) - sum(own.values())
    other = {stage: bare(stage) for stage in (TOKEN, GATE, READ)}
    other[REST] = bare(WHOLE) - sum(other.values())
    own[WHOLE], other[WHOLE] = ours(WHOLE), bare(WHOLE)
    rows = [_row(stage, seconds, other.get(stage, 0.0), own[WHOLE]) for stage, seconds in own.items()]
    return Report("Where the time of a read goes", ("stage", "CPU µs", "share", "bare µs", "difference"), rows)


def _row(stage: str, own: float, bare: float, whole: float) -> tuple[str, ...]:
    return stage, f"{own:.0f}", f"{100 * own / whole:.0f} %", f"{bare:.0f}", f"{own - bare:+.0f}"
