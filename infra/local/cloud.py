"""The embedded cloud: MiniStack in an environment of its own, its port, its data and its log."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from infra.errors import UserError
from infra.local.paths import python

SECONDS = 2


def is_cloud(port: int) -> bool:
    """Tell whether a local AWS, MiniStack or LocalStack, answers there."""
    return health(f"http://127.0.0.1:{port}") is not None


def health(endpoint: str) -> dict[str, object] | None:
    """Return what a local AWS says of itself; None where none answers."""
    try:
        with urllib.request.urlopen(f"{endpoint}/_localstack/health", timeout=SECONDS) as answer:  # noqa: S310
            payload = json.load(answer)
    except (OSError, urllib.error.URLError, ValueError):
        return None
    return payload if isinstance(payload, dict) and "services" in payload else None


def check_free(port: int) -> None:
    """Raise UserError, saying who seems to have it, when something listens there."""
    with socket.socket() as probe:
        probe.settimeout(SECONDS)
        if probe.connect_ex(("127.0.0.1", port)):
            return
    other = f"Use another one: make run PORT={port + 100}"
    if is_cloud(port):
        raise UserError(
            f"Port {port} is taken by a local AWS that was not started from this folder.",
            f"{other}\nOr deploy to the one that listens, if it is LocalStack: make run CLOUD=localstack PORT={port}",
        )
    raise UserError(f"Port {port} is taken by another program.", other)


UNPACKED_FOLDER = "unpacked"  # functions and layers, which every start unpacks anew


def prepare(data: Path, port: int) -> None:
    """Make the folders, and the data fit for a start on this port."""
    shutil.rmtree(data / UNPACKED_FOLDER, ignore_errors=True)
    for folder in ("state", "objects", UNPACKED_FOLDER):
        (data / folder).mkdir(parents=True, exist_ok=True)
    _move_to_port(data, port)
    _rewind_streams(data / "state" / "lambda.json")


def _move_to_port(data: Path, port: int) -> None:
    """Rewrite the port in MiniStack's state, which spells queues with the port it had; on another port it would not
    find them again.
    """
    note, now = data / "port", str(port)
    before = note.read_text() if note.is_file() else now
    if before != now:
        for file in (data / "state").glob("*.json"):
            payload = file.read_bytes()
            content = payload.replace(f"//localhost:{before}/".encode(), f"//localhost:{now}/".encode())
            if content != payload:
                file.write_bytes(content)
    note.write_text(now)


def _rewind_streams(functions: Path) -> None:
    """Rewind the streams' readers: MiniStack keeps how far each function has read a table's stream, but not the
    stream's records.

    After a restart it would wait for as many new records as there once were, and push none of them.
    """
    try:
        state = json.loads(functions.read_text())
        positions = state["payload"]["dynamodb_stream_positions"]["data"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if positions:
        positions.clear()
        functions.write_text(json.dumps(state))


START_SECONDS = 60
STOP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class EmbeddedCloud:
    """`folder` holds its process id, its log and, below `cloud`, its data."""

    port: int
    folder: Path
    enforces_iam: bool = False

    @property
    def endpoint(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def outbox(self) -> str:
        """Where the mails that it was given to send can be read."""
        return f"{self.endpoint}/_ministack/ses/messages"

    @property
    def log(self) -> Path:
        return self.folder / "cloud.log"

    @property
    def pid_file(self) -> Path:
        return self.folder / "cloud.pid"

    @property
    def data(self) -> Path:
        return self.folder / "cloud"


def start(cloud: EmbeddedCloud) -> bool:
    """Have it listening; False when it already was. One that listens elsewhere or otherwise is started anew.

    Raises UserError when another program holds the port or the cloud does not come up.
    """
    running = _running(cloud)
    if running == _describe_mode(cloud) and is_cloud(cloud.port):
        return False
    if running:
        stop(cloud)
    check_free(cloud.port)
    prepare(cloud.data, cloud.port)
    with cloud.log.open("ab") as log:
        process = subprocess.Popen(
            [str(python("cloud")), "-m", "ministack"],
            cwd=cloud.data,
            env=_environment(cloud),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    cloud.pid_file.write_text(json.dumps({"pid": process.pid, **_describe_mode(cloud)}))
    _await_ready(cloud, process)
    return True


def stop(cloud: EmbeddedCloud) -> bool:
    """End it, gently, so that its data is written; False when it did not run."""
    pid = _pid(cloud)
    if pid is None:
        cloud.pid_file.unlink(missing_ok=True)
        return False
    os.kill(pid, signal.SIGTERM)
    ends = time.monotonic() + STOP_SECONDS
    while _is_ours(pid):
        if time.monotonic() > ends:
            raise UserError(
                f"The embedded cloud (process {pid}) does not end.", f"Look at {cloud.log}, then: kill -9 {pid}"
            )
        time.sleep(0.1)
    cloud.pid_file.unlink(missing_ok=True)
    return True


def delete_data(cloud: EmbeddedCloud) -> None:
    """End it and remove its data."""
    stop(cloud)
    shutil.rmtree(cloud.data, ignore_errors=True)
    cloud.log.unlink(missing_ok=True)


def _describe_mode(cloud: EmbeddedCloud) -> dict[str, object]:
    return {"port": cloud.port, "enforces_iam": cloud.enforces_iam}


def _running(cloud: EmbeddedCloud) -> dict[str, object]:
    """Return how the one that runs was started; empty when none runs."""
    if _pid(cloud) is None:
        return {}
    payload: dict[str, object] = json.loads(cloud.pid_file.read_text())
    return {name: value for name, value in payload.items() if name != "pid"}


def _pid(cloud: EmbeddedCloud) -> int | None:
    try:
        pid = int(json.loads(cloud.pid_file.read_text())["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return pid if _is_ours(pid) else None


def _is_ours(pid: int) -> bool:
    """Tell whether the process lives and be MiniStack: process ids are used again. A zombie does not live."""
    ps = ["ps", "-o", "stat=,command=", "-p", str(pid)]
    text = subprocess.run(ps, capture_output=True, text=True, check=False).stdout.strip()
    return "ministack" in text and not text.startswith("Z")


def _environment(cloud: EmbeddedCloud) -> dict[str, str]:
    # Functions inherit all of it: nothing of the caller's Python or AWS may get through.
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON", "LOCALSTACK"))}
    return own | {
        "GATEWAY_PORT": str(cloud.port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true" if cloud.enforces_iam else "false",
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "STATE_DIR": str(cloud.data / "state"),
        "S3_DATA_DIR": str(cloud.data / "objects"),
        "TMPDIR": str(cloud.data / UNPACKED_FOLDER),
        # Services that would listen on ports of their own.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


def _await_ready(cloud: EmbeddedCloud, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        if is_cloud(cloud.port):
            return
        time.sleep(0.1)
    last = "\n".join(cloud.log.read_text(errors="replace").splitlines()[-8:])
    stop(cloud)
    raise UserError(f"The embedded cloud did not come up on port {cloud.port}.", f"{cloud.log} ends with:\n{last}")
