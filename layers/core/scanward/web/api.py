"""Chalice as the Lambda handler of a slice's typed routes.

Chalice routes by resource path and method alone. Each path is also given the methods that it does not have, so that
they are answered here: OPTIONS for browsers, 405 in the family's shape for the rest.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from chalice.app import CaseInsensitiveMapping, Chalice, Request, Response, RestAPIEventHandler

from scanward.errors import MethodNotAllowed
from scanward.web.endpoint import Edge, Endpoint
from scanward.web.families import Family
from scanward.web.rendering import refused
from scanward.web.routes import ANY, METHODS, Route, Routes

D = TypeVar("D")


class Api(Chalice, Generic[D]):
    """One slice's routes. `deps` is handed to every view."""

    def __init__(self, routes: Routes[D], deps: D, edge: Edge) -> None:
        super().__init__(routes.tag, configure_logs=False)
        self._edge = edge
        by_path: dict[str, dict[str, Route[D]]] = {}
        for route in routes.table:
            by_path.setdefault(route.path, {})[route.method] = route
        for path, served in by_path.items():
            for method in METHODS:
                self._serve(method, path, served, deps)

    def _serve(self, method: str, path: str, served: Mapping[str, Route[D]], deps: D) -> None:
        route = served.get(method) or served.get(ANY)
        if route:
            view = self._endpoint(Endpoint(route, deps, self._edge))
        else:
            view = self._unserved(method, sorted(served), next(iter(served.values())).family)
        self.route(path, methods=[method], content_types=["*/*"], name=f"{method} {path}")(view)

    def _endpoint(self, endpoint: Endpoint[D]) -> Callable[..., Response]:
        return lambda **path: endpoint.answer(self._request(), path)

    def _unserved(self, method: str, served: list[str], family: Family) -> Callable[..., Response]:
        methods = [*served, "OPTIONS"]

        def answer(**_: str) -> Response:
            origin = self._request().headers.get("origin")
            if method == "OPTIONS":
                response = Response("", {**self._edge.cors.preflight(origin, methods)}, 204)
            else:
                response = refused(MethodNotAllowed(methods), family)
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
        """Answers one event of a REST API (proxy integration)."""
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
