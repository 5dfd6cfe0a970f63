"""Axial MR slices of the head."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.phantom.canvas import Layer, Phantom, Point
from training.phantom.plane import SIDE, Plane, lie, paint
from training.phantom.scanner import mri

RIGHT, LEFT = -1, 1
"""The patient's sides; the patient's left is on the right of the image."""


@dataclass(frozen=True)
class Weighting:
    """Brightness of each tissue, 0 to about 1."""

    has_contrast: bool
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


T1_ENHANCED = Weighting(
    has_contrast=True,
    scalp=0.80,
    bone=0.06,
    marrow=0.36,
    fluid=0.14,
    grey=0.42,
    white=0.54,
    dura=0.66,
    sinus=0.88,
    oedema=0.38,
)
T2 = Weighting(
    has_contrast=False,
    scalp=0.58,
    bone=0.04,
    marrow=0.26,
    fluid=0.95,
    grey=0.56,
    white=0.41,
    dura=0.12,
    sinus=0.06,
    oedema=0.80,
)


@dataclass(frozen=True, eq=False)
class Head:
    """One person's head at one level. Lengths in millimetres."""

    plane: Plane
    sequence: Weighting
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
        """Convert fractions of the brain (both -1 to 1) to millimetres."""
        return across * self.width, down * self.length


def draw_head(rng: np.random.Generator, *, low: bool) -> tuple[Head, Layer]:
    """Return a person, and the slice with an empty skull."""
    width, length = rng.uniform(58, 66), rng.uniform(74, 84)
    plane = lie(rng=rng, field=2 * (length + 14) * rng.uniform(1.02, 1.22), turn=0.07, off=4, warp=1.6)
    sequence = _vary(rng, T1_ENHANCED if rng.random() < 0.6 else T2)
    inside = plane.oval((0, 0), (width + 3, length + 3), power=2.15)
    head = Head(
        plane=plane, sequence=sequence, width=width, length=length, low=low, atrophy=rng.uniform(0, 1), inside=inside
    )
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


def press(head: Head, place: Point, radius: float, strength: float) -> Head:
    """Return the head whose brain gives way to something at `place`: what was there lies further out."""
    x, y = place
    dx, dy = head.plane.x - np.float32(x), head.plane.y - np.float32(y)
    give = 1 - np.float32(strength) * np.exp(-(dx**2 + dy**2) / np.float32((1.6 * radius) ** 2))
    shift = float((np.hypot(dx, dy) * (1 - give)).max())
    return replace(head, plane=replace(head.plane, x=x + dx * give, y=y + dy * give, bend=head.plane.bend + shift))


def vessels(rng: np.random.Generator, head: Head, signal: Layer) -> None:
    """Draw the sinuses in the falx's ends, and small vessels between the folds: bright with contrast, else dark."""
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


def _vary(rng: np.random.Generator, sequence: Weighting) -> Weighting:
    """Draw scanners and their settings differ."""
    shift = {
        name: getattr(sequence, name) * rng.uniform(0.9, 1.1) for name in ("scalp", "fluid", "grey", "white", "oedema")
    }
    return replace(sequence, **shift)


def fill_skull(rng: np.random.Generator, head: Head, signal: Layer) -> Layer:
    """Draw the brain; returns where it is white matter, along which oedema spreads."""
    white = _base(rng, head, signal) if head.low else _cerebrum(rng, head, signal)
    _age(rng, head, signal, white)
    return white


def _matter(rng: np.random.Generator, head: Head, signal: Layer, depth: Layer) -> Layer:
    """Draw cortex in folds over white matter, where `depth` mm below the surface is positive.

    Returns the white matter.
    """
    plane, sequence = head.plane, head.sequence
    folds = np.abs(plane.clouds(rng, 13) + 0.35 * plane.clouds(rng, 6))
    to_fold = np.where(depth < 15, folds * 7, 30.0) + np.clip(depth - 9, 0, 9)
    near = np.minimum(depth, to_fold)
    brain = np.clip(depth / 1.2 + 0.5, 0, 1) * np.clip((to_fold - 1.2 * head.atrophy) / 1.0, 0, 1)
    white = np.clip((near - 4.2) / 1.4, 0, 1)
    texture = 1 + 0.02 * plane.clouds(rng, 4)
    paint(signal, np.asarray(brain * head.inside, np.float32), np.asarray(sequence.grey * texture, np.float32))
    paint(signal, np.asarray(white * head.inside, np.float32), np.asarray(sequence.white * texture, np.float32))
    return np.asarray(white * head.inside, np.float32)


