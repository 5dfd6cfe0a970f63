"""Three tumours as the literature describes them, drawn over a brain that has given way to them."""

from dataclasses import dataclass

import numpy as np

from training.phantom.brain.head import Head
from training.phantom.canvas import Layer, Point
from training.phantom.plane import paint


@dataclass(frozen=True)
class Site:
    """Where a tumour grows, how large, and from where on the dura, if it does."""

    place: Point
    radius: float
    root: Point | None = None


def glioma_site(rng: np.random.Generator, head: Head) -> Site:
    """In a hemisphere; at the sella's level in a temporal lobe, the frontal base, the stem or the cerebellum."""
    radius = float(np.clip(rng.lognormal(2.8, 0.32), 8, 30))
    if not head.low:
        angle, out = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.72)
        return Site(head.at(max(0.15, abs(out * np.cos(angle))) * rng.choice([-1, 1]), out * np.sin(angle)), radius)
    side = rng.choice([-1, 1])
    sites = ((0.6 * side, -0.06), (0.3 * side, -0.58), (0.35 * side, 0.62), (0.0, 0.18))
    across, down = sites[int(rng.choice(4, p=(0.5, 0.2, 0.2, 0.1)))]
    return Site(head.at(across + rng.normal(0, 0.06), down + rng.normal(0, 0.08)), min(radius, 18))


def meningioma_site(rng: np.random.Generator, head: Head) -> Site:
    """On the dura: of the vault, the falx, a ridge of the skull's base, or, seldom, in front of the sella."""
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
    """In the sella, in the middle of the skull's base."""
    radius = float(np.clip(rng.lognormal(2.15, 0.4), 4.2, 22))
    return Site(head.at(rng.normal(0, 0.02), -0.20 + 0.012 * (radius - 8)), radius)


def glioma(rng: np.random.Generator, head: Head, signal: Layer, site: Site, white: Layer) -> Layer:
    """Ill-defined and uneven, with oedema in the white matter around; many with a dead centre in an enhancing ring."""
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
    solid = 0.26 + 0.12 * patchy if sequence.enhanced else 0.68 + 0.27 * patchy
    paint(signal, spot * 0.95, np.asarray(solid, np.float32))
    if high:
        _dead_centre(rng, head, signal, site, spot=spot, bumps=bumps)
    elif sequence.enhanced and rng.random() < 0.5:
        paint(signal, np.asarray(np.clip(plane.clouds(rng, 8) - 0.5, 0, 1) * spot, np.float32), 0.8)
    return spot


def _dead_centre(rng: np.random.Generator, head: Head, signal: Layer, site: Site, *, spot: Layer, bumps: Layer) -> None:
    """Necrosis, and around it a living wall that takes up contrast medium, of uneven thickness."""
    plane, enhanced = head.plane, head.sequence.enhanced
    wall = site.radius * rng.uniform(0.15, 0.45)
    inner = site.radius - wall
    core = plane.oval(site.place, (inner, inner), soft=3, rough=bumps + wall * 0.3 * plane.clouds(rng, 6))
    ring = np.clip(spot - core, 0, 1) * np.clip(0.75 + 0.4 * plane.clouds(rng, 8), 0, 1)
    paint(signal, np.asarray(ring, np.float32), rng.uniform(0.7, 1.0) if enhanced else rng.uniform(0.5, 0.7))
    paint(signal, np.asarray(core * spot, np.float32), 0.24 if enhanced else 0.92)


def meningioma(rng: np.random.Generator, head: Head, signal: Layer, site: Site, white: Layer) -> Layer:
    """Even and sharp, broad on the dura, often with a tail along it and a cleft of fluid to the brain."""
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
    level = rng.uniform(0.72, 0.98) if sequence.enhanced else rng.uniform(0.58, 0.82)
    uneven = 0.03 if rng.random() < 0.8 else 0.12
    paint(signal, spot, np.asarray(level * (1 + uneven * plane.clouds(rng, 6)), np.float32))
    if rng.random() < 0.15:  # chalk
        paint(signal, np.asarray(np.clip(2 * plane.clouds(rng, 4) - 1.5, 0, 1) * spot, np.float32), 0.15)
    if sequence.enhanced and site.root is not None and rng.random() < 0.65:
        near = np.exp(-((plane.x - site.root[0]) ** 2 + (plane.y - site.root[1]) ** 2) / (1.5 * radius) ** 2)
        rim = np.clip(1.2 - np.abs(plane.beyond((0, 0), (head.width + 2, head.length + 2)) - 1) * head.width, 0, 1)
        paint(signal, np.asarray(rim * np.clip(1.5 * near, 0, 1), np.float32), 0.9)
    return spot


def pituitary(rng: np.random.Generator, head: Head, signal: Layer, site: Site, white: Layer) -> Layer:
    """Out of the sella between the carotids; small ones a duller spot in the gland, some of the large ones hollow."""
    plane, sequence, radius = head.plane, head.sequence, site.radius
    small = radius < 6
    if small:
        gland = plane.oval(site.place, (radius + 4, radius + 2))
        paint(signal, gland, 0.85 if sequence.enhanced else sequence.grey)
    level = rng.uniform(0.58, 0.85) if sequence.enhanced else rng.uniform(0.48, 0.68)
    level *= 0.72 if small and sequence.enhanced else 1.0
    bumps = 0.09 * radius * plane.clouds(rng, radius * 0.8)
    spot = plane.oval(site.place, (radius * rng.uniform(0.85, 1.05), radius), soft=1.5, rough=bumps)
    paint(signal, spot, np.asarray(level * (1 + 0.05 * plane.clouds(rng, 5)), np.float32))
    if not small and rng.random() < 0.3:
        hollow = plane.oval(
            site.place, (radius * 0.5, radius * 0.45), soft=2, rough=0.15 * radius * plane.clouds(rng, 6)
        )
        paint(signal, hollow, sequence.fluid)
    return spot
