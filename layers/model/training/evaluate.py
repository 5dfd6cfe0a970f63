"""A reading in numbers, and whether they are those of the card."""

from typing import Any

import numpy as np

from training import metrics
from training.metrics import Interval
from training.reading import Reading
from training.subjects import Subject

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
    allowance = _MISCOUNT_LIMIT if isinstance(value, int) else _TOLERANCE
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