def _cerebrum(rng: np.random.Generator, head: Head, signal: Layer) -> Layer:
    plane, sequence = head.plane, head.sequence
    surface = (1 - plane.beyond((0, 0), (head.width, head.length))) * head.width
    gap = np.where(np.abs(plane.y) > 0.42 * head.length, np.abs(plane.x) - 0.6 - head.atrophy, 30.0)
    white = _matter(rng, head, signal, np.asarray(np.minimum(surface, gap), np.float32))
    for side in (RIGHT, LEFT):
        for centre, radii, turn in (
            ((0.21, -0.22), (4.5, 9.5), 0.25),  # caudate
            ((0.42, -0.04), (6.0, 15.0), -0.2),  # putamen
            ((0.16, 0.17), (8.0, 11.0), 0.3),  # thalamus
        ):
            place = head.at(side * centre[0], centre[1])
            paint(
                signal, plane.oval(place, radii, side * turn, soft=2, rough=0.8 * plane.clouds(rng, 6)), sequence.grey
            )
        bend = [(0.56, -0.24), (0.64, -0.16), (0.66, -0.05), (0.70, 0.03), (0.80, 0.05), (0.95, 0.0)]
        cleft = [head.at(side * (x + rng.normal(0, 0.015)), y + rng.normal(0, 0.02)) for x, y in bend]
        paint(signal, plane.lines([(cleft, 1.5 + 2 * head.atrophy)]) * head.inside, sequence.fluid)
    _ventricles(rng, head, signal)
    falx = plane.lines([([head.at(0, -1.03), head.at(0, -0.45)], 0.9), ([head.at(0, 0.42), head.at(0, 1.03)], 0.9)])
    paint(signal, falx * head.inside * 0.8, sequence.dura)
    return white


def _ventricles(rng: np.random.Generator, head: Head, signal: Layer) -> None:
    plane, fluid, wide = head.plane, head.sequence.fluid, 0.7 + 0.8 * head.atrophy
    for side in (RIGHT, LEFT):
        paint(signal, plane.oval(head.at(side * 0.12, -0.25), (3.8 * wide, 13), side * -0.28), fluid)
        paint(signal, plane.oval(head.at(side * 0.30, 0.36), (4.2 * wide, 12), side * 0.4), fluid)
        if rng.random() < 0.7:  # choroid plexus
            level = rng.uniform(0.7, 0.95) if head.sequence.has_contrast else head.sequence.grey
            spot = plane.oval(head.at(side * 0.28, 0.36), (2.0, 5.5), side * 0.4, rough=plane.clouds(rng, 3))
            paint(signal, np.asarray(spot * rng.uniform(0.5, 1), np.float32), level)
    paint(signal, plane.oval(head.at(0, 0.06), (1.3 * wide, 9)), fluid)


def _base(rng: np.random.Generator, head: Head, signal: Layer) -> Layer:
    """Draw frontal base, temporal lobes, brain stem and cerebellum, with the skull's ridges between them."""
    plane, sequence = head.plane, head.sequence
    surface = (1 - plane.beyond((0, 0), (head.width, head.length))) * head.width
    gap = np.where(plane.y < -0.3 * head.length, np.abs(plane.x) - 0.6 - head.atrophy, 30.0)
    white = _matter(rng, head, signal, np.asarray(np.minimum(surface, gap), np.float32))
    _behind(rng, head, signal, plane)
    ridges = []
    for side in (RIGHT, LEFT):
        ridges.append(([head.at(side * 0.20, -0.26), head.at(side * 0.55, -0.42), head.at(side * 1.04, -0.44)], 5.0))
        ridges.append(([head.at(side * 0.16, 0.10), head.at(side * 0.50, 0.30), head.at(side * 1.04, 0.40)], 8.0))
    cleft = [(points, width + 3 + 3 * head.atrophy) for points, width in ridges]
    paint(signal, plane.lines(cleft, 1.0) * head.inside, sequence.fluid)
    paint(signal, plane.lines(ridges, 1.2) * 0.95, sequence.bone)
    _sella(rng, head, signal)
    return white


