"""What there is a reference model for: which phantoms it reads, and what it says about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np

from imaging.model_card import Input
from training.files import CR, CT, DX, MR, Exposure
from training.phantom import brain, chest, kidneys, lungs
from training.phantom.canvas import Phantom

Draw = Callable[[np.random.Generator], Phantom]


@dataclass(frozen=True)
class Subject:
    """One model's subject."""

    name: str
    titles: Mapping[str, str]
    """Label → what people read, in the order of the model's outputs."""
    nothing: str | None
    """The label that says that there is nothing, of a model that chooses exactly one; its first."""
    draw: Draw
    """One phantom of the mix that the model is trained and measured on."""
    input: Input
    cells: int
    """Cells a side of the activation."""
    unit: str
    """What the images are called, in cards and tables."""
    exposures: tuple[Exposure, Exposure]
    """The two kinds of DICOM file that its scanners write."""
    body_part: str
    phantoms: int
    epochs: int
    """Of the training as it was done."""
    gate_limit: float = -1.0
    """The gate's logit from which on an image is a phantom: as low as its phantoms need, and far above all others."""

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the outputs."""
        return tuple(self.titles)

    @property
    def findings(self) -> tuple[str, ...]:
        """The labels of something that can be pointed at."""
        return tuple(label for label in self.titles if label != self.nothing)


def _chest_film(rng: np.random.Generator) -> Phantom:
    return chest.draw(rng, chest.choose_labels(rng))


def _one_of(titles: Mapping[str, str], draw: Callable[[np.random.Generator, tuple[str, ...]], Phantom]) -> Draw:
    """Draw as many phantoms of each label."""

    def draw_one(rng: np.random.Generator) -> Phantom:
        return draw(rng, (tuple(titles)[int(rng.integers(len(titles)))],))

    return draw_one


@dataclass(frozen=True)
class _Recipe:
    """How a model of slices is made."""

    side: int
    """Pixels a side of its input."""
    phantoms: int
    epochs: int
    gate_limit: float = -1.0


def _slices(name: str, module: ModuleType, exposure: Exposure, body_part: str, recipe: _Recipe) -> Subject:
    """Return a model that chooses one label for a slice; its first says that there is nothing."""
    return Subject(
        name=name,
        titles=module.TITLES,
        nothing=next(iter(module.TITLES)),
        draw=_one_of(module.TITLES, module.draw),
        input=Input(node="image", channels=1, height=recipe.side, width=recipe.side, low=0.0, high=1.0, resize="pad"),
        cells=recipe.side // 8,
        unit="slices",
        exposures=(exposure, replace(exposure, bits=16)),
        body_part=body_part,
        phantoms=recipe.phantoms,
        epochs=recipe.epochs,
        gate_limit=recipe.gate_limit,
    )


SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject(
            name="chest_xray",
            titles=dict(zip(chest.LABELS, chest.TITLES, strict=True)),
            nothing=None,
            draw=_chest_film,
            input=Input(node="image", channels=1, height=224, width=224, low=0.0, high=1.0, resize="pad"),
            cells=28,
            unit="films",
            exposures=(DX, CR),
            body_part="CHEST",
            phantoms=4000,
            epochs=10,
        ),
        _slices(name="chest_cancer", module=lungs, exposure=CT, body_part="CHEST", recipe=_Recipe(192, 4500, 11)),
        _slices(name="brain_tumor", module=brain, exposure=MR, body_part="BRAIN", recipe=_Recipe(192, 3500, 10, -1.75)),
        _slices(
            name="kidney_stone", module=kidneys, exposure=CT, body_part="KIDNEY", recipe=_Recipe(192, 5000, 13, -3.0)
        ),
    )
}
