"""Models load only if they are what their cards say."""

import hashlib
import json
import shutil
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.errors import ModelError
from imaging.image import ImageFacts
from imaging.model import MODEL_FILE, catalogue, load_model, threads_for
from imaging.model_card import CARD_FILE, read_card
from imaging.model_selection import select_model
from imaging.onnx_graph import read_graph
from training.documentation import table

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def copy(models: Path, tmp_path: Path) -> Path:
    """Provide a copy of the chest model to spoil."""
    return shutil.copytree(models / "chest_xray", tmp_path / "chest_xray")


def likeness(**changes: Any) -> dict[str, Any]:
    """Return what a gate may be compared with, spoilt."""
    return {"grid": 4, "mean": [0.0] * 16, "spread": [1.0] * 16, "limit": 1.0, **changes}


def edit_card(folder: Path, edit: Edit) -> None:
    document = json.loads((folder / CARD_FILE).read_text())
    edit(document)
    (folder / CARD_FILE).write_text(json.dumps(document))


def replace_graph(folder: Path, graph: bytes) -> None:
    """Put another graph in, and make the card vouch for it."""
    (folder / MODEL_FILE).write_bytes(graph)
    edit_card(folder, lambda card: card.update(sha256=hashlib.sha256(graph).hexdigest()))


def test_four_models_are_shipped(models: Path) -> None:
    assert sorted(catalogue(models)) == ["brain_tumor", "chest_cancer", "chest_xray", "kidney_stone"]


def test_the_card_tells_people_what_the_model_is(models: Path) -> None:
    card = read_card(models / "chest_xray")
    assert card.notice == "reference model trained on synthetic phantoms; not for clinical use"
    assert card.document["licence"] == "Apache-2.0"
    assert {"training_data", "metrics", "intended_use", "limits", "calibration", "opset"} <= set(card.document)
    assert [label.id for label in card.labels] == list(card.document["metrics"]["labels"])


def test_the_documentation_states_the_cards_numbers(models: Path) -> None:
    page = models.parent.parent.parent / "docs" / "models.md"
    assert table(models / "chest_xray") in page.read_text()


def test_the_shipped_graph_is_small_and_names_no_source_file(models: Path) -> None:
    graph = (models / "chest_xray" / MODEL_FILE).read_bytes()
    assert len(graph) < 2_000_000
    assert b".py" not in graph


