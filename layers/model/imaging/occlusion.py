"""Where a finding lies, for a model without an activation: what of the image, hidden, lowers its score.

Coarse to fine: large patches first, then smaller ones where hiding mattered, in batches, until the time is up.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imaging.decide import scores_of

if TYPE_CHECKING:
    from imaging.model import Model

Grid = NDArray[np.float32]
Clock = Callable[[], float]

SECONDS = 2.0
_SIDES = (4, 8, 16)
_KEPT = 0.3
"""The share of the cells, those that mattered most, that is looked at more finely."""
_BATCH = 8


def occlude(
    model: "Model", tensor: NDArray[np.float32], labels: list[int], clock: Clock, seconds: float = SECONDS
) -> list[Grid]:
    """Heat of 0 to 1 over the model's input for each of the labels, by index, as far as `seconds` of `clock` reach."""
    end = clock() + seconds
    before = _evidence(model, tensor, labels)[0]
    heat = np.ones((len(labels), _SIDES[-1], _SIDES[-1]), np.float32)
    wanted = np.ones((_SIDES[0], _SIDES[0]), bool)
    for side in _SIDES:
        cells = np.argwhere(wanted)
        if not len(cells):
            break
        drops = np.zeros((0, len(labels)))
        for some in _batches(cells, _BATCH if model.runs_batches else 1):
            if clock() >= end:
                return _ended(heat, side)
            hidden = np.concatenate([_hidden(tensor, cell, side, model.card.input.channels_last) for cell in some])
            drops = np.concatenate([drops, before - _evidence(model, hidden, labels)])
        _refine(heat, cells, np.maximum(drops, 0), side)
        wanted = _finer(heat, side)
    return list(heat)


def _ended(heat: Grid, side: int) -> list[Grid]:
    """What is known when the time is up at this side: the one before, or nothing."""
    return list(np.zeros_like(heat) if side == _SIDES[0] else heat)


def _refine(heat: Grid, cells: NDArray[np.int64], drops: NDArray[np.float64], side: int) -> None:
    """A cell's heat is its share of the heat of the larger cell that it lies in.

    Small patches move a score less than large ones: each side has its own scale.
    """
    most = drops.max(axis=0)
    shares = np.divide(drops, most, out=np.zeros_like(drops), where=most > 0)
    step = _SIDES[-1] // side
    for (row, column), share in zip(cells * step, shares, strict=True):
        heat[:, row : row + step, column : column + step] *= share[:, None, None].astype(np.float32)


def _evidence(model: "Model", tensors: NDArray[np.float32], labels: list[int]) -> NDArray[np.float64]:
    """What speaks for the labels, n x labels, in logits: scores near 0 or 1 would not tell what moved them."""
    [raw] = model.session.run([model.card.output.scores], {model.card.input.node: tensors})
    scores = scores_of(raw, model.card)[:, labels]
    if model.card.output.kind == "logits":
        return np.asarray(raw[:, labels], np.float64)
    kept = np.clip(scores, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(kept / (1 - kept)), np.float64)


def _hidden(tensor: NDArray[np.float32], cell: NDArray[np.int64], side: int, last: bool) -> NDArray[np.float32]:
    """The image with one cell of side x side made as grey as the image is on average."""
    covered = tensor.copy()
    view = covered if last else np.moveaxis(covered, 1, -1)
    box = (
        slice(int(at * length / side), int((at + 1) * length / side))
        for at, length in zip(cell, view.shape[1:3], strict=True)
    )
    view[(slice(None), *box)] = view.mean(axis=(1, 2), keepdims=True)
    return covered


def _finer(heat: Grid, side: int) -> NDArray[np.bool_]:
    """Which cells of the next side to look at: those that lie in cells that mattered most to any label."""
    step = _SIDES[-1] // side
    coarse = heat[:, ::step, ::step]
    wanted = np.zeros((side, side), bool)
    for one in coarse:
        if one.max() > 0:
            wanted |= one >= max(float(np.quantile(one, 1 - _KEPT)), 1e-6)
    return np.asarray(np.kron(wanted, np.ones((2, 2), bool)), bool)


def _batches(cells: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(cells), size):
        yield cells[start : start + size]
