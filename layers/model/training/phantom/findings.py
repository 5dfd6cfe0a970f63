"""What disease does to the drawn lungs. Each function returns what to change, and the mask of where it is."""

from dataclasses import dataclass

import numpy as np

from training.phantom.canvas import SIZE, Layer, clouds, ellipse, grid, stroke
from training.phantom.thorax import Thorax

_TISSUE = 0.68
_FLUID = 0.62
"""Close to the abdomen's density, so that fluid hides the diaphragm."""


@dataclass(frozen=True, eq=False)
class Opacity:
    """Something that whitens the lung."""

    density: Layer
    """How much of the air is gone, 0 to 1."""
    mask: Layer
    """Where a reader would point, 0 or 1."""
    level: float
    """The film's density where `density` is 1."""


@dataclass(frozen=True, eq=False)
class Collapse:
    """Air between lung and chest wall."""

    rim: Layer
    """Where there is air and no lung, 0 to 1."""
    pleura: Layer
    """The thin line of the lung's edge, 0 to 1."""


def consolidation(rng: np.random.Generator, person: Thorax, side: int, lung: Layer) -> Opacity:
    """Draw patchy whitening of a part of a lobe, with darker airways running through it."""
    centre = _place(rng, person, lung)
    radii = (person.half_width * rng.uniform(0.20, 0.34), person.height * rng.uniform(0.09, 0.17))
    area = ellipse(centre, radii, rng.uniform(-0.6, 0.6), 20)
    patches = 1 / (1 + np.exp(-(1.5 * clouds(rng, 30) + 0.8 * clouds(rng, 12) + 9 * (area - 0.42))))
    airways = stroke([_airway(rng, person, side, centre) for _ in range(4)], 1.0)
    extent = patches * np.minimum(area * 1.6, 1) * lung
    density = extent * (1 - 0.6 * airways) * rng.uniform(0.5, 0.85)
    return Opacity(density.astype(np.float32), (extent > 0.3).astype(np.float32), _TISSUE)


def _place(rng: np.random.Generator, person: Thorax, lung: Layer) -> tuple[float, float]:
    """Return a place in the visible lung, away from hilum, apex and base."""
    x, y = grid()
    down = (y - person.apex) / person.height
    fits = (lung > 0.95) & (np.abs(x - person.centre) > 0.42 * person.half_width) & (down > 0.2) & (down < 0.75)
    rows, columns = np.nonzero(fits if fits.any() else lung > 0.5)
    pick = rng.integers(len(rows))
    return float(columns[pick]), float(rows[pick])


def _airway(
    rng: np.random.Generator, person: Thorax, side: int, centre: tuple[float, float]
) -> tuple[list[tuple[float, float]], float]:
    """Return a bronchus from the hilum through the consolidated part and a little beyond."""
    start = person.at(side * 0.26, 0.45)
    end = (centre[0] + rng.normal(0, 16) + side * 14, centre[1] + rng.normal(0, 16))
    bend = ((start[0] + end[0]) / 2 + rng.normal(0, 6), (start[1] + end[1]) / 2 + rng.normal(0, 6))
    return [start, bend, end], rng.uniform(2.0, 3.5)


def effusion(rng: np.random.Generator, person: Thorax, side: int, lung: Layer) -> Opacity:
    """Draw fluid at the base: level in the middle, climbing at the chest wall, hiding angle and diaphragm."""
    x, y = grid()
    top = rng.uniform(0.48, 0.92)
    across = side * (x - person.centre) / person.half_width
    climb = rng.uniform(0.08, 0.16) * np.clip((across - 0.35) / 0.65, 0, 1.3) ** 2
    level = person.apex + person.height * (top - climb) + 3 * clouds(rng, 90)
    fluid = 1 / (1 + np.exp(np.clip(level - y, -99, 99) / 4)) * np.clip(4 * lung, 0, 1)
    mask = (fluid > 0.5).astype(np.float32)
    return Opacity((fluid * rng.uniform(0.9, 1.0)).astype(np.float32), mask, _FLUID)


def pneumothorax(rng: np.random.Generator, person: Thorax, side: int, lung: Layer) -> Collapse:
    """Return the lung drawn in from apex and side: a dark rim without markings, bounded by a fine line."""
    x, y = grid()
    amount = rng.uniform(0.055, 0.24)
    across = side * (x - person.centre) / person.half_width
    down = (y - person.apex) / person.height
    hold = np.clip((down - 0.55) / 0.4, 0, 1)  # the base stays put
    reach = amount * (1 - 0.75 * hold)
    shift_x, shift_y = person.half_width * reach * np.clip(across / 0.9, 0.1, 1.1), person.height * 0.75 * amount
    values = _sample(lung, x + side * shift_x, y - shift_y * np.clip(1 - down / 0.7, 0, 1)) * lung
    rim = np.clip(lung - values, 0, 1) * (across > 0.25)
    edge = np.exp(-(((values - 0.5) / 0.28) ** 2)) * (lung > 0.8) * (across > 0.25)
    return Collapse(rim.astype(np.float32), edge.astype(np.float32))


def nodule(rng: np.random.Generator, person: Thorax, side: int, lung: Layer) -> Opacity:
    """Return a round spot of 10 to 22 mm, well inside the lung."""
    radius = rng.uniform(6.5, 14.0)
    x, y = grid()
    inside = lung > 0.98
    inside &= np.roll(inside, round(radius), 1) & np.roll(inside, -round(radius), 1)
    inside &= np.abs(x - person.centre) > 0.33 * person.half_width
    rows, columns = np.nonzero(inside)
    pick = rng.integers(len(rows))
    far = np.hypot((x - columns[pick]) * rng.uniform(0.9, 1.1), y - rows[pick]) + 0.8 * clouds(rng, 12)
    spot = 1 / (1 + np.exp((far - radius) / 1.3))
    # Smaller spots are denser: a faint one of this size could not be seen.
    density = spot * rng.uniform(0.42, 0.66) * (1.25 - 0.02 * radius)
    return Opacity(density.astype(np.float32), (far <= max(radius * 1.2, SIZE / 56)).astype(np.float32), _TISSUE)


def _sample(layer: Layer, x: Layer, y: Layer) -> Layer:
    """Return the layer's values at other places (nearest pixel)."""
    columns = np.clip(np.rint(x), 0, SIZE - 1).astype(int)
    rows = np.clip(np.rint(y), 0, SIZE - 1).astype(int)
    return np.asarray(layer[rows, columns])
