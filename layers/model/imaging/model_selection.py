"""Which model may read an image, if any: a brain MRI is never read as a chest film."""

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

from imaging.card_schema import Accepts
from imaging.image import ImageFacts, Statement, StudyFacts


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
    ranks = {name: (name not in shipped, *specificity(models[name], facts, study)) for name in fits}
    best = [name for name in fits if ranks[name] == max(ranks.values())]
    return best[0] if len(best) == 1 else None


def specificity(accepts: Accepts, facts: ImageFacts, study: StudyFacts) -> tuple[int, int, int]:
    """Return how much a card says of what it reads: rules first, then fewer body parts, then fewer modalities.

    A short list of body parts counts only where the header names one: else the organ would be guessed by it.
    """
    parts = -len(accepts.body_parts) if _list_statements("body_part", facts, study) else 0
    modalities = -len(accepts.modalities) if _list_statements("modality", facts, study) else 0
    return sum(bool(getattr(accepts, name)) for name in accepts.RULES), parts, modalities


def find_overlaps(models: Mapping[str, Accepts]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of models that accept the same studies, so that neither would read them."""
    for (one, first), (other, second) in combinations(sorted(models.items()), 2):
        modalities = set(first.modalities) & set(second.modalities)
        parts = set(first.body_parts) & set(second.body_parts)
        if modalities and parts:
            facts = ImageFacts("DICOM", 1, 1, 8, modality=min(modalities), body_part=min(parts))
            if specificity(first, facts, StudyFacts()) == specificity(second, facts, StudyFacts()):
                yield one, other


def _contradicts_nothing(accepts: Accepts, facts: ImageFacts, study: StudyFacts) -> bool:
    modality_fits = _are_named(accepts.modalities, _list_statements("modality", facts, study))
    part_fits = _are_named(accepts.body_parts, _list_statements("body_part", facts, study))
    species_fits = accepts.animals or not study.is_animal
    return modality_fits and part_fits and species_fits and _follows_rules(accepts, facts, study)


_STATEMENTS = {"modality": "modalities", "body_part": "body_parts", "view": "views", "laterality": "sides"}
"""What the study has all statements of, by what the image's facts tell of them."""


def _list_statements(name: str, facts: ImageFacts, study: StudyFacts) -> Collection[Statement]:
    """Return all that the header states of this, or without a study what the facts tell."""
    statements: Collection[Statement] = getattr(study, _STATEMENTS[name])
    if statements or name in facts.unclear:
        return statements or (Statement(),)
    code = getattr(facts, name)
    return (Statement((code,)),) if code else ()


def _are_named(names: Collection[str], statements: Collection[Statement]) -> bool:
    """Tell whether the card names each thing that is stated: if two contradict each other, it is not both."""
    return all(any(name in names for name in statement.names) for statement in statements)


def _follows_rules(accepts: Accepts, facts: ImageFacts, study: StudyFacts) -> bool:
    """Tell whether what the header says agrees with every rule, and says what the card requires it to say."""
    says = _tell_stated(facts, study)
    if any(not says[name] for name in accepts.required):
        return False
    rules = {"plane": accepts.planes, "age": accepts.ages, "sex": accepts.sexes, "image_type": accepts.image_types}
    if any(rules[name] for name in study.unclear):
        return False
    lowest, highest = accepts.ages or (0, 999)
    return (
        (not accepts.views or _are_named(accepts.views, _list_statements("view", facts, study)))
        and (not accepts.lateralities or _are_named(accepts.lateralities, _list_statements("laterality", facts, study)))
        and _is_allowed(accepts.planes, study.plane)
        and _is_allowed(accepts.sexes, study.sex)
        and _is_allowed(accepts.image_types, *study.image_type)
        and _has_word(accepts.study_descriptions, study.study_description)
        and _has_word(accepts.series_descriptions, study.series_description)
        and (study.age is None or lowest <= study.age <= highest)
    )


def _tell_stated(facts: ImageFacts, study: StudyFacts) -> dict[str, bool]:
    """Tell of each thing that a card may require whether the header states it so that it is understood."""
    views, sides = _list_statements("view", facts, study), _list_statements("laterality", facts, study)
    return {
        "view": bool(views) and all(view.names for view in views),
        "laterality": bool(sides) and all(side.names for side in sides),
        "plane": study.plane is not None,
        "sex": study.sex is not None,
        "age": study.age is not None,
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
    return bool(_list_statements("body_part", facts, study)) or accepts.unstated
