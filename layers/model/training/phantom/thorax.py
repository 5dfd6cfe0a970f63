"""The anatomy of a frontal chest film, drawn: one person, bones included, and the layers it casts on the film."""

from dataclasses import dataclass

import numpy as np

from training.phantom.canvas import SIZE, Layer, Point, Stroke, ellipse, fill, round_corners, stroke

RIGHT, LEFT = -1, 1
"""The patient's sides; the patient's left is on the right of the film."""

_LUNG = (
    (0.20, 0.07), (0.40, 0.0), (0.64, 0.06), (0.84, 0.24), (0.96, 0.52), (1.0, 0.84), (1.0, 1.0), (1.0, 1.0),
    (0.88, 0.92), (0.62, 0.85), (0.36, 0.85), (0.18, 0.90), (0.16, 0.55), (0.21, 0.22),
)  # fmt: skip
"""A lung's outline in fractions: 0 to 1 from the midline to the side, 0 to 1 from apex to costophrenic angle."""

_FOLD_SHARE = 0.125


@dataclass(frozen=True)
class Thorax:
    """One person on one film. Lengths in pixels."""

    centre: float
    apex: float
    half_width: float
    """Of the inner chest at its widest."""
    height: float
    """From the apex of the lungs to the costophrenic angles."""
    tilt: float
    ratio: float
    """The cardiothoracic ratio: width of the heart over width of the inner chest."""
    rib_contrast: float
    heart_height: float
    seed: int

    def at(self, across: float, down: float) -> Point:
        """Convert fractions of the chest (across: -1 to 1) to pixels."""
        x, y = across * self.half_width, (down - 0.5) * self.height
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        return (float(self.centre + x * cos - y * sin), float(self.apex + 0.5 * self.height + x * sin + y * cos))


def draw_person(rng: np.random.Generator, ratio: float) -> Thorax:
    """Return a person of random build and position, with a heart of the given cardiothoracic ratio."""
    return Thorax(
        centre=SIZE * rng.uniform(0.46, 0.54),
        apex=SIZE * rng.uniform(0.10, 0.18),
        half_width=SIZE * rng.uniform(0.31, 0.40),
        height=SIZE * rng.uniform(0.60, 0.74),
        tilt=rng.normal(0, 0.02),
        ratio=ratio,
        rib_contrast=rng.uniform(0.05, 0.11),
        heart_height=rng.uniform(0.78, 0.86),
        seed=int(rng.integers(1 << 31)),
    )


def lung(person: Thorax, side: int) -> Layer:
    """Return the air of one lung, 0 to 1."""
    rng = np.random.default_rng(person.seed + side)
    lift = (0.035 if side == RIGHT else 0.0) + rng.normal(0, 0.015)  # the liver holds the right dome up
    points = []
    for across, down in _LUNG:
        dome = lift if down > 0.8 and across < 0.9 else 0.0
        corner = (across, down) == (1.0, 1.0)
        wobble = (0.0, 0.0) if corner else rng.normal(0, 0.012, 2)
        points.append(person.at(side * (across + wobble[0]), down - dome + wobble[1]))
    return fill(round_corners(points), 2.5)


def heart(person: Thorax) -> Layer:
    """Return the heart's shadow: two thirds of its width lie left of the midline."""
    half = person.ratio  # of half_width, since the ratio compares full widths
    centre = person.at(half / 3, person.heart_height - 0.16 - 0.08 * (half - 0.45))
    radii = (half * person.half_width * 1.04, person.height * (0.13 + 0.11 * half))
    return ellipse(centre, radii, 0.30 + person.tilt, 4.0)


def body(person: Thorax) -> Layer:
    """Return the outline of trunk, shoulders and neck."""
    outline = [(-0.25, -0.6), (-0.25, -0.12), (-0.8, -0.06), (-1.35, 0.05), (-1.45, 0.3), (-1.18, 0.45), (-1.18, 1.7)]
    points = [person.at(x, y) for x, y in outline] + [person.at(-x, y) for x, y in reversed(outline)]
    return fill(round_corners(points), 6)


