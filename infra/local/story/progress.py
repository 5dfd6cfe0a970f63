"""Progress bars, and the same in plain lines where nobody sees a bar move."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from infra.local.story.image import Image
from infra.local.story.live import Update
from infra.local.story.stack import shown


@contextmanager
def sending(console: Console, image: Image) -> Iterator[IO[bytes]]:
    """The image's content; a bar moves as it is read."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console)
    with bar, bar.open(image.path, "rb", description=f"Uploading {shown(image.path)}") as content:
        yield content


@contextmanager
def analysing(console: Console) -> Iterator[Callable[[Update], None]]:
    """A function to call with each new state of the task; a bar moves with them."""
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
            way = "pushed" if update.pushed else "polled"
            line = f"  {way}  version {update.version}  {update.status:<11} {update.progress:>3} %  {update.message}"
            bar.console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)
            bar.update(analysis, completed=update.progress, description=update.message)

        yield show
