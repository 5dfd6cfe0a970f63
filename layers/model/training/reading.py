"""What a model makes of held-out phantoms, read as a clinic would use it: numbers, for its card or against it."""

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from imaging.analysis import Analysis, analyse
from imaging.decode import decode
from imaging.heatmaps import spread_heat
from imaging.model import Model, load_model
from imaging.model_card import CARD_FILE, read_card
from training import files, metrics
from training.dataset import phantom, progress, truth_of
from training.metrics import Floats, Interval, Truth
from training.phantom.canvas import Phantom
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
_NO_SCORE = 1e-4


def _read(folder: Path, name: str, seed: int, index: int) -> tuple[list[float], list[int], list[int], list[float]]:
    if folder not in _models:
        _models[folder] = load_model(folder, 1)
    subject = SUBJECTS[name]
    phantom_image = phantom(subject, seed, "held-out", index)
    analysis = analyse(decode(encode(subject, phantom_image, index)), _models[folder])
    return (
        # A phantom that the gate refuses counts as one of which nothing was told.
        [analysis.scores.get(label, _NO_SCORE) for label in subject.labels],
        found_by(analysis, subject),
        truth_of(subject, phantom_image).tolist(),
        [points_at(phantom_image, analysis, label) for label in subject.labels],
    )


_TOLERANCE = 0.01
_MISCOUNT_LIMIT = 1
"""Images that may be counted elsewhere: processors round differently, and one may lie on the border."""


def summary(reading: Reading, subject: Subject, temperature: float) -> dict[str, Any]:
    """Return the card's `metrics`: over all, and per label with the ends of their 95 % intervals."""
    metrics: dict[str, Any] = {subject.unit: len(reading.truth)}
    if subject.nothing is not None:
        metrics["accuracy"] = _accuracy(reading)
    before, after = _calibration_errors(reading, subject, temperature)
    metrics |= {"calibration_error_before": round(before, 4), "calibration_error_after": round(after, 4)}
    metrics["labels"] = {label: _label_summary(reading, subject, i) for i, label in enumerate(subject.labels)}
    if subject.nothing is not None:
        metrics["drawn_and_chosen"] = _confusion(reading, subject)
    return metrics


def differences(metrics: dict[str, Any], card: dict[str, Any], path: str = "metrics") -> list[str]:
    """Return where two summaries differ by more than the tolerance; what one of them lacks, or be no number,
    differs.
    """
    problems = []
    for key in dict.fromkeys([*metrics, *card]):
        here, value, there = f"{path}.{key}", metrics.get(key), card.get(key)
        if isinstance(value, dict) and isinstance(there, dict):
            problems += differences(value, there, here)
        elif value is None or there is None or not _alike(value, there):
            problems.append(f"{here}: measured {value}, the card says {there}")
    return problems


def _alike(value: float | list[float], there: float | list[float]) -> bool:
    is_count = isinstance(value, int) or (isinstance(value, list) and all(isinstance(one, int) for one in value))
    allowance = _MISCOUNT_LIMIT if is_count else _TOLERANCE
    return np.shape(value) == np.shape(there) and bool(np.max(np.abs(np.subtract(value, there))) <= allowance)


def _accuracy(reading: Reading) -> list[float]:
    """Return the share of images of which the drawn label has the highest score."""
    right = reading.scores.argmax(axis=1) == reading.truth.argmax(axis=1)
    return _round(metrics.interval(lambda images: float(right[images].mean()), len(right)))


def _calibration_errors(reading: Reading, subject: Subject, temperature: float) -> tuple[float, float]:
    """Return expected calibration error without and with the temperature; of one choice, that of the chosen label's
    score.
    """
    if subject.nothing is None:
        logits = np.log(reading.scores / (1 - reading.scores)) * temperature
        plain = metrics.sigmoid(logits)
        return tuple(metrics.calibration_error(scores, reading.truth) for scores in (plain, reading.scores))  # type: ignore[return-value]
    plain = metrics.softmax(np.log(np.maximum(reading.scores, 1e-12)) * temperature)
    right = (reading.scores.argmax(axis=1) == reading.truth.argmax(axis=1)).astype(np.uint8)
    return tuple(metrics.calibration_error(scores.max(axis=1), right) for scores in (plain, reading.scores))  # type: ignore[return-value]


def _label_summary(reading: Reading, subject: Subject, i: int) -> dict[str, Any]:
    scores, hits = reading.scores[:, i], reading.hits[:, i]
    positives, truth = reading.positives[:, i], reading.truth[:, i]
    measures = {
        "auroc": lambda images: metrics.auroc(scores[images], truth[images]),
        "sensitivity": lambda images: metrics.sensitivity(positives[images], truth[images]),
        "specificity": lambda images: metrics.specificity(positives[images], truth[images]),
    }
    if subject.labels[i] in subject.findings:
        measures["pointing"] = lambda images: float(np.nanmean(hits[images]))
    intervals = {name: _round(metrics.interval(measure, len(truth))) for name, measure in measures.items()}
    return {subject.unit: int(truth.sum()), **intervals}


def _confusion(reading: Reading, subject: Subject) -> dict[str, dict[str, int]]:
    """Return how often each label was chosen of images with each label."""
    truth, choice = reading.truth.argmax(axis=1), reading.scores.argmax(axis=1)
    return {
        one: {other: int(((truth == i) & (choice == j)).sum()) for j, other in enumerate(subject.labels)}
        for i, one in enumerate(subject.labels)
    }


def _round(value: Interval) -> list[float]:
    return [round(number, 4) for number in value]


HELD_OUT = 1000


def measure(folder: Path, subject: Subject) -> None:
    """Replace the card's `metrics` by what is measured now."""
    card = read_card(folder)
    reading = read_held_out(folder, subject, card.document["training_data"]["seed"], HELD_OUT)
    metrics = summary(reading, subject, card.temperature)
    write_card(folder, {**card.document, "metrics": metrics})
    print(json.dumps(metrics, indent=2))


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write `card.json` as people read it."""
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (folder / CARD_FILE).write_text(text + "\n", encoding="utf-8")
