"""Analysing one image, against decoding, resizing and running the model on it; and what is drawn for people besides."""

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
from bench.timing import Measurement, Subject, in_turns
from imaging.analysis import analyse
from imaging.decode import decode
from imaging.model import Model, load_model
from imaging.model_card import Input
from imaging.preprocess import geometry_of, prepare
from imaging.renderings import heatmap, preview
from imaging.resampling import resample

AT_MOST = 1.10
OURS, LIBRARIES, OWN_DECODE = "imaging", "libraries", "own decode"
PREVIEW, HEATMAP = "preview", "heatmap"


def measure(images: Mapping[str, bytes], rounds: int = 15, calls: int = 1) -> Report:
    """Return one row for each image."""
    model = load_model(MODELS / "chest_xray", threads=1)
    rows = [_row(name, in_turns(subjects(data, model), rounds, calls)) for name, data in images.items()]
    columns = (
        "analysis",
        "CPU ms",
        "× libraries' decode + resize + run",
        "× own decode + resize + run",
        "preview ms",
        "heatmap ms",
        "budget",
        "",
    )
    notes = [
        "libraries: Pillow or pydicom decode the whole image; it is resized as the card says, "
        "and `session.run` takes a tensor made beforehand.",
        "own decode: the same with `imaging.decode`, so that what remains is preparing and explaining.",
    ]
    return Report("Analysing an image", columns, rows, notes)


def subjects(data: bytes, model: Model) -> Mapping[str, Subject]:
    """Return what is done with one image, by us and in part."""
    picture = decode(data)
    analysis, tensor = analyse(picture, model), prepare(picture, model.card.input).tensor
    run, resize = partial(_run, model, tensor), partial(_resize, target=model.card.input)
    return {
        OURS: lambda: analyse(decode(data), model),
        LIBRARIES: lambda: (resize(_decode(data)), run()),
        OWN_DECODE: lambda: (resize(decode(data).pixels), run()),
        PREVIEW: lambda: preview(picture),
        HEATMAP: lambda: heatmap(picture, analysis),
    }


def _run(model: Model, tensor: NDArray[np.float32]) -> Any:
    return model.session.run([model.card.output.scores, model.card.output.activation], {model.card.input.node: tensor})


def _decode(data: bytes) -> NDArray[Any]:
    """Decode as the libraries' documentation does: every pixel, in grey."""
    if data[128:132] == b"DICM":
        return dcmread(io.BytesIO(data)).pixel_array
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image if image.mode.startswith("I") else image.convert("L"))


def _resize(pixels: NDArray[Any], target: Input) -> NDArray[Any]:
    """Resize as the card says, and as little of it as the analysis itself does."""
    if pixels.dtype != np.uint8:
        pixels = pixels.astype(np.float32)  # Pillow resizes bytes and floats
    rows, columns = pixels.shape
    geometry = geometry_of(rows, columns, target)
    top, left, bottom, right = geometry.box
    return resample(pixels[top:bottom, left:right], geometry.size, target.interpolation, geometry.kept_box(target))


def _row(name: str, measurement: Measurement) -> tuple[str, ...]:
    plain, own = measurement.ratio(OURS, LIBRARIES), measurement.ratio(OURS, OWN_DECODE)
    drawing_times = [f"{measurement.micros(step) / 1000:.1f}" for step in (PREVIEW, HEATMAP)]
    outcome = verdict(plain.median, AT_MOST)
    return (
        name,
        f"{measurement.micros(OURS) / 1000:.1f}",
        times(plain),
        times(own),
        *drawing_times,
        f"{AT_MOST:.2f}",
        outcome,
    )
