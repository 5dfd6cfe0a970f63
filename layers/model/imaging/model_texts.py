"""A clinic's own words and cited suggestions for its model's labels: `words.json` and `knowledge.json` beside the card.

They are data, so they are checked: by schema and length, against a closed list of what no text may say to a patient,
and for how hard they are to read. A model whose texts are wrong is refused as one with a wrong card is. English only.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError

from imaging.card_schema import Block, Name, texts
from imaging.errors import ModelError
from imaging.model_card import Card

WORDS_FILE, KNOWLEDGE_FILE = "words.json", "knowledge.json"
MAX_BYTES = 200_000
HIGHEST_GRADE = 8.0
_LINE = r"^[^\x00-\x1f\x7f-\x9f<>{}]*$"
Title = Annotated[str, Field(min_length=3, max_length=80, pattern=_LINE)]
Key = Annotated[str, Field(pattern="^[a-z0-9_-]{1,64}$")]
Sentences = Annotated[str, Field(min_length=10, max_length=500, pattern=_LINE)]
Advice = Annotated[tuple[Sentences, ...], Field(max_length=10)]


class LabelText(Block):
    """A label in plain words. `step`: what to do about it; `expert`: what the label means, for a radiologist."""

    title: Title
    explanation: Sentences
    step: Sentences | None = None
    expert: Sentences | None = None


class WordsDocument(Block):
    """The words for all trained labels of a model. `urgent`: when to get help at once."""

    urgent: Sentences
    labels: dict[Name, LabelText]


class Citation(Block):
    """A public guideline that an entry rests on. `identifier`: its number, DOI or ISBN."""

    title: Annotated[str, Field(min_length=5, max_length=300, pattern=_LINE)]
    publisher: Annotated[str, Field(min_length=2, max_length=200, pattern=_LINE)]
    year: Annotated[int, Field(ge=1950, le=2100)]
    identifier: Annotated[str, Field(min_length=2, max_length=100, pattern=_LINE)]
    url: Annotated[str, Field(max_length=300, pattern=r"^https://[^\s/]+\.[^\s]+$")]


class Person(Block):
    """For whom advice is meant: all that is named must be so."""

    age: Literal["child", "adult", "older"] | None = None
    sex: Literal["female", "male"] | None = None
    pregnancy: bool | None = None


class Adjustment(Block):
    """Advice for some people only."""

    when: Person
    treatment: Advice = ()
    precautions: Advice = ()
    red_flags: Advice = ()


class KnowledgeEntry(Block):
    """What clinicians consider for a label. `sources`: keys of the document's."""

    condition: Title
    treatment: Annotated[Advice, Field(min_length=1)]
    precautions: Advice = ()
    red_flags: Advice = ()
    adjusted: Annotated[tuple[Adjustment, ...], Field(max_length=10)] = ()
    sources: Annotated[tuple[Key, ...], Field(min_length=1)]


class KnowledgeDocument(Block):
    """Suggestions for labels of a model, and what they rest on."""

    sources: dict[Key, Citation]
    labels: dict[Name, KnowledgeEntry]


@dataclass(frozen=True, slots=True)
class ModelTexts:
    """What a model's folder says of its labels; None where it says nothing and the packaged texts hold."""

    words: WordsDocument | None
    knowledge: KnowledgeDocument | None
    nothing: frozenset[str]
    """The labels which say that nothing was found."""

    def knowledge_of(self, labels: list[str]) -> dict[str, Any] | None:
        """Return the part of the knowledge that some labels need, as JSON; None if the model has none of its own."""
        if self.knowledge is None:
            return None
        entries = {label: self.knowledge.labels[label] for label in labels if label in self.knowledge.labels}
        keys = {key for entry in entries.values() for key in entry.sources}
        return {
            "sources": {key: self.knowledge.sources[key].model_dump(mode="json") for key in sorted(keys)},
            "labels": {label: entry.model_dump(mode="json", exclude_none=True) for label, entry in entries.items()},
        }


