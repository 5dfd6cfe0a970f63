"""Chalice as the Lambda handler of a slice's typed routes, with what other frameworks call middleware.

One request is authenticated, authorised, parsed, given to its view and rendered; every error has its family's shape.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from aws_lambda_powertools import Logger
from chalice.app import CaseInsensitiveMapping, Chalice, Request, Response, RestAPIEventHandler
from pydantic import TypeAdapter

from scanward.domain.tokens import TokenType
from scanward.errors import MethodNotAllowed, NotAllowed, NotAuthenticated, ScanwardError, TokenOver
from scanward.logs import log_failure
from scanward.security.authentication import AuthContext, Authenticator, bearer
from scanward.security.rate_limits import SenderRateLimiter
from scanward.stores.sdk import time_limited
from scanward.web.families import Family
from scanward.web.request import Reader, address_of
from scanward.web.responses import Cors, error_response, rate_limit_headers, render_answer
from scanward.web.routes import ANY, METHODS, Route, Routes

D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Edge:
    """What all endpoints of a function share. `mark`: by which a call says that it came through our CloudFront.

    `sender_limiter`: counts the calls that anybody may make; None where no route is public. `refusal_limiter`: counts
    those that need an access token and show none that holds, so that they use up nothing of who shares their address.
    """

    authenticator: Authenticator | None
    cors: Cors
    log: Logger
    mark: str | None = None
    sender_limiter: SenderRateLimiter | None = None
    refusal_limiter: SenderRateLimiter | None = None


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
        """Answer one request; raises nothing."""
        start = time.perf_counter()
        auth: AuthContext | None = None
        try:
            with time_limited():
                self._count_sender(request)
                auth = self._authenticate(request)
                self._authorise(auth)
                call = self._reader.call(request, path, auth)
                answer = self._route.view(call, self._deps)
            response = render_answer(answer, self._route, self._adapter, dict(request.query_params or {}))
        except ScanwardError as refusal:
            response = error_response(refusal, self._route.family)
        except Exception as bug:
            log_failure(self._edge.log, bug)
            response = error_response(ScanwardError(), self._route.family)
        response.headers.update(self._edge.cors.headers(request.headers.get("origin")))
        if auth:
            response.headers.update(
                {**rate_limit_headers(auth), **response.headers}
            )  # a refusal's own limit is the nearer one
        self._log(request, response, start, auth)
        return response

    def _count_sender(self, request: Request) -> None:
        # An access token that holds is counted by account, and one that does not when it is refused.
        if self._edge.sender_limiter and self._route.audience.token is not TokenType.ACCESS:
            self._edge.sender_limiter.count_call(address_of(request, self._edge.mark))

    def _authenticate(self, request: Request) -> AuthContext | None:
        audience = self._route.audience
        if audience.token is None:
            return None
        if self._edge.authenticator is None:
            raise LookupError("a route that is not public needs a gate")
        token = ""
        try:
            token = bearer(request.headers.get("authorization"))
            return self._edge.authenticator.authenticate(token, audience.token, is_enrolling=audience.is_enrolling)
        except NotAuthenticated as refusal:
            if self._edge.refusal_limiter and audience.token is TokenType.ACCESS:
                # An app behind a shared address has to learn that its token is over, whoever floods from there.
                sender = token if isinstance(refusal, TokenOver) else address_of(request, self._edge.mark)
                self._edge.refusal_limiter.count_call(sender)
            raise

    def _authorise(self, auth: AuthContext | None) -> None:
        # Who is turned away here has been counted by the gate, and the answer and the log say so.
        roles = self._route.audience.roles
        if auth and roles and auth.actor.role not in roles:
            raise NotAllowed

    def _log(self, request: Request, response: Response, start: float, auth: AuthContext | None) -> None:
        entry = {
            "method": request.method,
            "route": self._route.path,
            "status": response.status_code,
            "ms": round((time.perf_counter() - start) * 1000, 1),
        }
        if auth and response.status_code in {403, 404}:
            entry["account"] = auth.actor.account_id  # who reaches for what is not theirs is not hard to find
        self._edge.log.info("request", extra=entry)


class Api(Chalice, Generic[D]):
    """One slice's routes. `deps` is handed to every view."""

    def __init__(self, routes: Routes[D], deps: D, edge: Edge) -> None:
        super().__init__(routes.tag, configure_logs=False)
        self._edge = edge
        by_path: dict[str, dict[str, Route[D]]] = {}
        for route in routes.table:
            by_path.setdefault(route.path, {})[route.method] = route
        for path, routes_by_method in by_path.items():
            for method in METHODS:
                self._serve(method, path, routes_by_method, deps)

    def _serve(self, method: str, path: str, routes: Mapping[str, Route[D]], deps: D) -> None:
        route = routes.get(method) or routes.get(ANY)
        if route:
            view = self._endpoint(Endpoint(route, deps, self._edge))
        else:
            view = self._refuse_method(method, sorted(routes), next(iter(routes.values())).family)
        self.route(path, methods=[method], content_types=["*/*"], name=f"{method} {path}")(view)

    def _endpoint(self, endpoint: Endpoint[D]) -> Callable[..., Response]:
        return lambda **path: endpoint.answer(self._request(), path)

    def _refuse_method(self, method: str, methods: list[str], family: Family) -> Callable[..., Response]:
        methods = [*methods, "OPTIONS"]

        def answer(**_: str) -> Response:
            origin = self._request().headers.get("origin")
            if method == "OPTIONS":
                response = Response("", {**self._edge.cors.preflight(origin, methods)}, 204)
            else:
                response = error_response(MethodNotAllowed(methods), family)
                response.headers.update(self._edge.cors.headers(origin))
            response.headers["Allow"] = ", ".join(methods)
            self._edge.log.info("request", extra={"method": method, "status": response.status_code})
            return response

        return answer

    def _request(self) -> Request:
        if self.current_request is None:
            raise LookupError("there is no request outside of one")
        return self.current_request

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer one event of a REST API (proxy integration)."""
        self.lambda_context = context
        handler = _AnyAccept(self.routes, self.api, self.log, debug=False)
        self.current_request = handler.create_request_object(event, context)
        answer: dict[str, Any] = handler(event, context)
        return answer


class _AnyAccept(RestAPIEventHandler):
    # Chalice refuses a binary answer to a client whose Accept does not name it; image clients often send none.
    def _validate_binary_response(
        self, request_headers: CaseInsensitiveMapping, response_headers: CaseInsensitiveMapping
    ) -> bool:
        return True