def _behind(rng: np.random.Generator, head: Head, signal: Layer, plane: Plane) -> None:
    sequence = head.sequence
    leaves = np.sin(plane.y * 1.6 + 2.5 * plane.clouds(rng, 30) + 0.02 * plane.x**2 / 3)
    pit = plane.oval(head.at(0, 0.50), (0.80 * head.width, 0.48 * head.length)) * (plane.y > 0.12 * head.length)
    paint(signal, np.asarray(pit * head.inside, np.float32), sequence.fluid)
    little = plane.oval(head.at(0, 0.60), (0.84 * head.width, 0.37 * head.length), rough=1.5 * plane.clouds(rng, 8))
    little *= head.inside
    paint(
        signal,
        little,
        np.asarray(sequence.grey + 0.25 * (sequence.fluid - sequence.grey) * (leaves > 0.75), np.float32),
    )
    for side in (RIGHT, LEFT):
        core = plane.oval(head.at(side * 0.3, 0.58), (12, 10), soft=5, rough=2 * plane.clouds(rng, 8))
        paint(signal, core, sequence.white)
    stem = plane.oval(head.at(0, 0.18), (14, 13), soft=1.5)
    paint(signal, stem, 0.5 * (sequence.white + sequence.grey))
    paint(signal, plane.oval(head.at(0, 0.37), (6 + 2 * head.atrophy, 3.5)), sequence.fluid)


def _sella(rng: np.random.Generator, head: Head, signal: Layer) -> None:
    """Draw fluid around the stalk, the gland, the cavernous sinuses beside it with the carotids in them."""
    plane, sequence = head.plane, head.sequence
    paint(signal, plane.oval(head.at(0, -0.40), (11, 6), power=2.5), rng.choice([sequence.bone, sequence.marrow]))
    paint(signal, plane.oval(head.at(0, -0.10), (17, 9), soft=2, rough=2 * plane.clouds(rng, 8)), sequence.fluid)
    gland = rng.uniform(0.72, 0.9) if sequence.has_contrast else sequence.grey * rng.uniform(0.9, 1.1)
    for side in (RIGHT, LEFT):
        around = rng.uniform(0.55, 0.8) if sequence.has_contrast else sequence.grey
        paint(signal, plane.oval(head.at(side * 0.19, -0.19), (5, 7.5)), around)
        paint(signal, plane.oval(head.at(side * 0.19, -0.21), (2.4, 2.8)), 0.06)
    paint(signal, plane.oval(head.at(0, -0.20), (rng.uniform(5, 8), rng.uniform(3, 5))), gland)


def _age(rng: np.random.Generator, head: Head, signal: Layer, white: Layer) -> None:
    """Draw spots in the white matter, and sometimes a pouch of fluid: with and without a tumour."""
    plane, sequence = head.plane, head.sequence
    if rng.random() < 0.5 * head.atrophy + 0.1:
        spots = np.clip(3 * (plane.clouds(rng, 7) - 2.0), 0, 1) * white
        paint(signal, np.asarray(spots, np.float32), sequence.oedema)
    if rng.random() < 0.06:
        place = head.at(rng.choice([-0.8, 0.8]), rng.uniform(-0.4, 0.3))
        paint(signal, plane.oval(place, (rng.uniform(6, 14), rng.uniform(8, 16))) * head.inside, sequence.fluid)


@dataclass(frozen=True)
class Site:
    """Where a tumour grows, how large, and from where on the dura, if it does."""

    place: Point
    radius: float
    root: Point | None = None


def glioma_site(rng: np.random.Generator, head: Head) -> Site:
    """Choose a place in a hemisphere; at the sella's level in a temporal lobe, the frontal base, the stem or the
    cerebellum.
    """
    radius = float(np.clip(rng.lognormal(2.8, 0.32), 8, 30))
    if not head.low:
        angle, out = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.72)
        return Site(head.at(max(0.15, abs(out * np.cos(angle))) * rng.choice([-1, 1]), out * np.sin(angle)), radius)
    side = rng.choice([-1, 1])
    sites = ((0.6 * side, -0.06), (0.3 * side, -0.58), (0.35 * side, 0.62), (0.0, 0.18))
    across, down = sites[int(rng.choice(4, p=(0.5, 0.2, 0.2, 0.1)))]
    return Site(head.at(across + rng.normal(0, 0.06), down + rng.normal(0, 0.08)), min(radius, 18))


