"""Which model may read an image, if any: a brain MRI is never read as a chest film."""

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

from imaging.card_schema import Accepts
from imaging.image import ImageFacts, StudyFacts


def select_model(
    models: Mapping[str, Accepts],
    facts: ImageFacts,
    study: StudyFacts | None = None,
    *,
    scan_type: str | None = None,
    model: str | None = None,
    shipped: Collection[str] = (),
) -> str | None:
    """Return the model for an image: the one that the upload names, else by the kind of study.

    Upload and header tell the kind; what the header says is never overruled. Of several that fit, one that is not
    among `shipped` comes before one that is, and then the one whose card says most of what it reads. None if no model
    fits, or if two say the same: the choice is never guessed. `models`: what each of them accepts, by name.
    """
    study = study or StudyFacts()
    is_told = scan_type is not None or model is not None
    fits = [
        name
        for name, accepts in models.items()
        if model in {None, name}
        and _contradicts_nothing(accepts, facts, study)
        and (model or scan_type is None or scan_type in accepts.scan_types)
        and (is_told or _is_stated(accepts, facts, study))
    ]
    ranks = {name: (name not in shipped, *specificity(models[name], facts)) for name in fits}
    best = [name for name in fits if ranks[name] == max(ranks.values())]
    return best[0] if len(best) == 1 else None


def specificity(accepts: Accepts, facts: ImageFacts) -> tuple[int, int, int]:
    """Return how much a card says of what it reads: rules first, then fewer body parts, then fewer modalities.

    A short list of body parts counts only where the header names one: else the organ would be guessed by it.
    """
    parts = -len(accepts.body_parts) if facts.body_part else 0
    modalities = -len(accepts.modalities) if facts.modality else 0
    return sum(bool(getattr(accepts, name)) for name in accepts.RULES), parts, modalities


def find_overlaps(models: Mapping[str, Accepts]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of models that accept the same studies, so that neither would read them."""
    for (one, first), (other, second) in combinations(sorted(models.items()), 2):
        modalities = set(first.modalities) & set(second.modalities)
        parts = set(first.body_parts) & set(second.body_parts)
        if modalities and parts:
            facts = ImageFacts("DICOM", 1, 1, 8, modality=min(modalities), body_part=min(parts))
            if specificity(first, facts) == specificity(second, facts):
                yield one, other


def _contradicts_nothing(accepts: Accepts, facts: ImageFacts, study: StudyFacts) -> bool:
    modality_fits = facts.modality is None or facts.modality in accepts.modalities
    part_fits = facts.body_part is None or facts.body_part in accepts.body_parts
    species_fits = accepts.animals or not study.is_animal
    return modality_fits and part_fits and species_fits and _follows_rules(accepts, facts, study)


def _follows_rules(accepts: Accepts, facts: ImageFacts, study: StudyFacts) -> bool:
    """Tell whether what the header says agrees with every rule, and says what the card requires it to say."""
    values = _header_values(facts, study)
    if any(not values[name] for name in accepts.required):
        return False
    lowest, highest = accepts.ages or (0, 999)
    return (
        _is_allowed(accepts.views, values["view"])
        and _is_allowed(accepts.lateralities, values["laterality"])
        and _is_allowed(accepts.planes, values["plane"])
        and _is_allowed(accepts.sexes, values["sex"])
        and _is_allowed(accepts.image_types, *study.image_type)
        and _has_word(accepts.study_descriptions, study.study_description)
        and _has_word(accepts.series_descriptions, study.series_description)
        and (study.age is None or lowest <= study.age <= highest)
    )


def _header_values(facts: ImageFacts, study: StudyFacts) -> dict[str, str | None]:
    return {
        "view": facts.view,
        "laterality": facts.laterality,
        "plane": study.plane,
        "sex": study.sex,
        "age": None if study.age is None else str(study.age),
    }


def _is_allowed(rule: Collection[str], *values: str | None) -> bool:
    """Tell whether a rule is absent, or the header says nothing, or one of the values is in it."""
    stated_values = [value for value in values if value]
    return not rule or not stated_values or any(value in rule for value in stated_values)


def _has_word(words: Collection[str], description: str | None) -> bool:
    """Tell whether a rule is absent, or one of its words is in the description, whatever its case."""
    return not words or any(word.casefold() in (description or "").casefold() for word in words)


def _is_stated(accepts: Accepts, facts: ImageFacts, study: StudyFacts) -> bool:
    """Tell whether the header says which organ this is, or the card does without; PNG and JPEG have no header."""
    if facts.format != "DICOM":
        return accepts.unlabelled
    return facts.body_part is not None or accepts.unstated
