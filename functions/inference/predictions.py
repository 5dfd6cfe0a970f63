"""One image, read while its sender waits, by a model that chooses one of its labels; nothing is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.inference.models import Models
from imaging.card import Card
from imaging.refusal import ImageRefused, ModelRefused
from scanward.domain.accounts import Actor
from scanward.domain.policy import Action, Resource, allows
from scanward.errors import MalformedBody, NotAllowed, NotFound, Unavailable

if TYPE_CHECKING:
    from imaging.analyse import Analysis

CANNOT_IDENTIFY = "cannot identify image file"


class UnknownModelType(MalformedBody):
    """No model of this name predicts."""


class ImageNotLoaded(MalformedBody):
    """The file is no image that can be read."""


class ModelNotLoaded(Unavailable):
    """The model is there, and its files are not what they should be."""

    message = "The model is not available"


@dataclass(frozen=True, slots=True)
class Predictions:
    """What the use-cases work with. `first`: the models to name first where models are named."""

    models: Models
    first: Sequence[str]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The label that was chosen, and all that stands behind it."""

    choice: str
    card: Card
    analysis: "Analysis"


def offered(predictions: Predictions) -> list[str]:
    """The names of the models that predict."""
    models = predictions.models
    names = {name for name, card in models.cards.items() if card.chooses_one} | set(models.refused)
    first = [name for name in predictions.first if name in names]
    return first + sorted(name for name in names.difference(first) if name in models.cards)


def predict(predictions: Predictions, actor: Actor, content: bytes, model_type: str) -> Prediction:
    """What the model makes of the image.

    Raises NotAllowed, UnknownModelType, ImageNotLoaded, ModelNotLoaded, Unavailable.
    """
    if not allows(actor, Action.ANALYSE_SCAN, Resource(actor.account_id)):
        raise NotAllowed
    names = offered(predictions)
    if model_type not in names:
        raise UnknownModelType(f"Invalid model type. Choose from {', '.join(names)}")
    # Cards alone need neither numpy nor onnxruntime: whoever lists models does not wait for them.
    from imaging.analyse import analyse  # noqa: PLC0415
    from imaging.decode import decode  # noqa: PLC0415
    from imaging.formats import HEAD_BYTES, sniff  # noqa: PLC0415

    if sniff(content[:HEAD_BYTES]) is None:
        raise ImageNotLoaded(f"Error loading image: {CANNOT_IDENTIFY}")
    try:
        model = predictions.models.load(model_type)
        analysis = analyse(decode(content), model, explained=False)
    except ImageRefused as refusal:
        raise ImageNotLoaded(f"Error loading image: {refusal.message}") from None
    except ModelRefused as refusal:
        raise ModelNotLoaded from refusal
    if analysis.choice is None:
        raise LookupError("only a model that chooses one label predicts")
    return Prediction(analysis.choice, model.card, analysis)


def read_models(predictions: Predictions) -> list[Card]:
    """The cards of all models, by name."""
    return list(predictions.models.cards.values())


def read_model(predictions: Predictions, name: str) -> Card:
    """One card. Raises NotFound."""
    card = predictions.models.cards.get(name)
    if card is None:
        raise NotFound
    return card
