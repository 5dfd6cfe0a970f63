"""A model's numbers on held-out phantoms, measured the way a clinic would use it: files in, findings out."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from imaging.analyse import Analysis, analyse
from imaging.decode import decode
from imaging.explain import spread
from imaging.model import Model, load_model
from training import files, metrics
from training.dataset import phantom
from training.metrics import Floats, Interval, Truth
from training.phantom.chest import Phantom
from training.progress import progress

_KINDS = ("png", "png16", "jpeg", "dicom", "dicom-inverted")
_TOLERANCE = 0.01


@dataclass(frozen=True, eq=False)
class Reading:
    """What the model made of n films; each array is n x labels."""

    scores: Floats
    found: Truth
    truth: Truth
    pointed: Floats
    """1 if the heat's maximum lies on the finding, 0 if beside it, NaN if there is none or it was missed."""


def read_held_out(folder: Path, seed: int, count: int) -> Reading:
    """Draw `count` held-out phantoms, write each in one of the accepted formats, and analyse that file."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=context) as pool:
        rows = pool.map(partial(_read, folder, seed), range(count), chunksize=16)
        columns = list(zip(*progress(rows, count, "read held-out"), strict=True))
    scores, found, truth, pointed = (np.array(column) for column in columns)
    return Reading(scores, found, truth, pointed)


def encoded(drawn: Phantom, index: int) -> bytes:
    """The film as a file; formats take turns."""
    kind = _KINDS[index % len(_KINDS)]
    if kind == "jpeg":
        return files.jpeg(drawn.film)
    if kind.startswith("png"):
        return files.png(drawn.film, 16 if kind == "png16" else 8)
    return files.dicom(drawn.film, files.CR if kind == "dicom-inverted" else files.DX, f"film{index}")


def summary(reading: Reading, labels: tuple[str, ...], temperature: float) -> dict[str, Any]:
    """The card's `metrics`: over all, and per label with the ends of their 95 % intervals."""
    logits = np.log(reading.scores / (1 - reading.scores)) * temperature
    return {
        "films": len(reading.truth),
        "calibration_error_before": round(metrics.calibration_error(metrics.sigmoid(logits), reading.truth), 4),
        "calibration_error_after": round(metrics.calibration_error(reading.scores, reading.truth), 4),
        "labels": {label: _label_summary(reading, i) for i, label in enumerate(labels)},
    }


def differences(measured: dict[str, Any], card: dict[str, Any], path: str = "metrics") -> list[str]:
    """Where two summaries differ by more than the tolerance."""
    found = []
    for key, value in measured.items():
        here, there = f"{path}.{key}", card.get(key)
        if isinstance(value, dict):
            found += differences(value, there or {}, here)
        elif there is None or np.max(np.abs(np.subtract(value, there))) > _TOLERANCE:
            found.append(f"{here}: measured {value}, the card says {there}")
    return found


def _label_summary(reading: Reading, i: int) -> dict[str, Any]:
    scores, pointed = reading.scores[:, i], reading.pointed[:, i]
    found, truth = reading.found[:, i], reading.truth[:, i]
    count = len(truth)
    measures = {
        "auroc": metrics.interval(lambda films: metrics.auroc(scores[films], truth[films]), count),
        "sensitivity": metrics.interval(lambda films: metrics.sensitivity(found[films], truth[films]), count),
        "specificity": metrics.interval(lambda films: metrics.specificity(found[films], truth[films]), count),
        "pointing": metrics.interval(lambda films: float(np.nanmean(pointed[films])), count),
    }
    return {"films": int(truth.sum()), **{name: _rounded(value) for name, value in measures.items()}}


def _rounded(value: Interval) -> list[float]:
    return [round(number, 4) for number in value]


_loaded: dict[Path, Model] = {}
"""The model of each worker process."""


def _read(folder: Path, seed: int, index: int) -> tuple[list[float], list[int], list[int], list[float]]:
    if folder not in _loaded:
        _loaded[folder] = load_model(folder, 1)
    drawn = phantom(seed, "held-out", index)
    analysis = analyse(decode(encoded(drawn, index)), _loaded[folder])
    labels = [finding.label for finding in analysis.findings]
    return (
        [finding.score for finding in analysis.findings],
        [int(finding.positive) for finding in analysis.findings],
        [int(label in drawn.masks) for label in labels],
        [points_at(drawn, analysis, label) for label in labels],
    )


def points_at(drawn: Phantom, analysis: Analysis, label: str) -> float:
    """1 if the label's heat has its maximum on the finding, 0 if beside it, NaN if it is absent or was not found."""
    if label not in drawn.masks or label not in analysis.grids:
        return float("nan")
    heat = spread(analysis.grids[label], analysis.placement, *drawn.film.shape)
    row, column = np.unravel_index(int(np.argmax(heat)), heat.shape)
    return float(drawn.masks[label][row, column] > 0)
