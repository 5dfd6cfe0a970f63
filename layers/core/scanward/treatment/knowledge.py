"""The knowledge: JSON files in `knowledge/`, read when first needed and kept. docs/knowledge.md: how to write them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scanward.treatment.person import Person, tokenise

FOLDER = Path(__file__).with_name("knowledge")


@dataclass(frozen=True, slots=True)
class Source:
    """A public guideline that an entry rests on. `identifier`: its number, DOI or ISBN."""

    title: str
    publisher: str
    year: int
    identifier: str
    url: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What holds for all, or for those whom `when` describes: all that it names must be so."""

    treatment: tuple[str, ...] = ()
    precautions: tuple[str, ...] = ()
    red_flags: tuple[str, ...] = ()
    when: Mapping[str, Any] | None = None

    def holds_for(self, person: Person) -> bool:
        """Tell whether this is meant for that person."""
        facts = {
            "age": person.age_group,
            "sex": person.sex,
            "pregnancy": person.pregnancy_possible,
        }
        conditions = dict(self.when or {})
        symptom = conditions.pop("symptom", None)
        return (symptom is None or symptom in person.symptoms) and all(facts[k] == v for k, v in conditions.items())


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known for one label of one model. `clear`: the label says that nothing was found."""

    model: str
    label: str
    condition: str
    clear: bool
    advice: tuple[Advice, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All of it. `phrases`: symptom → the ways people write it, as tokens; `urgent`: advice for symptoms alone."""

    entries: tuple[Entry, ...]
    phrases: Mapping[str, tuple[tuple[str, ...], ...]]
    urgent: tuple[Advice, ...]
    sources: Mapping[str, Source]

    def entry(self, label: str, model: str | None) -> Entry | None:
        """Return the entry of the model's label: the same word names another thing in another organ.

        Where no model is named, the only entry that any has for the label.
        """
        entries = [entry for entry in self.entries if entry.label == label and model in {None, entry.model}]
        return entries[0] if len(entries) == 1 else None


@cache
def knowledge() -> Knowledge:
    """Return the packaged knowledge."""
    sources = {key: Source(**source) for key, source in _read("sources").items()}
    symptoms = _read("symptoms")
    return Knowledge(
        tuple(
            _entry(model, label, source, sources)
            for model in symptoms["models"]
            for label, source in _read(model).items()
        ),
        {symptom: tuple(tokenise(way) for way in ways) for symptom, ways in symptoms["said"].items()},
        tuple(_advice(source) for source in symptoms["urgent"]),
        sources,
    )


def own_entries(model: str, document: Mapping[str, Any]) -> tuple[Entry, ...]:
    """Return the entries of a model's own knowledge, as its folder or a stored result spells them."""
    sources = {key: Source(**source) for key, source in document["sources"].items()}
    return tuple(_entry(model, label, entry, sources) for label, entry in document["labels"].items())


def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return read


def _entry(model: str, label: str, entry: Mapping[str, Any], sources: Mapping[str, Source]) -> Entry:
    return Entry(
        model=model,
        label=label,
        condition=entry["condition"],
        clear=entry.get("clear", False),
        advice=(_advice(entry), *(_advice(each) for each in entry.get("adjusted", ()))),
        sources=tuple(sources[key] for key in entry["sources"]),
    )


def _advice(entry: Mapping[str, Any]) -> Advice:
    return Advice(
        tuple(entry.get("treatment", ())),
        tuple(entry.get("precautions", ())),
        tuple(entry.get("red_flags", ())),
        entry.get("when"),
    )
