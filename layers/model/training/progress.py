"""A progress bar with the time that is left, on standard error."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

_WIDTH = 30
_PAUSE, _FILE_PAUSE = 0.2, 20.0


def progress(steps: Iterable[T], total: int, title: str) -> Iterator[T]:
    """Yield the steps, drawing how far they are: often on a terminal, now and then in a file."""
    start = last_draw = time.monotonic()
    pause = _PAUSE if sys.stderr.isatty() else _FILE_PAUSE
    for number, step in enumerate(steps, 1):
        yield step
        now = time.monotonic()
        if number == total or now - last_draw > pause:
            last_draw = now
            _draw(title, number, total, now - start)
    sys.stderr.write("\n")


def _draw(title: str, number: int, total: int, seconds: float) -> None:
    full = _WIDTH * number // total
    left = seconds / number * (total - number)
    when = f"{left:4.0f} s left" if number < total else f"{seconds:4.0f} s     "
    sys.stderr.write(f"\r{title:<24} [{'#' * full}{'.' * (_WIDTH - full)}] {number}/{total} {when}")
    sys.stderr.flush()
