"""Long steps, shown: a bar while one runs, a line with its time when it is done."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

console = Console(highlight=False)


@contextmanager
def step(doing: str, done: str, parts: int | None = None) -> Iterator[Callable[[], None]]:
    """Shows `doing` with a bar over `parts` (a moving one when unknown); gives a function to call as each ends."""
    began = time.monotonic()
    columns = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn()]
    columns += [MofNCompleteColumn()] if parts else []
    shown = Progress(*columns, TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal)
    with shown as bar:
        task = bar.add_task(doing, total=parts)
        yield lambda: bar.advance(task)
    console.print(f"[green]✓[/] {done} [dim]{time.monotonic() - began:.1f} s[/]", soft_wrap=True)
