"""What lies around the kidneys on an axial CT slice, in Hounsfield units."""

from dataclasses import dataclass

import numpy as np

from training.phantom.canvas import Layer, Point
from training.phantom.plane import SIDE, Plane, lie, paint, picks

RIGHT, LEFT = -1, 1
"""The patient's sides; the patient's left is on the right of the image."""

AIR, FAT, MUSCLE, BONE, WATER = -1000.0, -105.0, 52.0, 420.0, 5.0


@dataclass(frozen=True)
class Phase:
    """How long after the contrast medium the slice was taken: what is how dense."""

    blood: float
    cortex: float
    medulla: float
    liver: float
    spleen: float


PLAIN = Phase(42, 34, 32, 56, 48)
ARTERIAL = Phase(270, 185, 85, 70, 125)
NEPHROGRAPHIC = Phase(145, 172, 165, 108, 115)
_PHASES = ((PLAIN, 0.16), (ARTERIAL, 0.14), (NEPHROGRAPHIC, 0.7))


@dataclass(frozen=True, eq=False)
class Abdomen:
    """One person's abdomen. Lengths in millimetres."""

    plane: Plane
    width: float
    """Half of the abdominal cavity, side to side."""
    depth: float
    """Half of it, front to back."""
    back: float
    """How far behind the middle the vertebra's centre lies."""
    phase: Phase
    cavity: Layer


def draw_abdomen(rng: np.random.Generator) -> tuple[Abdomen, Layer]:
    """A person, and the slice with everything but the kidneys."""
    width, depth, fat = rng.uniform(112, 140), rng.uniform(84, 108), rng.uniform(6, 24)
    plane = lie(rng, rng.uniform(215, 250), 0.05, 5, 3.0, back=0.3 * depth)
    chosen = _PHASES[int(rng.choice(3, p=[share for _, share in _PHASES]))][0]
    cavity = plane.oval((0, -4), (width, depth), power=2.3)
    person = Abdomen(plane, width, depth, 0.42 * depth, chosen, cavity)
    density = np.full((SIDE, SIDE), AIR, np.float32)
    paint(density, plane.oval((0, 2), (width + 12 + fat, depth + 14 + 0.8 * fat), power=2.4), FAT)
    paint(density, plane.oval((0, -2), (width + 10, depth + 9), power=2.35), MUSCLE + 10 * plane.clouds(rng, 7))
    paint(density, cavity, FAT + 8 * plane.clouds(rng, 14))
    _back(rng, person, density)
    _organs(rng, person, density)
    _bowel(rng, person, density)
    _vessels(rng, person, density)
    return person, density


def _back(rng: np.random.Generator, person: Abdomen, density: Layer) -> None:
    """Spine, the muscles along it, and the last ribs."""
    plane, y = person.plane, person.back
    for side in (RIGHT, LEFT):
        muscle = plane.oval((side * 33, y + 30), (29, 21), side * 0.2, power=2.4, rough=1.5 * plane.clouds(rng, 10))
        paint(density, muscle, MUSCLE + 12 * plane.clouds(rng, 5))
        paint(density, plane.oval((side * 33, y), (rng.uniform(9, 16), rng.uniform(12, 18)), side * -0.4), MUSCLE)
    paint(density, plane.oval((0, y), (23, 17), power=2.3), BONE)
    paint(density, plane.oval((0, y), (20.5, 14.5), power=2.3), 180 + 60 * plane.clouds(rng, 4))
    paint(density, plane.oval((0, y + 24), (9, 7)), 20.0)
    bones = [((-22, y + 24), (-10, y + 30)), ((10, y + 30), (22, y + 24)), ((0, y + 33), (0, y + 52))]
    paint(density, plane.lines([(bone, 5.5) for bone in bones]), BONE)
    ribs = []
    for side in (RIGHT, LEFT):
        for angle in rng.uniform(0.1, 0.4) + np.array([0.0, 0.45, 0.85]):
            at = (side * (person.width + 3) * np.cos(angle) ** 0.87, (person.depth + 1) * np.sin(angle) ** 0.87 - 4)
            ribs.append(([at, (at[0] - side * 9 * np.sin(angle), at[1] + 9 * np.cos(angle))], 7.0))
    paint(density, plane.lines(ribs), BONE)


