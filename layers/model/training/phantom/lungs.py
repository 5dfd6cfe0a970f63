"""Axial CT slices of the chest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from training.phantom.canvas import Layer, Phantom, Point
from training.phantom.plane import SIDE, Plane, Stroke, lie, paint, pick, picks
from training.phantom.scanner import ct, table

RIGHT, LEFT = -1, 1
"""The patient's sides; the patient's left is on the right of the image."""

AIR, FAT, MUSCLE, BONE = -1000.0, -95.0, 45.0, 420.0


@dataclass(frozen=True, eq=False)
class Chest:
    """One person's chest at one level. Lengths in millimetres."""

    plane: Plane
    width: float
    """Half of the inner chest, side to side."""
    depth: float
    """Half of the inner chest, front to back."""
    level: float
    """0 at the bifurcation of the windpipe, 1 at the heart's ventricles."""
    contrast: bool
    """Contrast medium in the vessels."""
    lungs: Layer
    air: Layer
    """Both lungs: where there is no lung the slice is solid."""
    rim: Layer
    """1 at the pleura, less towards the middle."""

    def hilum(self, side: int) -> Point:
        """Return where bronchi and vessels enter a lung."""
        return (side * (36 + 12 * self.level), 2 - 4 * self.level)


def draw_chest(rng: np.random.Generator) -> tuple[Chest, Layer]:
    """Return a person, and the slice before anything is in the lungs."""
    width, depth, level = rng.uniform(116, 138), rng.uniform(82, 100), rng.uniform(0, 1)
    fat, contrast = rng.uniform(6, 26), bool(rng.random() < 0.6)
    plane = lie(rng=rng, field=2.1 * (width + 22 + fat) * rng.uniform(0.99, 1.12), turn=0.05, off=5, warp=3.0)
    cage = plane.oval((0, -2), (width, depth), power=2.3)
    middle = _mediastinum(rng, plane, level, depth)
    lungs = cage * (1 - middle)
    density = np.full((SIDE, SIDE), AIR, np.float32)
    paint(density, plane.oval((0, 4), (width + 22 + fat, depth + 22 + 0.7 * fat), power=2.5), FAT)
    paint(density, plane.oval((0, 2), (width + 20, depth + 18), power=2.4), MUSCLE + 6 * plane.clouds(rng, 9))
    paint(density, plane.oval((0, -1), (width + 5, depth + 4), power=2.3), FAT)
    rim = plane.beyond((0, -2), (width, depth))
    chest = Chest(
        plane=plane,
        width=width,
        depth=depth,
        level=level,
        contrast=contrast,
        lungs=lungs,
        air=(lungs > 0.5).astype(np.float32),
        rim=rim,
    )
    _bones(rng, chest, density)
    paint(density, cage * middle, FAT + 8 * plane.clouds(rng, 12))
    _vessels_of_the_middle(rng, chest, density)
    return chest, density


def _mediastinum(rng: np.random.Generator, plane: Plane, level: float, depth: float) -> Layer:
    """Draw vessels or heart in the middle, a strip to the breastbone, the spine behind."""
    wide = rng.uniform(0.9, 1.1)
    parts = [
        plane.oval((4, -18), ((38 + 8 * level) * wide, 38), soft=1.5),
        plane.oval((0, 30), (30 * wide, 34), soft=1.5),
        plane.oval((2, -depth + 14), (15 + 10 * level, 34), soft=1.5),
        plane.oval((0, depth - 20), (26, 30), soft=1.5, power=2.5),
    ]
    if level > 0.35:
        parts.append(plane.oval((24 * level, -28), (58 * level * wide, 46 * level**0.3), 0.45, soft=1.5))
    return np.asarray(np.maximum.reduce(parts), np.float32)


