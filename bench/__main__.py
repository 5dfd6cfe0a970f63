"""`python -m bench [NAME …]`: all benchmarks, or those named; a table each. 1 when a budget is missed."""

import sys
import time
from collections.abc import Callable, Mapping

from rich.console import Console

from bench import analysing, imports, loading, login, predicting, reading, round_trips, stages, working
from bench.environment import machine
from bench.inputs import pictures, slices
from bench.report import Report, show

BENCHMARKS: Mapping[str, Callable[[], Report]] = {
    "reading": reading.measure,
    "stages": stages.measure,
    "analysing": lambda: analysing.measure(pictures()),
    "working": lambda: working.measure(pictures()),
    "predicting": lambda: predicting.measure(slices()),
    "imports": imports.measure,
    "loading": loading.measure,
    "trips": round_trips.measure,
    "login": login.measure,
}


def main(names: list[str]) -> int:
    """Run them one after the other."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    console, began = Console(), time.monotonic()
    choice = names or list(BENCHMARKS)
    print(f"{machine()}; median (quartiles) of rounds in which all take turns, CPU time\n", flush=True)
    misses = sum(_run(console, name, f"{at} of {len(choice)}") for at, name in enumerate(choice, start=1))
    print(f"{misses or 'No'} {'budget' if misses == 1 else 'budgets'} missed; {time.monotonic() - began:.0f} s")
    return 1 if misses else 0


def _run(console: Console, name: str, where: str) -> int:
    """Return how many budgets it misses."""
    if console.is_terminal:
        with console.status(f"{name} ({where})"):
            report = BENCHMARKS[name]()
    else:
        print(f"{name} ({where}) …", file=sys.stderr, flush=True)
        report = BENCHMARKS[name]()
    show(console, report)
    return report.misses


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
