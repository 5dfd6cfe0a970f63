"""The brain without a tumour: at the level of the ventricles, and at that of the sella."""

import numpy as np

from training.phantom.brain.head import LEFT, RIGHT, Head
from training.phantom.canvas import Layer
from training.phantom.plane import Plane, paint


def fill_skull(rng: np.random.Generator, head: Head, signal: Layer) -> Layer:
    """Draws the brain; returns where it is white matter, along which oedema spreads."""
    white = _base(rng, head, signal) if head.low else _cerebrum(rng, head, signal)
    _age(rng, head, signal, white)
    return white


def _matter(rng: np.random.Generator, head: Head, signal: Layer, depth: Layer) -> Layer:
    """Cortex in folds over white matter, where `depth` mm below the surface is positive. Returns the white matter."""
    plane, sequence = head.plane, head.sequence
    folds = np.abs(plane.clouds(rng, 13) + 0.35 * plane.clouds(rng, 6))
    to_fold = np.where(depth < 15, folds * 7, 30.0) + np.clip(depth - 9, 0, 9)
    near = np.minimum(depth, to_fold)
    brain = np.clip(depth / 1.2 + 0.5, 0, 1) * np.clip((to_fold - 1.2 * head.atrophy) / 1.0, 0, 1)
    white = np.clip((near - 4.2) / 1.4, 0, 1)
    texture = 1 + 0.02 * plane.clouds(rng, 4)
    paint(signal, np.asarray(brain * head.inside, np.float32), np.asarray(sequence.grey * texture, np.float32))
    paint(signal, np.asarray(white * head.inside, np.float32), np.asarray(sequence.white * texture, np.float32))
    return np.asarray(white * head.inside, np.float32)


def _cerebrum(rng: np.random.Generator, head: Head, signal: Layer) -> Layer:
    plane, sequence = head.plane, head.sequence
    surface = (1 - plane.beyond((0, 0), (head.width, head.length))) * head.width
    gap = np.where(np.abs(plane.y) > 0.42 * head.length, np.abs(plane.x) - 0.6 - head.atrophy, 30.0)
    white = _matter(rng, head, signal, np.asarray(np.minimum(surface, gap), np.float32))
    for side in (RIGHT, LEFT):
        for centre, radii, turn in (
            ((0.21, -0.22), (4.5, 9.5), 0.25),  # caudate
            ((0.42, -0.04), (6.0, 15.0), -0.2),  # putamen
            ((0.16, 0.17), (8.0, 11.0), 0.3),  # thalamus
        ):
            place = head.at(side * centre[0], centre[1])
            paint(
                signal, plane.oval(place, radii, side * turn, soft=2, rough=0.8 * plane.clouds(rng, 6)), sequence.grey
            )
        bend = [(0.56, -0.24), (0.64, -0.16), (0.66, -0.05), (0.70, 0.03), (0.80, 0.05), (0.95, 0.0)]
        cleft = [head.at(side * (x + rng.normal(0, 0.015)), y + rng.normal(0, 0.02)) for x, y in bend]
        paint(signal, plane.lines([(cleft, 1.5 + 2 * head.atrophy)]) * head.inside, sequence.fluid)
    _ventricles(rng, head, signal)
    falx = plane.lines([([head.at(0, -1.03), head.at(0, -0.45)], 0.9), ([head.at(0, 0.42), head.at(0, 1.03)], 0.9)])
    paint(signal, falx * head.inside * 0.8, sequence.dura)
    return white


def _ventricles(rng: np.random.Generator, head: Head, signal: Layer) -> None:
    plane, fluid, wide = head.plane, head.sequence.fluid, 0.7 + 0.8 * head.atrophy
    for side in (RIGHT, LEFT):
        paint(signal, plane.oval(head.at(side * 0.12, -0.25), (3.8 * wide, 13), side * -0.28), fluid)
        paint(signal, plane.oval(head.at(side * 0.30, 0.36), (4.2 * wide, 12), side * 0.4), fluid)
        if rng.random() < 0.7:  # choroid plexus
            level = rng.uniform(0.7, 0.95) if head.sequence.enhanced else head.sequence.grey
            spot = plane.oval(head.at(side * 0.28, 0.36), (2.0, 5.5), side * 0.4, rough=plane.clouds(rng, 3))
            paint(signal, np.asarray(spot * rng.uniform(0.5, 1), np.float32), level)
    paint(signal, plane.oval(head.at(0, 0.06), (1.3 * wide, 9)), fluid)