def skin_fold(person: Thorax) -> Layer:
    """Choose a place on one film in eight: a line over a lung that looks like a pneumothorax's, but has markings on
    both sides.
    """
    rng = np.random.default_rng(person.seed + 29)
    if rng.random() > _FOLD_SHARE:
        return np.zeros((SIZE, SIZE), np.float32)
    side, away = rng.choice([RIGHT, LEFT]), rng.uniform(0.55, 0.75)
    line = [person.at(side * (away + 0.12 * bend), 0.1 + 0.6 * bend) for bend in np.linspace(0, 1, 12)]
    return np.asarray(0.06 * stroke([(line, 1.5)], 0.9), np.float32)


def vessels(person: Thorax, side: int) -> Layer:
    """Draw lung markings: branches that leave the hilum and thin out towards the chest wall."""
    rng = np.random.default_rng(person.seed + 11 * (side + 2))
    strokes: list[Stroke] = []
    for angle in np.linspace(-1.35, 1.35, 11):
        _branch(
            rng=rng,
            start=person.at(side * 0.24, 0.44),
            heading=(side, angle + rng.normal(0, 0.08)),
            width=4.2,
            strokes=strokes,
        )
    hilum = ellipse(person.at(side * 0.23, 0.44), (SIZE * 0.025, SIZE * 0.05), -0.2 * side, 5)
    return 0.16 * stroke(strokes, 1.1) + 0.14 * hilum


def _branch(
    rng: np.random.Generator, start: Point, heading: tuple[int, float], width: float, strokes: list[Stroke]
) -> None:
    """Walk outwards on `heading` (side, angle above or below the horizontal), forking, until it is too thin to see."""
    x, y = start
    side, angle = heading
    while width > 0.8:
        step = rng.uniform(14, 22)
        end = (x + side * step * np.cos(angle), y + step * np.sin(angle))
        strokes.append(([(x, y), (float(end[0]), float(end[1]))], width))
        x, y = float(end[0]), float(end[1])
        angle += rng.normal(0, 0.14)
        width *= rng.uniform(0.80, 0.90)
        if rng.random() < 0.35 and width > 1.2:
            _branch(
                rng=rng,
                start=(x, y),
                heading=(side, angle + rng.choice([-0.5, 0.5])),
                width=width * 0.7,
                strokes=strokes,
            )


def ribs(person: Thorax) -> Layer:
    """Draw posterior ribs sloping down and out, anterior ones fainter and steeper, and the clavicles."""
    rng = np.random.default_rng(person.seed + 7)
    gap = rng.uniform(0.095, 0.11)
    back, front = [], []
    for side in (RIGHT, LEFT):
        for i in range(9):
            start = 0.02 + i * gap
            arc = [(0.08, 0.0), (0.35, -0.035), (0.65, -0.01), (0.88, 0.06), (1.02, 0.15)]
            back.append(([person.at(side * x, start + y) for x, y in arc], SIZE * 0.017))
            bow = [(1.02, 0.12), (0.85, 0.24), (0.6, 0.30), (0.38, 0.30)]
            if i < 6:
                front.append(([person.at(side * x, start + y) for x, y in bow], SIZE * 0.015))
    collar = [
        (
            [
                person.at(s * 0.08, 0.10),
                person.at(s * 0.4, 0.05),
                person.at(s * 0.75, 0.05),
                person.at(s * 1.15, -0.03),
            ],
            13,
        )
        for s in (RIGHT, LEFT)
    ]
    bones = stroke(back, 1.6) + 0.45 * stroke(front, 2.0) + 1.1 * stroke(collar, 1.6)
    return np.asarray(person.rib_contrast * bones, np.float32)


def spine(person: Thorax) -> Layer:
    """Return the vertebral column, with its discs, and the windpipe's air above the carina."""
    x, y = np.arange(SIZE, dtype=np.float32)[None, :], np.arange(SIZE, dtype=np.float32)[:, None]
    middle = person.centre - (y - person.apex - person.height / 2) * np.tan(person.tilt)
    column = np.exp(-np.square(np.square((x - middle) / (0.13 * person.half_width))))
    discs = 0.85 + 0.15 * np.tanh(3 * np.sin(2 * np.pi * (y - person.apex) / (0.088 * person.height)))
    windpipe = stroke([([person.at(0.0, -0.2), person.at(0.01, 0.3)], SIZE * 0.03)], 3)
    return np.asarray(0.09 * column * discs - 0.11 * windpipe, np.float32)
