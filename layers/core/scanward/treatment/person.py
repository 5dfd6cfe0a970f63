"""What knowledge is matched to: age group, sex, possible pregnancy, and symptoms found in free text."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[^\w\s]|\n")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEGATIONS = _words(
    "no not without denies denied deny denying never neither none isn't aren't wasn't don't doesn't didn't haven't "
    "hasn't hadn't"
)
FILLERS = _words(
    "a an any the of or nor more longer sign signs symptom symptoms known history have has had having feel feels "
    "feeling been got current currently"
)
JOINING = _words("or nor")
# "No fever until today" tells of a fever.
UNDENYING = _words("until till unless except before when while at if")


def find_symptoms(text: str | None, phrases: Mapping[str, Iterable[Sequence[str]]]) -> frozenset[str]:
    """Return the ids whose words stand in the text undenied. `said`: id → phrases, each as its tokens."""
    tokens = tokenise(text or "")
    places = sorted(
        (start, len(phrase), symptom)
        for symptom, phrases in phrases.items()
        for phrase in phrases
        for start in _starts(tokens, phrase)
    )
    symptoms: set[str] = set()
    denied_positions: set[int] = set()
    """Indices of tokens that belong to denied symptoms."""
    for start, length, symptom in places:
        if _is_denied(tokens, start, length, denied_positions):
            denied_positions.update(range(start, start + length))
        else:
            symptoms.add(symptom)
    return frozenset(symptoms)


def tokenise(text: str) -> tuple[str, ...]:
    """Return lower-case words; punctuation and line ends as tokens of their own, for they end a denial."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").replace("-", " ").casefold()
    return tuple(_TOKEN.findall("\n".join(plain.splitlines())))


def _starts(tokens: Sequence[str], phrase: Sequence[str]) -> list[int]:
    length = len(phrase)
    return [
        start
        for start, token in enumerate(tokens)
        if token == phrase[0] and tuple(tokens[start : start + length]) == tuple(phrase)
    ]


def _is_denied(tokens: Sequence[str], start: int, length: int, denied_positions: set[int]) -> bool:
    after = start + length
    if after < len(tokens) and tokens[after] in UNDENYING and tuple(tokens[after : after + 2]) != ("at", "all"):
        return False
    if start in denied_positions:
        return True  # "severe sudden headache" holds "sudden headache"
    before = start - 1
    while before >= 0 and before not in denied_positions and tokens[before] in FILLERS:
        before -= 1
    if before < 0:
        return False
    if before in denied_positions:
        return not JOINING.isdisjoint(tokens[before + 1 : start])
    is_doubled = before > 0 and tokens[before - 1] in NEGATIONS
    return tokens[before] in NEGATIONS and not is_doubled


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
    """What is known of a patient; None where it is not. `symptoms`: ids of the told ones."""

    age_group: AgeGroup | None
    sex: Sex | None
    pregnancy_possible: bool
    symptoms: frozenset[str]


def person(age: int | None, sex: str | None, symptoms: frozenset[str]) -> Person:
    """Return age in years.

    A sex that is neither of the two spelled words is unknown; pregnancy counts as possible unless age or sex rule it
    out, and always when it was told.
    """
    sex_group = _sex(sex)
    may_be = sex_group is not Sex.MALE and (age is None or age in PREGNANCY_AGES)
    return Person(_age_group(age), sex_group, may_be or "pregnancy" in symptoms, symptoms)


def _age_group(age: int | None) -> AgeGroup | None:
    if age is None:
        return None
    if age < ADULT_FROM:
        return AgeGroup.CHILD
    return AgeGroup.ADULT if age < OLDER_FROM else AgeGroup.OLDER


def _sex(sex: str | None) -> Sex | None:
    text = (sex or "").strip().casefold()
    if text in FEMALE:
        return Sex.FEMALE
    return Sex.MALE if text in MALE else None
