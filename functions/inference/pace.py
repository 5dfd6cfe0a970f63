"""How fast this worker is, told to others now and then."""

from contextlib import suppress
from datetime import datetime, timedelta

from scanward.domain.orders import Lane
from scanward.errors import Unavailable
from scanward.stores.durations import Durations

TOLD_EVERY = timedelta(minutes=1)
_WEIGHT = 0.2  # of the newest, in a mean that forgets


class Pace:
    """A mean for each lane; it costs one small write a minute, and is nobody's failure."""

    def __init__(self, durations: Durations) -> None:
        self._durations = durations
        self._means: dict[Lane, float] = {}
        self._told: dict[Lane, datetime] = {}

    def note(self, lane: Lane, took: timedelta, now: datetime) -> None:
        """Takes one analysis into account."""
        seconds = took.total_seconds()
        self._means[lane] = mean = self._means.get(lane, seconds) * (1 - _WEIGHT) + seconds * _WEIGHT
        if lane in self._told and now - self._told[lane] < TOLD_EVERY:
            return
        self._told[lane] = now
        with suppress(Unavailable):
            self._durations.note(lane, mean)
