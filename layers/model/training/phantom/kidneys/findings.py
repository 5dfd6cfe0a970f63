"""Stone, cyst and tumour as the literature describes them. Each is drawn into the slice; the mask is returned."""

import numpy as np

from training.phantom.canvas import Layer, Point
from training.phantom.kidneys.abdomen import PLAIN, Abdomen
from training.phantom.kidneys.kidney import Kidney
from training.phantom.plane import paint

_LEAST_MASK = 6.0
"""Millimetres. A stone is smaller than what a heatmap can point at: half a cell of its grid."""


def stone(rng: np.random.Generator, person: Abdomen, density: Layer, kidney: Kidney) -> Layer:
    """Very dense and mostly small, in a calyx or the pelvis; seldom a cast of the pelvis with its horns."""
    plane = person.plane
    level, mask = rng.uniform(320, 1300), np.zeros_like(density)
    if rng.random() < 0.08:
        middle = kidney.rim(np.pi, 0.5)
        horns = [
            ([middle, kidney.rim(a, rng.uniform(0.3, 0.55))], rng.uniform(3, 7)) for a in rng.uniform(-1.7, 1.7, 4)
        ]
        spot = plane.lines(horns)
        paint(density, spot, level)
        return spot
    for _ in range(1 if rng.random() < 0.8 else 2):
        place = kidney.rim(rng.uniform(-np.pi, np.pi), rng.uniform(0.1, 0.55))
        radius = float(np.clip(rng.lognormal(1.3, 0.4), 1.6, 9))
        grown = plane.oval(
            place,
            (radius, radius * rng.uniform(0.7, 1.1)),
            rng.uniform(0, 3),
            rough=0.15 * radius * plane.clouds(rng, 3),
        )
        paint(density, grown, level)
        least = max(1.2 * radius, _LEAST_MASK)
        mask = np.maximum(mask, plane.oval(place, (least, least)))
    return mask


def cyst(rng: np.random.Generator, person: Abdomen, density: Layer, kidney: Kidney) -> Layer:
    """Round, sharp, of water's density with a wall too thin to see; some hold blood or protein and are denser."""
    plane, mask = person.plane, np.zeros_like(density)
    for _ in range(1 if rng.random() < 0.8 else 2):
        radius = float(np.clip(rng.lognormal(2.5, 0.38), 6, 34))
        place = _on_the_rim(rng, kidney, radius)
        spot = plane.oval(
            place,
            (radius, radius * rng.uniform(0.9, 1.1)),
            rng.uniform(0, 3),
            rough=0.03 * radius * plane.clouds(rng, 12),
        )
        level = rng.uniform(45, 80) if rng.random() < 0.06 else rng.uniform(-4, 18)
        paint(density, spot, level)
        if rng.random() < 0.15:  # one fine wall across
            a = rng.uniform(0, np.pi)
            ends = [(place[0] + s * radius * np.cos(a), place[1] + s * radius * np.sin(a)) for s in (-0.95, 0.95)]
            paint(density, plane.lines([([(float(x), float(y)) for x, y in ends], 1.0)]) * spot * 0.7, 45.0)
        mask = np.maximum(mask, spot)
    return mask


def tumor(rng: np.random.Generator, person: Abdomen, density: Layer, kidney: Kidney) -> Layer:
    """A solid mass that bulges out: takes up contrast unevenly, mostly less than cortex; often necrotic."""
    plane, phase = person.plane, person.phase
    radius = float(np.clip(rng.lognormal(2.9, 0.32), 10, 42))
    place = _on_the_rim(rng, kidney, radius)
    bumps = 0.08 * radius * (plane.clouds(rng, radius * 0.8) + 0.5 * plane.clouds(rng, radius * 0.3))
    radii = (radius * rng.uniform(0.85, 1.15), radius * rng.uniform(0.85, 1.15))
    spot = plane.oval(place, radii, rng.uniform(0, 3), soft=rng.uniform(1.2, 4), rough=bumps)
    bright = rng.uniform(24, 50) if phase is PLAIN else rng.uniform(0.4, 0.75) * phase.cortex
    uneven = (7 if phase is PLAIN else rng.uniform(5, 28)) * plane.clouds(rng, radius * 0.45)
    paint(density, spot, np.asarray(bright + uneven, np.float32))
    if rng.random() < 0.55:
        share = rng.uniform(0.3, 0.65)
        dead = plane.oval(
            place, (share * radius, share * radius), soft=3, rough=0.3 * radius * plane.clouds(rng, radius * 0.6)
        )
        paint(density, np.asarray(dead * spot, np.float32), rng.uniform(8, 25))
    if rng.random() < 0.12:
        chalk = np.clip(3 * (plane.clouds(rng, 3) - 1.9), 0, 1) * spot
        paint(density, np.asarray(chalk, np.float32), 350.0)
    return spot


def _on_the_rim(rng: np.random.Generator, kidney: Kidney, radius: float) -> Point:
    """Anywhere but at the hilum; large ones lie further out."""
    return kidney.rim(rng.uniform(-2.3, 2.3), rng.uniform(0.55, 0.9) + 0.012 * radius)
