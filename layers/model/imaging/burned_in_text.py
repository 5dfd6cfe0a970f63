"""Where text is drawn into an image: a small network's chances of it, and rectangles around those.

`layers/model/training` drew what the network knows (`python -m training text`). It misses some, and takes some things
that are no text for it: `docs/dicom.md` says how much, as it was measured.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

NETWORK = Path(__file__).with_suffix(".onnx")
"""Where it comes from stands beside it, in a file of the same name."""

MAX_REGIONS = 200
"""Of one image. More lie so close together that they are taken for fewer and larger ones."""

Grey = NDArray[np.uint8]
Chances = NDArray[np.float32]

_CELL = 4
"""Pixels a side of what the network says one chance of."""
_MULTIPLE = 8
_SMALL = 320
"""Pixels a side, up to which an image is looked at enlarged as well, since its text may be of six pixels; a larger one
in half its size, since its text may be of sixty."""
_ROUGH = 640
"""Pixels a side, up to which an image is looked at closely in any case: it costs little."""
_LEAST_SIDE = 32
_WEAK, _STRONG = 0.25, 0.7
"""A region is made of cells above the first, one of which is above the second."""
_LEAST_CELLS = 6
_LEAST_FILL = 0.45
"""Share of a rectangle that is text: one with less, as around a slanted line, is cut in two."""
_MARGIN, _MARGIN_SHARE, _MARGIN_ALONG = 2.0, 0.25, 0.75
"""Pixels, and the share of its shorter side, that a rectangle is made larger by on each side; and the share along the
line, whose first and last letter are missed most."""


@dataclass(frozen=True)
class Region:
    """A rectangle of pixels."""

    top: int
    left: int
    rows: int
    columns: int


class View(NamedTuple):
    """One picture of an image. `is_rough`: a large one is looked at in half its size alone, which is quicker."""

    grey: Grey
    is_rough: bool = False


def find_text(views: Iterable[View], rows: int, columns: int) -> tuple[Region, ...]:
    """Return where text is drawn in any of these pictures of an image, in pixels of that image with `rows` x `columns`.

    All pictures have one size. What is not found may be there all the same.
    """
    chances: Chances | None = None
    shape = (0, 0)
    for view in views:
        shape = view.grey.shape
        own = text_chances(view)
        chances = own if chances is None else np.maximum(chances, own)
    if chances is None:
        return ()
    across, down = columns / shape[1], rows / shape[0]
    return tuple(dict.fromkeys(_scale(box, down, across, (rows, columns)) for box in _bounded_boxes(chances)))


def text_chances(view: View) -> Chances:
    """Return the chance of text in each cell of 4 x 4 pixels, the highest at any size that the image is looked at."""
    image, side = Image.fromarray(view.grey), max(view.grey.shape)
    cells = (-(-image.height // _CELL), -(-image.width // _CELL))
    is_halved = side > _SMALL and min(view.grey.shape) >= 2 * _LEAST_SIDE
    sizes = []
    if is_halved:
        half = _run(np.asarray(image.reduce(2)))
        sizes.append(_fit(half.repeat(2, axis=0).repeat(2, axis=1), cells))
    if not (is_halved and view.is_rough and side > _ROUGH):
        sizes.append(_fit(_run(view.grey), cells))
    if side <= _SMALL:
        double = _run(np.asarray(image.resize((2 * image.width, 2 * image.height), Image.Resampling.BILINEAR)))
        double = _fit(double, (2 * cells[0], 2 * cells[1]))
        sizes.append(double.reshape(cells[0], 2, cells[1], 2).max((1, 3)))
    return np.asarray(np.maximum.reduce(sizes), np.float32)


def _fit(chances: Chances, cells: tuple[int, ...]) -> Chances:
    missing = [(0, max(0, target - side)) for target, side in zip(cells, chances.shape, strict=True)]
    return np.pad(chances, missing)[: cells[0], : cells[1]]


def _run(grey: Grey) -> Chances:
    margins = [(0, -side % _MULTIPLE) for side in grey.shape]
    image = np.pad(grey, margins, mode="edge").astype(np.float32)
    image *= np.float32(1 / 255)
    [chances] = _session().run(None, {"grey": image[None, None]})
    result: Chances = chances[0, 0]
    return result


@cache
def _session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # of a function that has one CPU
    return onnxruntime.InferenceSession(NETWORK, options, providers=["CPUExecutionProvider"])


Box = tuple[int, int, int, int]
"""First row, first column, last row, last column, of cells."""


def _bounded_boxes(chances: Chances) -> list[Box]:
    """Return rectangles around text, `MAX_REGIONS` at most: with more, gaps between them are closed first."""
    weak = chances >= _WEAK
    strong = chances >= _STRONG
    while True:
        boxes = [box for cells in _components(weak, strong) for box in _rectangles(cells)]
        if len(boxes) <= MAX_REGIONS:
            return boxes
        if weak.all():
            return [(0, 0, weak.shape[0] - 1, weak.shape[1] - 1)]
        weak = _grow(weak)


def _grow(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    cells = np.pad(mask, 1)
    down = cells[:-2] | cells[1:-1] | cells[2:]
    result: NDArray[np.bool_] = down[:, :-2] | down[:, 1:-1] | down[:, 2:]
    return result


def _components(weak: NDArray[np.bool_], strong: NDArray[np.bool_]) -> Iterator[NDArray[np.int64]]:
    """Yield the rows and columns (n x 2) of cells that touch, corners included, and of which one is strong."""
    runs = _runs(weak)
    parents = list(range(len(runs)))

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = run = parents[parents[run]]
        return run

    above = below = 0  # `above` goes along the row before
    for below, (row, start, stop) in enumerate(runs):
        while above < below and (runs[above][0] < row - 1 or (runs[above][0] == row - 1 and runs[above][2] < start)):
            above += 1
        other = above
        while other < below and runs[other][0] == row - 1 and runs[other][1] <= stop:
            parents[root(other)] = root(below)
            other += 1
    members: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for run, place in enumerate(runs):
        members[root(run)].append(place)
    for places in members.values():
        if sum(stop - start for _, start, stop in places) < _LEAST_CELLS:
            continue
        if any(strong[row, start:stop].any() for row, start, stop in places):
            yield np.array([(row, column) for row, start, stop in places for column in range(start, stop)])


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return (row, first column, column behind the last) of each run of true cells, row by row."""
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    stops = np.nonzero(edges == -1)[1]
    return list(zip(rows.tolist(), starts.tolist(), stops.tolist(), strict=True))


