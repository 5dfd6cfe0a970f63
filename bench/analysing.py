"""Analysing one image, against decoding it and running the model on it; and what is drawn for people besides."""

import io
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread

from bench.environment import MODELS
from bench.report import Report, times, verdict
from bench.timing import Measured, Subject, in_turns
from imaging.analyse import analyse
from imaging.decode import decode
from imaging.derived import heatmap, preview
from imaging.model import Model, load_model
from imaging.prepare import prepare

AT_MOST = 1.10
OURS, LIBRARIES, DECODED = "imaging", "libraries", "own decode"
PREVIEW, HEATMAP = "preview", "heatmap"


def measure(images: Mapping[str, bytes], rounds: int = 15, calls: int = 1) -> Report:
    """One row for each image."""
    model = load_model(MODELS / "chest_xray", threads=1)
    rows = [_row(name, in_turns(subjects(data, model), rounds, calls)) for name, data in images.items()]
    columns = (
        "analysis",
        "CPU ms",
        "× libraries + run",
        "× own decode + run",
        "preview ms",
        "heatmap ms",
        "budget",
        "",
    )
    notes = [
        "libraries + run: Pillow or pydicom decode the whole image, `session.run` takes a tensor made beforehand.",
        "own decode + run: the same with `imaging.decode`, so that what remains is preparing and explaining.",
    ]
    return Report("Analysing an image", columns, rows, notes)


def subjects(data: bytes, model: Model) -> Mapping[str, Subject]:
    """What is done with one image, by us and in part."""
    picture = decode(data)
    analysis, tensor = analyse(picture, model), prepare(picture, model.card.input).tensor
    run = partial(_run, model, tensor)
    return {
        OURS: lambda: analyse(decode(data), model),
        LIBRARIES: lambda: (_decoded(data), run()),
        DECODED: lambda: (decode(data), run()),
        PREVIEW: lambda: preview(picture),
        HEATMAP: lambda: heatmap(picture, analysis),
    }


def _run(model: Model, tensor: NDArray[np.float32]) -> Any:
    return model.session.run([model.card.output.scores, model.card.output.activation], {model.card.input.node: tensor})


def _decoded(data: bytes) -> NDArray[Any]:
    """As the libraries' documentation does it: every pixel, in grey."""
    if data[128:132] == b"DICM":
        return dcmread(io.BytesIO(data)).pixel_array
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image if image.mode.startswith("I") else image.convert("L"))


def _row(name: str, measured: Measured) -> tuple[str, ...]:
    plain, own = measured.ratio(OURS, LIBRARIES), measured.ratio(OURS, DECODED)
    drawn = [f"{measured.micros(step) / 1000:.1f}" for step in (PREVIEW, HEATMAP)]
    judged = verdict(max(plain.median, own.median), AT_MOST)
    return (name, f"{measured.micros(OURS) / 1000:.1f}", times(plain), times(own), *drawn, f"{AT_MOST:.2f}", judged)