def test_one_flipped_bit_in_the_graph_refuses_to_load(copy: Path) -> None:
    graph = bytearray((copy / MODEL_FILE).read_bytes())
    graph[len(graph) // 2] ^= 1
    (copy / MODEL_FILE).write_bytes(graph)
    with pytest.raises(ModelError, match="not the file its card was written for"):
        load_model(copy, 1)


def test_a_missing_file_refuses_to_load(copy: Path) -> None:
    (copy / MODEL_FILE).unlink()
    with pytest.raises(ModelError, match=r"no model\.onnx"):
        load_model(copy, 1)
    (copy / CARD_FILE).unlink()
    with pytest.raises(ModelError, match=r"no card\.json"):
        load_model(copy, 1)


@pytest.mark.parametrize("graph", [b"", b"not a graph", b"\x08\x09", b"\xff" * 50])
def test_a_file_that_is_no_graph_refuses_to_load(copy: Path, graph: bytes) -> None:
    replace_graph(copy, graph)
    with pytest.raises(ModelError):
        load_model(copy, 1)


def field(number: int, body: bytes) -> bytes:
    """Return a length-delimited protobuf field (of up to 127 bytes)."""
    return bytes([number << 3 | 2, len(body)]) + body


@pytest.mark.parametrize(
    "tensor", [field(13, field(1, b"location") + field(2, b"../weights")), b"\x70\x01"], ids=["place", "flag"]
)
def test_weights_outside_the_file_refuse_to_load(copy: Path, tensor: bytes) -> None:
    initialiser = field(7, field(5, tensor))
    constant = field(7, field(1, field(5, field(5, tensor))))
    branch = field(7, field(1, field(5, field(6, field(5, tensor)))))
    for added in (initialiser, constant, branch):
        assert read_graph(added).external_data
        replace_graph(copy, (copy / MODEL_FILE).read_bytes() + added)
        with pytest.raises(ModelError, match="keeps weights outside the file"):
            load_model(copy, 1)


@pytest.mark.parametrize("key", [b"\xaa\x00", b"\xaa\x80\x80\x00", b"\xaa\x80\x80\x80\x10"])
def test_a_key_that_is_written_so_that_it_is_not_seen_refuses_to_load(copy: Path, key: bytes) -> None:
    tensor = field(13, field(1, b"location") + field(2, b"../weights"))
    attribute = key + bytes([len(tensor)]) + tensor
    added = field(7, field(1, field(5, attribute)))
    replace_graph(copy, (copy / MODEL_FILE).read_bytes() + added)
    with pytest.raises(ModelError, match="not an ONNX graph"):
        load_model(copy, 1)


def halves(number: float) -> str:
    """Return one direction of the chest model's grid, all noughts but one."""
    return b64encode(np.array([number, *[0.0] * 143], "<f2").tobytes()).decode()


@pytest.mark.parametrize(
    "edit",
    [
        lambda card: card.pop("labels"),
        lambda card: card.update(labels=[]),
        lambda card: card["labels"].append(card["labels"][0]),
        lambda card: card["labels"].pop(),
        lambda card: card["labels"][0].update(operating_point=1.5),
        lambda card: card["labels"][0].update(operating_point=float("nan")),
        lambda card: card["calibration"].update(temperature=0),
        lambda card: card["input"].update(height=225),
        lambda card: card["input"].update(channels=3),
        lambda card: card["input"].update(height=2049),
        lambda card: card["input"].update(width=10**7),
        lambda card: card["input"].update(range=5),
        lambda card: card["input"].update(node="pixels"),
        lambda card: card["output"].update(scores="probabilities"),
        lambda card: card["preprocessing"].update(resize="squeeze"),
        lambda card: card["preprocessing"].update(resise="pad"),
        lambda card: card["preprocessing"].update(values="units"),
        lambda card: card["preprocessing"].update(resize="short-side-crop"),
        lambda card: card["preprocessing"].update(resize="short-side-crop", short_side=100),
        lambda card: card["preprocessing"].update(resize="short-side-crop", short_side=2049),
        lambda card: card["preprocessing"].update(mean=[0.5]),
        lambda card: card["preprocessing"].update(mean=[0.5, 0.5], std=[1, 1]),
        lambda card: card["preprocessing"].update(bit_depth="8"),
        lambda card: card["input"].update(layout="NHWC"),
        lambda card: card["input"].update(range=[0, 0]),
        lambda card: card["output"].update(decision="both"),
        lambda card: card["output"].update(kind="scores"),
        lambda card: card["output"].update(activation="scores"),
        lambda card: card["output"].update(grid=[7, 7]),
        lambda card: card["labels"][0].update(finding=False),
        lambda card: [label.update(trained=False) for label in card["labels"]],
        lambda card: card["gate"].update(refuse=["UGLY"]),
        lambda card: card["gate"]["drawing"].update(node="absent"),
        lambda card: card["gate"]["drawing"].update(node="activation"),
        lambda card: card["gate"]["drawing"].update(limit=float("inf")),
        lambda card: card["accepts"].update(ages=[60, 16]),
        lambda card: card["accepts"].update(planes=["OBLIQUE"]),
        lambda card: card["accepts"].update(required=["view"]),
        lambda card: card.update(reference="yes, it is"),
        lambda card: card["gate"].update(familiar=likeness(grid=11)),
        lambda card: card["gate"].update(familiar=likeness(axes="AAAA")),
        lambda card: card["gate"].update(familiar=likeness(axes="no base64")),
        lambda card: card["gate"].update(familiar=likeness(axes=halves(float("nan")))),
        lambda card: card["gate"].update(familiar=likeness(axes=halves(float("-inf")))),
        lambda card: card.update(name="another"),
        lambda card: card.update(opset=17),
        lambda card: card.update(limits=[float("inf")]),
        lambda card: card.update(sha256=""),
    ],
)
def test_a_card_that_lies_refuses_to_load(copy: Path, edit: Edit) -> None:
    edit_card(copy, edit)
    with pytest.raises(ModelError):
        load_model(copy, 1)


def test_a_number_beyond_all_bounds_in_what_people_are_shown_refuses_to_load(copy: Path) -> None:
    text = (copy / CARD_FILE).read_text()
    (copy / CARD_FILE).write_text(text.replace('"seed": 7', '"seed": 7e999'))
    assert (copy / CARD_FILE).read_text() != text
    with pytest.raises(ModelError, match="is not JSON"):
        load_model(copy, 1)


def test_a_card_that_is_no_json_object_refuses_to_load(copy: Path) -> None:
    for text in ("", "[]", "null", "{"):
        (copy / CARD_FILE).write_text(text)
        with pytest.raises(ModelError):
            load_model(copy, 1)


def test_threads_follow_the_memory_size() -> None:
    assert [threads_for(mb) for mb in (128, 1769, 3008, 3538, 10_240)] == [1, 1, 1, 2, 5]


@pytest.mark.parametrize(
    ("modality", "body_part", "expected"),
    [
        (None, None, True),
        ("DX", "CHEST", True),
        ("CR", None, True),
        ("DX", "HAND", False),
        ("MR", "BRAIN", False),
        ("MR", None, False),
        ("CT", "CHEST", False),
    ],
)
def test_a_chest_model_reads_chest_films_only(
    models: Path, modality: str | None, body_part: str | None, expected: bool
) -> None:
    facts = ImageFacts("DICOM", 100, 100, 12, modality=modality, body_part=body_part)
    accepts = {"chest_xray": read_card(models / "chest_xray").accepts}
    assert (select_model(accepts, facts, model="chest_xray") is not None) is expected
