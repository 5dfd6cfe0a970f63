"""Axial CT slices of the abdomen at the height of the kidneys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from training.phantom.canvas import Layer, Phantom, Point
from training.phantom.plane import SIDE, Plane, lie, paint, picks
from training.phantom.scanner import ct, table

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


PLAIN = Phase(blood=42, cortex=34, medulla=32, liver=56, spleen=48)
ARTERIAL = Phase(blood=270, cortex=185, medulla=85, liver=70, spleen=125)
NEPHROGRAPHIC = Phase(blood=145, cortex=172, medulla=165, liver=108, spleen=115)
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
    """Return a person, and the slice with everything but the kidneys."""
    width, depth, fat = rng.uniform(112, 140), rng.uniform(84, 108), rng.uniform(6, 24)
    plane = lie(rng=rng, field=rng.uniform(215, 250), turn=0.05, off=5, warp=3.0, back=0.3 * depth)
    phase = _PHASES[int(rng.choice(3, p=[share for _, share in _PHASES]))][0]
    cavity = plane.oval((0, -4), (width, depth), power=2.3)
    person = Abdomen(plane=plane, width=width, depth=depth, back=0.42 * depth, phase=phase, cavity=cavity)
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
    """Draw spine, the muscles along it, and the last ribs."""
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
    """Draw liver and, higher up, spleen; the gallbladder, which is as dark as a cyst and lies elsewhere."""
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
    """Draw loops in front, filled with food, water, gas, or contrast medium that is as white as a stone."""
    plane = person.plane
    front = (person.cavity > 0.95) & (plane.y < 0.0 * person.depth) & (plane.x > -0.35 * person.width)
    places = picks(rng, plane, front.astype(np.float32), int(rng.integers(7, 15)))
    places.append((0.83 * person.width, rng.uniform(0.0, 0.2) * person.depth))
    has_contrast = rng.random() < 0.15
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
            level = rng.uniform(150, 420) if has_contrast and rng.random() < 0.5 else rng.uniform(5, 35)
            paint(density, filling, level + 8 * plane.clouds(rng, 4))


def _vessels(rng: np.random.Generator, person: Abdomen, density: Layer) -> None:
    """Draw aorta and vena cava before the spine, the renal vessels, and chalk in some arteries."""
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


@dataclass(frozen=True, eq=False)
class Kidney:
    """One kidney in the slice. Lengths in millimetres."""

    side: int
    centre: Point
    radii: Point
    turn: float
    shape: Layer
    sinus: Layer

    def rim(self, angle: float, out: float) -> Point:
        """Return a point at `out` times the radius, at an angle from the side that faces away from the spine."""
        a, b = self.radii[0] * out * np.cos(angle) * self.side, self.radii[1] * out * np.sin(angle)
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return (float(self.centre[0] + a * cos - b * sin), float(self.centre[1] + a * sin + b * cos))


def draw_kidney(rng: np.random.Generator, person: Abdomen, density: Layer, side: int, *, swollen: bool) -> Kidney:
    """Return the kidney of one side; `swollen` widens its pelvis, as behind an obstruction."""
    plane, phase = person.plane, person.phase
    centre = (side * rng.uniform(59, 70), person.back - rng.uniform(2, 14))
    radii, turn = (rng.uniform(22, 29), rng.uniform(26, 34)), side * rng.uniform(-0.6, 0.1)
    shape = plane.oval(centre, radii, turn, rough=1.4 * plane.clouds(rng, 16))
    paint(density, plane.oval(centre, (radii[0] + 9, radii[1] + 9), turn) * person.cavity, FAT)
    paint(density, shape, phase.cortex + 3 * plane.clouds(rng, 6))
    kidney = Kidney(side=side, centre=centre, radii=radii, turn=turn, shape=shape, sinus=shape)
    for angle in np.linspace(-1.9, 1.9, 8) + rng.normal(0, 0.08, 8):
        pyramid = plane.oval(kidney.rim(angle, 0.63), (5.5, 5.0), soft=2.5, rough=plane.clouds(rng, 5))
        paint(density, pyramid * shape, phase.medulla)
    inward = kidney.rim(np.pi, rng.uniform(0.35, 0.5))
    sinus = plane.oval(
        inward,
        (radii[0] * rng.uniform(0.45, 0.6), radii[1] * rng.uniform(0.3, 0.45)),
        turn,
        soft=2.5,
        rough=2.5 * plane.clouds(rng, 9),
    )
    paint(density, sinus, FAT + 25)
    vessels = [([inward, kidney.rim(np.pi + rng.normal(0, 0.3), 1.3)], rng.uniform(3, 6))]
    vessels += [([inward, kidney.rim(a, 0.45)], rng.uniform(2, 4)) for a in rng.uniform(-1.6, 1.6, 3)]
    paint(density, plane.lines(vessels), 0.85 * phase.blood)
    wide = rng.uniform(9, 15) if swollen else rng.uniform(2, 6)
    pelvis = plane.oval(
        kidney.rim(np.pi + rng.normal(0, 0.2), 0.55), (wide, wide * 0.8), turn, rough=plane.clouds(rng, 7)
    )
    paint(density, pelvis, WATER)
    if swollen:
        for angle in rng.uniform(-1.6, 1.6, 4):
            paint(density, plane.oval(kidney.rim(angle, 0.42), (wide * 0.45, wide * 0.45)), WATER)
    return Kidney(side=side, centre=centre, radii=radii, turn=turn, shape=shape, sinus=sinus)


_LEAST_MASK = 6.0
"""Millimetres. A stone is smaller than what a heatmap can point at: half a cell of its grid."""


def stone(rng: np.random.Generator, person: Abdomen, density: Layer, kidney: Kidney) -> Layer:
    """Draw very dense and mostly small, in a calyx or the pelvis; seldom a cast of the pelvis with its horns."""
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
        stone_layer = plane.oval(
            place,
            (radius, radius * rng.uniform(0.7, 1.1)),
            rng.uniform(0, 3),
            rough=0.15 * radius * plane.clouds(rng, 3),
        )
        paint(density, stone_layer, level)
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
    """Return a solid mass that bulges out: takes up contrast unevenly, mostly less than cortex; often necrotic."""
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
    """Choose a place anywhere but at the hilum; large ones lie further out."""
    return kidney.rim(rng.uniform(-2.3, 2.3), rng.uniform(0.55, 0.9) + 0.012 * radius)


NORMAL = "normal"
TITLES = {NORMAL: "Normal", "stone": "Stone", "cyst": "Cyst", "tumor": "Tumor"}

_Draw = Callable[[np.random.Generator, Abdomen, Layer, Kidney], Layer]
_FINDINGS: dict[str, _Draw] = {"stone": stone, "cyst": cyst, "tumor": tumor}


def draw(rng: np.random.Generator, labels: Sequence[str]) -> Phantom:
    """Return a slice with exactly this finding in one kidney; `normal` draws none."""
    (label,) = labels
    person, density = draw_abdomen(rng)
    sick = int(rng.choice([RIGHT, LEFT]))
    is_obstructed = rng.random() < (0.25 if label == "stone" else 0.05)
    kidneys = {
        side: draw_kidney(rng, person, density, side, swollen=is_obstructed and side == sick) for side in (RIGHT, LEFT)
    }
    masks = {}
    if label in _FINDINGS:
        masks[label] = (_FINDINGS[label](rng, person, density, kidneys[sick]) > 0.5).astype(np.float32)
    table(person.plane, density, person.depth + 30)
    centre, width = rng.uniform(25, 65), rng.uniform(360, 540)
    organ = (kidneys[RIGHT].shape + kidneys[LEFT].shape + sum(masks.values()) > 0.5).astype(np.float32)
    window = round(centre - width / 2), round(centre + width / 2)
    return ct(rng, density, window, 11, masks=masks, organ=organ)