def _vessels_of_the_middle(rng: np.random.Generator, chest: Chest, density: Layer) -> None:
    plane, level = chest.plane, chest.level
    blood = rng.uniform(130, 320) if chest.contrast else rng.uniform(35, 50)
    if level > 0.35:
        paint(density, plane.oval((22 * level, -28), (52 * level, 40 * level**0.3), 0.45), MUSCLE + 20 * chest.contrast)
        for centre, radii in (((-6, -38), (19, 24)), ((34 * level, -22), (25 * level, 20))):
            paint(density, plane.oval(centre, radii, 0.5, soft=6), 0.9 * blood + 10 * plane.clouds(rng, 20))
    else:
        paint(density, plane.oval((12, -34), (14, 16), 0.6), blood)  # pulmonary trunk
        paint(density, plane.oval((24, -20), (24, 9), 0.3), blood)
    paint(density, plane.oval((-12, -22), (16, 15)), blood)  # ascending aorta
    paint(density, plane.oval((-32, -12), (8, 10)), blood * rng.uniform(0.8, 1.2))  # superior vena cava
    paint(density, plane.oval((24, chest.depth - 46), (12, 12)), 0.95 * blood)  # descending aorta
    if rng.random() < 0.3:
        paint(density, plane.oval((33, chest.depth - 50), (2.5, 4)), 600.0)  # chalk in its wall
    paint(density, plane.oval((10, chest.depth - 56), (7, 6)), MUSCLE)  # gullet
    for side in (RIGHT, LEFT):
        x, y = chest.hilum(side)
        paint(density, plane.oval((x, y), (13, 15), soft=3, rough=2 * plane.clouds(rng, 10)), 0.8 * blood)
        paint(density, plane.oval((side * (9 + 20 * level + 4), 6), (6.5, 5.5)), AIR)  # main bronchi


def _bones(rng: np.random.Generator, chest: Chest, density: Layer) -> None:
    plane, depth = chest.plane, chest.depth
    spongy = 170 + 60 * plane.clouds(rng, 4)
    paint(density, plane.oval((0, depth - 16), (19, 15), power=2.4), BONE)
    paint(density, plane.oval((0, depth - 16), (16, 12), power=2.4), spongy)
    paint(density, plane.oval((0, depth + 7), (9, 7)), 20.0)
    spine = [
        ((-24, depth + 6), (-12, depth + 10)),
        ((12, depth + 10), (24, depth + 6)),
        ((0, depth + 14), (0, depth + 30)),
    ]
    paint(density, plane.lines([(line, 6.0) for line in spine]), BONE)
    paint(density, plane.oval((0, -depth - 9), (19, 6), power=2.5), BONE)
    paint(density, plane.oval((0, -depth - 9), (16, 3.6), power=2.5), spongy)
    start = rng.uniform(0, 0.3)
    ribs = [_rib(rng, chest, side, a) for side in (RIGHT, LEFT) for a in start + np.linspace(-1.15, 1.2, 6)]
    paint(density, plane.lines([(arc, 8.0) for arc in ribs]), BONE)
    paint(density, plane.lines([(arc[1:-1], 4.0) for arc in ribs]), 190.0)
    if chest.level < 0.6 and rng.random() < 0.7:
        for side in (RIGHT, LEFT):
            blade = [(side * (chest.width - 34), depth + 6), (side * (chest.width + 6), depth - 26)]
            paint(density, plane.lines([(blade, 6.0)]), BONE)


def _rib(rng: np.random.Generator, chest: Chest, side: int, angle: float) -> list[Point]:
    """Draw ribs cross the slice at a slant: each is seen as a short arc in the wall."""
    half = rng.uniform(0.07, 0.2)
    angles = np.clip(np.linspace(angle - half, angle + half, 7), -1.5, 1.5)
    out, down = side * (chest.width + 9), chest.depth + 8
    return [(float(out * np.cos(a) ** 0.85), float(down * np.sign(np.sin(a)) * abs(np.sin(a)) ** 0.87)) for a in angles]


_TISSUE = 30.0


