"""A model's raw scores → findings, by what its card says of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.errors import bad_input
from imaging.model_card import Card

Scores = NDArray[np.float64]
BELOW_OPERATING_POINT = "BELOW_OPERATING_POINT"


@dataclass(frozen=True)
class Finding:
    """A label's calibrated score, against its operating point. It is a score, not a probability of disease."""

    label: str
    title: str
    score: float
    operating_point: float
    positive: bool


@dataclass(frozen=True)
class Decision:
    """`choice`: the label with the highest score, of a model that chooses one; `scores`: of every trained label."""

    findings: tuple[Finding, ...]
    scores: dict[str, float]
    choice: str | None
    warnings: tuple[str, ...]


def scores_of(raw: NDArray[np.float32], card: Card) -> Scores:
    """Convert raw outputs, n x labels, to calibrated scores, n x labels; NaN where a label was not trained.

    Raises ImageError (BAD_INPUT) if the image leads to no finite score.
    """
    is_trained = np.array([label.trained for label in card.labels])
    values = raw.astype(np.float64)[:, is_trained]
    if not np.isfinite(values).all():
        raise bad_input("The image gives the model no finite answer.")
    scores = np.full(raw.shape, np.nan)
    scores[:, is_trained] = _calibrate(values, card)
    return scores


def decide_findings(raw: NDArray[np.float32], card: Card) -> Decision:
    """Convert the raw outputs of one image to findings, the choice and warnings."""
    scores = scores_of(raw[None], card)[0]
    choice = int(np.nanargmax(scores)) if card.chooses_one else None
    findings = tuple(
        Finding(
            label=label.id,
            title=label.title,
            score=float(scores[i]),
            operating_point=label.operating_point,
            positive=bool(scores[i] >= label.operating_point) and choice in (None, i),
        )
        for i, label in enumerate(card.labels)
        if label.trained and label.finding
    )
    scores_by_label = {label.id: float(scores[i]) for i, label in enumerate(card.labels) if label.trained}
    if choice is None:
        return Decision(findings, scores_by_label, None, ())
    label = card.labels[choice]
    unsure = label.finding and scores[choice] < label.operating_point
    return Decision(findings, scores_by_label, label.id, (BELOW_OPERATING_POINT,) if unsure else ())


def _calibrate(values: Scores, card: Card) -> Scores:
    if card.output.kind == "scores":
        return np.clip(values, 0, 1)
    logits = values / card.temperature
    if card.chooses_one:
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float64)
