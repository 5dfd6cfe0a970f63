"""Loading a model and running it, once in a new process and again, against onnxruntime alone; what all of them hold."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from bench.environment import MODELS, ROOT
from bench.report import MET, MISSED, Report, times, verdict
from bench.timing import Measurement, Spread, in_turns
from imaging.model import load_model

AT_MOST, AT_MOST_WARM = 1.15, 1.10
MOST_MEGABYTES = 400
OWN, BARE = "imaging", "onnxruntime"
_PROGRAMS = {
    OWN: "model = load_model(folder, 1)",
    BARE: """
options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = 1, 1, 3
graph = (folder / "model.onnx").read_bytes()
session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
""",
}
_RUNS = {OWN: "model.session.run(model.card.outputs, {node: tensor})", BARE: "session.run(names, {node: tensor})"}
_PROGRAM = """
import json, sys, time
from pathlib import Path
import numpy, onnxruntime
from imaging.model import load_model
folder = Path(sys.argv[1])
card = json.loads((folder / "card.json").read_text())
given, names = card["input"], [name for name in (card["output"]["scores"], card["output"].get("activation")) if name]
node, tensor = given["node"], numpy.zeros((1, given["channels"], given["height"], given["width"]), numpy.float32)
begun = time.process_time_ns()
{load}
{run}
print((time.process_time_ns() - begun) / 1000)
"""
# VmHWM: getrusage would also count what the process that starts this one held.
_ALL = """
import re, sys
from pathlib import Path
from functions.inference.model_registry import ModelRegistry
from imaging.analysis import analyse
from imaging.decode import decode
models = ModelRegistry(Path(sys.argv[1]), 1769)
picture = decode(Path(sys.argv[2]).read_bytes())
for name in models.cards:
    analyse(picture, models.load(name))
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024)
"""


def measure(rounds: int = 9) -> Report:
    """Return one row for each model, and one for all of them."""
    folders = sorted(card.parent for card in MODELS.glob("*/card.json"))
    rows = [_row(folder.name, _turns(folder, rounds), _warm(folder, rounds)) for folder in folders]
    megabytes = _in_process(_ALL, [str(MODELS), str(ROOT / "samples" / "clear-2.jpg")])
    outcome = verdict(megabytes / MOST_MEGABYTES, 1.0)
    rows.append(
        (f"all {len(folders)}, loaded lazily", f"{megabytes:.0f} MB held", "", "", f"{MOST_MEGABYTES} MB", outcome)
    )
    notes = ["Load and first run in a new process, after the imports; ours checks card, hash and graph as well."]
    columns = ("model", "CPU ms", "× onnxruntime alone", "every later run, × alone", "budget", "")
    return Report("Loading a model", columns, rows, notes)


def _turns(folder: Path, rounds: int) -> Measurement:
    times: dict[str, list[float]] = {name: [] for name in _PROGRAMS}
    for turn in range(-1, rounds):  # the first warms the disk's cache
        for name in sorted(_PROGRAMS, reverse=turn % 2 == 1):
            micros = _in_process(_PROGRAM.format(load=_PROGRAMS[name], run=_RUNS[name]), [str(folder)])
            if turn >= 0:
                times[name].append(micros)
    return Measurement(times)


def _in_process(program: str, arguments: Sequence[str]) -> float:
    path = os.pathsep.join(map(str, (ROOT, ROOT / "layers" / "core", ROOT / "layers" / "model")))
    env = {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", program, *arguments]
    process = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return float(json.loads(process.stdout.splitlines()[-1]))


def _warm(folder: Path, rounds: int) -> Spread:
    """Run after the first."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = 1, 1, 3
    bare = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
    model = load_model(folder, 1)
    card, target = model.card, model.card.input
    tensors = {target.node: np.zeros((1, target.channels, target.height, target.width), np.float32)}
    subjects = {OWN: lambda: model.session.run(card.outputs, tensors), BARE: lambda: bare.run(card.outputs, tensors)}
    return in_turns(subjects, rounds, calls=40).ratio(OWN, BARE)


def _row(name: str, measurement: Measurement, warm: Spread) -> tuple[str, ...]:
    first = measurement.ratio(OWN, BARE)
    milliseconds = f"{measurement.micros(OWN) / 1000:.0f}"
    verdicts = {verdict(first.median, AT_MOST), verdict(warm.median, AT_MOST_WARM)} == {MET}
    return (
        name,
        milliseconds,
        times(first),
        times(warm),
        f"{AT_MOST:.2f}, {AT_MOST_WARM:.2f}",
        MET if verdicts else MISSED,
    )
