"""What a reference model's gate is fitted to and measured on: its own phantoms as files, and all else."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from imaging.decode import decode
from imaging.image import Picture
from imaging.preprocess import prepare
from training import files, negatives
from training.dataset import phantom, picture_of, progress
from training.foreign import ForeignImage, foreign_images
from training.phantom.canvas import Phantom
from training.subjects import SUBJECTS, Subject

Film = NDArray[np.float32]
Planes = NDArray[np.uint8]
"""n x height x width: prepared images."""

FORMATS = ("as drawn", "JPEG of quality 60", "half the size", "twice the size", "20 % brighter", "20 % darker",
           "16-bit PNG", "DICOM")  # fmt: skip
"""What may become of a phantom on its way. The gate lets all of them through."""
_SCALES = {"half the size": 0.5, "twice the size": 2.0}
_GAINS = {"20 % brighter": 1.2, "20 % darker": 0.8}
_REPEATS = {"radiographs": 40, "CT": 40, "MR": 12, "ultrasound": 30}
"""How often an image of a kind is taken, each time changed otherwise; others 20 times."""
_HEAD_SHARE = 0.6
_LARGEST = 448
"""Pixels a side before an image is changed: twice what a model takes."""


@dataclass(frozen=True, eq=False)
class GateExamples:
    """`phantoms` pass, `others` do not."""

    phantoms: Planes
    others: Planes


def make_gate_examples(subject: Subject, seed: int, count: int) -> GateExamples:
    """Draw `count` phantoms in two changing forms each, and change every foreign image that may be trained on."""
    phantoms = _parallel(partial(_changed_phantoms, subject.name, seed), range(count), "phantoms")
    images = [image for image in foreign_images() if not image.is_held_out]
    others = _parallel(partial(_changed_images, subject.name, seed), list(enumerate(images)), "foreign images")
    drawings = _parallel(partial(_other_drawing, subject.name, seed), range(count), "other drawings")
    return GateExamples(np.concatenate(phantoms), np.concatenate([*others, np.stack(drawings)]))


def _parallel(draw: Callable[..., Planes], jobs: Sequence[object], title: str) -> list[Planes]:
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return list(progress(pool.map(draw, jobs, chunksize=4), len(jobs), title))


def file_of(subject: Subject, phantom_image: Phantom, form: str, quality: int = 60) -> bytes:
    """Return a phantom as a file in one of the forms."""
    film = _resize(phantom_image.film, _SCALES.get(form, 1.0))
    film = np.clip(film * np.float32(_GAINS.get(form, 1.0)), 0, 1)
    if form == "JPEG of quality 60":
        return files.jpeg(film, quality)
    if form == "DICOM":
        exposure = subject.exposures[0]
        if phantom_image.window is not None:
            exposure = files.apply_window(exposure, *phantom_image.window)
        return files.dicom(film, exposure, "gate", subject.body_part)
    return files.png(film, 16 if form == "16-bit PNG" else 8)


def _resize(film: Film, scale: float) -> Film:
    if scale == 1:
        return film
    size = (round(film.shape[1] * scale), round(film.shape[0] * scale))
    way = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.BOX
    resized_film: Film = np.clip(np.asarray(Image.fromarray(film).resize(size, way), np.float32), 0, 1)
    return resized_film


def plane_of(subject: Subject, picture: Picture) -> Planes:
    """Return the picture as the model takes it, one plane of 8 bits."""
    plane: Planes = (prepare(picture, subject.input).tensor[0, 0] * 255 + 0.5).astype(np.uint8)
    return plane


def _changed_phantoms(name: str, seed: int, index: int) -> Planes:
    """Return one phantom in two forms, each of a random size, brightness and kind of file."""
    subject, rng = SUBJECTS[name], np.random.default_rng([seed, 31, index])
    drawn = phantom(subject, seed, "train", index)
    planes = []
    for _ in range(2):
        film = _resize(drawn.film, float(rng.choice([1, 1, 0.5, 2])))
        if rng.random() < 0.6:
            film = np.clip(film * np.float32(rng.uniform(0.8, 1.2)), 0, 1)
        form = str(rng.choice(["JPEG of quality 60", "JPEG of quality 60", "as drawn", "16-bit PNG", "DICOM"]))
        changed = Phantom(film, drawn.masks, window=drawn.window)
        planes.append(plane_of(subject, decode(file_of(subject, changed, form, int(rng.choice([60, 60, 75, 90]))))))
    return np.stack(planes)


def _changed_images(name: str, seed: int, job: tuple[int, ForeignImage]) -> Planes:
    """Return one foreign image as often as its kind asks for, each time changed otherwise."""
    index, image = job
    rng = np.random.default_rng([seed, 32, index])
    small = Image.fromarray(decode(image.data).to_grey())
    small.thumbnail((_LARGEST, _LARGEST))
    pixels, planes = np.asarray(small), []
    for _ in range(_REPEATS.get(image.kind, 20)):
        with_head = image.kind == "MR" and rng.random() < _HEAD_SHARE
        changed = change(add_head(pixels, rng) if with_head else pixels, rng)
        planes.append(plane_of(SUBJECTS[name], picture_of(changed)))
    return np.stack(planes)


def add_head(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a slice of a brain that was cut out of its head with a skull and a scalp around it again.

    The free brains have neither, and a gate could go by that; real slices have both.
    """
    side = max(pixels.shape)
    margin = side // 6
    brain = np.pad(pixels, margin)
    mask = Image.fromarray(((brain > 20) * 255).astype(np.uint8)).filter(ImageFilter.MaxFilter(5))
    skull = _grow(mask, side * rng.uniform(0.015, 0.04), rng)
    scalp = _grow(skull, side * rng.uniform(0.01, 0.045), rng)
    inside, bone, skin = (np.asarray(one, np.float32) / 255 for one in (mask, skull, scalp))
    low, high = rng.uniform(0.05, 0.3), rng.uniform(0.35, 1.0)
    grain = _uneven(brain.shape, rng)
    film = (low + (high - low) * brain.astype(np.float32) / 255) * inside
    film += rng.uniform(0, 0.2) * (1 - inside) * bone + rng.uniform(0.4, 1.0) * grain * (1 - bone) * skin
    return (np.clip(film, 0, 1) * 255).astype(np.uint8)


