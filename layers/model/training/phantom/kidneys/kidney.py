"""A kidney: cortex, pyramids, and the sinus with its fat, vessels and pelvis."""

from dataclasses import dataclass

import numpy as np

from training.phantom.canvas import Layer, Point
from training.phantom.kidneys.abdomen import FAT, WATER, Abdomen
from training.phantom.plane import paint


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
        """A point at `out` times the radius, at an angle from the side that faces away from the spine."""
        a, b = self.radii[0] * out * np.cos(angle) * self.side, self.radii[1] * out * np.sin(angle)
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return (float(self.centre[0] + a * cos - b * sin), float(self.centre[1] + a * sin + b * cos))


def draw_kidney(rng: np.random.Generator, person: Abdomen, density: Layer, side: int, *, swollen: bool) -> Kidney:
    """The kidney of one side; `swollen` widens its pelvis, as behind an obstruction."""
    plane, phase = person.plane, person.phase
    centre = (side * rng.uniform(59, 70), person.back - rng.uniform(2, 14))
    radii, turn = (rng.uniform(22, 29), rng.uniform(26, 34)), side * rng.uniform(-0.6, 0.1)
    shape = plane.oval(centre, radii, turn, rough=1.4 * plane.clouds(rng, 16))
    paint(density, plane.oval(centre, (radii[0] + 9, radii[1] + 9), turn) * person.cavity, FAT)
    paint(density, shape, phase.cortex + 3 * plane.clouds(rng, 6))
    kidney = Kidney(side, centre, radii, turn, shape, shape)
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
    return Kidney(side, centre, radii, turn, shape, sinus)
