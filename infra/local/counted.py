"""Progress of installs, before any package that could draw it is there: one line that counts."""

import sys
import threading
import time
from collections.abc import Mapping
from typing import TextIO

BAR = 24


class Counted:
    """A bar over several counts at once; on something that is not a terminal, a line as each begins and ends."""

    def __init__(self, totals: Mapping[str, int], out: TextIO = sys.stderr) -> None:
        self._totals = totals
        self._done = dict.fromkeys(totals, 0)
        self._out = out
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def __enter__(self) -> "Counted":
        self._line(f"Installing {', '.join(f'{name} ({total})' for name, total in self._totals.items())}: packages")
        self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        if self._out.isatty():
            self._out.write("\n")

    def one_more(self, name: str) -> None:
        """One more of `name` is under way."""
        with self._lock:
            self._done[name] = min(self._done[name] + 1, self._totals[name])
            self._draw()

    def finished(self, name: str) -> None:
        """All of `name` is done."""
        with self._lock:
            self._done[name] = self._totals[name]
            self._line(f"  {name} is ready after {time.monotonic() - self._began:.0f} s")
            self._draw()

    def _line(self, text: str) -> None:
        self._out.write(f"\r\033[K{text}\n" if self._out.isatty() else f"{text}\n")
        self._out.flush()

    def _draw(self) -> None:
        if not self._out.isatty():
            return
        done, total = sum(self._done.values()), sum(self._totals.values()) or 1
        full = BAR * done // total
        seconds = time.monotonic() - self._began
        self._out.write(f"\r\033[K  [{'█' * full}{'·' * (BAR - full)}] {done}/{total}  {seconds:.0f} s")
        self._out.flush()