_ILL, _WELL, _SURE = "says that a patient is ill", "says that a patient is well", "is too certain"
_ALONE = "keeps a patient from a doctor"
_PROMISES = (
    (r"(?<!if )(?<!when )(?<!unless )\byou(?:'ve| have| suffer from| are suffering| are ill)\b", _ILL),
    (r"\byour (?:cancer|tumou?r)\b", _ILL),
    (r"\byou (?:do not|don't) have\b|\byou are (?:healthy|fine|well|free of)\b|\ball is well\b", _WELL),
    (r"\b(?:certainly|it is certain|definitely|surely|undoubtedly|guaranteed?)\b|\b(?:no|without) doubt\b", _SURE),
    (r"\b100 ?(?:%|per ?cent)|\b(?:picture|program|result|scan) (?:proves|confirms)\b|\brules? out\b", _SURE),
    (r"\bno (?:need|reason) to (?:see|call|visit|ask|worry)\b|\bneed not (?:see|call|worry)\b", _ALONE),
    (r"\byou (?:do not|don't) need (?:a|to see|to call|to visit|any)\b", _ALONE),
    (r"\bnothing to worry\b|\b(?:do not|don't) worry\b|\bnot worry\b|\bno danger\b", _ALONE),
    (r"\b(?:will|can) be cured\b|\bwill (?:heal|go away|recover)\b", "promises a recovery"),
    (r"\b\d+(?:\.\d+)? ?(?:mg|µg|mcg|ml|milligrams?)\b", "gives a dose, which is for a doctor to give"),
    (r"\b(?:start|stop) (?:taking )?your medicines?\b", "changes a medicine, which is for a doctor to do"),
)
_FRIGHTS = (
    (r"\b(?:deadly|fatal|lethal|incurable|untreatable|hopeless|doomed|terminal)\b", "frightens"),
    (r"\b(?:will|may|might|could|going to) die\b|\bdying\b|\bdeath\b|\bkills?\b|\bto live\b", "frightens"),
    (r"\btoo late\b|\bhorrible\b|\bterrible\b|\bterrif\w+\b|\bpanic\b", "frightens"),
)
"""All that no text may say, each with what is wrong with it."""
_HEDGE = re.compile(r"\b(?:may|might|could|can)\b", re.IGNORECASE)


def forbidden(text: str, *, to_patient: bool = True) -> str | None:
    """Return what of a text must not be said and why, or None. What frightens is kept from patients alone."""
    plain = text.replace("’", "'")
    for pattern, why in (*_PROMISES, *(_FRIGHTS if to_patient else ())):
        phrase = re.search(pattern, plain, re.IGNORECASE)
        if phrase:
            return f"“{phrase[0]}” {why}"
    return None


def reading_grade(text: str) -> float:
    """Return the school year that a text needs: Flesch-Kincaid, with syllables counted by groups of vowels."""
    words = re.findall(r"[A-Za-z]+(?:'[a-z]+)?", text.replace("’", "'"))
    sentences = len(re.findall(r"[.!?]+(?:\s|$)", text)) or 1
    if not words:
        return 0.0
    syllables = sum(map(_syllables, words))
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    plain = re.sub(r"(?:[^laeiouy]e|[^aeioutd]ed|[^aeioucgsxz]es)$", lambda end: end[0][0], word.casefold())
    return max(1, len(re.findall(r"[aeiouy]+", plain)))


def read_texts(card: Card, fetch: Callable[[str], bytes]) -> ModelTexts:
    """Return the texts that a card pins. `fetch`: a file's bytes by its name, of the model's folder.

    Raises ModelError for a file that is not the pinned one, or that is wrong; and what `fetch` raises.
    """
    words = knowledge = None
    if card.words_sha256:
        words = _document(card, WORDS_FILE, fetch(WORDS_FILE), card.words_sha256, kind=WordsDocument)
        _require(card, WORDS_FILE, _wrong_words(card, words))
    if card.knowledge_sha256:
        knowledge = _document(
            card, KNOWLEDGE_FILE, fetch(KNOWLEDGE_FILE), card.knowledge_sha256, kind=KnowledgeDocument
        )
        _require(card, KNOWLEDGE_FILE, _wrong_knowledge(card, knowledge))
    return ModelTexts(words, knowledge, frozenset(label.id for label in card.labels if not label.finding))


def read_texts_in(folder: Path, card: Card) -> ModelTexts:
    """Return the texts of a model in a folder. Raises ModelError."""

    def fetch(name: str) -> bytes:
        try:
            return (folder / name).read_bytes()
        except OSError:
            raise ModelError(f"{card.name}: no {name}, of which the card names the sha256") from None

    return read_texts(card, fetch)


