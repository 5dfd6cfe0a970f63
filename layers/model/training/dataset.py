"""Phantoms in numbers: drawn in parallel, prepared as the imaging package prepares an upload."""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from imaging.card import Input
from imaging.picture import ImageFacts, Picture
from imaging.prepare import prepare
from training.phantom.chest import LABELS, Phantom, choose_labels, draw
from training.progress import progress

INPUT = Input("image", 1, 224, 224, 0.0, 1.0, "pad")
GRID = 28
"""Cells a side of the activation: 8 input pixels each, about as large as a small nodule."""

SPLITS = {"train": 0, "validation": 1, "held-out": 2}
"""Each has a random stream of its own, so no phantom is in two of them."""

_CROPPED = 0.35
_MOST_CROP = 0.14
_KEPT = 0.95
_COVERED = 0.5


@dataclass(frozen=True, eq=False)
class Examples:
    """n examples: images n x 1 x 224 x 224, truth n x labels, grids n x labels x 28 x 28, all as uint8."""

    images: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    grids: NDArray[np.uint8]


def phantom(seed: int, split: str, index: int) -> Phantom:
    """Phantom `index` of a split; some films are cropped to a portrait or landscape shape."""
    rng = np.random.default_rng([seed, SPLITS[split], index])
    return _cropped(rng, draw(rng, choose_labels(rng)))


def make_examples(seed: int, split: str, count: int) -> Examples:
    """Draw `count` phantoms of a split on all cores."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=context) as pool:
        drawn = pool.map(partial(_example, seed, split), range(count), chunksize=16)
        images, truth, grids = zip(*progress(drawn, count, f"draw {split}"), strict=True)
    return Examples(np.stack(images), np.stack(truth), np.stack(grids))


def picture_of(film: NDArray[np.float32]) -> Picture:
    """A film as an 8-bit picture, as if it had been decoded."""
    pixels = (film * 255 + 0.5).astype(np.uint8)
    return Picture(pixels, 0, 255, ImageFacts("PNG", film.shape[0], film.shape[1], 8))


def _example(seed: int, split: str, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    drawn = phantom(seed, split, index)
    image = (prepare(picture_of(drawn.film), INPUT).tensor[0] * 255 + 0.5).astype(np.uint8)
    truth = np.array([label in drawn.masks for label in LABELS], np.uint8)
    empty = np.zeros(drawn.film.shape, np.float32)
    grids = np.stack([cells(drawn.masks.get(label, empty)) for label in LABELS])
    return image, truth, grids


def cells(mask: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A mask → the grid cells it covers, relative to the one it covers best."""
    spread = prepare(picture_of(mask), INPUT).tensor[0, 0]
    side = INPUT.height // GRID
    share = spread.reshape(GRID, side, GRID, side).mean(axis=(1, 3))
    return (share > _COVERED * share.max()).astype(np.uint8) if share.max() > 0 else np.zeros_like(share, np.uint8)


def _cropped(rng: np.random.Generator, drawn: Phantom) -> Phantom:
    """Cut one direction, unless that would cut a finding."""
    if rng.random() >= _CROPPED:
        return drawn
    rows, columns = drawn.film.shape
    start, end = (int(v) for v in rng.integers(0, int(rows * _MOST_CROP), 2))
    cut: Sequence[slice] = (slice(start, rows - end), slice(None))
    if rng.random() < 0.5:
        cut = (slice(None), slice(start, columns - end))
    masks = {label: mask[tuple(cut)] for label, mask in drawn.masks.items()}
    if any(mask.sum() < _KEPT * drawn.masks[label].sum() for label, mask in masks.items()):
        return drawn
    return Phantom(drawn.film[tuple(cut)], masks)
