"""A slice of the chest with one tumour, or none."""

from collections.abc import Callable, Sequence

import numpy as np

from training.phantom.canvas import Layer
from training.phantom.drawing import Phantom
from training.phantom.lungs.airspace import fill_lungs
from training.phantom.lungs.chest_wall import Chest, draw_chest
from training.phantom.lungs.tumours import adenocarcinoma, large_cell_carcinoma, squamous_cell_carcinoma
from training.phantom.scanner import ct, table

NORMAL = "normal"
TITLES = {
    NORMAL: "Normal",
    "adenocarcinoma": "Adenocarcinoma",
    "large_cell_carcinoma": "Large cell carcinoma",
    "squamous_cell_carcinoma": "Squamous cell carcinoma",
}

_Draw = Callable[[np.random.Generator, Chest, Layer], Layer | None]
_TUMOURS: dict[str, _Draw] = {
    "adenocarcinoma": adenocarcinoma,
    "large_cell_carcinoma": large_cell_carcinoma,
    "squamous_cell_carcinoma": squamous_cell_carcinoma,
}


def draw(rng: np.random.Generator, labels: Sequence[str]) -> Phantom:
    """A slice with exactly this finding; `normal` draws none."""
    while True:
        chest, density = draw_chest(rng)
        fill_lungs(rng, chest, density)
        masks = {}
        for label in labels:
            if label in _TUMOURS:
                spot = _TUMOURS[label](rng, chest, density)
                masks[label] = np.zeros_like(density) if spot is None else (spot > 0.5).astype(np.float32)
        if all(mask.any() for mask in masks.values()):
            break
    table(chest.plane, density, chest.depth + 42)
    centre, width = rng.uniform(-650, -350), rng.uniform(1200, 1800)
    organ = (chest.rim < 1.1).astype(np.float32)
    return ct(rng, density, (round(centre - width / 2), round(centre + width / 2)), 16, masks=masks, organ=organ)
