"""Following a task, pushed over the WebSocket or polled, with progress bars or plain lines."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlencode

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from infra.demo.client import AcceptedUpload, Client, Image, Stack, display_path
from infra.errors import UserError

LIMIT = 180.0  # seconds for one analysis, a cold start of every function included
QUIET = 2.0  # seconds without a push after which the task is polled
FINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class Update:
    """A task's state. `version` grows with each; `pushed`: it came over the WebSocket, not from a poll."""

    version: int
    status: str
    progress: int
    message: str
    result: Mapping[str, Any] | None
    failure: Mapping[str, str] | None
    is_pushed: bool

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


def follow(
    client: Client, socket: ClientConnection | None, upload: AcceptedUpload, show: Callable[[Update], None]
) -> Update:
    """Show each newer state of the task once and give back the final one. Raises UserError after LIMIT."""
    ends = time.monotonic() + LIMIT
    version = 0
    while time.monotonic() < ends:
        update = _pushed_updates(socket) or _update(client.task(upload.task_id), is_pushed=False)
        if update.version > version:
            version = update.version
            show(update)
        if update.is_final:
            return update
    advice = "`make logs FN=inference` shows what the analysis said."
    raise UserError(f"The analysis did not end within {LIMIT:.0f} seconds.", advice)


@contextmanager
def watch_socket(stack: Stack, upload: AcceptedUpload) -> Iterator[ClientConnection | None]:
    """Provide a socket that watches the task by its token; None where the stack has no WebSocket to offer."""
    url = f"{stack.websocket_url}?{urlencode({'token': upload.task_token, 'task_ids': upload.task_id})}"
    with ExitStack() as closing:
        socket = None
        with suppress(OSError, WebSocketException):
            socket = closing.enter_context(connect(url, open_timeout=30, close_timeout=2, proxy=None))
        yield socket


def _pushed_updates(socket: ClientConnection | None) -> Update | None:
    """Return the next pushed state, or None after QUIET."""
    if socket is not None:
        try:
            return _update(json.loads(socket.recv(timeout=QUIET)), is_pushed=True)
        except TimeoutError:
            return None
        except ConnectionClosed:
            pass
    time.sleep(QUIET / 2)
    return None


def _update(entry: Mapping[str, Any], *, is_pushed: bool) -> Update:
    result = entry.get("result")
    return Update(
        version=int(entry["version"]),
        status=str(entry["status"]),
        progress=int(entry["progress"]),
        message=str(entry["message"]),
        result=result["data"] if result else None,
        failure=entry.get("failure"),
        is_pushed=is_pushed,
    )


@contextmanager
def upload_progress(console: Console, image: Image) -> Iterator[IO[bytes]]:
    """Provide the image's content; a bar moves as it is read."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console)
    with bar, bar.open(image.path, "rb", description=f"Uploading {display_path(image.path)}") as content:
        yield content


@contextmanager
def analysis_progress(console: Console) -> Iterator[Callable[[Update], None]]:
    """Provide a function to call with each new state of the task; a bar moves with them."""
    columns = (
        TextColumn("Analysing"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        analysis = bar.add_task("Waiting for word", total=100)

        def show(update: Update) -> None:
            way = "pushed" if update.is_pushed else "polled"
            line = f"  {way}  version {update.version}  {update.status:<11} {update.progress:>3} %  {update.message}"
            bar.console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)
            bar.update(analysis, completed=update.progress, description=update.message)

        yield show
