"""A chest phantom: a person, some findings, the film, and the truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.phantom import findings
from training.phantom.canvas import SIZE, Layer, Phantom, grid
from training.phantom.film import expose
from training.phantom.thorax import LEFT, RIGHT, Thorax, body, draw_person, heart, lung, ribs, skin_fold, spine, vessels

LABELS = ("consolidation", "effusion", "pneumothorax", "cardiomegaly", "nodule")
TITLES = ("Consolidation", "Pleural effusion", "Pneumothorax", "Cardiomegaly", "Pulmonary nodule")

_SOFT, _AIR, _RIM_AIR, _HEART = 0.60, 0.20, 0.12, 0.70
_CLEAR_SHARE = 0.3
_HOW_MANY = (0.55, 0.33, 0.12)
"""Shares of one, two and three findings among the films that are not clear."""


@dataclass(frozen=True, eq=False)
class _Chest:
    """The layers that findings change while they are drawn."""

    person: Thorax
    lungs: dict[int, Layer]
    air: dict[int, Layer]
    """Lung that is not hidden by the heart."""


def choose_labels(rng: np.random.Generator) -> tuple[str, ...]:
    """Return findings of one film as they are mixed in the training data."""
    if rng.random() < _CLEAR_SHARE:
        return ()
    count = int(rng.choice(3, p=_HOW_MANY)) + 1
    return tuple(LABELS[i] for i in sorted(rng.choice(len(LABELS), count, replace=False)))


def draw(rng: np.random.Generator, labels: Sequence[str]) -> Phantom:
    """Return a film with exactly these findings."""
    ratio = rng.uniform(0.55, 0.69) if "cardiomegaly" in labels else rng.uniform(0.39, 0.52)
    person = draw_person(rng, ratio)
    shadow = heart(person)
    lungs = {side: lung(person, side) for side in (RIGHT, LEFT)}
    air = {side: lungs[side] * (1 - shadow) for side in lungs}
    chest = _Chest(person, lungs, air)
    collapse = _maybe_collapse(rng, chest, labels)
    opacities = _opacities(rng, chest, labels, collapse)
    density = _density(chest, shadow, collapse, list(opacities.values()))
    masks = {label: opacity.mask for label, opacity in opacities.items()}
    if collapse is not None:
        masks["pneumothorax"] = (collapse.rim > 0.5).astype(np.float32)
    if "cardiomegaly" in labels:
        masks["cardiomegaly"] = (shadow > 0.5).astype(np.float32)
    return Phantom(expose(rng, person, density), masks)


def _maybe_collapse(rng: np.random.Generator, chest: _Chest, labels: Sequence[str]) -> findings.Collapse | None:
    if "pneumothorax" not in labels:
        return None
    side = int(rng.choice([RIGHT, LEFT]))
    return findings.pneumothorax(rng, chest.person, side, chest.lungs[side])


def _opacities(
    rng: np.random.Generator, chest: _Chest, labels: Sequence[str], collapse: findings.Collapse | None
) -> dict[str, findings.Opacity]:
    """Return what whitens the lungs. Lung that a collapse has emptied can hold neither consolidation nor nodule."""
    air_loss = collapse.rim if collapse is not None else np.zeros((SIZE, SIZE), np.float32)
    layers = {}
    airspace = air_loss
    for label in labels:
        side = int(rng.choice([RIGHT, LEFT]))
        if label == "effusion":
            layers[label] = findings.effusion(rng, chest.person, side, chest.lungs[side])
        elif label == "consolidation":
            layers[label] = findings.consolidation(rng, chest.person, side, chest.air[side] * (1 - airspace))
        elif label == "nodule":
            layers[label] = findings.nodule(rng, chest.person, side, chest.air[side] * (1 - airspace))
        if label in layers:
            airspace = np.maximum(airspace, layers[label].mask)
    return layers


def _density(
    chest: _Chest, shadow: Layer, collapse: findings.Collapse | None, opacities: Sequence[findings.Opacity]
) -> Layer:
    """Return everything the rays meet, summed up."""
    person = chest.person
    trunk = body(person)
    lungs = chest.lungs[RIGHT] + chest.lungs[LEFT]
    _, y = grid()
    density = trunk * (_SOFT + 0.06 * np.clip((y - person.apex) / person.height - 0.8, 0, 0.4))
    density += (_AIR - density) * np.clip(lungs, 0, 1)
    marks = vessels(person, RIGHT) * chest.lungs[RIGHT] + vessels(person, LEFT) * chest.lungs[LEFT]
    if collapse is not None:
        density += (_RIM_AIR - density) * collapse.rim
        marks = marks * (1 - collapse.rim) ** 3 + 0.13 * collapse.pleura
    density += marks + skin_fold(person) * lungs
    density += np.clip(_HEART - density, 0, 1) * shadow
    for opacity in opacities:
        density += np.clip(opacity.level - density, 0, 1) * opacity.density
    return np.asarray(density + trunk * (spine(person) + ribs(person)), np.float32)
