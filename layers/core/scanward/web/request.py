"""One HTTP request as the call that a view is given: caller's address, query, body, idempotency key."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from chalice.app import Request
from pydantic import BaseModel, ValidationError

from scanward.domain.idempotency import IdempotencyKey
from scanward.errors import InvalidFields, TooLarge, UnsupportedMedia
from scanward.security.authentication import AuthContext
from scanward.security.rate_limits import sender_address
from scanward.web.bodies import MAX_FORM_BYTES, TOO_LARGE_TEXT, File, Raw, read_form, read_json
from scanward.web.fields import Body, error_of_validation
from scanward.web.routes import Call, Media, Route


def address_of(request: Request, mark: str | None) -> str:
    """Return the sender's address. `mark`: as `sender_address` has it."""
    return sender_address(request.headers, str(request.context.get("identity", {}).get("sourceIp", "")), mark)


IDEMPOTENCY_HEADER = "Idempotency-Key"
MAX_IDEMPOTENCY_KEY = 255


def read_idempotency_key(key: str | None, account_id: int, route: str, call: Call[object]) -> IdempotencyKey | None:
    """Return the key of a call to a route; None without one.

    Raises InvalidFields for one that is too long or not of printable ASCII characters. The fingerprint is made of
    method, route, parsed fields and the hashes of files: the bytes of a form differ with each sending of it, since its
    boundary does.
    """
    if key is None:
        return None
    if not 0 < len(key) <= MAX_IDEMPOTENCY_KEY or not (key.isascii() and key.isprintable()):
        raise InvalidFields({IDEMPOTENCY_HEADER: [f"Send 1 to {MAX_IDEMPOTENCY_KEY} printable ASCII characters."]})
    fields = call.body.model_dump(mode="json") if isinstance(call.body, BaseModel) else None
    digests = {name: hashlib.sha256(file.content).hexdigest() for name, file in call.files.items()}
    text = json.dumps([route, dict(call.path), fields, digests], sort_keys=True)
    return IdempotencyKey(account_id, _hash(key), _hash(text))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


D = TypeVar("D")


class Reader(Generic[D]):
    """Reads the requests of one route. Raises what is wrong with them."""

    def __init__(self, route: Route[D], deps: D, mark: str | None) -> None:
        self._route = route
        self._deps = deps
        self._mark = mark

    def call(self, request: Request, path: Mapping[str, str], auth: AuthContext | None) -> Call[Any]:
        """Return the call that a request means."""
        call: Call[Any] = Call(
            body=None,
            files={},
            path={name: unquote(value) for name, value in path.items()},
            query=self._query(request),
            address=address_of(request, self._mark),
            auth=auth,
            root=_way_to_root(request.to_original_event().get("path", "")),
            if_none_match=request.headers.get("if-none-match"),
        )
        if self._route.media:
            call = self._with_body(call, request)
        if self._route.idempotent and auth:
            key = request.headers.get(IDEMPOTENCY_HEADER.lower())
            name = f"{request.method} {self._route.path}"
            call = replace(call, idempotency_key=read_idempotency_key(key, auth.actor.account_id, name, call))
        return call

    def _with_body(self, call: Call[Any], request: Request) -> Call[Any]:
        try:
            body, files = self._body(request)
        except InvalidFields as error:
            if self._route.besides is None or _content_type(request) != Media.JSON.value:
                raise
            more = self._route.besides(replace(call, body=json.loads(request.raw_body)), self._deps)
            raise InvalidFields({**more, **error.fields}) from error
        return replace(call, body=body, files=files)

    def _query(self, request: Request) -> BaseModel | None:
        if self._route.query is None:
            return None
        try:
            return self._route.query.model_validate(dict(request.query_params or {}))
        except ValidationError as failure:
            raise error_of_validation(failure) from failure

    def _body(self, request: Request) -> tuple[BaseModel | None, Mapping[str, File]]:
        if self._route.body_optional and not request.to_original_event().get("body"):
            return read_json(Raw(b"{}", Media.JSON.value), self._route.body or Body), {}
        kind = _content_type(request)
        if kind not in {media.value for media in self._route.media} or self._route.body is None:
            raise UnsupportedMedia
        # Base64 is measured before it is decoded.
        body_text = request.to_original_event().get("body") or ""
        if len(body_text) > MAX_FORM_BYTES * 4 / 3 + 4:
            raise TooLarge(TOO_LARGE_TEXT)
        content = request.raw_body
        declared_type = request.headers.get("content-type", kind)
        raw = Raw(content if isinstance(content, bytes) else content.encode(), declared_type)
        if kind == Media.JSON.value:
            return read_json(raw, self._route.body), {}
        return read_form(raw, self._route.body, self._route.files)


def _content_type(request: Request) -> str:
    """Return the content type that a request says, without its parameters."""
    header: str = request.headers.get("content-type", Media.JSON.value)
    return header.partition(";")[0].strip().lower()


def _way_to_root(path: str) -> str:
    # Only the client knows what stands before the path: a stage, an emulator's prefix, or nothing behind CloudFront.
    return "/".join([".."] * (path.count("/") - 1)) or "."
