"""A picture and a model → findings, with what is needed to show where they are."""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.card import Card
from imaging.explain import Grid, heat_grid
from imaging.model import Model
from imaging.picture import Picture
from imaging.prepare import Placement, prepare
from imaging.refusal import bad_input

_LEAST_CONTRAST = 0.05


@dataclass(frozen=True)
class Finding:
    """A label's calibrated score, against its operating point. It is a score, not a probability of disease."""

    label: str
    title: str
    score: float
    operating_point: float
    positive: bool


@dataclass(frozen=True)
class Timings:
    """Wall-clock milliseconds of each step."""

    decode: float
    prepare: float
    infer: float
    explain: float


@dataclass(frozen=True, eq=False)
class Analysis:
    """All findings in the card's order; a heat grid for each positive one; the steps' times."""

    findings: tuple[Finding, ...]
    grids: dict[str, Grid]
    """Label → heat over the model's input, 0 to 1."""
    placement: Placement
    timings: Timings
    warnings: tuple[str, ...]
    """Codes, of the picture and of the analysis: MIDDLE_FRAME_ONLY, LOW_CONTRAST."""

    @property
    def positive(self) -> tuple[Finding, ...]:
        """The positive findings, the clearest first."""
        found = (finding for finding in self.findings if finding.positive)
        return tuple(sorted(found, key=lambda finding: finding.operating_point - finding.score))


def analyse(picture: Picture, model: Model) -> Analysis:
    """Prepare, infer and explain. Raises ImageRefused (BAD_INPUT) if the image leads to no finite score."""
    card = model.card
    begun = time.perf_counter()
    prepared = prepare(picture, card.input)
    ready = time.perf_counter()
    names = [card.output.scores, card.output.activation]
    logits, activation = model.session.run(names, {card.input.node: prepared.tensor})
    ran = time.perf_counter()
    findings = _findings(logits[0], card)
    grids = {
        finding.label: heat_grid(activation[0, i], card.temperature)
        for i, finding in enumerate(findings)
        if finding.positive
    }
    done = time.perf_counter()
    steps = [1000 * (end - start) for start, end in ((begun, ready), (ready, ran), (ran, done))]
    low = ("LOW_CONTRAST",) if prepared.contrast < _LEAST_CONTRAST else ()
    timings = Timings(picture.decode_ms, *steps)
    return Analysis(findings, grids, prepared.placement, timings, picture.warnings + low)


def _findings(logits: NDArray[np.float32], card: Card) -> tuple[Finding, ...]:
    """Logits, one per label → calibrated scores against their operating points."""
    scores = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64) / card.temperature, -30, 30)))
    if not np.isfinite(scores).all():
        raise bad_input("The image gives the model no finite answer.")
    return tuple(
        Finding(label.id, label.title, float(score), label.operating_point, bool(score >= label.operating_point))
        for label, score in zip(card.labels, scores, strict=True)
    )
