"""What lies around the lungs on an axial CT slice of the chest, in Hounsfield units."""

from dataclasses import dataclass

import numpy as np

from training.phantom.canvas import Layer, Point
from training.phantom.plane import SIDE, Plane, lie, paint

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
        """Where bronchi and vessels enter a lung."""
        return (side * (36 + 12 * self.level), 2 - 4 * self.level)


def draw_chest(rng: np.random.Generator) -> tuple[Chest, Layer]:
    """A person, and the slice before anything is in the lungs."""
    width, depth, level = rng.uniform(116, 138), rng.uniform(82, 100), rng.uniform(0, 1)
    fat, contrast = rng.uniform(6, 26), bool(rng.random() < 0.6)
    plane = lie(rng, 2.1 * (width + 22 + fat) * rng.uniform(0.99, 1.12), 0.05, 5, 3.0)
    cage = plane.oval((0, -2), (width, depth), power=2.3)
    middle = _mediastinum(rng, plane, level, depth)
    lungs = cage * (1 - middle)
    density = np.full((SIDE, SIDE), AIR, np.float32)
    paint(density, plane.oval((0, 4), (width + 22 + fat, depth + 22 + 0.7 * fat), power=2.5), FAT)
    paint(density, plane.oval((0, 2), (width + 20, depth + 18), power=2.4), MUSCLE + 6 * plane.clouds(rng, 9))
    paint(density, plane.oval((0, -1), (width + 5, depth + 4), power=2.3), FAT)
    rim = plane.beyond((0, -2), (width, depth))
    chest = Chest(plane, width, depth, level, contrast, lungs, (lungs > 0.5).astype(np.float32), rim)
    _bones(rng, chest, density)
    paint(density, cage * middle, FAT + 8 * plane.clouds(rng, 12))
    _vessels_of_the_middle(rng, chest, density)
    return chest, density


def _mediastinum(rng: np.random.Generator, plane: Plane, level: float, depth: float) -> Layer:
    """Vessels or heart in the middle, a strip to the breastbone, the spine behind."""
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
    """Ribs cross the slice at a slant: each is seen as a short arc in the wall."""
    half = rng.uniform(0.07, 0.2)
    angles = np.clip(np.linspace(angle - half, angle + half, 7), -1.5, 1.5)
    out, down = side * (chest.width + 9), chest.depth + 8
    return [(float(out * np.cos(a) ** 0.85), float(down * np.sign(np.sin(a)) * abs(np.sin(a)) ** 0.87)) for a in angles]
