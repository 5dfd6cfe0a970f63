"""One client of the API over two transports: in the process, as the gateway finds the functions, or over HTTP."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

import httpx

from tests.support.cloud import ROOT

HANDLERS = {
    "PortalFunction": "functions.portal.handler",
    "AuthFunction": "functions.auth.handler",
    "ScansFunction": "functions.scans.handler",
    "RecordsFunction": "functions.records.handler",
    "PredictFunction": "functions.inference.predict_handler",
}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
File = bytes | tuple[str, bytes] | tuple[str, bytes, str]
"""A file's content, or its name and content, or these with its content type."""


@dataclass(frozen=True)
class Request:
    """What a client sends. `path` comes with its query."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Reply:
    """What the gateway answers. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """The envelope's data."""
        assert self.json["success"] is True, self.json
        return self.json["data"]

    @property
    def code(self) -> str:
        """The envelope's error code."""
        assert self.json["success"] is False, self.json
        return str(self.json["error"]["code"])


class Transport(Protocol):
    """Carries a request to the API."""

    def carry(self, request: Request) -> Reply: ...


@dataclass(frozen=True)
class InProcess:
    """The functions' apps in this process: the one that the OpenAPI document names for a path, or `app` for all.

    `address`: where the gateway sees calls come from.
    """

    app: Any = None
    address: str = "192.0.2.1"

    def carry(self, request: Request) -> Reply:
        path, _, query = request.path.partition("?")
        resource, parameters, function = route(path)
        headers = {"Host": "example.org", **request.headers}
        event = {
            "resource": resource,
            "path": path,
            "httpMethod": request.method,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "queryStringParameters": {n: v[-1] for n, v in parse_qs(query).items()} or None,
            "multiValueQueryStringParameters": parse_qs(query) or None,
            "pathParameters": parameters or None,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": resource,
                "httpMethod": request.method,
                "path": f"/live{path}",
                "stage": "live",
                "identity": {"sourceIp": self.address},
            },
            "body": base64.b64encode(request.body).decode() if request.body is not None else None,
            "isBase64Encoded": request.body is not None,
        }
        answer = (self.app or import_module(HANDLERS[function]).app)(event, None)
        text = answer["body"]
        content = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
        return Reply(answer["statusCode"], {k.lower(): v for k, v in answer["headers"].items()}, content)


class Http:
    """A deployed API at a base URL. An empty `Accept` is not sent at all."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = httpx.Client(base_url=base_url, timeout=60, trust_env=False)

    def carry(self, request: Request) -> Reply:
        sent = self._http.build_request(
            request.method, request.path, content=request.body, headers=dict(request.headers)
        )
        if sent.headers.get("accept") == "":
            del sent.headers["accept"]
        answer = self._http.send(sent)
        return Reply(answer.status_code, dict(answer.headers), answer.content)

    def close(self) -> None:
        self._http.close()


class ApiClient:
    """Sends requests, with a token if it has one."""

    def __init__(self, token: str | None = None, transport: Transport | None = None) -> None:
        self.token = token
        self.transport = transport or InProcess()

    def through(self, transport: Transport) -> "ApiClient":
        """Return a client with the same token over another transport."""
        return ApiClient(self.token, transport)

    def elsewhere(self, address: str) -> "ApiClient":
        """Return a client with the same token and app, whose calls come from another address."""
        assert isinstance(self.transport, InProcess)
        return ApiClient(self.token, replace(self.transport, address=address))

    def signed_in(self, token: str) -> "ApiClient":
        """Return a client with this token over the same transport."""
        return ApiClient(token, self.transport)

    def get(self, path: str, **headers: Any) -> Reply:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: Any) -> Reply:
        """Send a JSON body."""
        return self._send_json("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: Any) -> Reply:
        """Send a JSON body."""
        return self._send_json("PUT", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: Any) -> Reply:
        """Send a JSON body."""
        return self._send_json("PATCH", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: Any) -> Reply:
        """Send a JSON body if there is one."""
        if body is None:
            return self.send("DELETE", path, **headers)
        return self._send_json("DELETE", path, body, **headers)

    def form(self, path: str, fields: Mapping[str, str], **headers: Any) -> Reply:
        """Send a URL-encoded body."""
        return self.send("POST", path, urlencode(fields).encode(), FORM, **headers)

    def upload(
        self,
        path: str,
        files: Mapping[str, File],
        fields: Mapping[str, str] | None = None,
        method: str = "POST",
        **headers: Any,
    ) -> Reply:
        """Send a multipart body."""
        boundary = uuid4().hex
        parts = [_part(boundary, f'name="{name}"', value.encode()) for name, value in (fields or {}).items()]
        parts += [_file_part(boundary, name, file) for name, file in files.items()]
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        return self.send(method, path, body, f"multipart/form-data; boundary={boundary}", **headers)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send any request."""
        all_headers = dict(headers or {})
        if content_type:
            all_headers["Content-Type"] = content_type
        if self.token:
            all_headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.transport.carry(Request(method, path, all_headers, body))

    def _send_json(self, method: str, path: str, body: Any, **headers: Any) -> Reply:
        return self.send(method, path, json.dumps(body).encode(), JSON, **headers)


def route(path: str) -> tuple[str, dict[str, str], str]:
    """(resource, path parameters, function) as API Gateway chooses them: the most literal path first."""
    trimmed = path.rstrip("/") or "/"
    for resource, pattern, function in _resources():
        match = pattern.fullmatch(trimmed)
        if match:
            return resource, match.groupdict(), function
    raise LookupError(path)


@cache
def _resources() -> list[tuple[str, re.Pattern[str], str]]:
    paths = json.loads((ROOT / "infra" / "openapi.json").read_text())["paths"]
    resources = []
    for resource in sorted(
        paths, key=lambda path: [(part[:1] == "{", "+" in part, part) for part in path.split("/")[1:]]
    ):
        uri = paths[resource]["options"]["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        escaped = re.sub(r"\\{(\w+)\\\+\\}", r"(?P<\1>.+)", re.escape(resource))
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", escaped)
        resources.append((resource, re.compile(pattern), uri.split("${")[-1].split(".")[0]))
    return resources


def _file_part(boundary: str, field_name: str, file: File) -> bytes:
    name, content, *content_type = ("x", file) if isinstance(file, bytes) else file
    disposition = f'name="{field_name}"; filename="{name}"'
    for kind in content_type:
        disposition += f"\r\nContent-Type: {kind}"
    return _part(boundary, disposition, content)


def _part(boundary: str, disposition: str, content: bytes) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"
