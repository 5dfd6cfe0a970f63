"""Cold import of each function, over the packages of its layers, against the imports that it cannot do without."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.environment import ROOT, SETTINGS
from bench.report import Report, times, verdict
from bench.timing import Measurement
from infra.build import wheels
from infra.build.artefacts import LAYERS, trim
from infra.build.wheels import Target, install_wheels

AT_MOST = 1.20
BYTECODE = ROOT / ".local" / "bytecode"
WITHOUT_BYTECODE = "uncompiled"
ONLY_IN_INFERENCE = ("numpy", "onnxruntime", "pydicom")
LOG = "from aws_lambda_powertools import Logger"
BATCH = "from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response"
STORES = "import botocore.session, botocore.config, pynamodb.models, pynamodb.transactions"
# Pydantic loads most of itself when the first model is made. Cards of models are pydantic's as well.
MODELS = """from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError
class Probe(BaseModel):
    name: str
TypeAdapter(Probe)"""
HTTP = f"import chalice.app, multipart\n{MODELS}"
SQS = "from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord"
STREAM = "from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord"
NEEDED_IMPORTS: Mapping[str, Sequence[str]] = {
    "functions.portal.handler": (LOG, HTTP),
    "functions.auth.handler": (LOG, HTTP, STORES, "import jwt", "import argon2"),
    "functions.auth.mail_handler": (LOG, BATCH, SQS, STORES, "import jwt"),
    "functions.records.handler": (LOG, HTTP, STORES, "import jwt"),
    "functions.records.personal_data_handler": (LOG, BATCH, SQS, STORES),
    "functions.records.seal_handler": (LOG, STORES),
    "functions.scans.handler": (LOG, HTTP, STORES, "import jwt"),
    "functions.scans.sweep_handler": (LOG, STORES),
    "functions.scans.leftovers_handler": (LOG, STORES),
    "functions.inference.arrival_handler": (LOG, STORES),
    "functions.inference.handler": (LOG, BATCH, SQS, STORES, MODELS, "import numpy, onnxruntime, PIL.Image"),
    "functions.inference.predict_handler": (LOG, HTTP, STORES, "import jwt"),
    "functions.inference.dead_letter_handler": (LOG, BATCH, SQS, STORES),
    "functions.realtime.handler": (LOG, STORES, "import jwt"),
    "functions.realtime.push_handler": (LOG, BATCH, STREAM, STORES),
    "functions.realtime.keep_alive_handler": (LOG, STORES),
    "functions.realtime.session_end_handler": (LOG, BATCH, STREAM, STORES),
}
MEASURE = """
import sys, time
begun = time.process_time_ns()
{statements}
taken = time.process_time_ns() - begun
import json
print(json.dumps([taken / 1000, sorted({{name.partition('.')[0] for name in sys.modules}})]))
"""


class Stray(Exception):
    """A function imports what only inference may."""


def measure(
    rounds: int = 7, handlers: Sequence[str] = tuple(NEEDED_IMPORTS), folders: Sequence[Path] | None = None
) -> Report:
    """Return one row for each function. `folders`: where its packages are; those of the built layers unless given.

    Raises Stray.
    """
    package_folders = layers() if folders is None else folders
    rows = [_row(name, _turns(name, rounds, package_folders)) for name in handlers]
    columns = ("cold import", "CPU ms", "× the imports it needs", "without bytecode ms", "budget", "")
    notes = [
        "Processes in turns, over the layers' own packages, compiled. Without bytecode: once, as where none can be",
        f"written beside the sources. Nothing but inference imports {', '.join(ONLY_IN_INFERENCE)}.",
    ]
    return Report("Cold imports", columns, rows, notes)


def layers() -> list[Path]:
    """Return the packages of both layers as they are shipped, for this interpreter; installed when they are not
    there.
    """
    locks = [[wheels.lock(lock) for lock in LAYERS[name].locks] for name in ("core", "model")]
    pages = install_wheels([wheels.lock("swagger")], Target.AWS, trim)  # files alone, for the portal
    return [*(install_wheels(lock, Target.LOCAL, trim) for lock in locks), pages]


def _turns(handler: str, rounds: int, folders: Sequence[Path]) -> Measurement:
    """Return the handler and what it needs, each in a new process, in turns."""
    programs = {"own": f"import {handler}", "needed": "\n".join(NEEDED_IMPORTS[handler])}
    times: dict[str, list[float]] = {name: [] for name in programs}
    for turn in range(-1, rounds):  # the first compiles
        for name in sorted(programs, reverse=turn % 2 == 1):
            micros, modules = _in_process(programs[name], folders)
            _refuse_strays(handler, modules)
            if turn >= 0:
                times[name].append(micros)
    times[WITHOUT_BYTECODE] = [_in_process(programs["own"], folders, is_compiled=False)[0]]
    return Measurement(times)


def _in_process(statements: str, folders: Sequence[Path], *, is_compiled: bool = True) -> tuple[float, list[str]]:
    path = [ROOT, ROOT / "layers" / "core", ROOT / "layers" / "model", *folders]
    env = {**os.environ, **SETTINGS, "PYTHONPATH": os.pathsep.join(map(str, path))}
    env |= {"PYTHONPYCACHEPREFIX": str(BYTECODE if is_compiled else BYTECODE / "none")}
    env["PYTHONDONTWRITEBYTECODE"] = "" if is_compiled else "1"
    # -S: the packages of the environment that runs this are not those of Lambda
    command = [sys.executable, *(["-S"] if folders else []), "-c", MEASURE.format(statements=statements)]
    process = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    micros, modules = json.loads(process.stdout.splitlines()[-1])
    return float(micros), list(modules)


def _refuse_strays(handler: str, modules: Sequence[str]) -> None:
    allowed_packages = ("numpy", "onnxruntime") if handler == "functions.inference.handler" else ()
    strays = set(ONLY_IN_INFERENCE) & set(modules) - set(allowed_packages)
    if strays:
        raise Stray(f"{handler} imports {', '.join(sorted(strays))}")


def _row(handler: str, measurement: Measurement) -> tuple[str, ...]:
    ratio = measurement.ratio("own", "needed")
    name = handler.removeprefix("functions.")
    outcome = verdict(ratio.median, AT_MOST)
    milliseconds = [f"{measurement.micros(subject) / 1000:.0f}" for subject in ("own", WITHOUT_BYTECODE)]
    return name, milliseconds[0], times(ratio), milliseconds[1], f"{AT_MOST:.2f}", outcome