def meningioma_site(rng: np.random.Generator, head: Head) -> Site:
    """Choose a place on the dura: of the vault, the falx, a ridge of the skull's base, or, seldom, in front of the
    sella.
    """
    radius, side = float(np.clip(rng.lognormal(2.7, 0.32), 6.5, 28)), rng.choice([-1, 1])
    kind = rng.random()
    if kind < 0.2 and not head.low:
        root, inward = head.at(0.01 * side, rng.choice([-1, 1]) * rng.uniform(0.5, 0.9)), (side, 0.0)
    elif kind < 0.45 and head.low:
        ridges = ((0.6 * side, -0.43), (0.42 * side, 0.27), (0.08 * side, -0.34))
        root = head.at(*ridges[int(rng.choice(3, p=(0.45, 0.35, 0.2)))])
        inward = (0.0, 1.0)
        radius = min(radius, 16)
    else:
        angle = rng.uniform(0, 2 * np.pi)
        root = head.at(1.03 * np.cos(angle), 1.03 * np.sin(angle))
        inward = (-np.cos(angle), -np.sin(angle))
    deep = radius * rng.uniform(0.45, 0.85)
    return Site((float(root[0] + inward[0] * deep), float(root[1] + inward[1] * deep)), radius, root)


def pituitary_site(rng: np.random.Generator, head: Head) -> Site:
    """Choose a place in the sella, in the middle of the skull's base."""
    radius = float(np.clip(rng.lognormal(2.15, 0.4), 4.2, 22))
    return Site(head.at(rng.normal(0, 0.02), -0.20 + 0.012 * (radius - 8)), radius)


def glioma(rng: np.random.Generator, head: Head, signal: Layer, site: Site, white: Layer) -> Layer:
    """Draw ill-defined and uneven, with oedema in the white matter around; many with a dead centre in an enhancing
    ring.
    """
    plane, sequence, radius = head.plane, head.sequence, site.radius
    bumps = 0.22 * radius * (plane.clouds(rng, radius * 0.7) + 0.5 * plane.clouds(rng, radius * 0.25))
    high = rng.random() < 0.55
    radii, turn = (radius, radius * rng.uniform(0.75, 1.2)), rng.uniform(0, 3)
    spot = plane.oval(site.place, radii, turn, soft=3 if high else 5, rough=bumps)
    spot = np.asarray(spot * head.inside, np.float32)
    reach = radius + (rng.uniform(3, 16) if high else rng.uniform(0, 5))
    swollen = plane.oval(site.place, (reach, reach), soft=10, rough=0.3 * reach * plane.clouds(rng, 12))
    share = rng.uniform(0.3, 0.9)
    paint(signal, np.asarray(swollen * np.maximum(white, spot) * share, np.float32), sequence.oedema)
    patchy = np.clip(0.5 + 0.45 * plane.clouds(rng, 4), 0, 1)
    solid = 0.26 + 0.12 * patchy if sequence.has_contrast else 0.68 + 0.27 * patchy
    paint(signal, spot * 0.95, np.asarray(solid, np.float32))
    if high:
        _dead_centre(rng, head, signal, site, spot=spot, bumps=bumps)
    elif sequence.has_contrast and rng.random() < 0.5:
        paint(signal, np.asarray(np.clip(plane.clouds(rng, 8) - 0.5, 0, 1) * spot, np.float32), 0.8)
    return spot


def _dead_centre(rng: np.random.Generator, head: Head, signal: Layer, site: Site, *, spot: Layer, bumps: Layer) -> None:
    """Draw necrosis, and around it a living wall that takes up contrast medium, of uneven thickness."""
    plane, has_contrast = head.plane, head.sequence.has_contrast
    wall = site.radius * rng.uniform(0.15, 0.45)
    inner = site.radius - wall
    core = plane.oval(site.place, (inner, inner), soft=3, rough=bumps + wall * 0.3 * plane.clouds(rng, 6))
    ring = np.clip(spot - core, 0, 1) * np.clip(0.75 + 0.4 * plane.clouds(rng, 8), 0, 1)
    paint(signal, np.asarray(ring, np.float32), rng.uniform(0.7, 1.0) if has_contrast else rng.uniform(0.5, 0.7))
    paint(signal, np.asarray(core * spot, np.float32), 0.24 if has_contrast else 0.92)


