"""The local tooling: what it says when it cannot go on, and what it keeps."""

import io
import json
import re
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from infra.errors import UserError
from infra.local import cloud, environments
from infra.local.cloud import EmbeddedCloud, start, stop
from infra.local.environments import InstallProgress, explain_failure
from infra.local.paths import STAMP
from infra.local.stack import Administrator, Stack, read_administrator, write_stack

OUTPUTS = {"ApiId": "abc", "WebSocketApiId": "def", "BucketName": "images"}
STACK = Stack("stack/1", "http://localhost:4566", OUTPUTS)


class _LocalAws(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"services": {"s3": "available"}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the test's output is the test's."""


@contextmanager
def somebody_elses_cloud() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _LocalAws) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_port_taken_by_another_program_is_named_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=rf"Port {port} is taken by another program\.[\s\S]*make run PORT="):
            start(EmbeddedCloud(port, tmp_path))


def test_a_cloud_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    with somebody_elses_cloud() as port:
        with pytest.raises(UserError, match=r"not started from this folder[\s\S]*CLOUD=localstack"):
            start(EmbeddedCloud(port, tmp_path))
        assert cloud.is_cloud(port)


def test_a_pid_file_that_names_another_program_is_not_believed(tmp_path: Path) -> None:
    cloud = EmbeddedCloud(4566, tmp_path)
    cloud.pid_file.write_text(json.dumps({"pid": 1, "port": 4566, "enforces_iam": False}))
    assert stop(cloud) is False
    assert not cloud.pid_file.exists()


@pytest.mark.parametrize(
    ("output", "what", "advice"),
    [
        ("The virtual environment was not created because ensurepip is not available.", "venv", "apt install"),
        ("/usr/bin/python3: No module named venv", "venv", "apt install"),
        ("OSError: [Errno 28] No space left on device", "disk is full", "Make room"),
        ("WARNING: Retrying (Retry(total=4)) after connection broken", "cannot be reached", "network"),
        ("fatal error: Python.h: No such file or directory", "compiler", "3.11 to 3.13"),
        ("ERROR: No matching distribution found for numpy==2.4.6", "not to be had", "3.11 to 3.13"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that was locked", "mirror"),
        ("error: Failed to fetch: https://x/simple/numpy/\n  cause: dns error", "cannot be reached", "network"),
        (
            "error: Failed to fetch: https://x/\n  cause: invalid peer certificate: UnknownIssuer",
            "trusted",
            "global.cert",
        ),
        ("hint: x could not be queried due to a lack of valid authentication credentials", "cannot be reached", "pip"),
        ("  cause: Hash mismatch for `numpy==2.4.6`", "not the one that was locked", "mirror"),
        ("error: No solution found when resolving dependencies", "not to be had", "3.11 to 3.13"),
        ("  cause: failed to write: No space left on device (os error 28)", "disk is full", "Make room"),
        ("error: Failed to build `cffi==2.1.1`", "compiler", "3.11 to 3.13"),
    ],
)
def test_what_pip_or_uv_says_becomes_what_to_do(output: str, what: str, advice: str) -> None:
    error = explain_failure("cloud", output)
    assert what in error.what
    assert advice in error.advice


def test_an_unknown_failure_shows_its_last_lines() -> None:
    assert "the very end" in str(explain_failure("cloud", "WARNING: noise\nthe very end\n"))


def test_a_failure_shows_no_credentials() -> None:
    text = str(explain_failure("cloud", "odd answer of https://ada:secret@registry.example/simple/numpy/"))
    assert "registry.example" in text
    assert "secret" not in text


def test_too_small_a_disk_is_told_before_anything_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "LOCAL", tmp_path / "local")
    monkeypatch.setattr(environments, "venv", lambda name: tmp_path / name)
    monkeypatch.setattr(environments, "FREE_BYTES", 10**18)
    with pytest.raises(UserError, match="free disk"):
        environments.ensure(["cloud"])
    assert not (tmp_path / "cloud").exists()


def test_an_environment_whose_stamp_fits_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "venv", lambda name: tmp_path / name)
    monkeypatch.setattr(environments, "FREE_BYTES", 10**18)
    (tmp_path / "cloud").mkdir()
    (tmp_path / "cloud" / STAMP).write_text(environments._key("cloud"))
    environments.ensure(["cloud"])


def test_progress_without_a_terminal_is_a_line_for_each_environment() -> None:
    out = io.StringIO()
    with InstallProgress({"cloud": 2}, out) as progress:
        progress.add_package("cloud", "numpy")
        progress.finish("cloud")
    assert "Installing cloud (2)" in out.getvalue()
    assert "cloud is ready" in out.getvalue()
    assert "\r" not in out.getvalue()


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_counts_a_package_once_and_never_more_than_there_are() -> None:
    out = _Terminal()
    with InstallProgress({"cloud": 2, "dev": 3}, out) as progress:
        for package in ("numpy", "numpy", "pillow", "pydicom"):
            progress.add_package("cloud", package)
        progress.finish("dev")
    assert re.findall(r"\d/5", out.getvalue()) == ["0/5", "1/5", "1/5", "2/5", "2/5", "5/5"]


def test_the_stack_file_is_its_owners_alone_and_says_where_things_are(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    write_stack(file, STACK, Administrator("a@example.org", "random"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    said = json.loads(file.read_text())
    assert said["api_url"] == "http://localhost:4566/_aws/execute-api/abc/live"
    assert said["websocket_url"] == "ws://localhost:4566/_aws/execute-api/def/live"
    assert (said["bucket"], said["admin"]["email"]) == ("images", "a@example.org")


def test_an_administrator_is_kept_for_the_same_stack_only(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    administrator = Administrator("a@example.org", "random")
    write_stack(file, STACK, administrator)
    assert read_administrator(file, STACK) == administrator
    assert read_administrator(file, Stack("stack/2", STACK.endpoint, OUTPUTS)) is None
    assert read_administrator(tmp_path / "missing.json", STACK) is None
