"""What runs in the workers' processes. The code is loaded once; each worker is forked from there."""

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from functions.inference.analysis import AnalysisDeps, DurationTracker
from functions.inference.ingest import UploadedObject, parse_message
from functions.inference.model_registry import ModelRegistry
from functions.inference.worker import process
from scanward import clock
from scanward.stores.s3 import ObjectStore, Purger
from scanward.stores.scans import ScanStore
from scanward.stores.secrets import PseudonymKeyStore
from scanward.stores.tasks import DurationStore
from tests.support.cloud import BUCKET, ROOT, TABLES

PATIENCE = 120  # seconds until a worker that never ends is ended


def serve() -> None:
    """Fork a worker for each job that comes, one after the other."""
    for line in sys.stdin:
        job = json.loads(line)
        ours, theirs = os.pipe()
        worker = os.fork()
        if worker == 0:
            _be_a_worker(job, theirs)
        os.close(theirs)
        with os.fdopen(ours) as said:
            told = json.loads(said.read() or '{"outcomes": [], "peak_mb": 0}')
        code = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
        sys.stdout.write(json.dumps({**told, "code": code}) + "\n")
        sys.stdout.flush()


def read(bodies: Sequence[str], ahead: timedelta) -> list[str]:
    """Read messages, with the clock ahead; what became of them."""

    def now() -> datetime:
        return clock.now() + ahead

    table, models = TABLES["SCANS_TABLE"], ModelRegistry(ROOT / "layers" / "model" / "models", memory_mb=1769)
    inference = AnalysisDeps(
        scans=ScanStore(table),
        objects=ObjectStore(BUCKET),
        purger=Purger(BUCKET),
        models=models,
        pace=DurationTracker(DurationStore(table)),
        pseudonyms=PseudonymKeyStore(table),
        now=now,
    )
    outcomes = []
    for body in bodies:
        [arrival] = parse_message(body, BUCKET)
        assert isinstance(arrival, UploadedObject)
        outcomes.append(process(inference, arrival).value)
    return outcomes


def _be_a_worker(job: dict[str, Any], theirs: int) -> None:
    signal.alarm(PATIENCE)
    try:
        if job["kill"]:
            sys.setprofile(_killing(**job["kill"]))
        outcomes = read(job["bodies"], timedelta(seconds=job["ahead"]))
        sys.setprofile(None)
        os.write(theirs, json.dumps({"outcomes": outcomes, "peak_mb": _peak_mb()}).encode())
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _killing(file: str, function: str, nth: int, ends: bool) -> Callable[[FrameType, str, object], None]:
    met, wanted = [], "return" if ends else "call"

    def watch(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == wanted and code.co_name == function and code.co_filename.endswith(file):
            met.append(event)
            if len(met) == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    return watch


def _peak_mb() -> int:
    """Of this process alone, not of the one that it was forked from."""
    [line] = [text for text in Path("/proc/self/status").read_text().splitlines() if text.startswith("VmHWM")]
    return int(line.split()[1]) // 1024
