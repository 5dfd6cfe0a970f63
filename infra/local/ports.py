"""Who listens on a port of this machine."""

import json
import socket
import urllib.error
import urllib.request

from infra.local.refusal import LocalRefused

SECONDS = 2


def is_cloud(port: int) -> bool:
    """Whether a local AWS, MiniStack or LocalStack, answers there."""
    return health(f"http://127.0.0.1:{port}") is not None


def health(endpoint: str) -> dict[str, object] | None:
    """What a local AWS says of itself; None where none answers."""
    try:
        with urllib.request.urlopen(f"{endpoint}/_localstack/health", timeout=SECONDS) as answer:  # noqa: S310
            said = json.load(answer)
    except (OSError, urllib.error.URLError, ValueError):
        return None
    return said if isinstance(said, dict) and "services" in said else None


def check_free(port: int) -> None:
    """Raises LocalRefused, saying who seems to have it, when something listens there."""
    with socket.socket() as probe:
        probe.settimeout(SECONDS)
        if probe.connect_ex(("127.0.0.1", port)):
            return
    other = f"Use another one: make run PORT={port + 100}"
    if is_cloud(port):
        raise LocalRefused(
            f"Port {port} is taken by a local AWS that was not started from this folder.",
            f"{other}\nOr deploy to the one that listens, if it is LocalStack: make run CLOUD=localstack PORT={port}",
        )
    raise LocalRefused(f"Port {port} is taken by another program.", other)
