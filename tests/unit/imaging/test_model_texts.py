"""A clinic's own words and suggestions: read only as pinned; refused where they promise, frighten or are too hard."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import textstat

from imaging.errors import ModelError
from imaging.model_card import card_of
from imaging.model_check import main
from imaging.model_texts import LabelText, forbidden, read_texts_in, reading_grade
from tests.support import networks
from tests.support.cloud import ROOT

NETWORK = networks.quarters()
PACKAGED: dict[str, Any] = json.loads((ROOT / "functions" / "inference" / "words.json").read_text())["models"]
KNOWLEDGE = ROOT / "layers" / "core" / "scanward" / "treatment" / "knowledge"


def write(folder: Path, **texts: dict[str, Any]) -> Path:
    document = networks.card("quarters", NETWORK)
    files = networks.pin(document, **texts)
    home = networks.write(folder, document, NETWORK)
    for name, content in files.items():
        (home / name).write_bytes(content)
    return home


def refusal(home: Path) -> str:
    card = card_of((home / "card.json").read_bytes(), "quarters")
    with pytest.raises(ModelError) as error:
        read_texts_in(home, card)
    return error.value.message


def test_check_passes_texts_that_are_plain_careful_and_cited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(write(tmp_path, words=networks.words(), knowledge=networks.knowledge()))]) == 0
    text = capsys.readouterr().out
    assert "words.json: the file of the card; plain, careful words for 4 labels" in text
    assert "knowledge.json: the file of the card; 2 labels, 1 sources" in text


def word(label: str, field: str, text: str | None) -> Callable[[dict[str, Any]], None]:
    return lambda words: words["labels"][label].update({field: text})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (word("top_right", "explanation", "You have a bright patch, as it may be."), "“You have” says that a"),
        (word("top_right", "step", "There is no need to see a doctor."), "step: “no need to see” keeps a"),
        (word("top_right", "title", "a deadly patch"), "top_right, title: “deadly” frightens"),
        (word("top_right", "expert", "This is certainly a patch."), "top_right, expert: “certainly” is too certain"),
        (word("top_right", "explanation", "The picture shows a bright patch."), "says what is, not what may be"),
        (word("top_right", "explanation", "The opacification may demonstrate considerable pathological heterogeneity."),
         "explanation: reads at grade"),
        (word("top_right", "step", "x" * 501), "labels.top_right.step: String should have at most 500"),
        (word("top_right", "step", "See a <b>doctor</b>."), "labels.top_right.step: String should match"),
        (word("top_right", "advice", "See a doctor soon."), "advice: Extra inputs are not permitted"),
        (lambda words: words["labels"].pop("top_left"), "words.json: no words for the label top_left"),
        (lambda words: words["labels"].update(other=words["labels"]["top_left"]), "other is no trained label"),
        (lambda words: words.update(urgent="Do not worry, you are fine at home."), "urgent: “"),
    ],
)  # fmt: skip
def test_words_that_promise_frighten_or_do_not_fit_are_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    words = networks.words()
    change(words)
    assert reason in refusal(write(tmp_path, words=words))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda own: own["labels"]["bottom_left"].update(sources=[]), "sources: Tuple should have at least 1 item"),
        (lambda own: own["labels"]["bottom_left"].update(sources=["sq-2"]), "cites sq-2, which is not among"),
        (lambda own: own["sources"].update(sq2=own["sources"]["sq-1"]), "the source sq2 is cited by no label"),
        (lambda own: own["sources"]["sq-1"].pop("url"), "sources.sq-1.url: Field required"),
        (lambda own: own["sources"]["sq-1"].update(url="example"), "sources.sq-1.url: String should match"),
        (lambda own: own["labels"]["bottom_left"].update(condition="A patch"), "must end in “, possible”"),
        (lambda own: own["labels"].update(top_left=own["labels"]["bottom_left"]), "says that nothing was found"),
        (lambda own: own["labels"].update(spot=own["labels"]["bottom_left"]), "spot is no trained label"),
        (lambda own: own["labels"]["bottom_left"].update(treatment=["Take 500 mg twice a day."]), "gives a dose"),
    ],
)  # fmt: skip
def test_knowledge_that_cites_nothing_or_says_too_much_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    own = networks.knowledge()
    change(own)
    assert reason in refusal(write(tmp_path, knowledge=own))


def test_file_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    home = write(tmp_path, words=networks.words())
    (home / "words.json").write_text(json.dumps(networks.words()) + " ")
    assert "words.json is not the file that the card pins" in refusal(home)
    (home / "words.json").unlink()
    assert "no words.json, of which the card names the sha256" in refusal(home)


def test_file_that_no_card_pins_is_not_read_and_the_check_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write(tmp_path)
    (home / "knowledge.json").write_text("anything")
    card = card_of((home / "card.json").read_bytes(), "quarters")
    assert read_texts_in(home, card).knowledge is None
    assert main([str(home)]) == 1
    assert 'until the card pins it: "knowledge_sha256": "' in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "You’ve got this; you've an infection.",
        "You do not have cancer.",
        "It is 100 % sure.",
        "You don't need a doctor.",
        "There is nothing to worry about.",
        "You may die of it.",
        "This rules out a tumour.",
        "It will heal by itself.",
    ],
)
def test_promises_and_frights_are_recognised(text: str) -> None:
    assert forbidden(text)


@pytest.mark.parametrize(
    "text", ["See a doctor if you have a fever.", "A picture alone cannot prove this.", "Stay calm."]
)
def test_careful_words_are_let_through(text: str) -> None:
    assert forbidden(text) is None


def packaged_texts() -> list[str]:
    labels = [text for model in PACKAGED.values() for text in model["labels"].values()]
    fields = [text[field] for text in labels for field in ("explanation", "step")]
    return [*fields, *(model["urgent"] for model in PACKAGED.values())]


def test_packaged_words_and_knowledge_break_none_of_these_rules() -> None:
    for model in PACKAGED.values():
        for text in model["labels"].values():
            LabelText.model_validate({key: value for key, value in text.items() if key != "clear"})
    assert [text for text in packaged_texts() if forbidden(text)] == []
    for file in set(KNOWLEDGE.glob("*.json")) - {KNOWLEDGE / "sources.json", KNOWLEDGE / "symptoms.json"}:
        entries = json.loads(file.read_text()).values()
        advices = [advice for entry in entries for advice in (entry, *entry.get("adjusted", ()))]
        texts = [text for advice in advices for key in ("treatment", "precautions") for text in advice.get(key, ())]
        assert [text for text in texts if forbidden(text)] == []


def test_grade_is_about_that_of_textstat() -> None:
    hard = "Opacification obscuring the costophrenic angle demonstrates characteristics of parapneumonic effusion."
    assert reading_grade(hard) > 15
    for text in packaged_texts():
        assert reading_grade(text) == pytest.approx(textstat.flesch_kincaid_grade(text), abs=1.5), text
        assert reading_grade(text) <= 8
    assert reading_grade("") == 0


def test_examples_of_the_page_pass(tmp_path: Path) -> None:
    section = (ROOT / "docs" / "models.md").read_text().partition("## Words and suggestions of your own")[2]
    words, knowledge = [json.loads(text) for text in re.findall(r"```json\n(\{.*?)```", section, re.DOTALL)[:2]]
    labels = [{"id": label, "title": label, "operating_point": 0.4} for label in ("normal", "fracture", "x", "y")]
    labels[0]["finding"] = False
    for label in labels[2:]:
        label["trained"] = False
    document = networks.card("knee", NETWORK, labels=labels)
    files = networks.pin(document, words=words, knowledge=knowledge)
    home = networks.write(tmp_path, document, NETWORK)
    for name, content in files.items():
        (home / name).write_bytes(content)
    assert main([str(home)]) == 0
