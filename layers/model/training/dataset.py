"""Phantoms in numbers: drawn in parallel, with a progress bar, prepared as the imaging package prepares an upload."""

import multiprocessing
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from imaging.image import ImageFacts, Picture
from imaging.preprocess import prepare
from training.phantom.canvas import Phantom
from training.subjects import SUBJECTS, Subject

T = TypeVar("T")

_WIDTH = 30
_PAUSE, _FILE_PAUSE = 0.2, 20.0


def progress(steps: Iterable[T], total: int, title: str) -> Iterator[T]:
    """Yield the steps, drawing how far they are: often on a terminal, now and then in a file."""
    start = last_draw = time.monotonic()
    pause = _PAUSE if sys.stderr.isatty() else _FILE_PAUSE
    for number, step in enumerate(steps, 1):
        yield step
        now = time.monotonic()
        if number == total or now - last_draw > pause:
            last_draw = now
            _draw(title, number, total, now - start)
    sys.stderr.write("\n")


def _draw(title: str, number: int, total: int, seconds: float) -> None:
    full = _WIDTH * number // total
    left = seconds / number * (total - number)
    when = f"{left:4.0f} s left" if number < total else f"{seconds:4.0f} s     "
    sys.stderr.write(f"\r{title:<24} [{'#' * full}{'.' * (_WIDTH - full)}] {number}/{total} {when}")
    sys.stderr.flush()


SPLITS = {"train": 0, "validation": 1, "held-out": 2}
"""Each has a random stream of its own, so no phantom is in two of them."""

_CROP_SHARE = 0.35
_MOST_CROP = 0.14
_LEAST_SHARE = 0.95
_COVER_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Examples:
    """n examples: images n x 1 x side x side, truth n x labels, grids n x labels x cells x cells, all as uint8."""

    images: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    grids: NDArray[np.uint8]


def phantom(subject: Subject, seed: int, split: str, index: int) -> Phantom:
    """Return phantom `index` of a split; some images are cropped to a portrait or landscape shape."""
    rng = np.random.default_rng([seed, SPLITS[split], index])
    return _crop(rng, subject.draw(rng))


def make_examples(subject: Subject, seed: int, split: str, count: int) -> Examples:
    """Draw `count` phantoms of a split on all cores."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=context) as pool:
        examples = pool.map(partial(_example, subject.name, seed, split), range(count), chunksize=16)
        images, truth, grids = zip(*progress(examples, count, f"draw {split}"), strict=True)
    return Examples(np.stack(images), np.stack(truth), np.stack(grids))


def picture_of(film: NDArray[np.float32]) -> Picture:
    """Return a film as an 8-bit picture, as if it had been decoded."""
    pixels = (film * 255 + 0.5).astype(np.uint8)
    return Picture(pixels, 0, 255, ImageFacts("PNG", film.shape[0], film.shape[1], 8))


def truth_of(subject: Subject, phantom_image: Phantom) -> NDArray[np.uint8]:
    """Return 1 for each label that is on the phantom, in the order of the model's outputs."""
    return np.array(
        [
            label in phantom_image.masks or (label == subject.nothing and not phantom_image.masks)
            for label in subject.labels
        ],
        np.uint8,
    )


def _example(
    name: str, seed: int, split: str, index: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    subject = SUBJECTS[name]
    phantom_image = phantom(subject, seed, split, index)
    image = (prepare(picture_of(phantom_image.film), subject.input).tensor[0] * 255 + 0.5).astype(np.uint8)
    empty = np.zeros(phantom_image.film.shape, np.float32)
    grids = np.stack([cells(phantom_image.masks.get(label, empty), subject) for label in subject.labels])
    return image, truth_of(subject, phantom_image), grids


def cells(mask: NDArray[np.float32], subject: Subject) -> NDArray[np.uint8]:
    """Convert a mask to the grid cells it covers, relative to the one it covers best."""
    spread = prepare(picture_of(mask), subject.input).tensor[0, 0]
    count, side = subject.cells, subject.input.height // subject.cells
    share = spread.reshape(count, side, count, side).mean(axis=(1, 3))
    return (share > _COVER_SHARE * share.max()).astype(np.uint8) if share.max() > 0 else np.zeros_like(share, np.uint8)


def _crop(rng: np.random.Generator, phantom_image: Phantom) -> Phantom:
    """Cut one direction, unless that would cut a finding."""
    if rng.random() >= _CROP_SHARE:
        return phantom_image
    rows, columns = phantom_image.film.shape
    start, end = (int(v) for v in rng.integers(0, int(rows * _MOST_CROP), 2))
    cut: Sequence[slice] = (slice(start, rows - end), slice(None))
    if rng.random() < 0.5:
        cut = (slice(None), slice(start, columns - end))
    masks = {label: mask[tuple(cut)] for label, mask in phantom_image.masks.items()}
    if any(mask.sum() < _LEAST_SHARE * phantom_image.masks[label].sum() for label, mask in masks.items()):
        return phantom_image
    organ = None if phantom_image.organ is None else phantom_image.organ[tuple(cut)]
    return replace(phantom_image, film=phantom_image.film[tuple(cut)], masks=masks, organ=organ)
