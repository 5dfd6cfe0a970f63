"""What is wrong with a model is told before it is served, in plain words."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from imaging.bounds import FUNCTION_MB, MODEL_MB
from imaging.model import load_model
from imaging.model_check import _describe_occlusion, check, main
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
        (lambda card: card["output"].update(occlusion_runs=0), "output.occlusion_runs: Input should be greater than 0"),
        (lambda card: card["output"].update(occlusion_runs=90, activation="map"), "without an `activation`"),
    ],
    ids=["hash", "size", "labels", "typo", "missing", "probabilities", "opset", "short-side", "runs", "both"],
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


def graph_of(nodes: list[Any], inputs: dict[str, tuple[Any, ...]], given: tuple[Any, ...]) -> bytes:
    made = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, given)],
    )
    return bytes(
        helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString()
    )


IMAGE = (1, 3, 224, 224)


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (
            graph_of([helper.make_node("Sigmoid", ["image"], ["scores"])], {"image": IMAGE}, IMAGE),
            "scores is a mask or a map, a value for each place",
        ),
        (
            graph_of(
                [helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
                 helper.make_node("Flatten", ["pooled"], ["scores"])],
                {"image": (1, 3, 16, 224, 224)}, (1, 3),
            ),
            "takes volumes (3-D); it is given single images",
        ),
        (
            graph_of(
                [helper.make_node("Add", ["image", "age"], ["both"]),
                 helper.make_node("GlobalAveragePool", ["both"], ["pooled"]),
                 helper.make_node("Flatten", ["pooled"], ["scores"])],
                {"image": IMAGE, "age": (1, 1, 1, 1)}, (1, 3),
            ),
            "the graph has 2 inputs (image, age); it is given one image",
        ),
    ],
    ids=["mask", "volume", "inputs"],
)  # fmt: skip
def test_network_that_is_no_classifier_of_single_images_is_named_as_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], network: bytes, words: str
) -> None:
    card = json.loads(block(2, "json")) | {"sha256": hashlib.sha256(network).hexdigest()}
    assert main([str(networks.write(tmp_path, card, network))]) == 1
    assert words in capsys.readouterr().err


def test_network_that_gives_an_age_is_refused_as_a_regression(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights"], ["scores"], transB=1),
    ]
    network = networks.graph(nodes, {"weights": np.full((1, 1), 240, np.float32)}, (1, 1, 32, 32), (1, 1))
    labels = [{"id": "age", "title": "Age in months", "operating_point": 0.5}]
    card = networks.card("bone_age", network, output={"decision": "each"}, labels=labels)
    assert main([str(networks.write(tmp_path, card, network))]) == 1
    assert "such as an age or a size (regression), are not served" in capsys.readouterr().err


def test_network_that_takes_more_memory_than_a_function_has_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Expand", ["flat", "wide"], ["huge"]),
        helper.make_node("ReduceMean", ["huge", "axes"], ["mean"], keepdims=1),
        helper.make_node("Gemm", ["mean", "weights"], ["scores"], transB=1),
    ]
    fixed = {
        "wide": np.array([1, (MODEL_MB + 20) << 18], np.int64),
        "axes": np.array([1], np.int64),
        "weights": np.ones((4, 1), np.float32),
    }
    network = networks.graph(nodes, fixed, (1, 1, 32, 32), (1, 4))
    assert main([str(networks.write(tmp_path, networks.card("huge", network), network))]) == 1
    assert f"of a function's {FUNCTION_MB} MB {MODEL_MB} are left for a model" in capsys.readouterr().err


def test_graph_that_no_function_could_hold_is_refused_unread(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = networks.write(tmp_path, networks.card("huge", b""), b"")
    with (home / "model.onnx").open("wb") as file:
        file.truncate((MODEL_MB + 1) << 20)
    assert main([str(home)]) == 1
    assert f"model.onnx has {MODEL_MB + 1} MB; a function can hold {MODEL_MB} MB of model" in capsys.readouterr().err


def test_memory_that_the_check_counts_with_is_that_of_the_functions() -> None:
    template = (ROOT / "template.yaml").read_text()
    for function in ("InferenceFunction", "PredictFunction"):
        properties = template.partition(f"\n  {function}:")[2]
        size = re.search(r"MemorySize: (\d+)", properties)
        assert size
        assert int(size[1]) == FUNCTION_MB


def test_size_and_memory_of_a_fit_model_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(ROOT / "layers" / "model" / "models" / "chest_xray")]) == 0
    text = capsys.readouterr().out
    assert re.search(r"the file of the card, 1\.5 MB, opset", text)
    memory = re.search(r"on one thread, (\d+) MB of memory", text)
    assert memory
    assert 1 <= int(memory[1]) < 100


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


def test_model_beside_it_that_accepts_the_same_is_named(tmp_path: Path) -> None:
    network = networks.quarters()
    one, _ = (networks.write(tmp_path, networks.card(name, network), network) for name in ("one", "other"))
    assert [line for line in check(one) if line.startswith("mind")] == [
        "mind other: it accepts the same studies, so that neither of the two would read them"
    ]


@pytest.mark.parametrize(
    ("runs", "milliseconds", "remark"),
    [
        (None, 10.0, "; heat takes 336 runs, 3.4 s"),
        (60, 10.0, "; heat takes 60 runs, 0.6 s"),
        (300, 150.0, "; too slow for heat by 300 runs: let `output.occlusion_runs` be 200 at most"),
        (48, 10.0, "; too large for heat, unless `output.occlusion_runs` says that it may have 49 runs or more"),
        (49, 900.0, "; too slow for heat by occlusion"),
    ],
)
def test_check_says_what_heat_by_occlusion_costs(
    tmp_path: Path, runs: int | None, milliseconds: float, remark: str
) -> None:
    network = networks.quarters()
    output = {} if runs is None else {"occlusion_runs": runs}
    loaded = load_model(networks.write(tmp_path, networks.card("net", network, output=output), network), 1)
    assert _describe_occlusion(loaded, milliseconds) == remark


def test_check_tells_how_long_heat_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = networks.quarters()
    assert main([str(networks.write(tmp_path, networks.card("net", network), network))]) == 0
    assert "heat takes 336 runs" in capsys.readouterr().out
