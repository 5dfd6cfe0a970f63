"""What one request goes through: authorise, parse, call the view, render; every refusal in its family's shape."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from aws_lambda_powertools import Logger
from chalice.app import Request, Response
from pydantic import TypeAdapter

from scanward.errors import NotAllowed, ScanwardError
from scanward.failures import log_failure
from scanward.security.gate import Gate, Pass, bearer
from scanward.web.cors import Cors
from scanward.web.reading import Reader
from scanward.web.rendering import limits, refused, rendered
from scanward.web.routes import Route

D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Edge:
    """What all endpoints of a function share. `mark`: by which a call says that it came through our CloudFront."""

    gate: Gate | None
    cors: Cors
    log: Logger
    mark: str | None = None


class Endpoint(Generic[D]):
    """One route, ready to be called by Chalice with the path's parameters."""

    def __init__(self, route: Route[D], deps: D, edge: Edge) -> None:
        self._route = route
        self._deps = deps
        self._edge = edge
        self._reader = Reader(route, deps, edge.mark)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any] | None:
        # Made at the first answer: a function has many routes, and a cold start is for one of them.
        return None if isinstance(self._route.answer, str) else TypeAdapter[Any](self._route.answer)

    def answer(self, request: Request, path: Mapping[str, str]) -> Response:
        """Answers one request; raises nothing."""
        started = time.perf_counter()
        passed: Pass | None = None
        try:
            passed = self._pass(request)
            self._authorise(passed)
            call = self._reader.call(request, path, passed)
            answer = self._route.view(call, self._deps)
            response = rendered(answer, self._route, self._adapter, dict(request.query_params or {}))
        except ScanwardError as refusal:
            response = refused(refusal, self._route.family)
        except Exception as bug:
            log_failure(self._edge.log, bug)
            response = refused(ScanwardError(), self._route.family)
        response.headers.update(self._edge.cors.headers(request.headers.get("origin")))
        if passed:
            response.headers.update({**limits(passed), **response.headers})  # a refusal's own limit is the nearer one
        self._log(request, response, started, passed)
        return response

    def _pass(self, request: Request) -> Pass | None:
        audience = self._route.audience
        if audience.token is None:
            return None
        if self._edge.gate is None:
            raise LookupError("a route that is not public needs a gate")
        return self._edge.gate.enter(bearer(request.headers.get("authorization")), audience.token)

    def _authorise(self, passed: Pass | None) -> None:
        # Who is turned away here has been counted by the gate, and the answer and the log say so.
        roles = self._route.audience.roles
        if passed and roles and passed.actor.role not in roles:
            raise NotAllowed

    def _log(self, request: Request, response: Response, started: float, passed: Pass | None) -> None:
        said = {
            "method": request.method,
            "route": self._route.path,
            "status": response.status_code,
            "ms": round((time.perf_counter() - started) * 1000, 1),
        }
        if passed and response.status_code in {403, 404}:
            said["account"] = passed.actor.account_id  # who reaches for what is not theirs is not hard to find
        self._edge.log.info("request", extra=said)
