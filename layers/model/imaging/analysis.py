"""A picture and a model → findings, with what is needed to show where they are."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imaging.findings import NOTHING_READ, Decision, Finding, decide_findings, shown_score
from imaging.heatmaps import Grid, compare_labels, heat_grid, occlude
from imaging.image import Picture
from imaging.input_checks import check_input
from imaging.model_card import Card
from imaging.preprocess import Placement, prepare

if TYPE_CHECKING:
    from imaging.model import Model


__all__ = ["Analysis", "Finding", "Timings", "analyse"]

NOT_A_PHANTOM = "NOT_A_PHANTOM"
"""The model reads drawings alone, and this is none of them: it has no findings and no scores."""
HEAT_INCOMPLETE = "HEAT_INCOMPLETE"
"""A positive finding has no heat.

Hiding no part of the image lowers its score, its model is too large for that, or its activation is not a number.
"""


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
    scores: dict[str, float]
    """Of every trained label, in the card's order."""
    choice: str | None
    """The label that was chosen, by a model that chooses one."""
    grids: dict[str, Grid]
    """Label → heat over the model's input, 0 to 1."""
    placement: Placement
    timings: Timings
    warnings: tuple[str, ...]
    """Codes of a closed list: MIDDLE_FRAME_ONLY, HEADER_VALUE_IGNORED, SIGN_CONTRADICTS, DEPTH_CONTRADICTS; NO_UNITS;
    LOW_CONTRAST, INVERTED, COLOUR_PHOTOGRAPH, DOCUMENT, UNFAMILIAR, NOT_A_PHANTOM, NO_GATE of the input gate;
    BELOW_OPERATING_POINT of the scores; HEAT_INCOMPLETE."""

    @property
    def shown_scores(self) -> dict[str, float]:
        """Return the scores as people see them."""
        return {label: shown_score(score) for label, score in self.scores.items()}

    @property
    def is_read(self) -> bool:
        """Tell whether the model says anything of the picture."""
        return bool(self.scores)

    @property
    def positive(self) -> tuple[Finding, ...]:
        """Return the positive findings, the clearest first."""
        positives = (finding for finding in self.findings if finding.positive)
        return tuple(sorted(positives, key=lambda finding: finding.operating_point - finding.score))


def analyse(picture: Picture, model: "Model", *, with_heat: bool = True) -> Analysis:
    """Prepare, infer and explain; without grids unless `with_heat`. What the card's gate does not know is not read.

    Raises ImageError: BAD_INPUT if the image leads to no finite score, UNSUPPORTED if the card refuses it.
    Raises ModelError if the graph fails.
    """
    card = model.card
    start = time.perf_counter()
    prepared_input = prepare(picture, card.input)
    flags: tuple[str, ...] = check_input(picture, prepared_input, card)
    prepare_end = time.perf_counter()
    outputs = dict(zip(card.outputs, model.run(prepared_input.tensor), strict=True))
    infer_end = time.perf_counter()
    if not is_drawing(outputs, card):
        flags, decision = (NOT_A_PHANTOM, *flags), NOTHING_READ
    else:
        decision = decide_findings(outputs[card.output.scores][0], card)
    activation = outputs[card.output.activation] if card.output.activation else None
    grids, is_complete = _grids(decision, activation, prepared_input.tensor, model) if with_heat else ({}, True)
    explain_end = time.perf_counter()
    times = (start, prepare_end, infer_end, explain_end)
    steps = [1000 * (end - begin) for begin, end in pairwise(times)]
    return Analysis(
        findings=decision.findings,
        scores=decision.scores,
        choice=decision.choice,
        grids=grids,
        placement=prepared_input.placement,
        timings=Timings(picture.decode_ms, *steps),
        warnings=(
            *picture.warnings,
            *prepared_input.warnings,
            *flags,
            *decision.warnings,
            *(() if is_complete else (HEAT_INCOMPLETE,)),
        ),
    )


def is_drawing(outputs: Mapping[str, NDArray[np.float32]], card: Card) -> bool:
    """Tell whether the graph's own gate knows the image; every image is let through by a card without such a gate."""
    gate = card.gate.drawing
    return gate is None or float(outputs[gate.node][0]) >= gate.limit  # false for what is no number


def _grids(
    decision: Decision, activation: NDArray[np.float32] | None, tensor: NDArray[np.float32], model: "Model"
) -> tuple[dict[str, Grid], bool]:
    """Return the heat of each positive finding by label; False if there should be heat and is none."""
    positive = {finding.label for finding in decision.findings if finding.positive}
    indices = [i for i, label in enumerate(model.card.labels) if label.id in positive]
    if activation is not None:
        maps = compare_labels(activation[0], model.card)[indices]
        grids, is_complete = [heat_grid(one, model.card.temperature) for one in maps], not np.isnan(maps).any()
    else:
        grids, is_complete = occlude(model, tensor, indices) if indices else ([], True)
    return {model.card.labels[i].id: grid for i, grid in zip(indices, grids, strict=True)}, is_complete