def _grow(mask: Image.Image, by: float, rng: np.random.Generator) -> Image.Image:
    """Return a mask grown by so many pixels, its edge soft and a little uneven."""
    wide = mask.filter(ImageFilter.MaxFilter(2 * max(1, round(by)) + 1))
    soft = np.asarray(wide.filter(ImageFilter.GaussianBlur(max(1.0, by / 2))), np.float32) / 255
    edge = 0.5 + 0.25 * (_uneven(soft.shape, rng) - 0.75)
    return Image.fromarray((np.clip((soft - edge) * 8 + 0.5, 0, 1) * 255).astype(np.uint8))


def _uneven(shape: tuple[int, ...], rng: np.random.Generator) -> Film:
    """Return a surface that wavers between 0.5 and 1."""
    count = int(rng.integers(4, 24))
    coarse = Image.fromarray(rng.uniform(0.5, 1.0, (count, count)).astype(np.float32))
    surface: Film = np.asarray(coarse.resize((shape[1], shape[0]), Image.Resampling.BILINEAR), np.float32)
    return surface


def _other_drawing(name: str, seed: int, index: int) -> Planes:
    """Return noise, a page, a photograph, another model's phantom, or one of its own that is turned or a negative."""
    subject, rng = SUBJECTS[name], np.random.default_rng([seed, 33, index])
    kind = index % 4
    if kind == 0:
        return plane_of(subject, picture_of(negatives.draw_noise(rng)))
    if kind == 1:
        draw = negatives.page if rng.random() < 0.5 else negatives.photograph
        return plane_of(subject, decode(draw(index)))
    if kind == 2:
        other = SUBJECTS[str(rng.choice([one for one in SUBJECTS if one != name]))]
        film = phantom(other, seed, "train", index).film
        return plane_of(subject, picture_of(change((film * 255).astype(np.uint8), rng)))
    film = phantom(subject, seed, "train", index).film
    ways: tuple[Callable[[Film], Film], ...] = (lambda one: 1 - one, np.flipud, np.transpose, np.rot90)
    return plane_of(subject, picture_of(np.ascontiguousarray(ways[int(rng.integers(len(ways)))](film))))


def change(pixels: NDArray[np.uint8], rng: np.random.Generator) -> Film:
    """Return an image turned, cut, made smaller, blurred, toned or made grainy, for others like it."""
    image = Image.fromarray(pixels)
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.25:
        image = image.rotate(90 * int(rng.integers(1, 4)), expand=True)
    if rng.random() < 0.4:
        image = image.rotate(float(rng.uniform(-20, 20)), Image.Resampling.BILINEAR)
    if rng.random() < 0.5:
        image = _cut(image, rng)
    if rng.random() < 0.3:
        share = rng.uniform(0.2, 0.9)
        image = image.resize((max(24, int(image.width * share)), max(24, int(image.height * share))))
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.5, 4))))
    return _retone(np.asarray(image, np.float32) / np.float32(255), rng)


def _cut(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = (max(24, int(side * rng.uniform(0.35, 1))) for side in image.size)
    left, top = rng.integers(0, max(1, image.width - width + 1)), rng.integers(0, max(1, image.height - height + 1))
    return image.crop((int(left), int(top), int(left + width), int(top + height)))


def _retone(film: Film, rng: np.random.Generator) -> Film:
    if rng.random() < 0.2:
        film = 1 - film
    if rng.random() < 0.5:
        low, high = rng.uniform(-0.1, 0.25), rng.uniform(0.7, 1.1)
        film = np.clip((film - low) / (high - low), 0, 1)
    film = film ** np.float32(np.exp(rng.normal(0, 0.4)))
    if rng.random() < 0.4:
        film = film + rng.normal(0, rng.uniform(0.005, 0.08), film.shape).astype(np.float32)
    if rng.random() < 0.45:
        film = _surround(film, rng)
    return np.clip(film, 0, 1).astype(np.float32)


def _surround(film: Film, rng: np.random.Generator) -> Film:
    """Return an image with ground around it, mostly black: at its sides, above and below, or all round it."""
    most = rng.choice([0.1, 0.3, 0.6])
    top, bottom, left, right = (int(max(film.shape) * one) for one in rng.uniform(0, most, 4))
    shape = rng.integers(4)
    margins = ((0, 0) if shape == 0 else (top, bottom), (0, 0) if shape == 1 else (left, right))
    if shape == 3:
        margins = ((top, top), (top, top))
    return np.pad(film, margins, constant_values=0 if rng.random() < 0.8 else rng.uniform(0, 1))
