"""uv: told what pip is told, without a word of it on a command line or in what a person sees."""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from infra.errors import UserError
from infra.local.environments import ensure, explain_failure
from infra.local.uv import configure_uv, parse_pip_settings, uv_environment

USER, PASSWORD = "ada", "registry-secret"


def test_pips_environment_overrides_its_files_and_the_install_section_the_global_one() -> None:
    text = """:env:.find-links='/env'
global.find-links='/global'
global.cert='/ca.pem'
global.index-url='https://one.example/simple'
install.index-url='https://two.example/simple'
download.index-url='https://three.example/simple'
"""
    expected = {"find-links": "/env", "cert": "/ca.pem", "index-url": "https://two.example/simple"}
    assert parse_pip_settings(text) == expected


def test_each_of_pips_settings_gets_uvs_spelling(tmp_path: Path) -> None:
    settings = {
        "index-url": "https://mirror.example/simple",
        "extra-index-url": "https://a.example/simple\nhttps://b.example/simple",
        "find-links": f"{tmp_path} {tmp_path}/missing https://c.example/wheels",
        "trusted-host": "a.example b.example:8080",
        "cert": "/pip.pem",
        "proxy": "http://proxy.example:3128",
        "default-timeout": "180",
    }
    assert uv_environment(settings, {"SSL_CERT_FILE": "/other.pem", "HOME": "/home/ada"}) == {
        "HOME": "/home/ada",
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": f"{tmp_path},https://c.example/wheels",
        "UV_INSECURE_HOST": "a.example b.example:8080",
        "UV_HTTP_TIMEOUT": "180",
        "SSL_CERT_FILE": "/pip.pem",
        "ALL_PROXY": "http://proxy.example:3128",
    }


def test_without_settings_of_pips_nothing_changes() -> None:
    assert uv_environment({}, {"HOME": "/home/ada"}) == {"HOME": "/home/ada"}


def test_what_uv_itself_is_told_counts_more_than_what_pip_is() -> None:
    environment = uv_environment({"index-url": "https://pip.example"}, {"UV_DEFAULT_INDEX": "https://uv.example"})
    assert environment == {"UV_DEFAULT_INDEX": "https://uv.example"}


def test_the_certificates_that_pips_http_library_takes_are_uvs_too() -> None:
    environment = uv_environment({}, {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "/curl.pem"})
    assert environment["SSL_CERT_FILE"] == "/curl.pem"


class _Registry(BaseHTTPRequestHandler):
    """A registry that refuses every caller; it notes each path with the login that came with it."""

    requests: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.requests.append((self.path, self.headers.get("Authorization", "")))
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the test's output is the test's."""


@contextmanager
def running_registry() -> Iterator[tuple[int, list[tuple[str, str]]]]:
    requests: list[tuple[str, str]] = []
    handler = type("_ThisRegistry", (_Registry,), {"requests": requests})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, requests
        server.shutdown()


@pytest.fixture
def pip_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that pip takes its configuration from, still to be written, with uv installed."""
    ensure(["uv"])
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    file = tmp_path / "pip.conf"
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return file


def test_uv_logs_in_where_pip_would_and_the_password_is_not_shown(pip_file: Path, tmp_path: Path) -> None:
    with running_registry() as (port, requests):
        address = f"http://{USER}:{PASSWORD}@127.0.0.1:{port}/simple"
        pip_file.write_text(f"[global]\nindex-url = {address}\nextra-index-url =\nfind-links =\n")
        uv = configure_uv()
        command = uv.command("pip", "install", "--target", str(tmp_path / "target"), "some-package")
        process = subprocess.run(command, env=uv.environment, capture_output=True, text=True, check=False)  # noqa: S603
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert ("/simple/some-package/", f"Basic {login}") in requests
    error = explain_failure("cloud", process.stdout + process.stderr)
    assert "cannot be reached" in error.what
    assert PASSWORD not in f"{command} {process.stdout} {process.stderr} {error}"


def test_without_an_index_uv_asks_none(pip_file: Path) -> None:
    pip_file.write_text("[install]\nno-index = true\n")
    assert configure_uv().command("pip", "sync")[-1] == "--no-index"


def test_pips_broken_configuration_is_told_without_its_text(pip_file: Path) -> None:
    pip_file.write_text(f"index-url = https://{USER}:{PASSWORD}@mirror.example/simple\n")
    with pytest.raises(UserError, match="pip cannot read its own configuration") as caught:
        configure_uv()
    assert PASSWORD not in str(caught.value)
