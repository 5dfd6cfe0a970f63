"""A slice through both kidneys with one finding, or none."""

from collections.abc import Callable, Sequence

import numpy as np

from training.phantom.canvas import Layer
from training.phantom.drawing import Phantom
from training.phantom.kidneys import findings
from training.phantom.kidneys.abdomen import LEFT, RIGHT, Abdomen, draw_abdomen
from training.phantom.kidneys.kidney import Kidney, draw_kidney
from training.phantom.scanner import ct, table

NORMAL = "normal"
TITLES = {NORMAL: "Normal", "stone": "Stone", "cyst": "Cyst", "tumor": "Tumor"}

_Draw = Callable[[np.random.Generator, Abdomen, Layer, Kidney], Layer]
_FINDINGS: dict[str, _Draw] = {"stone": findings.stone, "cyst": findings.cyst, "tumor": findings.tumor}


def draw(rng: np.random.Generator, labels: Sequence[str]) -> Phantom:
    """A slice with exactly this finding in one kidney; `normal` draws none."""
    (label,) = labels
    person, density = draw_abdomen(rng)
    sick = int(rng.choice([RIGHT, LEFT]))
    obstructed = rng.random() < (0.25 if label == "stone" else 0.05)
    kidneys = {
        side: draw_kidney(rng, person, density, side, swollen=obstructed and side == sick) for side in (RIGHT, LEFT)
    }
    masks = {}
    if label in _FINDINGS:
        masks[label] = (_FINDINGS[label](rng, person, density, kidneys[sick]) > 0.5).astype(np.float32)
    table(person.plane, density, person.depth + 30)
    centre, width = rng.uniform(25, 65), rng.uniform(360, 540)
    organ = (kidneys[RIGHT].shape + kidneys[LEFT].shape + sum(masks.values()) > 0.5).astype(np.float32)
    window = round(centre - width / 2), round(centre + width / 2)
    return ct(rng, density, window, 11, masks=masks, organ=organ)
