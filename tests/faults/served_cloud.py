"""The AWS of this process, served to others over HTTP, one call at a time."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/")


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    alone = threading.Lock()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        scope = _SCOPE.search(self.headers.get("Authorization", ""))
        assert scope
        region, service = scope.groups()
        headers: Any = HTTPHeaders()
        for name, value in self.headers.items():
            headers[name] = value
        url = f"https://{service}.{region}.amazonaws.com{self.path}"
        with self.alone:
            answer: Any = botocore_stubber.process_request(
                AWSPreparedRequest(self.command, url, headers, body, stream_output=False)
            )
        status, said, content = answer
        content = content.encode() if isinstance(content, str) else content
        try:
            self._send(int(status), dict(said), content)
        except OSError:
            return  # whoever asked was killed

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815 - names that http.server asks for

    def _send(self, status: int, headers: dict[str, Any], content: bytes) -> None:
        self.send_response_only(status)
        length = headers.pop("content-length", len(content)) if self.command == "HEAD" else len(content)
        for name, value in headers.items():
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, str(value))
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[str]:
    """Its endpoint."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
