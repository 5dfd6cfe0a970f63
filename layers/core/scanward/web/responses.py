"""Answers and errors as HTTP responses, in their family's shape, with CORS headers (WHATWG Fetch 3.2).

No cookies are used, so CORS allows no credentials.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from chalice.app import HeadersType, Response
from pydantic import TypeAdapter

from scanward.errors import InProgress, ScanwardError, TooManyRequests, Unavailable
from scanward.security.authentication import AuthContext
from scanward.web.families import Family
from scanward.web.fields import Out
from scanward.web.routes import Answer, Binary, Page, Route


class MessageOut(Out):
    """What was done."""

    message: str


ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-None-Match"
EXPOSED_HEADERS = "ETag, Link, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After"


class Cors:
    """`origins`: the allowed ones, or `*`, or none."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origins)

    def headers(self, origin: str | None) -> dict[str, str]:
        """Return what an answer to a request from `origin` carries."""
        if not self._origins:
            return {}
        if "*" in self._origins:
            return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED_HEADERS}
        if origin not in self._origins:
            return {"Vary": "Origin"}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": EXPOSED_HEADERS,
            "Vary": "Origin",
        }

    def preflight(self, origin: str | None, methods: Iterable[str]) -> dict[str, str]:
        """Return what the answer to an OPTIONS request carries besides."""
        headers = self.headers(origin)
        if "Access-Control-Allow-Origin" in headers:
            headers["Access-Control-Allow-Methods"] = ", ".join(methods)
            headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
            headers["Access-Control-Max-Age"] = "3600"
        return headers


_ALWAYS = {"X-Content-Type-Options": "nosniff"}
_JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}


def render_answer(
    answer: Answer, route: Route[Any], adapter: TypeAdapter[Any] | None, query: Mapping[str, str]
) -> Response:
    """Return what a view gave, as a response.

    `adapter`: of the route's answer, None where that is a file. `query`: of the request, for the next page's address.
    """
    if isinstance(answer, Binary):
        return _binary_response(answer, route.status)
    if adapter is None:
        raise TypeError("a route that promised a file gave none")
    headers: HeadersType = {**_ALWAYS, **_JSON}
    if isinstance(answer, Page):
        body = adapter.dump_json(answer.items).decode()
        if answer.next:
            onwards = {name: value for name, value in query.items() if name != "skip"} | {"cursor": answer.next}
            headers["Link"] = f'<?{urlencode(onwards)}>; rel="next"'
        return Response(route.family.answer_body(body, answer.next), headers, route.status)
    body = adapter.dump_json(answer).decode()
    return Response(route.family.answer_body(body), headers, route.status)


def error_response(error: ScanwardError, family: Family) -> Response:
    """Return an error as a response."""
    status, body = family.error_body(error)
    headers: HeadersType = {**_ALWAYS, **_JSON}
    if isinstance(error, TooManyRequests):
        headers |= {
            "Retry-After": str(error.retry_after),
            "RateLimit-Limit": str(error.limit),
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(error.retry_after),
        }
    if isinstance(error, Unavailable | InProgress):
        headers["Retry-After"] = str(error.retry_after)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(body, headers, status)


def rate_limit_headers(auth: AuthContext) -> Mapping[str, str]:
    """Return how much of the minute's limit is left."""
    return {
        "RateLimit-Limit": str(auth.limit),
        "RateLimit-Remaining": str(auth.remaining),
        "RateLimit-Reset": str(auth.resets_in),
    }


def _binary_response(answer: Binary, status: int) -> Response:
    headers: HeadersType = {**_ALWAYS, "Content-Type": answer.content_type, **answer.headers}
    # Chalice base64-encodes images and wants text as text.
    image = answer.content_type.startswith("image/")
    return Response(answer.content if image else answer.content.decode(), headers, answer.status or status)
