"""Findings, symptoms, age and sex → suggestions with their sources, red flags first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from scanward.treatment.knowledge import Entry, Source, knowledge, own_entries
from scanward.treatment.person import Person, find_symptoms, person

WHAT = (
    "These are general options that clinicians consider, taken from published guidelines. They are not a diagnosis, a "
    "prescription or advice for one person."
)
WHO_DECIDES = "A clinician decides after an examination. In an emergency call the emergency number at once."


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`confidence` is the finding's score; `red_flags` also open `precautions`, for readers who know only those."""

    condition: str
    confidence: float
    treatment: str
    precautions: str
    sources: tuple[Source, ...]
    red_flags: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents show it, with the sources and red flags beside."""
        fields = asdict(self)
        return {**fields, "sources": list(fields["sources"]), "red_flags": list(self.red_flags)}


def suggest(
    labels_with_scores: Iterable[tuple[str, float]],
    symptoms: str | None,
    age: int | None,
    sex: str | None,
    *,
    model: str | None = None,
    own: Mapping[str, Any] | None = None,
) -> list[Suggestion]:
    """Return one suggestion for each found label that is known, highest score first.

    `model`: whose labels they are; nothing is known of one that `knowledge` does not describe. `own`: what that model's
    own folder says of them, instead of all that is packaged. That nothing was
    found is said only if nothing else was.
    """
    person = _person(symptoms, age, sex)
    by_score = sorted(labels_with_scores, key=lambda each: -each[1])
    known = knowledge() if own is None else replace(knowledge(), entries=own_entries(model or "", own))
    entries_with_scores = [(entry, score) for label, score in by_score if (entry := known.entry(label, model))]
    findings_with_scores = [each for each in entries_with_scores if not each[0].clear]
    urgent = _urgent(person)
    return [_suggestion(entry, score, person, urgent) for entry, score in findings_with_scores or entries_with_scores]


def disclaimer(model: str | None) -> str:
    """Return what suggestions are and are not. `model`: what is to be said of the model whose findings they are for."""
    return " ".join(part for part in (WHAT, model, WHO_DECIDES) if part)


def red_flags(symptoms: str | None, age: int | None, sex: str | None) -> list[str]:
    """Return what the symptoms alone call for at once, whatever was found."""
    return _urgent(_person(symptoms, age, sex))


def _person(symptoms: str | None, age: int | None, sex: str | None) -> Person:
    return person(age, sex, find_symptoms(symptoms, knowledge().phrases))


def _urgent(person: Person) -> list[str]:
    return [flag for advice in knowledge().urgent if advice.holds_for(person) for flag in advice.red_flags]


def _suggestion(entry: Entry, score: float, person: Person, urgent: Sequence[str]) -> Suggestion:
    """Return what is meant for this person only comes before what holds for all."""
    fitting = [advice for advice in entry.advice if advice.holds_for(person)]
    own_first = sorted(fitting, key=lambda advice: advice.when is None)
    flags = tuple(dict.fromkeys([*urgent, *(flag for advice in own_first for flag in advice.red_flags)]))
    precautions = [text for advice in own_first for text in advice.precautions]
    return Suggestion(
        condition=entry.condition,
        confidence=score,
        treatment=" ".join(text for advice in own_first for text in advice.treatment),
        precautions=" ".join([*flags, *precautions]),
        sources=entry.sources,
        red_flags=flags,
    )
