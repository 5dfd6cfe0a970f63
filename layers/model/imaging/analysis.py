"""A picture and a model → findings, with what is needed to show where they are."""

import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imaging.findings import Decision, Finding, decide_findings
from imaging.heatmaps import Clock, Grid, heat_grid, occlude
from imaging.image import Picture
from imaging.input_checks import check_input
from imaging.model_card import Card
from imaging.preprocess import Placement, PreparedInput, prepare

if TYPE_CHECKING:
    from imaging.model import Model


__all__ = ["Analysis", "Finding", "Timings", "analyse"]

HEAT_INCOMPLETE = "HEAT_INCOMPLETE"
"""A positive finding has no heat: its model was too slow for it, or gives an activation that is not a number."""


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
    """Codes of a closed list: MIDDLE_FRAME_ONLY and others of the picture; NO_UNITS; LOW_CONTRAST, INVERTED,
    COLOUR_PHOTOGRAPH, DOCUMENT, UNFAMILIAR of the input gate; BELOW_OPERATING_POINT of the scores; HEAT_INCOMPLETE."""

    @property
    def positive(self) -> tuple[Finding, ...]:
        """Return the positive findings, the clearest first."""
        positives = (finding for finding in self.findings if finding.positive)
        return tuple(sorted(positives, key=lambda finding: finding.operating_point - finding.score))


def analyse(picture: Picture, model: "Model", *, with_heat: bool = True, clock: Clock = time.perf_counter) -> Analysis:
    """Prepare, infer and explain; without grids unless `with_heat`.

    Raises ImageError: BAD_INPUT if the image leads to no finite score, UNSUPPORTED if the card refuses it.
    Raises ModelError if the graph fails.
    """
    card = model.card
    start = clock()
    prepared_input = prepare(picture, card.input)
    flags = check_input(picture, prepared_input, card)
    prepare_end = clock()
    scores, *activation = model.run(prepared_input.tensor)
    infer_end = clock()
    decision = decide_findings(scores[0], card)
    grids, is_complete = (
        _grids(decision=decision, activation=activation, prepared_input=prepared_input, model=model, clock=clock)
        if with_heat
        else ({}, True)
    )
    explain_end = clock()
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


def _grids(
    decision: Decision,
    activation: list[NDArray[np.float32]],
    prepared_input: PreparedInput,
    model: "Model",
    clock: Clock,
) -> tuple[dict[str, Grid], bool]:
    """Return the heat of each positive finding by label; False if there should be heat and is none."""
    positive = {finding.label for finding in decision.findings if finding.positive}
    indices = [i for i, label in enumerate(model.card.labels) if label.id in positive]
    if activation:
        maps = [_evidence(activation[0][0], i, model.card) for i in indices]
        grids, is_complete = [heat_grid(one, model.card.temperature) for one in maps], not np.isnan(maps).any()
    else:
        grids, is_complete = occlude(model, prepared_input.tensor, indices, clock) if indices else ([], True)
    return {model.card.labels[i].id: grid for i, grid in zip(indices, grids, strict=True)}, is_complete


def _evidence(maps: NDArray[np.float32], i: int, card: Card) -> Grid:
    """Return a label's activation map.

    Where one label is chosen, it is compared with the map of the label which says that there is nothing.
    """
    nothing = [j for j, label in enumerate(card.labels) if label.trained and not label.finding]
    return np.subtract(maps[i], maps[nothing[0]]) if card.chooses_one and nothing else np.asarray(maps[i])
