"""Where in the image a finding lies: from the model's activation grid, else by occlusion."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.findings import scores_of
from imaging.preprocess import Placement

if TYPE_CHECKING:
    from imaging.model import Model


Grid = NDArray[np.float32]


_SILENT = -2.0
"""Logit below which a cell says no (12 %): no heat."""
_SPAN = 4.0
"""Logits that heat covers at least, so that a weak peak is not a flat patch."""


def heat_grid(activation: Grid, temperature: float) -> Grid:
    """Convert a label's activation logits, rows x columns, to heat: 0 to 1, 1 where the finding is most evident.

    No heat at all if any of them is not a number.

    Heat is linear in the logits: as a sigmoid it would be the same all over a finding that is evident anywhere.
    """
    if np.isnan(activation).any():
        return np.zeros_like(activation)
    logits = np.clip(activation / np.float32(temperature), -50, 50)
    peak = float(logits.max())
    floor = min(_SILENT, peak - _SPAN)
    return np.asarray(np.clip((logits - floor) / (peak - floor), 0, 1), np.float32)


def spread_heat(grid: Grid, placement: Placement, rows: int, columns: int) -> Grid:
    """Convert a grid over the model's input to heat over the picture itself, rows x columns.

    Padding is cut away; what the model did not see of a cropped picture has no heat.
    """
    heat = np.zeros((rows, columns), np.float32)
    down, top, bottom = _visible_part(placement.top, placement.height, grid.shape[0], rows)
    across, left, right = _visible_part(placement.left, placement.width, grid.shape[1], columns)
    size = (across.stop - across.start, down.stop - down.start)
    image = Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC, box=(left, top, right, bottom))
    between = np.maximum(np.asarray(image, np.float32), 0)
    # Between two hot cells the curve rises over 1. Cut off, it would be a patch whose hottest pixel is its first.
    heat[down, across] = between / max(1.0, float(between.max()))
    return heat


def _visible_part(start: float, length: float, cells: int, pixels: int) -> tuple[slice, float, float]:
    """Return, along one axis, the picture's pixels that lie in the input, and where in the grid they start and end."""
    first, last = max(start, 0.0), min(start + length, 1.0)
    pixel = [round((end - start) / length * pixels) for end in (first, last)]
    begin = min(pixel[0], pixels - 1)
    return slice(begin, max(pixel[1], begin + 1)), first * cells, last * cells


Clock = Callable[[], float]

SECONDS = 2.0
"""For what is looked at more finely. The coarsest look is finished, else nothing would be shown of a slow network."""
LONGEST = 10.0
"""Seconds for the coarsest look, of the minute that a function has."""
_SIDES = (4, 8, 16)
_REFINED_SHARE = 0.3
"""The share of the cells, those that mattered most, that is looked at more finely."""
_BATCH, _BATCH_SECONDS = 8, 0.25
"""At most so many images at once, and so long: a slow network is a large one, and each takes memory of its own."""


def occlude(
    model: "Model", tensor: NDArray[np.float32], labels: list[int], clock: Clock, seconds: float = SECONDS
) -> tuple[list[Grid], bool]:
    """Return heat of 0 to 1 over the model's input for each of the labels, by index.

    It is as fine as `seconds` of `clock` allow. False if not even the coarsest look could be finished: then there is
    no heat. Raises ModelError.
    """
    start = clock()
    before = _evidence(model, tensor, labels)[0]
    look = _Occlusion(
        model=model, tensor=tensor, labels=labels, before=before, run_seconds=max(clock() - start, 1e-6), clock=clock
    )
    heat = np.ones((len(labels), _SIDES[-1], _SIDES[-1]), np.float32)
    mask = np.ones((_SIDES[0], _SIDES[0]), bool)
    for side in _SIDES:
        coarsest, cells = side == _SIDES[0], np.argwhere(mask)
        if not len(cells):
            break
        drops = look.drops(cells, side, start + (LONGEST if coarsest else seconds))
        if drops is None:
            return list(np.zeros_like(heat) if coarsest else heat), not coarsest
        _refine(heat, cells, np.maximum(drops, 0), side)
        mask = _refine_grid(heat, side)
    return list(heat), True


@dataclass(frozen=True, eq=False)
class _Occlusion:
    model: "Model"
    tensor: NDArray[np.float32]
    labels: list[int]
    before: NDArray[np.float64]
    """The labels' evidence with nothing hidden, which took `run_seconds` seconds to find."""
    run_seconds: float
    clock: Clock

    def drops(self, cells: NDArray[np.int64], side: int, end: float) -> NDArray[np.float64] | None:
        """Return the evidence that each label loses with each cell hidden; None if that would last beyond `end`."""
        drops_by_cell = []
        for some in _batches(cells, _batch_size(self.run_seconds) if self.model.takes_batches else 1):
            if self.clock() + self.run_seconds * len(some) > end:
                return None
            inputs = [_hide(self.tensor, cell, side, self.model.card.input.channels_last) for cell in some]
            drops_by_cell.append(self.before - _evidence(self.model, np.concatenate(inputs), self.labels))
        return np.concatenate(drops_by_cell)


def _batch_size(run_seconds: float) -> int:
    """Return how many images to run at once, if one alone takes `run_seconds` seconds."""
    return max(1, min(_BATCH, int(_BATCH_SECONDS / run_seconds)))


def _refine(heat: Grid, cells: NDArray[np.int64], drops: NDArray[np.float64], side: int) -> None:
    """Refine the heat: a cell's heat is its share of the heat of the larger cell that it lies in.

    Small patches move a score less than large ones: each side has its own scale.
    """
    most = drops.max(axis=0)
    shares = np.divide(drops, most, out=np.zeros_like(drops), where=most > 0)
    step = _SIDES[-1] // side
    for (row, column), share in zip(cells * step, shares, strict=True):
        heat[:, row : row + step, column : column + step] *= share[:, None, None].astype(np.float32)


def _evidence(model: "Model", tensors: NDArray[np.float32], labels: list[int]) -> NDArray[np.float64]:
    """Return the evidence for the labels, n x labels, in logits: scores near 0 or 1 would not tell what moved them."""
    [raw] = model.run(tensors, scores_only=True)
    scores = scores_of(raw, model.card)[:, labels]
    if model.card.output.kind == "logits":
        return np.asarray(raw[:, labels], np.float64)
    clipped_scores = np.clip(scores, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(clipped_scores / (1 - clipped_scores)), np.float64)


def _hide(tensor: NDArray[np.float32], cell: NDArray[np.int64], side: int, last: bool) -> NDArray[np.float32]:
    """Return the image with one cell of side x side made as grey as the image is on average."""
    copy = tensor.copy()
    view = copy if last else np.moveaxis(copy, 1, -1)
    box = (
        slice(int(at * length / side), int((at + 1) * length / side))
        for at, length in zip(cell, view.shape[1:3], strict=True)
    )
    view[(slice(None), *box)] = view.mean(axis=(1, 2), keepdims=True)
    return copy


def _refine_grid(heat: Grid, side: int) -> NDArray[np.bool_]:
    """Return which cells of the next side to look at: those that lie in cells that mattered most to any label."""
    step = _SIDES[-1] // side
    coarse = heat[:, ::step, ::step]
    mask = np.zeros((side, side), bool)
    for one in coarse:
        if one.max() > 0:
            mask |= one >= max(float(np.quantile(one, 1 - _REFINED_SHARE)), 1e-6)
    return np.asarray(np.kron(mask, np.ones((2, 2), bool)), bool)


def _batches(cells: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(cells), size):
        yield cells[start : start + size]
