"""uv, which installs what the locks say, told what pip is told. Standard library only.

uv does not read pip's configuration, and that is where a mirror, a proxy or a certificate is set up.
"""

import ast
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.errors import UserError
from infra.local.paths import LOCAL, python, venv

# pip lets a later section override an earlier one.
_SECTIONS = ("global", "install", ":env:")
# The HTTP library below pip reads these where pip's `cert` is not set.
_CERTIFICATE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def parse_pip_settings(text: str) -> dict[str, str]:
    """Return what `pip config list` printed, as `pip install` would take it: {"index-url": "https://…"}."""
    settings = {}
    for section in _SECTIONS:
        for line in text.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(f"{section}."):
                settings[name.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
    return settings


@dataclass(frozen=True, slots=True)
class Uv:
    """uv with its environment, which may hold credentials: it is never printed, nor put on a command line."""

    environment: Mapping[str, str]
    options: tuple[str, ...] = ()

    def command(self, *arguments: str) -> list[str]:
        return [str(venv("uv") / "bin" / "uv"), *arguments, *self.options]


def configure_uv() -> Uv:
    """Return uv, told pip's index, extra indexes, find-links, trusted hosts, certificate, proxy and timeout.

    Its environment must be there: infra.local.environments.ensure(["uv"]). Raises UserError when pip cannot tell.
    """
    command = [str(python("uv")), "-m", "pip", "--disable-pip-version-check", "config", "list"]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        # What it printed may hold an address with credentials.
        raise UserError("pip cannot read its own configuration.", "python3 -m pip config debug names its files.")
    settings = parse_pip_settings(process.stdout)
    options = ("--no-index",) if settings.get("no-index", "").lower() in {"1", "true", "yes", "on"} else ()
    return Uv(uv_environment(settings, os.environ) | _cache_setting(), options)


def uv_environment(settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for uv: `environ`, with pip's settings in uv's spelling.

    A variable of uv's own in `environ` counts more than pip's setting; uv keeps no proxy and no certificate of its own.
    """
    timeout = settings.get("timeout") or settings.get("default-timeout")
    certificate = settings.get("cert") or next(filter(None, map(environ.get, _CERTIFICATE_VARIABLES)), None)
    indexes = settings.get("extra-index-url", "").split()
    for_uv = {
        "UV_DEFAULT_INDEX": settings.get("index-url"),
        "UV_INDEX": " ".join(indexes),
        # pip takes the best of all indexes, uv the first index that knows the name; the hashes hold either way.
        "UV_INDEX_STRATEGY": "unsafe-best-match" if indexes else None,
        "UV_FIND_LINKS": ",".join(_existing_links(settings.get("find-links", ""))),
        "UV_INSECURE_HOST": " ".join(settings.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": str(round(float(timeout))) if timeout else None,
    }
    connection = {"ALL_PROXY": settings.get("proxy"), "SSL_CERT_FILE": certificate}
    return {**_without_blanks(for_uv), **environ, **_without_blanks(connection)}


def redact(text: str) -> str:
    """Return the text without the credentials of addresses in it."""
    return re.sub(r"//[^/\s]+@", "//****@", text)


def _existing_links(text: str) -> list[str]:
    """Return pip's find-links without missing folders, of which pip warns and at which uv ends."""
    links = [os.path.expanduser(link) for link in text.split()]
    return [link for link in links if "://" in link or Path(link).exists()]


def _without_blanks(variables: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value}


def _cache_setting() -> dict[str, str]:
    """Return where uv's cache is: in .local where files can be linked from it, so that they take no room twice."""
    if "UV_CACHE_DIR" in os.environ or not _has_hard_links(LOCAL):
        return {}
    return {"UV_CACHE_DIR": str(LOCAL / "uv-cache")}


def _has_hard_links(folder: Path) -> bool:
    with tempfile.TemporaryDirectory(dir=folder) as trial:
        file = Path(trial, "file")
        file.touch()
        try:
            file.with_name("link").hardlink_to(file)
        except OSError:
            return False
    return True
