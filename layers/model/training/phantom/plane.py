"""A slice through a body in millimetres: x to the patient's left, y to the back, both 0 in the middle."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from training.phantom.canvas import Layer, Point

AnyLayer = NDArray[Any]

SIDE = 384
"""Pixels a side of a slice."""

Stroke = tuple[Sequence[Point], float]
"""A line through points, and its width in millimetres."""


_Window = tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class Plane:
    """Where each pixel lies in the body. Patients lie a little turned and off the centre."""

    x: Layer
    y: Layer
    pixel: float
    """Millimetres a side of a pixel."""
    turn: float
    shift: Point
    bend: float
    """Millimetres that the warp moves a point at most."""

    def pixels(self, point: Point) -> Point:
        """Convert body to image, for lines; without the warp."""
        x, y = point
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        column, row = x * cos - y * sin + self.shift[0], x * sin + y * cos + self.shift[1]
        return (float(column / self.pixel + SIDE / 2), float(row / self.pixel + SIDE / 2))

    def oval(
        self,
        centre: Point,
        radii: Point,
        turn: float = 0.0,
        *,
        soft: float = 1.2,
        power: float = 2.0,
        rough: AnyLayer | float = 0.0,
    ) -> Layer:
        """Return a filled ellipse, its edge `soft` mm wide and moved out by `rough` mm; a higher power squares it."""
        thick = rough if isinstance(rough, float | int) else float(rough.max())
        window = self._window(centre, max(radii) + soft + max(thick, 0.0))
        u, v = self._across(centre, turn, window)
        far = np.hypot(u / radii[0], v / radii[1]) if power == 2 else _square(u / radii[0], v / radii[1], power)
        inside = (1 - far) * min(radii) + (rough if isinstance(rough, float | int) else rough[window])
        mask = np.zeros(self.x.shape, np.float32)
        mask[window] = np.clip(0.5 + inside / soft, 0, 1)
        return mask

    def beyond(self, centre: Point, radii: Point, turn: float = 0.0) -> Layer:
        """Return how far from the centre in units of the radii: 1 on the ellipse."""
        u, v = self._across(centre, turn, (slice(None), slice(None)))
        return np.asarray(np.hypot(u / radii[0], v / radii[1]), np.float32)

    def lines(self, strokes: Sequence[Stroke], soft: float = 0.5) -> Layer:
        """Return lines as one mask; `soft` in pixels."""
        image = Image.new("L", (2 * SIDE, 2 * SIDE))  # twice as fine, so that thin lines have a width
        draw = ImageDraw.Draw(image)
        for points, width in strokes:
            path = [(2 * x, 2 * y) for x, y in map(self.pixels, points)]
            draw.line(path, fill=255, width=max(1, round(2 * width / self.pixel)), joint="curve")
        image = image.resize((SIDE, SIDE), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(soft))
        return np.asarray(image, np.float32) / np.float32(255)

    def clouds(self, rng: np.random.Generator, size: float) -> Layer:
        """Smooth noise with features of about `size` mm, mean 0, standard deviation 1."""
        return noise(rng, size / self.pixel)

    def _window(self, centre: Point, reach: float) -> _Window:
        """Return the rows and columns beyond which nothing is within `reach` mm of the centre."""
        column, row = self.pixels(centre)
        far = (reach + self.bend) / self.pixel + 1
        ends = [(max(0, int(at - far)), max(0, min(SIDE, int(at + far) + 1))) for at in (row, column)]
        return slice(*ends[0]), slice(*ends[1])

    def _across(self, centre: Point, turn: float, window: _Window) -> tuple[Layer, Layer]:
        dx, dy = self.x[window] - np.float32(centre[0]), self.y[window] - np.float32(centre[1])
        cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        return dx * cos + dy * sin, dy * cos - dx * sin


def lie(rng: np.random.Generator, field: float, turn: float, off: float, warp: float, *, back: float = 0.0) -> Plane:
    """Return a plane `field` mm wide, turned by about `turn` radians, `off` mm off its centre, bent by about `warp` mm.

    Its centre lies `back` mm behind the body's.
    """
    angle, shift = rng.normal(0, turn), rng.normal(0, off, 2) - (0, back)
    pixel = field / SIDE
    y, x = (np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) + np.float32(0.5 - SIDE / 2)) * np.float32(pixel)
    x, y = x - np.float32(shift[0]), y - np.float32(shift[1])
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    x, y = x * cos + y * sin, y * cos - x * sin
    bends = [warp * noise(rng, 70 / pixel) + 0.25 * warp * noise(rng, 18 / pixel) for _ in range(2)]
    most = float(np.hypot(*bends).max())
    return Plane(
        x=x + bends[0],
        y=y + bends[1],
        pixel=pixel,
        turn=float(angle),
        shift=(float(shift[0]), float(shift[1])),
        bend=most,
    )


def _square(u: Layer, v: Layer, power: float) -> Layer:
    """Return how far out in a superellipse; the powers are the slow part."""
    total = np.exp2(power * np.log2(np.abs(u) + 1e-6)) + np.exp2(power * np.log2(np.abs(v) + 1e-6))
    return np.asarray(np.exp2(np.log2(total) / power), np.float32)


def noise(rng: np.random.Generator, cell: float) -> Layer:
    """Smooth noise with features of about `cell` pixels, mean 0, standard deviation 1."""
    side = max(4, round(SIDE / cell))
    coarse = Image.fromarray(rng.standard_normal((side, side)).astype(np.float32))
    field: Layer = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    sample = field[::5, ::5]  # enough to tell mean and deviation by
    return np.asarray((field - sample.mean()) / (sample.std() + np.float32(1e-6)), np.float32)


def paint(layer: Layer, mask: Layer, value: Layer | float) -> None:
    """Draw `value` over the layer where the mask is."""
    layer += (np.float32(value) - layer) * mask if isinstance(value, float | int) else (value - layer) * mask


def pick(rng: np.random.Generator, plane: Plane, mask: AnyLayer) -> Point | None:
    """Return a random place where `allowed` is true, in millimetres of the body."""
    return next(iter(picks(rng, plane, mask, 1)), None)


def picks(rng: np.random.Generator, plane: Plane, mask: AnyLayer, count: int) -> list[Point]:
    """Return several of them; none if there is no such place."""
    places = np.flatnonzero(mask)
    if not len(places):
        return []
    choices = rng.choice(places, count)
    return [(float(x), float(y)) for x, y in zip(plane.x.flat[choices], plane.y.flat[choices], strict=True)]
