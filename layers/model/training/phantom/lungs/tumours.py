"""Three carcinomas as the literature describes them; their sizes and places overlap, as they do in patients.

Each is drawn into the slice, and returns the mask of where it is, or None if this chest had no place for it.
"""

import numpy as np

from training.phantom.canvas import Layer, Point
from training.phantom.lungs.chest_wall import AIR, Chest
from training.phantom.plane import Stroke, paint, pick

_TUMOUR = 40.0


def adenocarcinoma(rng: np.random.Generator, chest: Chest, density: Layer) -> Layer | None:
    """A smaller mass near the pleura: spiculated, often part ground glass, often tied to the pleura by a strand."""
    place = _place(rng, chest, 0.62, 0.95)
    if place is None:
        return None
    plane, radius = chest.plane, float(np.clip(rng.lognormal(2.3, 0.27), 5.5, 19))
    spot = _mass(rng, chest, place, radius, rough=0.16)
    if rng.random() < 0.45:
        halo = _mass(rng, chest, place, radius * rng.uniform(1.3, 1.8), rough=0.2, soft=5)
        paint(density, halo * chest.lungs * rng.uniform(0.3, 0.6), -150.0)
    if rng.random() < 0.85:
        spicules = _spicules(rng, place, radius, int(rng.integers(7, 17)))
        paint(density, plane.lines(spicules, 0.5) * chest.lungs * rng.uniform(0.5, 0.9), _TUMOUR)
    paint(density, spot * chest.lungs, _TUMOUR + 10 * plane.clouds(rng, 5))
    if rng.random() < 0.55:
        paint(density, plane.lines([([place, _to_pleura(chest, place)], rng.uniform(1, 2.2))]) * chest.lungs, _TUMOUR)
    if rng.random() < 0.25:
        bubbles = np.clip(plane.clouds(rng, 3) - 1.2, 0, 1) * spot
        paint(density, np.asarray(bubbles, np.float32), -700.0)
    return spot


def large_cell_carcinoma(rng: np.random.Generator, chest: Chest, density: Layer) -> Layer | None:
    """A large lobulated mass, mostly in the outer lung; necrotic within, seldom spiculated, no air in it."""
    central = rng.random() < 0.1
    place = _place(rng, chest, 0.4, 0.6) if central else _place(rng, chest, 0.55, 0.9)
    if place is None:
        return None
    radius = float(np.clip(rng.lognormal(3.15, 0.24), 14, 42))
    spot = _mass(rng, chest, place, radius, rough=0.13)
    if rng.random() < 0.2:
        spicules = _spicules(rng, place, radius, int(rng.integers(5, 12)))
        paint(density, chest.plane.lines(spicules, 0.5) * chest.lungs * 0.7, _TUMOUR)
    necrosis = np.clip(0.5 + 0.8 * chest.plane.clouds(rng, radius * 0.6), 0, 1) * rng.uniform(0, 45)
    bright = _TUMOUR + (35 if chest.contrast else 0)
    paint(density, spot * chest.lungs, np.asarray(bright - necrosis, np.float32))
    return spot


def squamous_cell_carcinoma(rng: np.random.Generator, chest: Chest, density: Layer) -> Layer | None:
    """A mass at the hilum, often hollow with a thick uneven wall, often with airless lung beyond a closed bronchus."""
    peripheral = rng.random() < 0.12
    side = int(rng.choice([-1, 1]))
    hilum = chest.hilum(side)
    place = (
        _place(rng, chest, 0.5, 0.85)
        if peripheral
        else (hilum[0] + side * rng.uniform(2, 24), hilum[1] + rng.normal(0, 14))
    )
    if place is None:
        return None
    radius = float(np.clip(rng.lognormal(3.0, 0.24), 13, 36))
    spot = _mass(rng, chest, place, radius, rough=0.16)
    if not peripheral and rng.random() < 0.5:
        _airless(rng, chest, density, (place, radius))
    solid = np.maximum(chest.lungs, chest.plane.oval(hilum, (12, 14), soft=3))
    paint(density, np.asarray(spot * solid, np.float32), _TUMOUR + 12 * chest.plane.clouds(rng, 8))
    if peripheral or rng.random() < 0.5:
        off = (place[0] + rng.normal(0, 0.15 * radius), place[1] + rng.normal(0, 0.15 * radius))
        hollow = _mass(rng, chest, off, radius * rng.uniform(0.35, 0.7), rough=0.25)
        paint(density, hollow * spot * chest.lungs, AIR + 150)
    return np.asarray(spot * solid, np.float32)


def _place(rng: np.random.Generator, chest: Chest, inner: float, outer: float) -> Point | None:
    """In the lung, between two distances from the middle, not on the hilum."""
    allowed = (chest.air > 0) & (chest.rim > inner) & (chest.rim < outer)
    return pick(rng, chest.plane, allowed)


def _mass(
    rng: np.random.Generator, chest: Chest, place: Point, radius: float, *, rough: float, soft: float = 2.0
) -> Layer:
    bumps = radius * rough * (chest.plane.clouds(rng, radius * 0.9) + 0.4 * chest.plane.clouds(rng, radius * 0.3))
    radii = (radius * rng.uniform(0.85, 1.15), radius * rng.uniform(0.85, 1.15))
    return chest.plane.oval(place, radii, rng.uniform(0, 3), soft=soft, rough=bumps)


def _spicules(rng: np.random.Generator, place: Point, radius: float, count: int) -> list[Stroke]:
    """Fine lines from the mass into the lung around it, thinning as they go."""
    strokes: list[Stroke] = []
    for angle in np.linspace(0, 2 * np.pi, count, endpoint=False) + rng.normal(0, 0.2, count):
        reach, wide = radius * rng.uniform(1.25, 1.9), rng.uniform(0.9, 2.0)
        for start, end in ((0.6, 0.65), (0.65, 1.0)):
            ends = [(place[0] + reach * t * np.cos(angle), place[1] + reach * t * np.sin(angle)) for t in (start, end)]
            strokes.append(([(float(x), float(y)) for x, y in ends], wide if end < 1 else wide * 0.6))
    return strokes


def _to_pleura(chest: Chest, place: Point) -> Point:
    scale = 1.02 / max(0.3, float(np.hypot(place[0] / chest.width, (place[1] + 2) / chest.depth)))
    return place[0] * scale, place[1] * scale


def _airless(rng: np.random.Generator, chest: Chest, density: Layer, mass: tuple[Point, float]) -> None:
    """A fan of airless lung from the mass to the pleura."""
    (x, y), radius = mass
    plane, turn = chest.plane, rng.normal(0, 0.5)
    far = np.hypot(plane.x - x, plane.y - y)
    side = 1.0 if x > 0 else -1.0
    angle = np.arctan2(plane.y - y, side * (plane.x - x)) - turn + 0.12 * plane.clouds(rng, 15)
    fan = np.clip((rng.uniform(0.2, 0.5) - np.abs(angle)) * 8, 0, 1) * (far > 0.5 * radius)
    paint(density, np.asarray(fan * chest.lungs * rng.uniform(0.4, 0.95), np.float32), 20 + 10 * plane.clouds(rng, 10))
