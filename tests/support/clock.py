"""A clock that tests move."""

from datetime import datetime, timedelta

from scanward import clock


class Clock:
    """The real time and what a test adds to it. One that `stands` moves by nothing else."""

    def __init__(self, *, stands: bool = False) -> None:
        self._start = clock.now() if stands else None
        self.ahead = timedelta()

    def now(self) -> datetime:
        return (self._start or clock.now()) + self.ahead
