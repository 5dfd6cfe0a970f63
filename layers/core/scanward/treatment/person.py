"""What knowledge is adjusted to: an age group, a sex, a possible pregnancy, symptoms."""

from dataclasses import dataclass
from enum import StrEnum

ADULT_FROM, OLDER_FROM = 18, 65
PREGNANCY_AGES = range(12, 56)

FEMALE = frozenset({"female", "f", "woman", "girl"})
MALE = frozenset({"male", "m", "man", "boy"})


class AgeGroup(StrEnum):
    """As guidelines divide ages."""

    CHILD = "child"
    ADULT = "adult"
    OLDER = "older"


class Sex(StrEnum):
    """As far as it changes advice."""

    FEMALE = "female"
    MALE = "male"


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of somebody; None where it is not. `symptoms`: ids of the told ones."""

    age_group: AgeGroup | None
    sex: Sex | None
    pregnancy_possible: bool
    symptoms: frozenset[str]


def person(age: int | None, sex: str | None, symptoms: frozenset[str]) -> Person:
    """Age in years. A sex that is neither of the two spelled words is unknown; pregnancy counts as possible unless
    age or sex rule it out, and always when it was told."""
    known = _sex(sex)
    may_be = known is not Sex.MALE and (age is None or age in PREGNANCY_AGES)
    return Person(_age_group(age), known, may_be or "pregnancy" in symptoms, symptoms)


def _age_group(age: int | None) -> AgeGroup | None:
    if age is None:
        return None
    if age < ADULT_FROM:
        return AgeGroup.CHILD
    return AgeGroup.ADULT if age < OLDER_FROM else AgeGroup.OLDER


def _sex(sex: str | None) -> Sex | None:
    said = (sex or "").strip().casefold()
    if said in FEMALE:
        return Sex.FEMALE
    return Sex.MALE if said in MALE else None
