"""Numbers that say how good scores are. Scores and truth are n x labels unless said otherwise."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truth = NDArray[np.uint8]
Interval = tuple[float, float, float]
"""A measured value, and the ends of its 95 % confidence interval."""

_RESAMPLES = 1000
_BINS = 10


def auroc(scores: Floats, truth: Truth) -> float:
    """Return area under the ROC curve of one label (n scores, n truths): the chance that a positive outranks a
    negative.
    """
    order = np.sort(scores)
    ranks = (np.searchsorted(order, scores, "left") + np.searchsorted(order, scores, "right") + 1) / 2
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return float("nan")
    return float((ranks[truth == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def sensitivity(positives: Truth, truth: Truth) -> float:
    """Return share of the images with the finding on which it was found."""
    return float(positives[truth == 1].mean())


def specificity(positives: Truth, truth: Truth) -> float:
    """Return share of the images without the finding on which it was not found."""
    return float(1 - positives[truth == 0].mean())


def calibration_error(scores: Floats, truth: Truth) -> float:
    """Return expected calibration error over all labels: how far scores lie from observed frequencies, in ten bins."""
    bins = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    gaps = [
        np.abs(scores[bins == b].mean() - truth[bins == b].mean()) * np.mean(bins == b)
        for b in range(_BINS)
        if (bins == b).any()
    ]
    return float(sum(gaps))


def interval(measure: Callable[[NDArray[np.intp]], float], count: int, seed: int = 0) -> Interval:
    """Return `measure` on all of `count` images, and the 95 % interval of it on bootstrap resamples of them."""
    rng = np.random.default_rng(seed)
    samples = [measure(rng.integers(0, count, count)) for _ in range(_RESAMPLES)]
    low, high = np.nanpercentile(samples, [2.5, 97.5])
    return measure(np.arange(count)), float(low), float(high)


def sigmoid(logits: Floats) -> Floats:
    """Convert logits to scores."""
    return 1 / (1 + np.exp(-np.clip(logits, -30, 30)))


def softmax(logits: Floats) -> Floats:
    """Convert logits, n x labels to scores that add up to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)
