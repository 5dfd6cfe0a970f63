"""Workers as processes of their own, to be killed: each runs the functions' own code over the served cloud."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import IO

from tests.support.cloud import ROOT

_START = """
import sys, types
tests = types.ModuleType("tests")  # a package of that name may be installed
tests.__path__ = [sys.argv[1]]
sys.modules["tests"] = tests
from tests.faults.worker import serve
serve()
"""


@dataclass(frozen=True, slots=True)
class Kill:
    """Where a worker dies: when the nth call of a function of a file begins, or as it ends."""

    file: str
    function: str
    nth: int = 1
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Worked:
    """`code`: the exit code, or less the signal's number. `peak_mb`: the most memory that the process held."""

    code: int
    outcomes: Sequence[str]
    peak_mb: int

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


class WorkerProcesses:
    """Starts workers: each is forked from one process that has loaded the code."""

    def __init__(self, told: IO[str], says: IO[str]) -> None:
        self._told, self._says = told, says

    def work(self, bodies: Sequence[str], ahead: timedelta, kill: Kill | None = None) -> Worked:
        """Have a worker read messages, with its clock ahead by so much; how it ended."""
        job = {"bodies": list(bodies), "ahead": ahead.total_seconds(), "kill": asdict(kill) if kill else None}
        self._told.write(json.dumps(job) + "\n")
        self._told.flush()
        return Worked(**json.loads(self._says.readline()))


@contextmanager
def start_processes(endpoint: str) -> Iterator[WorkerProcesses]:
    """Workers over the cloud at an endpoint."""
    path = os.pathsep.join(str(ROOT / folder) for folder in (".", "layers/core", "layers/model"))
    env = {**os.environ, "AWS_ENDPOINT_URL": endpoint, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", _START, str(ROOT / "tests")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=env,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        yield WorkerProcesses(process.stdin, process.stdout)
        process.stdin.close()
