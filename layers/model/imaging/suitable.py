"""Whether a model may read an image at all: a brain MRI is never read as a chest film."""

from imaging.card import Card
from imaging.picture import ImageFacts


def suitable(card: Card, facts: ImageFacts) -> bool:
    """False if the image's header contradicts what the model accepts; an image that does not say is accepted."""
    modality_fits = facts.modality is None or facts.modality in card.accepts.modalities
    part_fits = facts.body_part is None or facts.body_part in card.accepts.body_parts
    return modality_fits and part_fits