def check_texts(folder: Path, card: Card) -> Iterator[str]:
    """Yield a line for each text file of a folder. Raises ModelError, also for one that the card does not pin."""
    for name, pin in ((WORDS_FILE, card.words_sha256), (KNOWLEDGE_FILE, card.knowledge_sha256)):
        if (folder / name).is_file() and not pin:
            key = f"{name.removesuffix('.json')}_sha256"
            text_hash = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            raise ModelError(f'{card.name}: {name} is not read until the card pins it: "{key}": "{text_hash}"')
    own = read_texts_in(folder, card)
    if own.words:
        yield f"{WORDS_FILE}: the file of the card; plain, careful words for {len(own.words.labels)} labels"
    if own.knowledge:
        count = len(own.knowledge.sources)
        yield f"{KNOWLEDGE_FILE}: the file of the card; {len(own.knowledge.labels)} labels, {count} sources"


D = TypeVar("D", bound=Block)


def _document(card: Card, name: str, content: bytes, pin: str, kind: type[D]) -> D:
    if not hmac.compare_digest(hashlib.sha256(content).hexdigest(), pin):
        raise ModelError(f"{card.name}: {name} is not the file that the card pins")
    _require(card, name, [f"it is larger than {MAX_BYTES} bytes"] if len(content) > MAX_BYTES else [])
    try:
        return kind.model_validate(json.loads(content))
    except ValidationError as error:
        problem = texts(error.errors(include_url=False, include_input=False, include_context=False))
        raise ModelError(f"{card.name}: {name} is not valid: {problem}") from None
    except (ValueError, RecursionError):
        raise ModelError(f"{card.name}: {name} is not JSON") from None


def _require(card: Card, name: str, problems: Iterable[str]) -> None:
    text = "; ".join(problems)
    if text:
        raise ModelError(f"{card.name}: {name}: {text}")


def _wrong_words(card: Card, words: WordsDocument) -> Iterator[str]:
    labels = {label.id: label for label in card.labels if label.trained}
    for label in sorted(labels.keys() - words.labels.keys()):
        yield f"no words for the label {label}"
    if phrase := forbidden(words.urgent):
        yield f"urgent: {phrase}"
    yield from _too_hard("urgent", words.urgent)
    for name, text in words.labels.items():
        if name not in labels:
            yield f"{name} is no trained label of the card"
            continue
        for field in ("title", "explanation", "step", "expert"):
            phrase = forbidden(getattr(text, field) or "", to_patient=field != "expert")
            if phrase:
                yield f"{name}, {field}: {phrase}"
        if labels[name].finding and not _HEDGE.search(text.explanation):
            yield f"{name}, explanation: says what is, not what may be; write “may”"
        yield from _too_hard(f"{name}, explanation", text.explanation)
        yield from _too_hard(f"{name}, step", text.step or "")


def _too_hard(where: str, text: str) -> Iterator[str]:
    """Yield a sentence about a text for a patient that is hard to read; one that names a disease may be."""
    sentences = [part for part in re.split(r"(?<=[.!?]) ", text) if not part.startswith("Doctors call")]
    grade = reading_grade(" ".join(sentences))
    if grade > HIGHEST_GRADE:
        yield f"{where}: reads at grade {grade:.1f}, over {HIGHEST_GRADE:.0f}; use shorter words and sentences"


def _wrong_knowledge(card: Card, knowledge: KnowledgeDocument) -> Iterator[str]:
    labels = {label.id: label for label in card.labels if label.trained}
    for name, entry in knowledge.labels.items():
        if name not in labels:
            yield f"{name} is no trained label of the card"
            continue
        if not labels[name].finding:
            yield f"{name} says that nothing was found, so nothing is suggested for it"
        elif not entry.condition.endswith(", possible"):
            yield f"{name}, condition: must end in “, possible”"
        for key in entry.sources:
            if key not in knowledge.sources:
                yield f"{name}: cites {key}, which is not among the sources"
        advices: list[KnowledgeEntry | Adjustment] = [entry, *entry.adjusted]
        for advice in advices:
            for text in (*advice.treatment, *advice.precautions, *advice.red_flags):
                if phrase := forbidden(text):
                    yield f"{name}: {phrase}"
    citations = {key for entry in knowledge.labels.values() for key in entry.sources}
    for key in sorted(knowledge.sources.keys() - citations):
        yield f"the source {key} is cited by no label"
