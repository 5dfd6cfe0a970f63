"""What one request goes through: authorise, parse, call the view, render; every refusal in its family's shape."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from aws_lambda_powertools import Logger
from chalice.app import HeadersType, Request, Response
from pydantic import BaseModel, TypeAdapter, ValidationError

from scanward.errors import (
    InvalidFields,
    NotAllowed,
    ScanwardError,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMedia,
)
from scanward.failures import log_failure
from scanward.security.gate import Gate, Pass, bearer
from scanward.web.bodies import MAX_FORM_BYTES, TOO_LARGE_TEXT, File, Raw, read_form, read_json
from scanward.web.call import Binary, Call, Page
from scanward.web.cors import Cors
from scanward.web.families import Family
from scanward.web.fields import Body
from scanward.web.fields import refused as refused_fields
from scanward.web.routes import Answer, Media, Route

D = TypeVar("D")
_ALWAYS = {"X-Content-Type-Options": "nosniff"}
_JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Edge:
    """What all endpoints of a function share."""

    gate: Gate | None
    cors: Cors
    log: Logger


class Endpoint(Generic[D]):
    """One route, ready to be called by Chalice with the path's parameters."""

    def __init__(self, route: Route[D], deps: D, edge: Edge) -> None:
        self._route = route
        self._deps = deps
        self._edge = edge

    @cached_property
    def _adapter(self) -> TypeAdapter[Any] | None:
        # Made at the first answer: a function has many routes, and a cold start is for one of them.
        return None if isinstance(self._route.answer, str) else TypeAdapter[Any](self._route.answer)

    def answer(self, request: Request, path: Mapping[str, str]) -> Response:
        """Answers one request; raises nothing."""
        started = time.perf_counter()
        passed: Pass | None = None
        try:
            passed = self._authorise(request)
            response = self._render(self._route.view(self._parse(request, path, passed), self._deps))
        except ScanwardError as refusal:
            response = refused(refusal, self._route.family)
        except Exception as bug:
            log_failure(self._edge.log, bug)
            response = refused(ScanwardError(), self._route.family)
        response.headers.update(self._edge.cors.headers(request.headers.get("origin")))
        if passed:
            response.headers.update(_limits(passed))
        self._log(request, response, started)
        return response

    def _authorise(self, request: Request) -> Pass | None:
        audience = self._route.audience
        if audience.token is None:
            return None
        if self._edge.gate is None:
            raise LookupError("a route that is not public needs a gate")
        passed = self._edge.gate.enter(bearer(request.headers.get("authorization")), audience.token)
        if audience.roles and passed.actor.role not in audience.roles:
            raise NotAllowed
        return passed

    def _parse(self, request: Request, path: Mapping[str, str], passed: Pass | None) -> Call[Any]:
        call: Call[Any] = Call(
            body=None,
            files={},
            path={name: unquote(value) for name, value in path.items()},
            query=self._query(request),
            address=request.context.get("identity", {}).get("sourceIp", ""),
            passed=passed,
            root=_way_to_root(request.to_original_event().get("path", "")),
        )
        if not self._route.media:
            return call
        try:
            body, files = self._body(request)
        except InvalidFields as broken:
            if self._route.besides is None:
                raise
            more = self._route.besides(replace(call, body=json.loads(request.raw_body)), self._deps)
            raise InvalidFields({**more, **broken.fields}) from broken
        return replace(call, body=body, files=files)

    def _query(self, request: Request) -> BaseModel | None:
        if self._route.query is None:
            return None
        try:
            return self._route.query.model_validate(dict(request.query_params or {}))
        except ValidationError as failure:
            raise refused_fields(failure) from failure

    def _body(self, request: Request) -> tuple[BaseModel | None, Mapping[str, File]]:
        if self._route.body_optional and not request.to_original_event().get("body"):
            return read_json(Raw(b"{}", Media.JSON.value), self._route.body or Body), {}
        declared = request.headers.get("content-type", Media.JSON.value)
        kind = declared.partition(";")[0].strip().lower()
        if kind not in {media.value for media in self._route.media} or self._route.body is None:
            raise UnsupportedMedia
        # Base64 is measured before it is decoded.
        encoded = request.to_original_event().get("body") or ""
        if len(encoded) > MAX_FORM_BYTES * 4 / 3 + 4:
            raise TooLarge(TOO_LARGE_TEXT)
        content = request.raw_body
        raw = Raw(content if isinstance(content, bytes) else content.encode(), declared)
        if kind == Media.JSON.value:
            return read_json(raw, self._route.body), {}
        return read_form(raw, self._route.body)

    def _render(self, answer: Answer) -> Response:
        if isinstance(answer, Binary):
            headers: HeadersType = {**_ALWAYS, "Content-Type": answer.content_type, **answer.headers}
            # Chalice base64-encodes images and wants text as text.
            image = answer.content_type.startswith("image/")
            return Response(answer.content if image else answer.content.decode(), headers, self._route.status)
        if self._adapter is None:
            raise TypeError("a route that promised a file gave none")
        headers = {**_ALWAYS, **_JSON}
        if isinstance(answer, Page):
            body = self._adapter.dump_json(answer.items).decode()
            if answer.next:
                headers["Link"] = f'<?cursor={answer.next}>; rel="next"'
            return Response(self._route.family.dress(body, answer.next), headers, self._route.status)
        body = self._adapter.dump_json(answer).decode()
        return Response(self._route.family.dress(body), headers, self._route.status)

    def _log(self, request: Request, response: Response, started: float) -> None:
        self._edge.log.info(
            "request",
            extra={
                "method": request.method,
                "route": self._route.path,
                "status": response.status_code,
                "ms": round((time.perf_counter() - started) * 1000, 1),
            },
        )


def _way_to_root(path: str) -> str:
    # Only the client knows what stands before the path: a stage, an emulator's prefix, or nothing behind CloudFront.
    return "/".join([".."] * (path.count("/") - 1)) or "."


def refused(error: ScanwardError, family: Family) -> Response:
    """An error as a response."""
    status, body = family.refuse(error)
    headers: HeadersType = {**_ALWAYS, **_JSON}
    if isinstance(error, TooManyRequests):
        headers |= {
            "Retry-After": str(error.retry_after),
            "RateLimit-Limit": str(error.limit),
            "RateLimit-Remaining": "0",
            "RateLimit-Reset": str(error.retry_after),
        }
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(body, headers, status)


def _limits(passed: Pass) -> dict[str, str]:
    return {
        "RateLimit-Limit": str(passed.limit),
        "RateLimit-Remaining": str(passed.remaining),
        "RateLimit-Reset": str(passed.resets_in),
    }