def fill_lungs(rng: np.random.Generator, chest: Chest, density: Layer) -> None:
    """Draw air, denser towards the back where the patient lies, with vessels, bronchi and old marks."""
    plane = chest.plane
    base = rng.uniform(-890, -820)
    lung = base + rng.uniform(15, 60) * np.clip(plane.y / chest.depth, -1, 1) + 12 * plane.clouds(rng, 25)
    lung += 14 * plane.clouds(rng, 4)
    if rng.random() < 0.25:  # emphysema
        lung -= rng.uniform(40, 90) * np.clip(plane.clouds(rng, 14), 0, 2)
    paint(density, chest.lungs, np.asarray(lung, np.float32))
    for side in (RIGHT, LEFT):
        _marks(rng, chest, density, side)
    _dots(rng, chest, density)
    _innocent(rng, chest, density)


def _marks(rng: np.random.Generator, chest: Chest, density: Layer, side: int) -> None:
    strokes: list[Stroke] = []
    for angle in np.linspace(-1.5, 1.5, 11):
        _branch(
            rng=rng,
            start=chest.hilum(side),
            heading=(side, float(angle + rng.normal(0, 0.12))),
            width=rng.uniform(3.0, 5.5),
            strokes=strokes,
        )
    paint(density, chest.plane.lines(strokes, 0.4) * chest.lungs * 0.85, _TISSUE)


def _branch(
    rng: np.random.Generator, start: Point, heading: tuple[int, float], width: float, strokes: list[Stroke]
) -> None:
    """Draw outwards on `heading` until too thin to see; vessels dip out of the slice and come back."""
    (x, y), (side, angle) = start, heading
    while width > 0.9:
        step = rng.uniform(7, 13)
        end = (x + side * step * np.cos(angle), y + step * np.sin(angle))
        if rng.random() < 0.72:
            strokes.append(([(x, y), (float(end[0]), float(end[1]))], width))
        x, y = float(end[0]), float(end[1])
        angle += rng.normal(0, 0.17)
        width *= rng.uniform(0.78, 0.92)
        if rng.random() < 0.4 and width > 1.3:
            _branch(
                rng=rng,
                start=(x, y),
                heading=(side, angle + rng.choice([-0.6, 0.6])),
                width=width * 0.75,
                strokes=strokes,
            )


def _dots(rng: np.random.Generator, chest: Chest, density: Layer) -> None:
    """Draw vessels cut across, smaller towards the pleura."""
    places = picks(rng, chest.plane, (chest.air > 0) & (chest.rim < 0.93), int(rng.integers(25, 60)))
    dots: list[Stroke] = [([place, (place[0] + 0.1, place[1])], rng.uniform(1.4, 4.2)) for place in places]
    paint(density, chest.plane.lines(dots, 0.4) * chest.lungs * 0.9, _TISSUE)


def _innocent(rng: np.random.Generator, chest: Chest, density: Layer) -> None:
    """Draw scars, old chalk, small round nodules, and lung pressed together at the back: with and without a tumour."""
    plane = chest.plane
    if rng.random() < 0.3:
        edge = (chest.depth - 14) + 4 * plane.clouds(rng, 30)
        back = np.clip((plane.y - edge + rng.uniform(-6, 6)) / 8, 0, 1) * np.clip(chest.rim * 4 - 3, 0, 1)
        paint(density, np.asarray(chest.lungs * back * rng.uniform(0.2, 0.5), np.float32), 0.0)
    for share, radii, value in ((0.2, (1.5, 3.0), 500.0), (0.25, (2.0, 4.2), _TISSUE)):
        place = pick(rng, plane, (chest.air > 0) & (chest.rim < 0.9))
        if rng.random() < share and place is not None:
            radius = rng.uniform(*radii)
            paint(density, plane.oval(place, (radius, radius * rng.uniform(0.9, 1.2)), soft=1.5) * chest.lungs, value)
    place = pick(rng, plane, (chest.air > 0) & (chest.rim > 0.75))
    if rng.random() < 0.25 and place is not None:
        end = (place[0] + rng.normal(0, 18), place[1] + rng.normal(0, 18))
        paint(density, plane.lines([([place, end], rng.uniform(1.0, 2.5))], 0.6) * chest.lungs * 0.8, _TISSUE)


