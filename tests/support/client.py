"""A client of the HTTP functions, each reached as the gateway reaches it: by the OpenAPI document."""

import base64
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

from tests.support.cloud import ROOT

HANDLERS = {
    "PortalFunction": "functions.portal.handler",
    "AuthFunction": "functions.auth.handler",
    "ScansFunction": "functions.scans.handler",
    "RecordsFunction": "functions.records.handler",
    "PredictFunction": "functions.inference.predict_handler",
}


@dataclass(frozen=True)
class Reply:
    """What the gateway would send."""

    status: int
    headers: dict[str, str]
    body: bytes

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


class Client:
    """Sends requests, with a token once it has one."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token

    def get(self, path: str, **how: Any) -> Reply:
        return self.send("GET", path, **how)

    def post(self, path: str, body: Any = None, **how: Any) -> Reply:
        """Return a JSON body."""
        return self.send("POST", path, json.dumps(body).encode(), "application/json", **how)

    def form(self, path: str, fields: dict[str, str], **how: Any) -> Reply:
        """Return a URL-encoded body."""
        return self.send("POST", path, urlencode(fields).encode(), "application/x-www-form-urlencoded", **how)

    def upload(
        self, path: str, files: dict[str, bytes], fields: dict[str, str] | None = None, method: str = "POST", **how: Any
    ) -> Reply:
        """Return a multipart body."""
        boundary = uuid4().hex
        parts = [_part(boundary, f'name="{name}"', value.encode()) for name, value in (fields or {}).items()]
        parts += [_part(boundary, f'name="{name}"; filename="x"', content) for name, content in files.items()]
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        return self.send(method, path, body, f"multipart/form-data; boundary={boundary}", **how)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str | None = None,
        *,
        headers: dict[str, str] | None = None,
        app: Any = None,
        address: str = "192.0.2.1",
    ) -> Reply:
        """Any request, to the function that the document names, or to another app."""
        path, _, query = path.partition("?")
        resource, parameters, function = route(path)
        sent = {"Host": "example.org", **(headers or {})}
        if content_type:
            sent["Content-Type"] = content_type
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        event = {
            "resource": resource,
            "path": path,
            "httpMethod": method,
            "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "queryStringParameters": {n: v[-1] for n, v in parse_qs(query).items()} or None,
            "multiValueQueryStringParameters": parse_qs(query) or None,
            "pathParameters": parameters or None,
            "stageVariables": None,
            "requestContext": {
                "resourcePath": resource,
                "httpMethod": method,
                "path": f"/live{path}",
                "stage": "live",
                "identity": {"sourceIp": address},
            },
            "body": base64.b64encode(body).decode() if body is not None else None,
            "isBase64Encoded": body is not None,
        }
        answer = (app or import_module(HANDLERS[function]).app)(event, None)
        text = answer["body"]
        content = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
        return Reply(answer["statusCode"], {k.lower(): v for k, v in answer["headers"].items()}, content)


def route(path: str) -> tuple[str, dict[str, str], str]:
    """(resource, path parameters, function) as API Gateway chooses them: the most literal path first."""
    trimmed = path.rstrip("/") or "/"
    for resource, pattern, function in _resources():
        found = pattern.fullmatch(trimmed)
        if found:
            return resource, found.groupdict(), function
    raise LookupError(path)


@cache
def _resources() -> list[tuple[str, re.Pattern[str], str]]:
    paths = json.loads((ROOT / "infra" / "openapi.json").read_text())["paths"]
    found = []
    for resource in sorted(
        paths, key=lambda path: [(part[:1] == "{", "+" in part, part) for part in path.split("/")[1:]]
    ):
        uri = paths[resource]["options"]["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        escaped = re.sub(r"\\{(\w+)\\\+\\}", r"(?P<\1>.+)", re.escape(resource))
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", escaped)
        found.append((resource, re.compile(pattern), uri.split("${")[-1].split(".")[0]))
    return found


def _part(boundary: str, disposition: str, content: bytes) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"