def _base(rng: np.random.Generator, head: Head, signal: Layer) -> Layer:
    """Frontal base, temporal lobes, brain stem and cerebellum, with the skull's ridges between them."""
    plane, sequence = head.plane, head.sequence
    surface = (1 - plane.beyond((0, 0), (head.width, head.length))) * head.width
    gap = np.where(plane.y < -0.3 * head.length, np.abs(plane.x) - 0.6 - head.atrophy, 30.0)
    white = _matter(rng, head, signal, np.asarray(np.minimum(surface, gap), np.float32))
    _behind(rng, head, signal, plane)
    ridges = []
    for side in (RIGHT, LEFT):
        ridges.append(([head.at(side * 0.20, -0.26), head.at(side * 0.55, -0.42), head.at(side * 1.04, -0.44)], 5.0))
        ridges.append(([head.at(side * 0.16, 0.10), head.at(side * 0.50, 0.30), head.at(side * 1.04, 0.40)], 8.0))
    cleft = [(points, width + 3 + 3 * head.atrophy) for points, width in ridges]
    paint(signal, plane.lines(cleft, 1.0) * head.inside, sequence.fluid)
    paint(signal, plane.lines(ridges, 1.2) * 0.95, sequence.bone)
    _sella(rng, head, signal)
    return white


def _behind(rng: np.random.Generator, head: Head, signal: Layer, plane: Plane) -> None:
    sequence = head.sequence
    leaves = np.sin(plane.y * 1.6 + 2.5 * plane.clouds(rng, 30) + 0.02 * plane.x**2 / 3)
    pit = plane.oval(head.at(0, 0.50), (0.80 * head.width, 0.48 * head.length)) * (plane.y > 0.12 * head.length)
    paint(signal, np.asarray(pit * head.inside, np.float32), sequence.fluid)
    little = plane.oval(head.at(0, 0.60), (0.84 * head.width, 0.37 * head.length), rough=1.5 * plane.clouds(rng, 8))
    little *= head.inside
    paint(
        signal,
        little,
        np.asarray(sequence.grey + 0.25 * (sequence.fluid - sequence.grey) * (leaves > 0.75), np.float32),
    )
    for side in (RIGHT, LEFT):
        core = plane.oval(head.at(side * 0.3, 0.58), (12, 10), soft=5, rough=2 * plane.clouds(rng, 8))
        paint(signal, core, sequence.white)
    stem = plane.oval(head.at(0, 0.18), (14, 13), soft=1.5)
    paint(signal, stem, 0.5 * (sequence.white + sequence.grey))
    paint(signal, plane.oval(head.at(0, 0.37), (6 + 2 * head.atrophy, 3.5)), sequence.fluid)


def _sella(rng: np.random.Generator, head: Head, signal: Layer) -> None:
    """Fluid around the stalk, the gland, the cavernous sinuses beside it with the carotids in them."""
    plane, sequence = head.plane, head.sequence
    paint(signal, plane.oval(head.at(0, -0.40), (11, 6), power=2.5), rng.choice([sequence.bone, sequence.marrow]))
    paint(signal, plane.oval(head.at(0, -0.10), (17, 9), soft=2, rough=2 * plane.clouds(rng, 8)), sequence.fluid)
    gland = rng.uniform(0.72, 0.9) if sequence.enhanced else sequence.grey * rng.uniform(0.9, 1.1)
    for side in (RIGHT, LEFT):
        around = rng.uniform(0.55, 0.8) if sequence.enhanced else sequence.grey
        paint(signal, plane.oval(head.at(side * 0.19, -0.19), (5, 7.5)), around)
        paint(signal, plane.oval(head.at(side * 0.19, -0.21), (2.4, 2.8)), 0.06)
    paint(signal, plane.oval(head.at(0, -0.20), (rng.uniform(5, 8), rng.uniform(3, 5))), gland)


def _age(rng: np.random.Generator, head: Head, signal: Layer, white: Layer) -> None:
    """Spots in the white matter, and sometimes a pouch of fluid: with and without a tumour."""
    plane, sequence = head.plane, head.sequence
    if rng.random() < 0.5 * head.atrophy + 0.1:
        spots = np.clip(3 * (plane.clouds(rng, 7) - 2.0), 0, 1) * white
        paint(signal, np.asarray(spots, np.float32), sequence.oedema)
    if rng.random() < 0.06:
        place = head.at(rng.choice([-0.8, 0.8]), rng.uniform(-0.4, 0.3))
        paint(signal, plane.oval(place, (rng.uniform(6, 14), rng.uniform(8, 16))) * head.inside, sequence.fluid)
