"""From logits to scores that mean something: one temperature, and an operating point for each label."""

import numpy as np

from training.metrics import Floats, Truth, sigmoid, softmax

_TEMPERATURES = np.geomspace(0.2, 5.0, 200)
_MOST_OF_A_CHOICE = 0.4
"""Of four labels the chosen one has nearly always more: a choice below its operating point stays rare."""


def best_temperature(logits: Floats, truth: Truth, *, chooses: bool) -> float:
    """Return the temperature under which the truth is most likely. Both are n x labels, of the validation set."""
    losses = []
    for temperature in _TEMPERATURES:
        scores = np.clip((softmax if chooses else sigmoid)(logits / temperature), 1e-7, 1 - 1e-7)
        loss = 0.0 if chooses else (1 - truth) * np.log(1 - scores)
        losses.append(-np.mean(truth * np.log(scores) + loss))
    return round(float(_TEMPERATURES[int(np.argmin(losses))]), 4)


def operating_point(scores: Floats, truth: Truth) -> float:
    """Return the threshold with the best sensitivity + specificity (Youden) on n images; the middle of equally good
    ones.
    """
    thresholds = np.linspace(0.01, 0.99, 393)
    positives = scores[None, :] >= thresholds[:, None]
    youden = positives[:, truth == 1].mean(axis=1) - positives[:, truth == 0].mean(axis=1)
    best = thresholds[youden >= youden.max() - 1e-9]
    return round(float(np.median(best)), 4)


def operating_points(scores: Floats, truth: Truth, *, chooses: bool) -> list[float]:
    """Return one for each label, of scores and truth that are n x labels."""
    points = [operating_point(scores[:, i], truth[:, i]) for i in range(scores.shape[1])]
    return [min(point, _MOST_OF_A_CHOICE) for point in points] if chooses else points
