"""Which model may read an image, if any: a brain MRI is never read as a chest film."""

from collections.abc import Mapping

from imaging.image import ImageFacts
from imaging.model_card import Accepts


def select_model(
    models: Mapping[str, Accepts], facts: ImageFacts, scan_type: str | None = None, model: str | None = None
) -> str | None:
    """Return the model for an image: the one that the upload names, else by the kind of study.

    Upload and header tell the kind. None if no model fits, or if several do: the organ is never guessed, and what the
    header says is never overruled. `models`: what each of them accepts, by name.
    """
    fits = [
        name
        for name, accepts in models.items()
        if model in {None, name}
        and _contradicts_nothing(accepts, facts)
        and (model or _is_stated(accepts, facts, scan_type))
    ]
    return fits[0] if len(fits) == 1 else None


def _contradicts_nothing(accepts: Accepts, facts: ImageFacts) -> bool:
    modality_fits = facts.modality is None or facts.modality in accepts.modalities
    part_fits = facts.body_part is None or facts.body_part in accepts.body_parts
    return modality_fits and part_fits


def _is_stated(accepts: Accepts, facts: ImageFacts, scan_type: str | None) -> bool:
    """Tell whether upload or header says that this is the kind of study the model reads."""
    if scan_type is not None:
        return scan_type in accepts.scan_types
    return facts.modality is not None or accepts.unlabelled