def _organs(rng: np.random.Generator, person: Abdomen, density: Layer) -> None:
    """Liver and, higher up, spleen; the gallbladder, which is as dark as a cyst and lies elsewhere."""
    plane, cavity, phase = person.plane, person.cavity, person.phase
    high = rng.uniform(0, 1)
    wide, deep = 0.30 + 0.30 * high, 0.55 + 0.35 * high
    place = (-person.width * (1 - 0.85 * wide), -0.18 * person.depth)
    liver = plane.oval(place, (wide * person.width, deep * person.depth), 0.25, rough=3 * plane.clouds(rng, 25))
    liver = liver * np.clip((-16 - plane.x - 0.3 * (plane.y - person.back)) / 3, 0, 1)  # it ends before the spine
    paint(density, np.asarray(liver * cavity, np.float32), phase.liver + 4 * plane.clouds(rng, 10))
    if high > 0.35:
        spleen = plane.oval((0.84 * person.width, 0.05 * person.depth), (22 * high + 4, 44 * high), -0.1)
        paint(density, spleen * cavity, phase.spleen)
    if rng.random() < 0.45:
        bladder = (rng.uniform(8, 15), rng.uniform(12, 22))
        paint(density, plane.oval((-0.34 * person.width, -0.5 * person.depth), bladder, rng.uniform(-1, 1)), 9.0)


def _bowel(rng: np.random.Generator, person: Abdomen, density: Layer) -> None:
    """Loops in front, filled with food, water, gas, or contrast medium that is as white as a stone."""
    plane = person.plane
    front = (person.cavity > 0.95) & (plane.y < 0.0 * person.depth) & (plane.x > -0.35 * person.width)
    places = picks(rng, plane, front.astype(np.float32), int(rng.integers(7, 15)))
    places.append((0.83 * person.width, rng.uniform(0.0, 0.2) * person.depth))
    swallowed = rng.random() < 0.15
    for place in places:
        radii, turn = (rng.uniform(8, 20), rng.uniform(7, 13)), rng.uniform(0, 3)
        loop = plane.oval(place, radii, turn, rough=1.5 * plane.clouds(rng, 10)) * person.cavity
        paint(density, np.asarray(loop, np.float32), MUSCLE - 8 + (30 if person.phase.blood > 100 else 0))
        filling = plane.oval(place, (radii[0] - 3, radii[1] - 3), turn) * person.cavity
        kind = rng.random()
        if kind < 0.2:
            gas = np.clip((place[1] - plane.y + rng.uniform(-2, 6)) / 2 + 0.5, 0, 1)
            paint(density, filling, 15.0)
            paint(density, np.asarray(filling * gas, np.float32), -850.0)
        elif kind < 0.75:
            level = rng.uniform(150, 420) if swallowed and rng.random() < 0.5 else rng.uniform(5, 35)
            paint(density, filling, level + 8 * plane.clouds(rng, 4))


def _vessels(rng: np.random.Generator, person: Abdomen, density: Layer) -> None:
    """Aorta and vena cava before the spine, the renal vessels, and chalk in some arteries."""
    plane, y, blood = person.plane, person.back, person.phase.blood
    kidneys: list[tuple[list[Point], float]] = []
    for side in (RIGHT, LEFT):
        way = [(6.0, y - 29), (side * 28.0, y - 20 + rng.normal(0, 3)), (side * 48.0, y - 12)]
        kidneys.append((way, rng.uniform(4, 8)))
    paint(density, plane.lines(kidneys), 0.9 * blood)
    paint(density, plane.oval((-15, y - 29), (12, rng.uniform(6, 10))), 0.8 * blood + 8)
    paint(density, plane.oval((8, y - 31), (10.5, 10.5)), blood)
    if rng.random() < 0.3:
        angles = rng.uniform(0, 6.2) + np.linspace(0, rng.uniform(0.4, 2), 6)
        chalk = [(float(8 + 10 * np.cos(a)), float(y - 31 + 10 * np.sin(a))) for a in angles]
        paint(density, plane.lines([(chalk, 1.8)]), 600.0)
    if rng.random() < 0.12:
        spot = (float(rng.choice([-1, 1]) * rng.uniform(20, 36)), float(y - 21 + rng.normal(0, 3)))
        paint(density, plane.oval(spot, (1.8, 1.4)), 500.0)
