"""From logits to scores that mean something: one temperature, and an operating point for each label."""

import numpy as np

from training.metrics import Floats, Truth, sigmoid

_TEMPERATURES = np.geomspace(0.2, 5.0, 200)


def best_temperature(logits: Floats, truth: Truth) -> float:
    """The temperature under which the truth is most likely. Both are n x labels, of the validation set."""
    losses = []
    for temperature in _TEMPERATURES:
        scores = np.clip(sigmoid(logits / temperature), 1e-7, 1 - 1e-7)
        losses.append(-np.mean(truth * np.log(scores) + (1 - truth) * np.log(1 - scores)))
    return round(float(_TEMPERATURES[int(np.argmin(losses))]), 4)


def operating_point(scores: Floats, truth: Truth) -> float:
    """The threshold with the best sensitivity + specificity (Youden) on n films; the middle of equally good ones."""
    thresholds = np.linspace(0.01, 0.99, 393)
    found = scores[None, :] >= thresholds[:, None]
    youden = found[:, truth == 1].mean(axis=1) - found[:, truth == 0].mean(axis=1)
    best = thresholds[youden >= youden.max() - 1e-9]
    return round(float(np.median(best)), 4)
