"""What a model makes of held-out phantoms, read the way a clinic would use it: files in, findings out."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from imaging.analysis import Analysis, analyse
from imaging.decode import decode
from imaging.heatmaps import spread_heat
from imaging.model import Model, load_model
from training import files
from training.dataset import phantom, truth_of
from training.metrics import Floats, Truth
from training.phantom.drawing import Phantom
from training.progress import progress
from training.subjects import SUBJECTS, Subject

_KINDS = ("png", "png16", "jpeg", "dicom", "second-dicom")


@dataclass(frozen=True, eq=False)
class Reading:
    """What the model made of n images; each array is n x labels."""

    scores: Floats
    positives: Truth
    truth: Truth
    hits: Floats
    """1 if the heat's maximum lies on the finding, 0 if beside it, NaN if there is none or it was missed."""


def read_held_out(folder: Path, subject: Subject, seed: int, count: int) -> Reading:
    """Draw `count` held-out phantoms, write each in one of the accepted formats, and analyse that file."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=context) as pool:
        rows = pool.map(partial(_read, folder, subject.name, seed), range(count), chunksize=16)
        columns = list(zip(*progress(rows, count, "read held-out"), strict=True))
    return Reading(*(np.array(column) for column in columns))


def encode(subject: Subject, phantom_image: Phantom, index: int) -> bytes:
    """Return the image as a file; formats take turns."""
    kind = _KINDS[index % len(_KINDS)]
    if kind == "jpeg":
        return files.jpeg(phantom_image.film)
    if kind.startswith("png"):
        return files.png(phantom_image.film, 16 if kind == "png16" else 8)
    exposure = subject.exposures[kind == "second-dicom"]
    if phantom_image.window is not None:
        exposure = files.apply_window(exposure, *phantom_image.window)
    return files.dicom(phantom_image.film, exposure, f"film{index}", subject.body_part)


def points_at(phantom_image: Phantom, analysis: Analysis, label: str) -> float:
    """Return 1 if the label's heat has its maximum on the finding, 0 if beside it, NaN if it is absent or was not
    found.
    """
    if label not in phantom_image.masks or label not in analysis.grids:
        return float("nan")
    heat = spread_heat(analysis.grids[label], analysis.placement, *phantom_image.film.shape)
    row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
    return float(phantom_image.masks[label][row, column] > 0)


def found_by(analysis: Analysis, subject: Subject) -> list[int]:
    """Return 1 for each label that the analysis says is there, in the order of the model's outputs."""
    positive = {finding.label for finding in analysis.positive}
    if analysis.choice == subject.nothing and subject.nothing is not None:
        positive.add(subject.nothing)
    return [int(label in positive) for label in subject.labels]


_models: dict[Path, Model] = {}
"""The model of each worker process."""


def _read(folder: Path, name: str, seed: int, index: int) -> tuple[list[float], list[int], list[int], list[float]]:
    if folder not in _models:
        _models[folder] = load_model(folder, 1)
    subject = SUBJECTS[name]
    phantom_image = phantom(subject, seed, "held-out", index)
    analysis = analyse(decode(encode(subject, phantom_image, index)), _models[folder])
    return (
        [analysis.scores[label] for label in subject.labels],
        found_by(analysis, subject),
        truth_of(subject, phantom_image).tolist(),
        [points_at(phantom_image, analysis, label) for label in subject.labels],
    )
