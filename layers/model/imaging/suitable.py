"""Which model may read an image, if any: a brain MRI is never read as a chest film."""

from collections.abc import Iterable, Mapping

from imaging.card import Accepts, Card
from imaging.picture import ImageFacts


def suitable(card: Card, facts: ImageFacts) -> bool:
    """False if the image's header contradicts what the model accepts; an image that does not say is accepted."""
    return _uncontradicted(card.accepts, facts)


def choose(
    cards: Iterable[Card],
    facts: ImageFacts,
    scan_type: str | None = None,
    model: str | None = None,
    accepts: Mapping[str, Accepts] | None = None,
) -> Card | None:
    """The model for an image: the one that the upload names, else by the kind of study that upload and header tell.

    None if no model fits, or if several do: the organ is never guessed, and what the header says is never overruled.
    `accepts`: what models accept, in place of what their cards say.
    """
    fits: list[Card] = []
    for card in cards:
        accepted = (accepts or {}).get(card.name, card.accepts)
        named = model is None or card.name == model
        if named and _uncontradicted(accepted, facts) and (model or _said(accepted, facts, scan_type)):
            fits.append(card)
    return fits[0] if len(fits) == 1 else None


def _uncontradicted(accepts: Accepts, facts: ImageFacts) -> bool:
    modality_fits = facts.modality is None or facts.modality in accepts.modalities
    part_fits = facts.body_part is None or facts.body_part in accepts.body_parts
    return modality_fits and part_fits


def _said(accepts: Accepts, facts: ImageFacts, scan_type: str | None) -> bool:
    """Whether upload or header says that this is the kind of study the model reads."""
    if scan_type is not None:
        return scan_type in accepts.scan_types
    return facts.modality is not None or accepts.unlabelled
