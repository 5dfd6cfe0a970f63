"""The lungs themselves: air, vessels that branch from the hilum, and what is often there and means nothing."""

import numpy as np

from training.phantom.canvas import Layer, Point
from training.phantom.lungs.chest_wall import LEFT, RIGHT, Chest
from training.phantom.plane import Stroke, paint, pick, picks

_TISSUE = 30.0


def fill_lungs(rng: np.random.Generator, chest: Chest, density: Layer) -> None:
    """Air, denser towards the back where the patient lies, with vessels, bronchi and old marks."""
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
        _branch(rng, chest.hilum(side), (side, float(angle + rng.normal(0, 0.12))), rng.uniform(3.0, 5.5), strokes)
    paint(density, chest.plane.lines(strokes, 0.4) * chest.lungs * 0.85, _TISSUE)


def _branch(
    rng: np.random.Generator, start: Point, heading: tuple[int, float], width: float, strokes: list[Stroke]
) -> None:
    """Outwards on `heading` until too thin to see; vessels dip out of the slice and come back."""
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
            _branch(rng, (x, y), (side, angle + rng.choice([-0.6, 0.6])), width * 0.75, strokes)


def _dots(rng: np.random.Generator, chest: Chest, density: Layer) -> None:
    """Vessels cut across, smaller towards the pleura."""
    places = picks(rng, chest.plane, (chest.air > 0) & (chest.rim < 0.93), int(rng.integers(25, 60)))
    dots: list[Stroke] = [([place, (place[0] + 0.1, place[1])], rng.uniform(1.4, 4.2)) for place in places]
    paint(density, chest.plane.lines(dots, 0.4) * chest.lungs * 0.9, _TISSUE)


def _innocent(rng: np.random.Generator, chest: Chest, density: Layer) -> None:
    """Scars, old chalk, small round nodules, and lung pressed together at the back: with and without a tumour."""
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