def _rectangles(cells: NDArray[np.int64]) -> Iterator[Box]:
    """Yield one rectangle around all cells, or several if it would cover much more than them."""
    (top, left), (bottom, right) = cells.min(0).tolist(), cells.max(0).tolist()
    height, width = bottom - top + 1, right - left + 1
    if len(cells) >= _LEAST_FILL * height * width or max(height, width) <= _LEAST_CELLS:
        yield top, left, bottom, right
        return
    axis, middle = (0, top + height // 2) if height > width else (1, left + width // 2)
    is_first = cells[:, axis] < middle
    yield from _rectangles(cells[is_first])
    yield from _rectangles(cells[~is_first])


def _scale(box: Box, down: float, across: float, size: tuple[int, int]) -> Region:
    """Return a box of cells in pixels of the image, with its margin, cut at the image's edges."""
    top, left, bottom, right = (_CELL * end for end in (box[0], box[1], box[2] + 1, box[3] + 1))
    height, width = bottom - top, right - left
    upright, level = (_MARGIN_ALONG, _MARGIN_SHARE) if height > width else (_MARGIN_SHARE, _MARGIN_ALONG)
    above, beside = (_MARGIN + share * min(height, width) for share in (upright, level))
    first_row, last_row = max(0, int((top - above) * down)), min(size[0], int((bottom + above) * down) + 1)
    first, last = max(0, int((left - beside) * across)), min(size[1], int((right + beside) * across) + 1)
    return Region(first_row, first, last_row - first_row, last - first)
