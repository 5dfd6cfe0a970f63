"""CPU time of several things that are run in turns, so that whatever else the machine does falls on all of them."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Subject = Callable[[], object]


@dataclass(frozen=True)
class Spread:
    """The median of all rounds, and the quartiles around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        if len(values) < 2:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)


@dataclass(frozen=True)
class Measurement:
    """CPU microseconds a call, of each subject in each round."""

    rounds: Mapping[str, list[float]]

    def micros(self, name: str) -> float:
        """Return the median."""
        return statistics.median(self.rounds[name])

    def ratio(self, name: str, base: str) -> Spread:
        """Return how many times as much as `base`, round by round."""
        return Spread.of([own / other for own, other in zip(self.rounds[name], self.rounds[base], strict=True)])


def in_turns(subjects: Mapping[str, Subject], rounds: int, calls: int) -> Measurement:
    """Run each subject `calls` times in each round; each round begins with another one of them."""
    for subject in subjects.values():
        subject()
    times: dict[str, list[float]] = {name: [] for name in subjects}
    names = list(subjects)
    gc.collect()
    gc.freeze()  # what was imported is not to be searched again and again for the subjects' garbage
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            times[name].append(_cpu_micros(subjects[name], calls))
    gc.unfreeze()
    return Measurement(times)


def _cpu_micros(subject: Subject, calls: int) -> float:
    start = time.process_time_ns()
    for _ in range(calls):
        subject()
    return (time.process_time_ns() - start) / calls / 1000
