"""Where in the image a finding lies: from the model's activation grid, else by occlusion."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.model_card import Card
from imaging.preprocess import Placement

if TYPE_CHECKING:
    from imaging.model import Model


Grid = NDArray[np.float32]


_SILENT = -2.0
"""Logit below which a cell says no (12 %): no heat."""
_SPAN = 4.0
"""Logits that heat covers at least, so that a weak peak is not a flat patch."""

_LARGEST = 1e6


def heat_grid(activation: Grid, temperature: float) -> Grid:
    """Convert a label's activation logits, rows x columns, to heat: 0 to 1, 1 where the finding is most evident.

    No heat at all if any of them is not a number.

    Heat is linear in the logits: as a sigmoid it would be the same all over a finding that is evident anywhere.
    """
    if np.isnan(activation).any():
        return np.zeros_like(activation)
    # Of a network that takes the mean of its cells, a hot one may be far above the score; infinite ones are equal.
    logits = np.clip(activation / np.float32(temperature), -_LARGEST, _LARGEST)
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


Tensor = NDArray[np.float32]
Plane = NDArray[np.float32]
"""Rows x columns x channels."""
Cells = NDArray[np.int64]
"""Row and column of each of n cells: n x 2."""
Box = tuple[slice, slice]
Fill = Callable[[Plane, Box], Plane]
"""Makes, from an image, what a box of it is hidden by."""

_COARSE, _FINE = 8, 16
"""Cells a side. A window hides 2 x 2 of them and starts at each: windows overlap, so none has to be cut well."""
COARSE_RUNS = (_COARSE - 1) ** 2
"""Runs without which there is no heat: one for each coarse window."""
_LEAST_DROP = 0.01
"""Logits. What moves a score less is the arithmetic's noise, not evidence."""


