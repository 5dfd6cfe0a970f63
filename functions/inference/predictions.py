"""One image, read while its sender waits, by a model that chooses one of its labels; nothing is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.inference.model_registry import ModelRegistry
from imaging.errors import ImageError, ModelError
from imaging.model_card import Card
from scanward.domain.accounts import Actor
from scanward.domain.policy import Action, Resource, allows
from scanward.errors import MalformedBody, NotAllowed, NotFound, Unavailable
from segments import explain_foreign

if TYPE_CHECKING:
    from imaging.analysis import Analysis


CANNOT_IDENTIFY = "cannot identify image file"
SHOWS_ANOTHER = "the file says that it shows something else"
DRAWINGS_ONLY = "this demonstration model reads drawings only and says nothing of this picture"


class UnknownModelType(MalformedBody):
    """No model of this name predicts."""


class ImageNotLoaded(MalformedBody):
    """The file is no image that can be read."""


class ModelNotLoaded(Unavailable):
    """The model is there, and its files are not what they should be."""

    message = "The model is not available"


class NoModel(Unavailable):
    """No model at all is served here."""

    message = "No model is installed here"


@dataclass(frozen=True, slots=True)
class PredictionDeps:
    """What the use-cases work with. `first`: the models to name first where models are named."""

    models: ModelRegistry
    first: Sequence[str]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The label that was chosen, and all that stands behind it."""

    choice: str
    card: Card
    analysis: "Analysis"


def offered_models(deps: PredictionDeps) -> list[str]:
    """Return the names of the models that predict."""
    cards = deps.models.cards
    unread = set(deps.models.names).difference(cards)
    choosing = {name for name, card in cards.items() if card.chooses_one}
    first = [name for name in deps.first if name in choosing | unread]
    return first + sorted(choosing.difference(first))


def predict(deps: PredictionDeps, actor: Actor, content: bytes, model_type: str) -> Prediction:
    """Return the prediction of a model for an image.

    Raises NotAllowed, UnknownModelType, ImageNotLoaded, ModelNotLoaded, Unavailable.
    """
    if not allows(actor, Action.ANALYSE_SCAN, Resource(actor.account_id)):
        raise NotAllowed
    if not deps.models.names:
        raise NoModel
    card = _card(deps, model_type)
    # Cards alone need neither numpy nor onnxruntime: a list of models does not wait for them.
    from imaging.analysis import analyse  # noqa: PLC0415
    from imaging.decode import decode  # noqa: PLC0415
    from imaging.jpeg_png import HEAD_BYTES, sniff  # noqa: PLC0415

    head = content[:HEAD_BYTES]
    if sniff(head) is None:
        raise ImageNotLoaded(f"Error loading image: {explain_foreign(head) or CANNOT_IDENTIFY}")
    try:
        picture = decode(content)
        model = deps.models.for_image(picture.facts, model=model_type, study=picture.study)
        if model is None:
            raise ImageNotLoaded(f"Error loading image: {SHOWS_ANOTHER}")
        analysis = analyse(picture, model, with_heat=False)
    except ImageError as refusal:
        raise ImageNotLoaded(f"Error loading image: {refusal.message}") from None
    except ModelError as refusal:
        raise ModelNotLoaded from refusal
    if not analysis.is_read:
        raise ImageNotLoaded(f"Error loading image: {DRAWINGS_ONLY}")
    if analysis.choice is None:
        raise LookupError("only a model that chooses one label predicts")
    return Prediction(analysis.choice, card, analysis)


def _card(deps: PredictionDeps, model_type: str) -> Card:
    try:
        card = deps.models.card(model_type)
        if card.chooses_one:
            return card
    except KeyError:
        pass
    except ModelError as refusal:
        raise ModelNotLoaded from refusal
    raise UnknownModelType(f"Invalid model type. Choose from {', '.join(offered_models(deps))}")


def read_models(deps: PredictionDeps) -> list[Card]:
    """Return the cards of all models, by name."""
    return list(deps.models.cards.values())


def read_model(deps: PredictionDeps, name: str) -> Card:
    """Return one card. Raises NotFound, Unavailable."""
    try:
        return deps.models.card(name)
    except (KeyError, ModelError):
        raise NotFound from None
