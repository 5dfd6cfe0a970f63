"""A slice of the head with one tumour, or none."""

from collections.abc import Callable, Sequence

import numpy as np

from training.phantom.brain import tumours
from training.phantom.brain.head import Head, draw_head, pressed, vessels
from training.phantom.brain.tissue import fill_skull
from training.phantom.brain.tumours import Site
from training.phantom.canvas import Layer
from training.phantom.drawing import Phantom
from training.phantom.scanner import mri

NO_TUMOR = "no_tumor"
TITLES = {NO_TUMOR: "No tumor", "glioma": "Glioma", "meningioma": "Meningioma", "pituitary": "Pituitary"}

_Place = Callable[[np.random.Generator, Head], Site]
_Draw = Callable[[np.random.Generator, Head, Layer, Site, Layer], Layer]
_TUMOURS: dict[str, tuple[_Place, _Draw]] = {
    "glioma": (tumours.glioma_site, tumours.glioma),
    "meningioma": (tumours.meningioma_site, tumours.meningioma),
    "pituitary": (tumours.pituitary_site, tumours.pituitary),
}
_LOW = {NO_TUMOR: 0.55, "glioma": 0.4, "meningioma": 0.45, "pituitary": 1.0}
"""How often a slice lies at the level of the sella."""


def draw(rng: np.random.Generator, labels: Sequence[str]) -> Phantom:
    """A slice with exactly this finding; `no_tumor` draws none."""
    (label,) = labels
    head, signal = draw_head(rng, low=bool(rng.random() < _LOW[label]))
    organ = (head.inside > 0.5).astype(np.float32)
    if label == NO_TUMOR:
        fill_skull(rng, head, signal)
        vessels(rng, head, signal)
        return mri(rng, signal, {}, organ)
    place, tumour = _TUMOURS[label]
    site = place(rng, head)
    white = fill_skull(rng, pressed(head, site.place, site.radius, rng.uniform(0.2, 0.7)), signal)
    vessels(rng, head, signal)
    spot = tumour(rng, head, signal, site, white)
    return mri(rng, signal, {label: (spot > 0.5).astype(np.float32)}, organ)