def occlude(model: "Model", tensor: Tensor, labels: list[int]) -> tuple[list[Grid], bool]:
    """Return heat of 0 to 1 over the model's input for each of the labels, by index.

    Windows of the image are hidden by what surrounds them, large ones first, then small ones where it mattered. Runs
    are counted and not timed: the same image has the same heat, however busy the machine is. False if a label has no
    heat: no window lowers its score, or there may be too few runs for all large ones. Raises ModelError.
    """
    budget = model.occlusion_runs
    heat = np.zeros((len(labels), _FINE, _FINE), np.float32)
    if budget < COARSE_RUNS:
        return list(heat), False
    # Half of the runs are for small windows, if there are enough for more than one fill.
    fills = _FILLS[: max(1, budget // (2 * COARSE_RUNS))]
    look = _Occlusion(model, tensor, labels, fills)
    windows = np.argwhere(np.ones((_COARSE - 1, _COARSE - 1), bool))
    coarse = _enlarge(_spread_drops(look.drops(windows, _COARSE), windows, _COARSE))
    windows = _hottest_windows(coarse)[: budget // len(fills) - COARSE_RUNS]
    fine = _spread_drops(look.drops(windows, _FINE), windows, _FINE)
    heat = _scale(coarse + _scale(_smooth(fine)))
    return list(heat), bool(heat.any(axis=(1, 2)).all())


class _Occlusion:
    """The evidence for some labels in an image, and what it loses where a part is hidden."""

    def __init__(self, model: "Model", tensor: Tensor, labels: list[int], fills: tuple[Fill, ...]) -> None:
        self._model, self._tensor, self._labels, self._fills = model, tensor, labels, fills
        self._evidence_before = self._evidence([tensor])[0]

    def drops(self, windows: Cells, side: int) -> NDArray[np.float64]:
        """Return the evidence, windows x labels, that each label loses on average of the fills; never below 0."""
        drops = np.zeros((len(windows), len(self._labels)))
        for drop, window in zip(drops, windows, strict=True):
            drop[:] = self._evidence_before - self._evidence(self._hide(window, side)).mean(axis=0)
        return np.where(drops > _LEAST_DROP, drops, 0)  # also where it is not a number

    def _hide(self, window: NDArray[np.int64], side: int) -> list[Tensor]:
        """Return the image with a window hidden, once by each fill."""
        last = self._model.card.input.channels_last
        plane = self._tensor[0] if last else np.moveaxis(self._tensor[0], 0, -1)
        box = _box(window, side, plane.shape[:2])
        copies = []
        for fill in self._fills:
            copy = self._tensor.copy()
            view = copy[0] if last else np.moveaxis(copy[0], 0, -1)
            view[box] = fill(plane, box)
            copies.append(copy)
        return copies

    def _evidence(self, images: list[Tensor]) -> Grid:
        """Return the evidence for the labels, images x labels."""
        batches = [np.concatenate(images)] if self._model.takes_batches else images
        raw = np.concatenate([self._model.run(batch, scores_only=True)[0] for batch in batches])
        return compare_labels(_logits(raw.T, self._model.card), self._model.card)[self._labels].T


def _box(window: NDArray[np.int64], side: int, size: tuple[int, ...]) -> Box:
    """Return the pixels, down and across, of a window on a grid of side x side; at least one, also of a small image."""
    starts = [int(at * length / side) for at, length in zip(window, size, strict=True)]
    ends = [int((at + 2) * length / side) for at, length in zip(window, size, strict=True)]
    down, across = (slice(a, max(b, a + 1)) for a, b in zip(starts, ends, strict=True))
    return down, across


def _spread_drops(drops: NDArray[np.float64], windows: Cells, side: int) -> Grid:
    """Return a map for each label, side x side: the mean drop of the windows on a cell, 1 at most; 0 where is none."""
    total, count = np.zeros((drops.shape[1], side, side)), np.zeros((side, side))
    for (row, column), drop in zip(windows, drops, strict=True):
        total[:, row : row + 2, column : column + 2] += drop[:, None, None]
        count[row : row + 2, column : column + 2] += 1
    return _scale(total / np.maximum(count, 1))


def _scale(maps: NDArray[np.floating[Any]]) -> Grid:
    """Return each map over its maximum: small windows move a score less than large ones, and are not compared."""
    most = maps.max(axis=(1, 2), keepdims=True)
    return np.asarray(np.divide(maps, most, out=np.zeros_like(maps), where=most > 0), np.float32)


def _enlarge(maps: Grid) -> Grid:
    """Return coarse maps on the fine grid, interpolated."""
    images = [Image.fromarray(one).resize((_FINE, _FINE), Image.Resampling.BILINEAR) for one in maps]
    return _scale(np.stack([np.asarray(image) for image in images]))


def _smooth(maps: Grid) -> Grid:
    """Return maps of which each cell takes part in its neighbours.

    A small window in the middle of an object is hidden by more of the object: alone, the object's edges would be hot.
    """
    for axis in (1, 2):
        padded = np.pad(maps, [(int(one == axis),) * 2 for one in range(3)], mode="edge")
        before, here, after = (padded.take(range(k, k + _FINE), axis) for k in range(3))
        maps = np.asarray((before + 2 * here + after) / 4, np.float32)
    return maps


def _hottest_windows(heat: Grid) -> Cells:
    """Return the small windows that lie in any label's heat, the hottest first."""
    by_window = heat[:, :-1, :-1] + heat[:, 1:, :-1] + heat[:, :-1, 1:] + heat[:, 1:, 1:]
    worth = by_window.max(axis=0, initial=0)
    order = np.argsort(-worth, axis=None, kind="stable")[: np.count_nonzero(worth)]
    return np.stack(np.unravel_index(order, worth.shape), axis=1)


def _fill_by_ring(plane: Plane, box: Box) -> Plane:
    """Return the median of a ring around the box, a third of its sides wide: one grey, as a hole in even ground."""
    margins = [(part.stop - part.start + 2) // 3 for part in box]
    down, across = (
        slice(max(part.start - margin, 0), part.stop + margin) for part, margin in zip(box, margins, strict=True)
    )
    mask = np.ones(plane.shape[:2], bool)
    mask[box] = False
    grey = np.median(plane[down, across][mask[down, across]], axis=0)
    return np.broadcast_to(grey.astype(np.float32), plane[box].shape)


def _fill_by_edges(plane: Plane, box: Box) -> Plane:
    """Return what lies between the pixels beside the box, straight across it from each side to the other, averaged."""
    down, across = box
    by_rows = _between(plane[:, across], down)
    by_columns = _between(plane[down].swapaxes(0, 1), across).swapaxes(0, 1)
    return np.asarray((by_rows + by_columns) / 2, np.float32)


def _fill_by_mirrors(plane: Plane, box: Box) -> Plane:
    """Return the box's neighbours, mirrored at the edge that they share, averaged: ground with its texture."""
    down, across = box
    rows, columns = plane[:, across], plane[down].swapaxes(0, 1)
    mirrors = [*_mirrors(rows, down), *(one.swapaxes(0, 1) for one in _mirrors(columns, across))]
    return np.asarray(np.mean(mirrors, axis=0), np.float32)


def _between(strip: Plane, part: slice) -> Plane:
    """Return rows that lead in equal steps from the one before the part to the one after it; past the edge is none."""
    count, length = part.stop - part.start, len(strip)
    first, last = strip[max(part.start - 1, 0)], strip[min(part.stop, length - 1)]
    first, last = (last if part.start == 0 else first), (first if part.stop == length else last)
    steps = (np.arange(1, count + 1, dtype=np.float32) / np.float32(count + 1))[:, None, None]
    return np.asarray(first + steps * (last - first), np.float32)


def _mirrors(strip: Plane, part: slice) -> Iterator[Plane]:
    """Yield the rows before the part, and those after it, mirrored into it; past the edge are none."""
    reach = np.arange(part.stop - part.start)
    if part.start > 0:
        yield strip[np.maximum(part.start - 1 - reach, 0)]
    if part.stop < len(strip):
        yield strip[np.minimum(part.stop + reach, len(strip) - 1)][::-1]


_FILLS: tuple[Fill, ...] = (_fill_by_ring, _fill_by_edges, _fill_by_mirrors)
"""None of them makes a patch that the image's own ground does not have: on an even ground nothing changes."""


def _logits(raw: Grid, card: Card) -> Grid:
    """Return raw outputs, labels first, as logits: scores near 0 or 1 would not tell what moved them."""
    if card.output.kind == "logits":
        return raw
    clipped_scores = np.clip(raw.astype(np.float64), 1e-9, 1 - 1e-9)
    rest = 1.0 if card.chooses_one else 1 - clipped_scores
    return np.asarray(np.log(clipped_scores / rest), np.float32)


def compare_labels(logits: Grid, card: Card) -> Grid:
    """Return how far each label is above what speaks against it, in logits; labels are the first axis, as given.

    Where one label is chosen, that is the one which says that there is nothing, or else all others together: what
    labels rise and fall by together moves no score.
    """
    if not card.chooses_one:
        return logits
    nothing = [i for i, label in enumerate(card.labels) if label.trained and not label.finding]
    if nothing:
        return np.asarray(logits - logits[nothing[0]], np.float32)
    others = [[j for j, other in enumerate(card.labels) if other.trained and j != i] for i in range(len(logits))]
    return np.stack([row - np.logaddexp.reduce(logits[rest]) for row, rest in zip(logits, others, strict=True)])
