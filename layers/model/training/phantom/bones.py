"""The bones of a frontal chest film: what they add to the density around them."""

import numpy as np

from training.phantom.canvas import SIZE, Layer, stroke
from training.phantom.thorax import LEFT, RIGHT, Thorax


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
