"""How often a reference model's gate is right: on its own phantoms in every form, and on all that they are not."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from imaging.analysis import NOT_A_PHANTOM, analyse
from imaging.decode import decode
from imaging.errors import ImageError
from imaging.model import Model, load_model
from training import files, negatives
from training.dataset import phantom, progress
from training.foreign import ForeignImage, foreign_images
from training.gate_examples import FORMATS, file_of
from training.reading import write_card
from training.subjects import SUBJECTS, Subject

PHANTOMS, DRAWINGS = 125, 50
"""Held-out phantoms, each in every form; and drawings of each kind that no gate was fitted to."""
_SEED = 41
Counts = dict[str, list[int]]
"""What was shown → how many were let through, of how many."""


def measure_gate(folder: Path, subject: Subject) -> dict[str, Counts]:
    """Return how many phantoms, images that the gate was fitted to, and others, it lets through."""
    jobs = [
        *((("phantoms", form), index) for index in range(PHANTOMS) for form in FORMATS),
        *((("drawings", kind), index) for kind in drawings(subject) for index in range(DRAWINGS)),
        *((("turned_phantoms", kind), index) for kind in turned_phantoms(subject) for index in range(DRAWINGS)),
    ]
    counts: dict[str, Counts] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        passes = pool.map(partial(_passes, folder, subject.name), jobs, chunksize=16)
        for ((group, kind), _), is_passed in zip(jobs, progress(passes, len(jobs), "gate, drawings"), strict=True):
            _count(counts[group], kind, is_passed)
        images = list(foreign_images())
        passes = pool.map(partial(_passes_image, folder), images, chunksize=8)
        for image, are_passed in zip(images, progress(passes, len(images), "gate, images"), strict=True):
            groups = ("held_out_images" if image.is_held_out else "images", "framed_images")
            for group, is_passed in zip(groups, are_passed, strict=True):
                _count(counts[group], image.kind, is_passed)
    return {group: dict(kinds) for group, kinds in counts.items()}


def _count(kinds: Counts, kind: str, is_passed: bool) -> None:
    kinds[kind][0] += is_passed
    kinds[kind][1] += 1


def drawings(subject: Subject) -> dict[str, Callable[[int], bytes]]:
    """Return what draws the files of each kind of drawing that is none of the model's phantoms."""
    others = {
        f"phantoms of {name}": partial(_phantom_file, name, lambda film: film)
        for name in SUBJECTS
        if name != subject.name
    }
    return {
        "blank images": negatives.blank,
        "pages of text": lambda index: negatives.page(10_000 + index),
        "drawn photographs": lambda index: negatives.photograph(10_000 + index),
        "noise": lambda index: files.png(negatives.draw_noise(np.random.default_rng([_SEED, index]))),
        **others,
    }


def turned_phantoms(subject: Subject) -> dict[str, Callable[[int], bytes]]:
    """Return what draws phantoms of the model that are not as it knows them, and no image of a person either."""
    return {
        "negatives of its phantoms": partial(_phantom_file, subject.name, lambda film: 1 - film),
        "its phantoms upside down": partial(_phantom_file, subject.name, np.flipud),
    }


def _phantom_file(name: str, turn: Callable[[Any], Any], index: int) -> bytes:
    return files.png(np.ascontiguousarray(turn(phantom(SUBJECTS[name], _SEED, "held-out", index).film)))


_models: dict[Path, Model] = {}
"""The model of each worker process."""


def _passes(folder: Path, name: str, job: tuple[tuple[str, str], int]) -> bool:
    (group, kind), index = job
    subject = SUBJECTS[name]
    if group == "phantoms":
        return _is_let_through(folder, file_of(subject, phantom(subject, _SEED, "held-out", index), kind))
    return _is_let_through(folder, (drawings(subject) | turned_phantoms(subject))[kind](index))


def _passes_image(folder: Path, image: ForeignImage) -> tuple[bool, bool]:
    """Tell of an image as it is, and of the same in a black frame."""
    return _is_let_through(folder, image.data), _is_let_through(folder, frame(image.data))


def frame(data: bytes) -> bytes:
    """Return an image in the middle of a black square, an eighth of whose sides is left free, as a PNG."""
    pixels = decode(data).to_grey()
    side = max(pixels.shape) * 4 // 3
    rows, columns = ((side - size) // 2 for size in pixels.shape)
    square = np.zeros((side, side), np.float32)
    square[rows : rows + pixels.shape[0], columns : columns + pixels.shape[1]] = pixels / np.float32(255)
    return files.png(square)


def _is_let_through(folder: Path, data: bytes) -> bool:
    if folder not in _models:
        _models[folder] = load_model(folder, 1)
    try:
        return NOT_A_PHANTOM not in analyse(decode(data), _models[folder], with_heat=False).warnings
    except ImageError:
        return False


def write_gate_metrics(folder: Path, subject: Subject) -> None:
    """Replace the card's `gate_metrics` by what is measured now."""
    document = dict(load_model(folder, 1).card.document)
    write_card(folder, {**document, "gate_metrics": measure_gate(folder, subject)})


def gate_rows(metrics: Mapping[str, Counts]) -> Iterator[tuple[str, str]]:
    """Yield what was shown and how many were let through, for a table."""
    titles = {
        "phantoms": "its own phantoms, {}",
        "turned_phantoms": "{}",
        "drawings": "{}",
        "images": "{}, which the gate was fitted to",
        "held_out_images": "{}, held out",
        "framed_images": "{}, all of them, in a black frame",
    }
    for group, title in titles.items():
        for kind, (passed, count) in metrics.get(group, {}).items():
            yield title.format(kind), f"{passed} of {count}"