_TUMOUR = 40.0


def adenocarcinoma(rng: np.random.Generator, chest: Chest, density: Layer) -> Layer | None:
    """Draw a smaller mass near the pleura: spiculated, often part ground glass, often tied to the pleura by a
    strand.
    """
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
    """Return a large lobulated mass, mostly in the outer lung; necrotic within, seldom spiculated, no air in it."""
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
    """Return a mass at the hilum, often hollow with a thick uneven wall, often with airless lung beyond a closed
    bronchus.
    """
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
    """Choose a place in the lung, between two distances from the middle, not on the hilum."""
    mask = (chest.air > 0) & (chest.rim > inner) & (chest.rim < outer)
    return pick(rng, chest.plane, mask)


def _mass(
    rng: np.random.Generator, chest: Chest, place: Point, radius: float, *, rough: float, soft: float = 2.0
) -> Layer:
    bumps = radius * rough * (chest.plane.clouds(rng, radius * 0.9) + 0.4 * chest.plane.clouds(rng, radius * 0.3))
    radii = (radius * rng.uniform(0.85, 1.15), radius * rng.uniform(0.85, 1.15))
    return chest.plane.oval(place, radii, rng.uniform(0, 3), soft=soft, rough=bumps)


def _spicules(rng: np.random.Generator, place: Point, radius: float, count: int) -> list[Stroke]:
    """Draw fine lines from the mass into the lung around it, thinning as they go."""
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
    """Draw a fan of airless lung from the mass to the pleura."""
    (x, y), radius = mass
    plane, turn = chest.plane, rng.normal(0, 0.5)
    far = np.hypot(plane.x - x, plane.y - y)
    side = 1.0 if x > 0 else -1.0
    angle = np.arctan2(plane.y - y, side * (plane.x - x)) - turn + 0.12 * plane.clouds(rng, 15)
    fan = np.clip((rng.uniform(0.2, 0.5) - np.abs(angle)) * 8, 0, 1) * (far > 0.5 * radius)
    paint(density, np.asarray(fan * chest.lungs * rng.uniform(0.4, 0.95), np.float32), 20 + 10 * plane.clouds(rng, 10))


NORMAL = "normal"
TITLES = {
    NORMAL: "Normal",
    "adenocarcinoma": "Adenocarcinoma",
    "large_cell_carcinoma": "Large cell carcinoma",
    "squamous_cell_carcinoma": "Squamous cell carcinoma",
}

_Draw = Callable[[np.random.Generator, Chest, Layer], Layer | None]
_TUMOURS: dict[str, _Draw] = {
    "adenocarcinoma": adenocarcinoma,
    "large_cell_carcinoma": large_cell_carcinoma,
    "squamous_cell_carcinoma": squamous_cell_carcinoma,
}


def draw(rng: np.random.Generator, labels: Sequence[str]) -> Phantom:
    """Return a slice with exactly this finding; `normal` draws none."""
    while True:
        chest, density = draw_chest(rng)
        fill_lungs(rng, chest, density)
        masks = {}
        for label in labels:
            if label in _TUMOURS:
                spot = _TUMOURS[label](rng, chest, density)
                masks[label] = np.zeros_like(density) if spot is None else (spot > 0.5).astype(np.float32)
        if all(mask.any() for mask in masks.values()):
            break
    table(chest.plane, density, chest.depth + 42)
    centre, width = rng.uniform(-650, -350), rng.uniform(1200, 1800)
    organ = (chest.rim < 1.1).astype(np.float32)
    return ct(rng, density, (round(centre - width / 2), round(centre + width / 2)), 16, masks=masks, organ=organ)
