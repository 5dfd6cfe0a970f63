"""The knowledge files: whole, cited, without doses, shipped, and documented."""

import json
import re
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from scanward.treatment.knowledge import FOLDER, knowledge
from scanward.treatment.person import tokenise
from tests.support.sources_table import PAGE, written

ROOT = Path(__file__).resolve().parents[4]
CARDS = sorted((ROOT / "layers" / "model" / "models").glob("*/card.json"))
LABELS = [
    (card["name"], label["id"]) for file in CARDS for card in [json.loads(file.read_text())] for label in card["labels"]
]
MODELS = ("chest_xray", "chest_cancer", "brain_tumor", "kidney_stone")
DOSE = re.compile(r"\d\s*(?:mg|mcg|µg|g|ml|iu|units?|tablets?|times (?:a|per) day|/kg|gy)\b", re.IGNORECASE)


class Strict(BaseModel):
    """Nothing is allowed that nobody reads."""

    model_config = ConfigDict(extra="forbid", strict=True)


class When(Strict):
    age: Literal["child", "adult", "older"] | None = None
    sex: Literal["female", "male"] | None = None
    pregnancy: Literal[True] | None = None
    symptom: str | None = None


class Advised(Strict):
    treatment: list[str] = []
    precautions: list[str] = []
    red_flags: list[str] = []


class Adjusted(Advised):
    when: When


class Known(Strict):
    condition: str = Field(min_length=5)
    clear: Literal[True] | None = None
    treatment: list[str] = Field(min_length=1)
    precautions: list[str] = Field(min_length=1)
    red_flags: list[str] = Field(min_length=1)
    adjusted: list[Adjusted] = []
    sources: list[str] = Field(min_length=1)


class Cited(Strict):
    title: str = Field(min_length=10)
    publisher: str = Field(min_length=3)
    year: int = Field(ge=2000, le=2030)
    identifier: str = Field(min_length=3)
    url: str = Field(pattern=r"^https://\S+$")


class Urgent(Strict):
    when: When
    red_flags: list[str] = Field(min_length=1)
    sources: list[str] = Field(min_length=1)


class Symptoms(Strict):
    models: list[str]
    said: dict[str, list[str]]
    urgent: list[Urgent]


ENTRIES = {name: TypeAdapter(dict[str, Known]).validate_json((FOLDER / f"{name}.json").read_bytes()) for name in MODELS}
SOURCES = TypeAdapter(dict[str, Cited]).validate_json((FOLDER / "sources.json").read_bytes())
SYMPTOMS = Symptoms.model_validate_json((FOLDER / "symptoms.json").read_bytes())


def sentences() -> list[str]:
    """Return every sentence of advice."""
    advised: list[Advised] = [*(e for model in ENTRIES.values() for e in _parts(model))]
    own = [text for part in advised for text in (*part.treatment, *part.precautions, *part.red_flags)]
    return [*own, *(flag for urgent in SYMPTOMS.urgent for flag in urgent.red_flags)]


def _parts(model: dict[str, Known]) -> list[Advised]:
    said = ("treatment", "precautions", "red_flags")
    whole = [Advised(**{name: getattr(entry, name) for name in said}) for entry in model.values()]
    return [*whole, *(part for entry in model.values() for part in entry.adjusted)]


@pytest.mark.parametrize(("model", "label"), LABELS)
def test_every_label_of_every_shipped_model_has_an_entry_of_its_own(model: str, label: str) -> None:
    entry = knowledge().entry(label, model)
    assert entry is not None
    assert (entry.model, entry.label) == (model, label)


def test_the_files_are_those_that_are_read() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == {*MODELS, "sources", "symptoms"}
    assert SYMPTOMS.models == list(MODELS)
    assert len(knowledge().entries) == sum(len(model) for model in ENTRIES.values())


def test_every_source_is_cited_and_every_citation_is_a_source() -> None:
    cited = {key for model in ENTRIES.values() for entry in model.values() for key in entry.sources}
    cited |= {key for urgent in SYMPTOMS.urgent for key in urgent.sources}
    assert cited == set(SOURCES)


def test_an_identifier_and_its_address_are_the_same_publication() -> None:
    for source in SOURCES.values():
        name = source.identifier.removeprefix("doi:").lower()
        if source.identifier.startswith("doi:") or source.publisher == "NICE":
            assert source.url.lower().endswith(name), source


def test_every_symptom_that_advice_asks_for_can_be_told() -> None:
    asked = {a.when.symptom for model in ENTRIES.values() for e in model.values() for a in e.adjusted if a.when.symptom}
    asked |= {urgent.when.symptom for urgent in SYMPTOMS.urgent if urgent.when.symptom}
    assert asked | {"pregnancy"} == set(SYMPTOMS.said)


def test_an_adjustment_of_the_knowledge_names_its_condition_and_says_something() -> None:
    for part in (a for model in ENTRIES.values() for entry in model.values() for a in entry.adjusted):
        assert part.when.model_dump(exclude_none=True)
        assert [*part.treatment, *part.precautions, *part.red_flags]


def test_phrases_are_written_as_they_are_looked_for_and_belong_to_one_symptom() -> None:
    ways = [way for each in SYMPTOMS.said.values() for way in each]
    assert [way for way in ways if " ".join(tokenise(way)) != way] == []
    assert sorted(way for way in set(ways) if ways.count(way) > 1) == []


def test_advice_is_in_sentences() -> None:
    assert [text for text in sentences() if not (text[0].isupper() and text.endswith("."))] == []


def test_no_advice_holds_a_dose() -> None:
    assert DOSE.search("Take 500 mg two times a day.")
    assert [text for text in sentences() if DOSE.search(text)] == []


def test_no_advice_says_that_somebody_has_a_disease() -> None:
    assert [text for text in sentences() if re.search(r"\byou have\b|\byou need\b", text, re.IGNORECASE)] == []
    conditions = [entry for model in ENTRIES.values() for entry in model.values()]
    assert [e.condition for e in conditions if not (e.clear or e.condition.endswith(", possible"))] == []


def test_the_page_shows_the_sources_that_the_data_has() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page, knowledge()), "run `python tests/support/sources_table.py`"
