"""A person with an app: HTTP calls, S3 forms and sockets, and nothing else."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.stack.calls import PASSWORD, data, fresh_email, sign_in
from tests.stack.embedded import Stack, until
from tests.support.client import ApiClient, Http

FINAL = {"COMPLETED", "FAILED", "CANCELLED"}
CONTENT_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".dcm": "application/dicom"}


@dataclass(frozen=True)
class Upload:
    """What an upload was answered."""

    scan_id: str
    task_id: str
    task_token: str
    url: str = ""
    fields: Mapping[str, str] | None = None


class Visitor:
    """One account, signed in."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.email = fresh_email()
        self._http = Http(stack.api)
        guest = ApiClient(transport=self._http)
        body = {"email": self.email, "password": PASSWORD, "role": "PATIENT"}
        registered = guest.post("/auth/register", body)
        assert registered.status == 200, registered.text
        self.token = str(sign_in(guest, email=self.email)["access_token"])
        self.api = guest.signed_in(self.token)

    def close(self) -> None:
        self._http.close()

    def upload(self, content: bytes) -> Upload:
        """Send a file as a form."""
        return to_upload(data(self.api.upload("/scans/", {"file": content})))

    def begin(self, content_type: str) -> Upload:
        """Ask for a form for S3."""
        return to_upload(data(self.api.post("/scans/uploads", {"filename": "x", "content_type": content_type})))

    def put(self, upload: Upload, content: bytes, **changed: str) -> httpx.Response:
        """Send a file with the form for S3, as a browser would: without a token of ours."""
        fields = {**(upload.fields or {}), **changed}
        return httpx.post(upload.url, data=fields, files={"file": ("x", content)}, timeout=60, trust_env=False)

    def send(self, sample: Path, *, presigned: bool) -> Upload:
        """Send a sample either way."""
        if not presigned:
            return self.upload(sample.read_bytes())
        upload = self.begin(CONTENT_TYPES[sample.suffix])
        assert self.put(upload, sample.read_bytes()).status_code == 204
        return upload

    def task(self, task: str) -> dict[str, Any]:
        """Return what the poll says."""
        said: dict[str, Any] = data(self.api.get(f"/tasks/status/{task}"))
        return said

    def finished(self, upload: Upload, seconds: float = 40) -> dict[str, Any]:
        """Return the poll's answer, once it is final."""

        def final() -> dict[str, Any] | None:
            said = self.task(upload.task_id)
            return said if said["status"] in FINAL else None

        found: dict[str, Any] = until(final, seconds, every=0.7)
        return found

    @contextmanager
    def watch(self, upload: Upload, token: str | None = None) -> Iterator[ClientConnection]:
        """Provide a socket on the upload's task."""
        with socket(self.stack, token=token or self.token, task_ids=upload.task_id) as opened:
            yield opened


@contextmanager
def socket(stack: Stack, **query: str) -> Iterator[ClientConnection]:
    """Provide a socket with whatever query."""
    with connect(f"{stack.live}?{urlencode(query)}", open_timeout=30, close_timeout=5, proxy=None) as opened:
        yield opened


def refused(stack: Stack, **query: str) -> None:
    """Try a handshake that is refused.

    Which status the function gave is tested in tests/unit/functions/realtime: this cloud says 403.
    """
    with pytest.raises(InvalidStatus) as refusal, socket(stack, **query):
        pass
    assert 400 <= refusal.value.response.status_code < 500


def message(opened: ClientConnection, seconds: float = 40) -> dict[str, Any]:
    """Return the next message."""
    said: dict[str, Any] = json.loads(opened.recv(timeout=seconds))
    return said


def messages(opened: ClientConnection, seconds: float = 40) -> list[dict[str, Any]]:
    """Return all messages up to a final state."""
    ends = time.monotonic() + seconds
    said = [message(opened, seconds)]
    while said[-1]["status"] not in FINAL:
        said.append(message(opened, max(ends - time.monotonic(), 0.1)))
    return said


def to_upload(answer: Mapping[str, Any]) -> Upload:
    """Return what an upload was answered, as far as tests need it."""
    form = answer.get("upload") or {}
    return Upload(
        scan_id=answer["scan_id"],
        task_id=answer["task_id"],
        task_token=answer["task_token"],
        url=form.get("url", ""),
        fields=form.get("fields"),
    )
