"""What is wrong with a model is told before it is served, in plain words."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from imaging.model_check import main
from tests.support import networks
from tests.support.cloud import ROOT
from tests.support.knee import block, knee_network


@pytest.mark.parametrize(
    ("slip", "told"),
    [
        (lambda card: card.update(sha256="1" * 64), "not the file its card was written for"),
        (lambda card: card["input"].update(height=256, width=256), "another input size"),
        (lambda card: card["labels"].append({"id": "x", "title": "X", "operating_point": 0.5}), "number of scores"),
        (lambda card: card["input"].update(hight=224), "input.hight: Extra inputs are not permitted"),
        (lambda card: card.pop("labels"), "labels: Field required"),
        (lambda card: card["output"].update(kind="scores"), "scores of 0 to 1"),
        (lambda card: card.update(opset=17), "opset 18, the card says 17"),
        (lambda card: card["preprocessing"].update(short_side=100), "must not be smaller"),
    ],
    ids=["hash", "size", "labels", "typo", "missing", "probabilities", "opset", "short-side"],
)
def test_what_is_wrong_with_a_model_is_told_in_plain_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], slip: Any, told: str
) -> None:
    network = knee_network()
    card = json.loads(block(2, "json")) | {"sha256": hashlib.sha256(network).hexdigest()}
    slip(card)
    assert main([str(networks.write(tmp_path, card, network))]) == 1
    assert told in capsys.readouterr().err


def custom_operator() -> bytes:
    nodes = [helper.make_node("Look", ["image"], ["scores"], domain="clinic.example")]
    made = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("image", 1, (1, 3, 224, 224))],
        [helper.make_tensor_value_info("scores", 1, (1, 2))],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("clinic.example", 1)]
    return bytes(helper.make_model(made, opset_imports=opsets, ir_version=10).SerializeToString())


def one_by_one() -> bytes:
    """Take a batch by what it says, and no other than of one by what it does."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("Reshape", ["pooled", "shape"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights"], ["scores"], transB=1),
    ]
    fixed = {"weights": np.eye(2, 3, dtype=np.float32), "shape": np.array([1, 3], np.int64)}
    return networks.graph(nodes, fixed, ("n", 3, 224, 224), ("n", 2))


def many_scores() -> bytes:
    """Return how many there are is known when it runs."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("NonZero", ["pooled"], ["places"]),
        helper.make_node("Cast", ["places"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["numbers", "first"], ["scores"], axis=0),
    ]
    return networks.graph(nodes, {"first": np.array([0], np.int64)}, (1, 3, 224, 224), (1, "k"))


def not_finite() -> bytes:
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights"], ["scores"], transB=1),
    ]
    return networks.graph(nodes, {"weights": np.full((2, 3), np.nan, np.float32)}, (1, 3, 224, 224), (1, 2))


@pytest.mark.parametrize(
    ("network", "told"),
    [
        (custom_operator(), "needs custom operators, of clinic.example"),
        (not_finite(), "scores that are not finite"),
        (one_by_one(), "a run fails"),
        (many_scores(), "a run gives scores in another shape"),
        (b"PK\x03\x04 a zip of weights", "is not an ONNX graph"),
    ],
    ids=["custom", "nan", "batch", "scores", "zip"],
)
def test_a_graph_that_cannot_serve_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], network: bytes, told: str
) -> None:
    card = json.loads(block(2, "json")) | {"sha256": hashlib.sha256(network).hexdigest()}
    assert main([str(networks.write(tmp_path, card, network))]) == 1
    assert told in capsys.readouterr().err


def test_every_shipped_model_is_fit(capsys: pytest.CaptureFixture[str]) -> None:
    for folder in (ROOT / "layers" / "model" / "models").iterdir():
        assert main([str(folder)]) == 0, folder
        assert capsys.readouterr().out.count("✓") == 5


def test_an_image_that_is_none_is_told_apart_from_a_model_that_is_unfit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = str(ROOT / "layers" / "model" / "models" / "chest_xray")
    (tmp_path / "notes.png").write_text("no image")
    assert main([shipped, str(tmp_path / "notes.png")]) == 1
    assert main([shipped, str(tmp_path / "absent.png")]) == 1
    assert main([str(tmp_path / "absent")]) == 1
    assert main([]) == 2
    said = capsys.readouterr()
    assert said.out.count("✓") == 10
    assert "UNSUPPORTED" in said.err
    assert "absent: no card.json" in said.err
