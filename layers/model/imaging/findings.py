"""A model's raw scores → findings, by what its card says of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.errors import bad_input
from imaging.model_card import Card

Scores = NDArray[np.float64]
BELOW_OPERATING_POINT = "BELOW_OPERATING_POINT"
_DECIMALS = 4
"""Of the scores and operating points that are shown: what is compared is what is read."""
_LEAST = 10**-_DECIMALS
"""A score is never all or nothing."""


@dataclass(frozen=True)
class Finding:
    """A label's calibrated score as it is shown, against its operating point. It is no probability of disease."""

    label: str
    title: str
    score: float
    operating_point: float
    positive: bool


@dataclass(frozen=True)
class Decision:
    """`choice`: the label that is chosen, of a model that chooses one; `scores`: of every trained label, exactly."""

    findings: tuple[Finding, ...]
    scores: dict[str, float]
    choice: str | None
    warnings: tuple[str, ...]


NOTHING_READ = Decision(findings=(), scores={}, choice=None, warnings=())


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


def shown_score(score: float) -> float:
    """Return a score as people see it: with four decimals, and never all or nothing."""
    return float(min(max(round(float(score), _DECIMALS), _LEAST), 1 - _LEAST))


def decide_findings(raw: NDArray[np.float32], card: Card) -> Decision:
    """Convert the raw outputs of one image to findings, the choice and warnings.

    A finding is positive if its score, as it is shown, is at or above its operating point. A model that chooses one
    label chooses the positive finding with the highest score; of two with the same, the first of the card. Without a
    positive finding it chooses the label that says that there is nothing, or, where its card has none, the finding with
    the highest score, which is then said to be below its operating point.
    """
    exact_scores = scores_of(raw[None], card)[0]
    scores = np.array([shown_score(score) for score in exact_scores])
    points = [round(label.operating_point, _DECIMALS) for label in card.labels]
    is_positive = [
        label.trained and label.finding and bool(scores[i] >= points[i]) for i, label in enumerate(card.labels)
    ]
    findings = tuple(
        Finding(
            label=label.id,
            title=label.title,
            score=float(scores[i]),
            operating_point=points[i],
            positive=is_positive[i],
        )
        for i, label in enumerate(card.labels)
        if label.trained and label.finding
    )
    scores_by_label = {label.id: float(exact_scores[i]) for i, label in enumerate(card.labels) if label.trained}
    if not card.chooses_one:
        return Decision(findings, scores_by_label, None, ())
    strongest = int(np.nanargmax(np.where([label.finding for label in card.labels], scores, -1)))
    nothing = [i for i, label in enumerate(card.labels) if label.trained and not label.finding]
    if any(is_positive):
        choice = int(np.argmax(np.where(is_positive, scores, -1)))
    else:
        choice = nothing[0] if nothing else strongest
    is_hint = not any(is_positive) and all(scores[strongest] > scores[i] for i in nothing)
    warnings = (BELOW_OPERATING_POINT,) if is_hint else ()
    return Decision(findings, scores_by_label, card.labels[choice].id, warnings)


def _calibrate(values: Scores, card: Card) -> Scores:
    if card.output.kind == "scores":
        return np.clip(values, 0, 1)
    logits = values / card.temperature
    if card.chooses_one:
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float64)