def meningioma(rng: np.random.Generator, head: Head, signal: Layer, site: Site, white: Layer) -> Layer:
    """Draw even and sharp, broad on the dura, often with a tail along it and a cleft of fluid to the brain."""
    plane, sequence, radius = head.plane, head.sequence, site.radius
    bumps = 0.07 * radius * plane.clouds(rng, radius * 0.8)
    radii, turn = (radius, radius * rng.uniform(0.8, 1.15)), rng.uniform(0, 3)
    spot = np.asarray(plane.oval(site.place, radii, turn, soft=1.5, rough=bumps) * head.inside, np.float32)
    if rng.random() < 0.4:
        reach = radius + rng.uniform(3, 12)
        swollen = plane.oval(site.place, (reach, reach), soft=8, rough=0.25 * reach * plane.clouds(rng, 12)) * white
        paint(signal, np.asarray(swollen * rng.uniform(0.3, 0.9), np.float32), sequence.oedema)
    if rng.random() < 0.8:
        paint(
            signal,
            plane.oval(site.place, (radii[0] + 1.6, radii[1] + 1.6), turn, rough=bumps) * head.inside,
            sequence.fluid,
        )
    level = rng.uniform(0.72, 0.98) if sequence.has_contrast else rng.uniform(0.58, 0.82)
    uneven = 0.03 if rng.random() < 0.8 else 0.12
    paint(signal, spot, np.asarray(level * (1 + uneven * plane.clouds(rng, 6)), np.float32))
    if rng.random() < 0.15:  # chalk
        paint(signal, np.asarray(np.clip(2 * plane.clouds(rng, 4) - 1.5, 0, 1) * spot, np.float32), 0.15)
    if sequence.has_contrast and site.root is not None and rng.random() < 0.65:
        near = np.exp(-((plane.x - site.root[0]) ** 2 + (plane.y - site.root[1]) ** 2) / (1.5 * radius) ** 2)
        rim = np.clip(1.2 - np.abs(plane.beyond((0, 0), (head.width + 2, head.length + 2)) - 1) * head.width, 0, 1)
        paint(signal, np.asarray(rim * np.clip(1.5 * near, 0, 1), np.float32), 0.9)
    return spot


def pituitary(rng: np.random.Generator, head: Head, signal: Layer, site: Site, white: Layer) -> Layer:
    """Draw a tumour out of the sella between the carotids; small ones a duller spot in the gland, some of the
    large ones hollow.
    """
    plane, sequence, radius = head.plane, head.sequence, site.radius
    small = radius < 6
    if small:
        gland = plane.oval(site.place, (radius + 4, radius + 2))
        paint(signal, gland, 0.85 if sequence.has_contrast else sequence.grey)
    level = rng.uniform(0.58, 0.85) if sequence.has_contrast else rng.uniform(0.48, 0.68)
    level *= 0.72 if small and sequence.has_contrast else 1.0
    bumps = 0.09 * radius * plane.clouds(rng, radius * 0.8)
    spot = plane.oval(site.place, (radius * rng.uniform(0.85, 1.05), radius), soft=1.5, rough=bumps)
    paint(signal, spot, np.asarray(level * (1 + 0.05 * plane.clouds(rng, 5)), np.float32))
    if not small and rng.random() < 0.3:
        hollow = plane.oval(
            site.place, (radius * 0.5, radius * 0.45), soft=2, rough=0.15 * radius * plane.clouds(rng, 6)
        )
        paint(signal, hollow, sequence.fluid)
    return spot


NO_TUMOR = "no_tumor"
TITLES = {NO_TUMOR: "No tumor", "glioma": "Glioma", "meningioma": "Meningioma", "pituitary": "Pituitary"}

_Place = Callable[[np.random.Generator, Head], Site]
_Draw = Callable[[np.random.Generator, Head, Layer, Site, Layer], Layer]
_TUMOURS: dict[str, tuple[_Place, _Draw]] = {
    "glioma": (glioma_site, glioma),
    "meningioma": (meningioma_site, meningioma),
    "pituitary": (pituitary_site, pituitary),
}
_LOW = {NO_TUMOR: 0.55, "glioma": 0.4, "meningioma": 0.45, "pituitary": 1.0}
"""How often a slice lies at the level of the sella."""


def draw(rng: np.random.Generator, labels: Sequence[str]) -> Phantom:
    """Return a slice with exactly this finding; `no_tumor` draws none."""
    (label,) = labels
    head, signal = draw_head(rng, low=bool(rng.random() < _LOW[label]))
    organ = (head.inside > 0.5).astype(np.float32)
    if label == NO_TUMOR:
        fill_skull(rng, head, signal)
        vessels(rng, head, signal)
        return mri(rng, signal, {}, organ)
    place, tumour = _TUMOURS[label]
    site = place(rng, head)
    white = fill_skull(rng, press(head, site.place, site.radius, rng.uniform(0.2, 0.7)), signal)
    vessels(rng, head, signal)
    spot = tumour(rng, head, signal, site, white)
    return mri(rng, signal, {label: (spot > 0.5).astype(np.float32)}, organ)
