"""Soft-edged shapes on a square canvas, and the phantom that is drawn with them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SIZE = 512
"""Pixels a side; one pixel is about 0.8 mm of an adult's chest."""

Layer = NDArray[np.float32]
Point = tuple[float, float]
Stroke = tuple[Sequence[Point], float]
"""A line through points, and its width."""


def grid() -> tuple[Layer, Layer]:
    """Return x and y of every pixel."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    return x, y


def round_corners(points: Sequence[Point], times: int = 3) -> list[Point]:
    """Cut a closed polygon's corners (Chaikin) until it looks like a curve; a point given twice stays a corner."""
    outline = np.array(points, float)
    for _ in range(times):
        after = np.roll(outline, -1, axis=0)
        outline = np.stack([0.75 * outline + 0.25 * after, 0.25 * outline + 0.75 * after], 1).reshape(-1, 2)
    return [(float(x), float(y)) for x, y in outline]


def fill(points: Sequence[Point], soft: float) -> Layer:
    """Return a filled polygon whose edge is `soft` pixels wide."""
    image = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(image).polygon(list(points), fill=255)
    return _blur(image, soft)


def stroke(lines: Sequence[Stroke], soft: float) -> Layer:
    """Return lines of given widths, as one mask."""
    image = Image.new("L", (SIZE, SIZE))
    draw = ImageDraw.Draw(image)
    for points, width in lines:
        draw.line(list(points), fill=255, width=max(1, round(width)), joint="curve")
    return _blur(image, soft)


def ellipse(centre: Point, radii: Point, turn: float, soft: float) -> Layer:
    """Return a filled ellipse, turned by `turn` radians."""
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    x, y = radii[0] * np.cos(angles), radii[1] * np.sin(angles)
    points = zip(
        centre[0] + x * np.cos(turn) - y * np.sin(turn), centre[1] + x * np.sin(turn) + y * np.cos(turn), strict=True
    )
    return fill([(float(a), float(b)) for a, b in points], soft)


def clouds(rng: np.random.Generator, cell: float) -> Layer:
    """Smooth noise with features of about `cell` pixels, mean 0, standard deviation 1."""
    side = max(3, round(SIZE / cell))
    coarse = Image.fromarray(rng.standard_normal((side, side)).astype(np.float32))
    field: Layer = np.asarray(coarse.resize((SIZE, SIZE), Image.Resampling.BICUBIC))
    return np.asarray((field - field.mean()) / (field.std() + 1e-6), np.float32)


def _blur(image: Image.Image, soft: float) -> Layer:
    return np.asarray(image.filter(ImageFilter.GaussianBlur(soft)), np.float32) / np.float32(255)


@dataclass(frozen=True, eq=False)
class Phantom:
    """An image and what is on it."""

    film: Layer
    """Rows x columns, 0 (black) to 1 (white)."""
    masks: dict[str, Layer]
    """Label → 0 or 1 for each pixel; absent labels are absent."""
    window: tuple[float, float] | None = None
    """The Hounsfield units shown as black and as white, of a CT."""
    organ: Layer | None = None
    """Where findings can be, 0 or 1 for each pixel; None where that was not kept."""
