"""An activation that is added to a graph: exactly its score, on what it finds, or a plain refusal."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from imaging.model import load_model
from imaging.model_check import check
from tests.support import networks, shapes
from tests.support.cloud import ROOT
from training.explain import ExplanationRefused, explain, main
from training.files import draw_weights

node = helper.make_node
AXES = {"rows": np.array([2, 3], np.int64), "last": np.array([-2, -3], np.int64), "shape": np.array([-1, 32], np.int64)}
TURN = node("Transpose", ["features"], ["turned"], perm=[0, 2, 3, 1])
GEMM = node("Gemm", ["flat", "weights", "bias"], ["scores"], transB=1)


def constants() -> dict[str, Any]:
    weights, bias = shapes.fitted_layer()
    turned = {"turned_weights": weights.T.copy(), "half": weights / 2, "kernel": weights[:, :, None, None]}
    return {"weights": weights, "bias": bias, "double": 2 * bias, **turned, **AXES}


ENDINGS: dict[str, list[Any]] = {
    "pool and gemm": [*shapes.POOL, GEMM],
    "mean without dimensions": [node("ReduceMean", ["features", "rows"], ["flat"], keepdims=0), GEMM],
    "mean and reshape": [
        node("ReduceMean", ["features", "rows"], ["mean"]),
        node("Reshape", ["mean", "shape"], ["flat"]),
        GEMM,
    ],
    "channels last": [TURN, node("ReduceMean", ["turned", "last"], ["flat"], keepdims=0), GEMM],
    "mean of a window as large as the map": [
        node("AveragePool", ["features"], ["mean"], kernel_shape=[14, 14]),
        node("Flatten", ["mean"], ["flat"]),
        GEMM,
    ],
    "factors of the layer": [
        *shapes.POOL,
        node("Gemm", ["flat", "half", "double"], ["scores"], alpha=2.0, beta=0.5, transB=1),
    ],
    "product and sum": [
        *shapes.POOL,
        node("MatMul", ["flat", "turned_weights"], ["product"]),
        node("Add", ["bias", "product"], ["scores"]),
    ],
    "weights that are turned in the graph": [
        *shapes.POOL,
        node("Transpose", ["weights"], ["other"], perm=[1, 0]),
        node("MatMul", ["flat", "other"], ["product"]),
        node("Add", ["product", "bias"], ["scores"]),
    ],
    "convolution of the mean": [
        shapes.POOL[0],
        node("Conv", ["mean", "kernel", "bias"], ["row"]),
        node("Flatten", ["row"], ["scores"]),
    ],
    "convolution, then the mean": [
        node("Conv", ["features", "kernel", "bias"], ["maps"]),
        node("GlobalAveragePool", ["maps"], ["mean"]),
        node("Flatten", ["mean"], ["scores"]),
    ],
    "dropout": [
        *shapes.POOL,
        node("Dropout", ["flat"], ["rest"]),
        node("Gemm", ["rest", "weights", "bias"], ["scores"], transB=1),
    ],
    "name that is taken": [
        *shapes.POOL,
        node("Gemm", ["flat", "weights", "bias"], ["activation"], transB=1),
        node("Identity", ["activation"], ["scores"]),
    ],
}


def save(folder: Path, nodes: list[Any], used: dict[str, Any] | None = None, **changes: Any) -> Path:
    """Write a model of the backbone and `nodes`."""
    known = constants() | (used or {})
    needed = {name for one in nodes for name in one.input}
    graph = shapes.pooled(nodes, {name: value for name, value in known.items() if name in needed})
    return networks.write(folder, shapes.card(graph, **changes), graph)


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_map_has_the_score_as_its_mean(tmp_path: Path, ending: list[Any]) -> None:
    folder = save(tmp_path / "old", ending)
    explanation = explain(folder, tmp_path / "new" / "shapes")
    before, after = load_model(folder, 1), load_model(tmp_path / "new" / "shapes", 1)
    images = np.stack([shapes.prepare_pixels(shapes.draw(kind, 3)[0]) for kind in range(3)])[:, None]
    [scores] = before.run(images)
    same_scores, activation = after.run(images)
    assert explanation.grid == activation.shape[2:] == (14, 14)
    assert np.abs(same_scores - scores).max() < 1e-5
    assert np.abs(activation.mean(axis=(2, 3)) - scores).max() < 1e-4
    assert np.ptp(scores) > 1


@pytest.mark.parametrize("end", ["Sigmoid", "Softmax"])
def test_map_of_a_network_that_gives_final_scores_is_of_its_logits(tmp_path: Path, end: str) -> None:
    layer = node("Gemm", ["flat", "weights", "bias"], ["logits"], transB=1)
    folder = save(tmp_path / "old", [*shapes.POOL, layer, node(end, ["logits"], ["scores"])], output={"kind": "scores"})
    explain(folder, tmp_path / "new" / "shapes")
    after = load_model(tmp_path / "new" / "shapes", 1)
    scores, activation = after.run(shapes.prepare_pixels(shapes.draw(1, 3)[0])[None, None])
    logits = activation.mean(axis=(2, 3))
    powers = np.exp(logits)
    expected = powers / powers.sum() if end == "Softmax" else 1 / (1 + 1 / powers)
    assert scores == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("last", [False, True])
def test_hottest_pixel_of_the_map_lies_on_the_shape_in_nine_of_ten(tmp_path: Path, last: bool) -> None:
    graph = shapes.network(last=last)
    layout = {"layout": "NHWC" if last else "NCHW"}
    explain(networks.write(tmp_path, shapes.card(graph, **layout), graph))
    model = load_model(tmp_path / "explained" / "shapes", 1)
    counts = [shapes.count_hits(model, range(40)) for _ in range(2)]
    assert counts[0] == counts[1]
    hits, reads = counts[0]
    assert reads >= 36
    assert hits >= 0.9 * reads


def test_new_version_passes_the_check_and_says_what_it_was_made_of(tmp_path: Path) -> None:
    graph = shapes.network()
    old = shapes.card(graph, output={"occlusion_runs": 100}, metrics={"auroc": 0.9})
    explain(networks.write(tmp_path, old, graph))
    new = tmp_path / "explained" / "shapes"
    assert len(list(check(new))) == 5
    card = json.loads((new / "card.json").read_text())
    assert card["version"] == "1.0.0+cam"
    assert card["explanation"] == {"of": "1.0.0", "of_sha256": old["sha256"]}
    assert card["output"] == {"scores": "scores", "decision": "one", "activation": "activation", "grid": [14, 14]}
    assert card["sha256"] != old["sha256"]
    changes = {"version", "sha256", "output", "explanation"}
    assert {key: value for key, value in card.items() if key not in changes} == {
        key: value for key, value in old.items() if key not in changes
    }
    assert {one.name for one in new.iterdir()} == {"card.json", "model.onnx"}
    assert [one.name for one in new.parent.iterdir()] == ["shapes"]


def test_words_and_knowledge_of_the_clinic_go_along(tmp_path: Path) -> None:
    graph = shapes.network()
    folder = networks.write(tmp_path, shapes.card(graph), graph)
    for name in ("words.json", "knowledge.json"):
        (folder / name).write_text(name)
    explain(folder)
    new = tmp_path / "explained" / "shapes"
    assert {name: (new / name).read_text() for name in ("words.json", "knowledge.json")} == {
        name: name for name in ("words.json", "knowledge.json")
    }


def test_version_that_has_a_suffix_gets_another(tmp_path: Path) -> None:
    folder = save(tmp_path, ENDINGS["pool and gemm"], version="2.1.0+site3")
    assert explain(folder).version == "2.1.0+site3.cam"


RELU = node("Relu", ["flat"], ["hidden"])
TWO = {"square": np.eye(32, dtype=np.float32)}
REFUSALS: dict[str, tuple[list[Any], str]] = {
    "two layers": (
        [
            *shapes.POOL,
            node("Gemm", ["flat", "square"], ["hidden_1"]),
            node("Relu", ["hidden_1"], ["hidden"]),
            node("Gemm", ["hidden", "weights"], ["scores"], transB=1),
        ],
        "two linear layers",
    ),
    "two layers without anything between": (
        [
            *shapes.POOL,
            node("Gemm", ["flat", "square"], ["hidden"]),
            node("Gemm", ["hidden", "weights"], ["scores"], transB=1),
        ],
        "two linear layers",
    ),
    "something before the layer": (
        [*shapes.POOL, RELU, node("Gemm", ["hidden", "weights"], ["scores"], transB=1)],
        "Relu stands before its last layer",
    ),
    "something behind the layer": (
        [*shapes.POOL, node("Gemm", ["flat", "weights"], ["row"], transB=1), node("Tanh", ["row"], ["scores"])],
        "its scores come from Tanh",
    ),
    "no pooling": (
        [node("Flatten", ["features"], ["flat"]), node("Gemm", ["flat", "wide"], ["scores"])],
        "no global average pooling before its last layer, but Relu",
    ),
    "maximum": (
        [node("GlobalMaxPool", ["features"], ["mean"]), shapes.POOL[1], GEMM],
        "pools by the maximum",
    ),
    "smaller windows": (
        [
            node("AveragePool", ["features"], ["small"], kernel_shape=[8, 8], strides=[8, 8]),
            node("Flatten", ["small"], ["flat"]),
            GEMM,
        ],
        "does not take the mean of whole maps",
    ),
    "single cell": (
        [
            node("MaxPool", ["features"], ["cell"], kernel_shape=[14, 14]),
            node("GlobalAveragePool", ["cell"], ["mean"]),
            shapes.POOL[1],
            GEMM,
        ],
        "a single cell",
    ),
    "mean over channels": (
        [
            node("ReduceMean", ["features", "channels"], ["mean"]),
            node("Flatten", ["mean"], ["flat"]),
            node("Gemm", ["flat", "plane"], ["scores"]),
        ],
        "no global average pooling",
    ),
    "weights that the image makes": (
        [
            *shapes.POOL,
            node("Gemm", ["flat", "flat"], ["square_"], transA=1),
            node("Slice", ["square_", "zero", "three"], ["made"]),
            node("Gemm", ["flat", "made"], ["scores"], transB=1),
        ],
        "are not constants",
    ),
    "integers": (
        [
            *shapes.POOL,
            GEMM_INTO := node("Gemm", ["flat", "weights", "bias"], ["row"], transB=1),
            node("QuantizeLinear", ["row", "scale"], ["small"]),
            node("DequantizeLinear", ["small", "scale"], ["scores"]),
        ],
        "explain it before it is quantised",
    ),
    "weights in integers": (
        [
            *shapes.POOL,
            node("DequantizeLinear", ["bytes", "scale"], ["wide_"]),
            node("Gemm", ["flat", "wide_"], ["scores"], transB=1),
        ],
        "explain it before it is quantised",
    ),
    "vast weights that cancel out, to the last digit that a float has": (
        [
            node("Concat", ["features", "features"], ["twice"], axis=1),
            node("GlobalAveragePool", ["twice"], ["mean"]),
            shapes.POOL[1],
            node("Gemm", ["flat", "vast"], ["scores"], transB=1),
        ],
        "off on noise",
    ),
    "not finite": (
        [*shapes.POOL, node("Gemm", ["flat", "wild"], ["scores"], transB=1)],
        "not finite",
    ),
    "sigmoid that the card denies": (
        [*shapes.POOL, GEMM_INTO, node("Sigmoid", ["row"], ["scores"])],
        "its card says that it gives logits, but the graph ends in a Sigmoid",
    ),
}
VAST = np.random.default_rng(2).normal(0, 1e7, (3, 32)).astype(np.float32)
USED = TWO | {
    "wide": np.zeros((32 * 196, 3), np.float32),
    "channels": np.array([1], np.int64),
    "plane": np.zeros((196, 3), np.float32),
    "zero": np.array([0], np.int64),
    "three": np.array([3], np.int64),
    "scale": np.float32(0.5),
    "vast": np.hstack([VAST, -VAST]),
    "wild": np.full((3, 32), np.inf, np.float32),
    "bytes": np.ones((3, 32), np.int8),
}


@pytest.mark.parametrize(("ending", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_graph_that_cannot_be_taken_apart_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: list[Any], reason: str
) -> None:
    folder = save(tmp_path / "old", ending, USED)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert main([str(folder)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("✗ ")
    assert reason in line
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["shapes"]


def test_graph_that_a_runtime_optimised_is_refused(tmp_path: Path) -> None:
    session = onnx.load_from_string(shapes.network())
    session.graph.node[-1].op_type, session.graph.node[-1].domain = "FusedGemm", "com.microsoft"
    session.graph.node[-1].attribute.append(helper.make_attribute("activation", "Relu"))
    session.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    graph = session.SerializeToString()
    with pytest.raises(ExplanationRefused, match=r"FusedGemm of com\.microsoft"):
        explain(networks.write(tmp_path, shapes.card(graph), graph))
    assert [path.name for path in tmp_path.iterdir()] == ["shapes"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": "1.0.0-of-a-clinic-with-a-name"}, "longer than 32 characters"),
        ({"sha256": "1" * 64}, "not the file its card was written for"),
        ({"output": {"kind": "scores"}}, "ends in neither Sigmoid nor Softmax"),
    ],
)
def test_card_that_allows_no_new_version_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], reason: str
) -> None:
    graph = shapes.network()
    document = shapes.card(graph)
    for key, value in changes.items():
        document[key] = document[key] | value if isinstance(value, dict) else value
    assert main([str(networks.write(tmp_path, document, graph))]) == 1
    assert reason in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["shapes"]


def test_activation_that_is_there_is_not_added_again(tmp_path: Path) -> None:
    with pytest.raises(ExplanationRefused, match="names an activation already"):
        explain(ROOT / "layers" / "model" / "models" / "chest_xray", tmp_path / "chest_xray")
    assert not list(tmp_path.iterdir())


def test_explanation_writes_over_nothing(tmp_path: Path) -> None:
    folder = save(tmp_path, ENDINGS["pool and gemm"])
    explain(folder)
    for out, reason in ((folder, "there already"), (None, "there already"), (tmp_path / "other", "the model's name")):
        with pytest.raises(ExplanationRefused, match=reason):
            explain(folder, out)
    assert {path.name for path in tmp_path.iterdir()} == {"shapes", "explained"}


def test_a_densenet_as_pytorch_exports_it_gets_its_map(tmp_path: Path) -> None:
    proto = onnx.load(ROOT / "tests" / "data" / "torchxrayvision" / "graph.onnx")
    for one in proto.graph.initializer:
        if not one.HasField("raw_data") and one.name.startswith(("features.", "classifier.")):
            values = draw_weights(11, one.name, tuple(one.dims))
            if "running" in one.name:
                values = np.full_like(values, one.name.endswith("var"))
            one.CopyFrom(numpy_helper.from_array(values, one.name))
    graph = proto.SerializeToString(deterministic=True)
    document = networks.card(
        "densenet",
        graph,
        input={"height": 224, "width": 224, "range": [-1024, 1024]},
        output={"scores": "logits", "decision": "each"},
    )
    document["labels"] = [{"id": f"label_{i}", "title": str(i), "operating_point": 0.5} for i in range(18)]
    explanation = explain(networks.write(tmp_path, document, graph))
    assert explanation.grid == (7, 7)
