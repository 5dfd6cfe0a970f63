"""The head around the brain, and how bright each tissue is in the two kinds of sequence."""

from dataclasses import dataclass, replace

import numpy as np

from training.phantom.canvas import Layer, Point
from training.phantom.plane import SIDE, Plane, lie, paint

RIGHT, LEFT = -1, 1
"""The patient's sides; the patient's left is on the right of the image."""


@dataclass(frozen=True)
class Sequence:
    """Brightness of each tissue, 0 to about 1."""

    enhanced: bool
    """Contrast medium was given: what has no blood-brain barrier is bright."""
    scalp: float
    bone: float
    marrow: float
    fluid: float
    grey: float
    white: float
    dura: float
    sinus: float
    oedema: float


T1_ENHANCED = Sequence(True, 0.80, 0.06, 0.36, 0.14, 0.42, 0.54, 0.66, 0.88, 0.38)
T2 = Sequence(False, 0.58, 0.04, 0.26, 0.95, 0.56, 0.41, 0.12, 0.06, 0.80)


@dataclass(frozen=True, eq=False)
class Head:
    """One person's head at one level. Lengths in millimetres."""

    plane: Plane
    sequence: Sequence
    width: float
    """Half of the brain, side to side."""
    length: float
    """Half of the brain, front to back."""
    low: bool
    """At the level of the sella; else at that of the ventricles."""
    atrophy: float
    """0 in the young, 1 in the old: how wide the spaces filled with fluid are."""
    inside: Layer
    """The inside of the skull, 0 to 1."""

    def at(self, across: float, down: float) -> Point:
        """Fractions of the brain (both -1 to 1) → millimetres."""
        return across * self.width, down * self.length


def draw_head(rng: np.random.Generator, *, low: bool) -> tuple[Head, Layer]:
    """A person, and the slice with an empty skull."""
    width, length = rng.uniform(58, 66), rng.uniform(74, 84)
    plane = lie(rng, 2 * (length + 14) * rng.uniform(1.02, 1.22), 0.07, 4, 1.6)
    sequence = _varied(rng, T1_ENHANCED if rng.random() < 0.6 else T2)
    inside = plane.oval((0, 0), (width + 3, length + 3), power=2.15)
    head = Head(plane, sequence, width, length, low, rng.uniform(0, 1), inside)
    signal = np.full((SIDE, SIDE), 0.015, np.float32)
    thick = rng.uniform(4, 8)
    paint(signal, plane.oval((0, 0), (width + 10 + thick, length + 10 + thick), power=2.1), sequence.scalp)
    paint(signal, plane.oval((0, 0), (width + 11, length + 11), power=2.1), sequence.bone)
    diploe = plane.oval((0, 0), (width + 8.5, length + 8.5), power=2.1) * (
        1 - plane.oval((0, 0), (width + 5.5, length + 5.5))
    )
    paint(signal, diploe, sequence.marrow)
    paint(signal, plane.oval((0, 0), (width + 3.6, length + 3.6), power=2.15), sequence.dura)
    paint(signal, inside, sequence.fluid)
    return head, signal


def pressed(head: Head, place: Point, radius: float, strength: float) -> Head:
    """The head whose brain gives way to something at `place`: what was there lies further out."""
    x, y = place
    dx, dy = head.plane.x - np.float32(x), head.plane.y - np.float32(y)
    give = 1 - np.float32(strength) * np.exp(-(dx**2 + dy**2) / np.float32((1.6 * radius) ** 2))
    moved = float((np.hypot(dx, dy) * (1 - give)).max())
    return replace(head, plane=replace(head.plane, x=x + dx * give, y=y + dy * give, bend=head.plane.bend + moved))


def vessels(rng: np.random.Generator, head: Head, signal: Layer) -> None:
    """The sinuses in the falx's ends, and small vessels between the folds: bright with contrast, else dark."""
    plane, level = head.plane, head.sequence.sinus
    for end in (1.0, -1.0):
        size = rng.uniform(2.0, 4.5) if end > 0 else rng.uniform(1.0, 2.5)
        paint(signal, plane.oval(head.at(0, 1.02 * end), (size, size)) * head.inside, level)
    angles = rng.uniform(0, 2 * np.pi, int(rng.integers(4, 14)))
    spots = [head.at(0.97 * np.cos(a) * rng.uniform(0.8, 1.02), 0.97 * np.sin(a)) for a in angles]
    paint(
        signal,
        plane.lines([([spot, (spot[0] + 1, spot[1])], rng.uniform(0.8, 2)) for spot in spots]) * head.inside,
        level,
    )


def _varied(rng: np.random.Generator, sequence: Sequence) -> Sequence:
    """Scanners and their settings differ."""
    shift = {
        name: getattr(sequence, name) * rng.uniform(0.9, 1.1) for name in ("scalp", "fluid", "grey", "white", "oedema")
    }
    return replace(sequence, **shift)
