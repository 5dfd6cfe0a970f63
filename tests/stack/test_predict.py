"""Predictions and cards, over the gateway, by the function that the template describes."""

import json

import pytest

from tests.stack.visitor import Visitor
from tests.support.cloud import ROOT

pytestmark = pytest.mark.stack

SHIPPED = {
    path.parent.name: json.loads(path.read_text())
    for path in (ROOT / "layers" / "model" / "models").glob("*/card.json")
}
CHOOSING = sorted(name for name, card in SHIPPED.items() if card["output"]["decision"] == "one")
FILM = (ROOT / "samples" / "clear-1.png").read_bytes()
SLICES = {
    "brain_tumor": "brain-mr-meningioma-1.jpg",
    "chest_cancer": "chest-ct-adenocarcinoma-1.jpg",
    "kidney_stone": "kidney-ct-tumor-1.jpg",
}


def test_the_shipped_cards_are_shown(patient: Visitor) -> None:
    listed = patient.api.get("/models").json["data"]
    assert {model["name"]: model["sha256"] for model in listed} == {n: card["sha256"] for n, card in SHIPPED.items()}
    assert patient.api.get("/models/chest_xray").json["data"]["card"] == SHIPPED["chest_xray"]


@pytest.mark.parametrize("name", CHOOSING)
def test_a_form_is_read_while_its_sender_waits(patient: Visitor, name: str) -> None:
    slice_image = (ROOT / "samples" / "slices" / SLICES[name]).read_bytes()
    answer = patient.api.upload("/predict", {"file": ("slice.jpg", slice_image)}, {"model_type": name}).json
    titles = [label["title"] for label in SHIPPED[name]["labels"]]
    assert answer["model"] == name
    assert answer["prediction"] in titles
    assert 0 < answer["confidence"] <= 1
    assert answer["notice"].startswith("reference model trained on synthetic phantoms; not for clinical use")


@pytest.mark.parametrize("name", CHOOSING)
def test_image_that_is_no_phantom_of_the_model_is_refused_in_the_documented_shape(patient: Visitor, name: str) -> None:
    reply = patient.api.upload("/predict", {"file": ("film.png", FILM)}, {"model_type": name})
    assert reply.status == 400
    assert "reads drawings only and says nothing of this picture" in reply.json["error"]


def test_a_prediction_of_an_unreadable_image_is_refused_as_documented(patient: Visitor) -> None:
    files = {"file": ("film.png", FILM)}
    unknown = patient.api.upload("/predict/", files, {"model_type": "lung"})
    assert unknown.status == 400
    assert unknown.json["error"].startswith("Invalid model type. Choose from")
    for name in CHOOSING[:1]:
        broken = patient.api.upload("/predict", {"file": ("film.png", b"no image")}, {"model_type": name})
        assert broken.json == {"error": "Error loading image: cannot identify image file"}
