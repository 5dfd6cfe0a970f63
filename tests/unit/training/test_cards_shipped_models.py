"""The models that are shipped: what their cards say is so."""

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imaging
from imaging.model import MODEL_FILE, load_model
from imaging.model_card import read_card
from training.cards import ABOUT, NOTICE, card_of
from training.reading import differences, read_held_out, summary
from training.samples import SLICES
from training.subjects import SUBJECTS

MODELS = Path(imaging.__file__).parent.parent / "models"
_READ_AGAIN = 160
_DEVIATIONS = 3
"""Over thirty shares are compared: at two deviations, chance alone would fail one or two of them."""


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_card_is_that_of_the_graph_beside_it(name: str) -> None:
    graph = (MODELS / name / MODEL_FILE).read_bytes()
    assert hashlib.sha256(graph).hexdigest() == read_card(MODELS / name).sha256
    assert len(graph) < 2_000_000
    assert b".py" not in graph


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_models_labels_are_those_of_its_subject(name: str) -> None:
    subject, card = SUBJECTS[name], read_card(MODELS / name)
    assert {label.id: label.title for label in card.labels} == dict(subject.titles)
    assert [label.id for label in card.labels if not label.finding] == ([subject.nothing] if subject.nothing else [])
    assert card.chooses_one == (subject.nothing is not None)
    assert list(card.document["metrics"]["labels"]) == list(subject.labels)


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_graph_answers_in_the_shapes_of_its_card(name: str) -> None:
    subject, model = SUBJECTS[name], load_model(MODELS / name, 1)
    side, labels = subject.input.height, len(subject.labels)
    image = np.zeros((1, 1, side, side), np.float32)
    scores, activation, gate = model.session.run(model.card.outputs, {"image": image})
    assert gate.shape == (1,)
    assert scores.shape == (1, labels)
    assert activation.shape == (1, labels, subject.cells, subject.cells)


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_card_says_what_training_writes(name: str) -> None:
    """All but what is measured: the graph, the numbers and the gate."""
    document = dict(read_card(MODELS / name).document)
    written = card_of(
        SUBJECTS[name],
        document["sha256"],
        temperature=document["calibration"]["temperature"],
        points=[label["operating_point"] for label in document["labels"]],
        gate=document["gate"],
        training={key: document["training_data"][key] for key in list(document["training_data"])[2:]},
    )
    for measured in ("metrics", "gate_metrics", "gate_training"):
        del document[measured]
    assert written == document
    assert written["limits"][0] == written["notice"] == NOTICE
    assert ABOUT[name].all_limits[1].startswith("It reads drawings alone. It has never seen a patient's image")


@pytest.mark.parametrize("name", SLICES)
def test_the_card_is_honest_about_errors(name: str) -> None:
    """A drawn tumour that is never missed would tell of drawings that are too easy."""
    measured = read_card(MODELS / name).document["metrics"]
    value, low, high = measured["accuracy"]
    assert 0.85 < low <= value <= high < 1
    counts = [count for row in measured["drawn_and_chosen"].values() for count in row.values()]
    assert sum(counts) == measured["slices"] == 1000


@pytest.mark.parametrize("name", SUBJECTS)
def test_held_out_phantoms_are_read_again_as_the_card_says(name: str) -> None:
    """Each share lies where chance leaves it; no AUROC lies below its interval."""
    subject, card = SUBJECTS[name], read_card(MODELS / name)
    reading = read_held_out(MODELS / name, subject, card.document["training_data"]["seed"], _READ_AGAIN)
    measured, stated = summary(reading, subject, card.temperature), card.document["metrics"]
    if "accuracy" in stated:
        assert likely(measured["accuracy"][0], stated["accuracy"][0], _READ_AGAIN)
    for label, here in measured["labels"].items():
        there = stated["labels"][label]
        for share in ("sensitivity", "specificity"):
            count = here[subject.unit] if share == "sensitivity" else _READ_AGAIN - here[subject.unit]
            assert likely(here[share][0], there[share][0], count), (label, share)
        assert ("pointing" in here) == ("pointing" in there) == (label in subject.findings)
        if label in subject.findings:
            seen = int(np.isfinite(reading.hits[:, subject.labels.index(label)]).sum())
            assert likely(here["pointing"][0], there["pointing"][0], seen), (label, "pointing")
        assert here["auroc"][2] >= there["auroc"][1], label


def test_two_summaries_differ_by_what_either_lacks_or_is_no_number() -> None:
    nodule = {"auroc": [0.9, 0.8, 0.99]}
    card: dict[str, Any] = {"films": 9, "error": 0.01, "labels": {"nodule": nodule}}
    assert differences(card, card) == []
    assert differences({**card, "films": 10, "error": 0.019}, card) == []
    for spoilt in (
        {**card, "films": 11},
        {**card, "error": 0.03},
        {**card, "error": float("nan")},
        {**card, "labels": {"nodule": {"auroc": [float("nan")] * 3}}},
        {**card, "labels": {"nodule": {"auroc": [0.9, 0.8]}}},
        {**card, "labels": {}},
        {**card, "labels": {"nodule": nodule, "effusion": nodule}},
        {**card, "accuracy": [0.999, 0.99, 1]},
    ):
        assert len(differences(spoilt, card)) == len(differences(card, spoilt)) == 1, spoilt


def test_a_reading_that_is_worse_than_the_card_says_is_not_likely() -> None:
    assert likely(0.93, 0.95, 100)
    assert likely(1.0, 0.95, 25)
    assert not likely(0.86, 0.95, 100)
    assert not likely(0.72, 0.95, 25)


def likely(share: float, stated: float, count: int) -> bool:
    """Tell whether `count` images may have this share, give or take one, if of all images it is the stated one."""
    return abs(share - stated) * count <= _DEVIATIONS * math.sqrt(count * stated * (1 - stated)) + 1
