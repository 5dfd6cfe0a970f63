"""Two versions of a model on the same images: do they find the same, and which is faster?"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.findings import decide_findings
from imaging.model import Model

_ROUNDS = 15
Tensors = Sequence[NDArray[np.float32]]


@dataclass(frozen=True)
class Comparison:
    """The new model against the one it was made of, on images that neither was fitted to."""

    images: int
    same_findings: float
    """The share of images on which both find the same."""
    largest_difference: float
    """Between two scores."""
    speed: float
    """How many times as fast a run is."""
    size: float
    """The new file's size as a share of the old one's."""


def compare(before: Model, after: Model, tensors: Tensors, size: float) -> Comparison:
    """Compare both. `size`: the new file's, as a share of the old one's."""
    same, largest = 0, 0.0
    for tensor in tensors:
        one, other = (decide_findings(_run(model, tensor), model.card) for model in (before, after))
        labels_by_image = [
            [finding.label for finding in decision.findings if finding.positive] for decision in (one, other)
        ]
        same += labels_by_image[0] == labels_by_image[1] and one.choice == other.choice
        largest = max(largest, *(abs(score - other.scores[label]) for label, score in one.scores.items()))
    speed = _median(before, tensors[0]) / _median(after, tensors[0])
    return Comparison(len(tensors), round(same / len(tensors), 4), round(largest, 4), round(speed, 2), size)


def _run(model: Model, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
    row: NDArray[np.float32] = model.run(tensor, scores_only=True)[0][0]
    return row


def _median(model: Model, tensor: NDArray[np.float32]) -> float:
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        _run(model, tensor)
        times.append(time.perf_counter() - start)
    return statistics.median(times)
