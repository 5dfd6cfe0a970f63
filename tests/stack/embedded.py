"""An embedded cloud of the tests' own: its own port, its own state, IAM enforced, ended by its own process id."""

import shutil
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from infra.local import cloud, deployment
from infra.local.cloud import EmbeddedCloud
from infra.local.deployment import Deployment
from infra.local.paths import REGION

MEMORY, MEMORY_NEEDED = Path("/dev/shm"), 8 * 2**30  # noqa: S108
ORIGIN = "https://app.example.org"


@dataclass(frozen=True)
class Stack:
    """Where the deployed stack answers."""

    endpoint: str
    api: str
    live: str
    bucket: str

    def aws(self, service: str) -> Any:
        """Return an SDK client with root's keys, for what a test looks at from outside."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


def until(holds: Callable[[], Any], seconds: float = 30, every: float = 0.1) -> Any:
    """Return what `holds` gives as soon as it is true. Fails when it is not within `seconds`."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = holds()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} seconds: {holds.__name__}")


@contextmanager
def embedded_cloud(folder: Path) -> Iterator[str]:
    """Its endpoint, while it runs; afterwards only its log is left."""
    ours = EmbeddedCloud(_free_port(), folder, enforces_iam=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the process outlives the object that started it
        cloud.start(ours)
    try:
        yield ours.endpoint
    finally:
        cloud.stop(ours)
        for used in (ours.data, folder / "build"):
            shutil.rmtree(used, ignore_errors=True)


@contextmanager
def room(folder: Path) -> Iterator[Path]:
    """Provide a place to run a cloud in; what is left of it, its log, is in `folder` afterwards.

    It is in memory where there is plenty: some forty workers unpack two gigabytes, and many a disk takes minutes to
    remove them.
    """
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    with TemporaryDirectory(dir=MEMORY if roomy else folder) as place:
        try:
            yield Path(place)
        finally:
            shutil.copytree(place, folder / "left", dirs_exist_ok=True)


def deploy(endpoint: str, folder: Path) -> Stack:
    """Build and deploy the template as `make run` does, with one origin allowed.

    All tests call from one address: on a fast machine they sign in nearly as often in a minute as a clinic may.
    """
    parameters = (f"AllowedOrigins={ORIGIN}", "SignInCallsPerMinute=3000")
    found = deployment.deploy(Deployment(endpoint, folder, parameters=parameters))
    return Stack(endpoint, found.api_url, found.websocket_url, found.outputs["BucketName"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
