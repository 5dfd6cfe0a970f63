"""A model with heat of its own, as a new version of it: `python -m training.explain DIR [OUT]`.

A network that ends in global average pooling and one linear layer scores the mean of its cells. The same layer on each
cell gives a map whose mean is the score: the class activation map of Zhou et al., "Learning Deep Features for
Discriminative Localization", 2016. It is added to the graph; nothing is trained, and the scores stay.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from imaging.errors import ModelError
from imaging.image import ImageFacts, Picture
from imaging.model import MODEL_FILE, Model, load_model, model_of
from imaging.model_card import CARD_FILE, Card, card_of
from imaging.model_texts import KNOWLEDGE_FILE, WORDS_FILE
from imaging.preprocess import prepare

Tensor = NDArray[np.float32]

_PASSING = frozenset({"Identity", "Dropout", "Flatten", "Reshape", "Squeeze", "Unsqueeze"})
"""Operators that change no number, nor the order of channels where there is one cell."""
_SQUASHING = frozenset({"Sigmoid", "Softmax"})
_TOLERANCE = 1e-4
_LONGEST_VERSION = 32


class ExplanationRefused(Exception):
    """What was asked for cannot be done; the message says why."""


@dataclass(frozen=True)
class Explanation:
    """What was added to a graph."""

    folder: Path
    version: str
    grid: tuple[int, int]
    largest_difference: float
    """Between the mean of a map and the score that it stands for, in logits, on noise."""


@dataclass(frozen=True, eq=False)
class _Ending:
    """How a graph comes from its feature maps to its scores: `logits` = weights · mean of `features` + bias."""

    features: str
    channels_last: bool
    kernel: tuple[int, ...] | None
    """Of a pooling that says how large the map is."""
    weights: Tensor
    """Labels x channels."""
    bias: Tensor
    logits: str


def explain(folder: Path, out: Path | None = None) -> Explanation:
    """Write the model of `folder`, with an activation, into `out`, which must not be there yet.

    Without `out` it is `explained/` and the model's name, beside `folder`. Raises ExplanationRefused, ModelError; then
    nothing is written.
    """
    folder = folder.resolve()
    out = (out or folder.parent / "explained" / folder.name).resolve()
    if out.exists():
        raise ExplanationRefused(f"{out} is there already; a new version is never written over another")
    if out.name != folder.name:
        raise ExplanationRefused(f"OUT must end in the model's name: …/{folder.name}")
    before = load_model(folder, 1)
    if before.card.output.activation:
        raise ExplanationRefused(f"its card names an activation already: {before.card.output.activation}")
    proto = onnx.load_from_string((folder / MODEL_FILE).read_bytes())
    ending = _Graph(proto).find_ending(before.card)
    noise = [_prepare_noise(before.card, seed) for seed in range(3)]
    grid, logits = _run_to_end(proto, before.card, ending, noise)
    activation = _add_activation(proto, ending, grid, before.card.output.scores)
    graph = proto.SerializeToString(deterministic=True)
    document = _card(before.card, graph, activation, grid)
    text = (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
    after = model_of(card_of(text, folder.name), graph, 1)
    difference = _compare(before, after, noise, logits)
    texts = {name: (folder / name).read_bytes() for name in (WORDS_FILE, KNOWLEDGE_FILE) if (folder / name).is_file()}
    _write(out, {**texts, MODEL_FILE: graph, CARD_FILE: text})
    return Explanation(out, document["version"], grid, difference)


class _Graph:
    """A graph's nodes by what they give, and its constants."""

    def __init__(self, proto: onnx.ModelProto) -> None:
        self._producers = {name: node for node in proto.graph.node for name in node.output if name}
        self._initialisers = {one.name: one for one in proto.graph.initializer}

    def find_ending(self, card: Card) -> _Ending:
        """Return how the scores come about. Raises ExplanationRefused if it is in no way that can be taken apart."""
        name = self._skip(card.output.scores)
        node = self._producers.get(name)
        squashes = node is not None and node.op_type in _SQUASHING
        if squashes != (card.output.kind == "scores"):
            end = "a Sigmoid or Softmax" if squashes else "neither Sigmoid nor Softmax"
            raise ExplanationRefused(f"its card says that it gives {card.output.kind}, but the graph ends in {end}")
        logits = self._skip(node.input[0]) if node is not None and squashes else name
        source, weights, bias = self._linear_layer(logits)
        pooled = self._skip(source)
        pooling = self._pooling(self._producers.get(pooled))
        if pooling is None:
            raise ExplanationRefused(self._say_why_not(pooled, is_behind_layer=weights is not None))
        features, channels_last, kernel = pooling
        if weights is None:  # the maps that are pooled are the labels' own
            weights, bias = np.eye(len(card.labels), dtype=np.float32), np.zeros(len(card.labels), np.float32)
        return _Ending(
            features=features,
            channels_last=channels_last,
            kernel=kernel,
            weights=weights,
            bias=bias,
            logits=logits,
        )

    def _skip(self, name: str) -> str:
        """Return the tensor that reaches `name` through operators that change no number."""
        while (node := self._producers.get(name)) is not None and node.op_type in _PASSING:
            name = node.input[0]
        return name

    def _linear_layer(self, name: str) -> tuple[str, Tensor | None, Tensor]:
        """Return what goes into the linear layer that gives `name`, its weights and bias; no weights if it is none."""
        node, bias, nothing = self._producers.get(name), np.zeros(1, np.float32), np.zeros(0, np.float32)
        if node is not None and node.op_type == "Add":
            terms = [(other, self._constant(one)) for one, other in (node.input, reversed(node.input))]
            source, constant = next(((other, one) for other, one in terms if one is not None), ("", None))
            below = self._producers.get(self._skip(source))
            if constant is None or below is None or below.op_type != "MatMul":
                return name, None, nothing
            node, bias = below, constant
        if node is None or node.op_type not in ("Gemm", "MatMul", "Conv"):
            return name, None, nothing
        constant = self._constant(node.input[1])
        attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        if constant is None or attributes.get("transA"):
            raise ExplanationRefused(self._say_not_constant(node))
        if node.op_type == "Conv":
            if constant.shape[2:] != (1, 1) or attributes.get("group", 1) != 1:
                return name, None, nothing
            weights = constant[:, :, 0, 0]
        else:
            weights = constant if attributes.get("transB") else constant.T
        if len(node.input) > 2:
            addend = self._constant(node.input[2])
            if addend is None:
                raise ExplanationRefused(self._say_not_constant(node))
            bias = addend * np.float32(attributes.get("beta", 1.0))
        weights = weights * np.float32(attributes.get("alpha", 1.0))
        return node.input[0], weights, np.broadcast_to(bias.reshape(-1), len(weights))

    def _constant(self, name: str) -> Tensor | None:
        """Return a constant of 32-bit floats, also one that is turned on its way; None if it is none."""
        values = self._values(name)
        return np.asarray(values, np.float32) if values is not None and values.dtype == np.float32 else None

    def _values(self, name: str) -> NDArray[Any] | None:
        if name in self._initialisers:
            return numpy_helper.to_array(self._initialisers[name])
        node = self._producers.get(name)
        if node is None or node.op_type not in ("Constant", "Identity", "Transpose", "Reshape"):
            return None
        attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        if node.op_type == "Constant":
            value = attributes.get("value")
            return np.array(attributes.get("value_ints")) if value is None else numpy_helper.to_array(value)
        values, *others = (self._values(one) for one in node.input)
        if values is None or node.op_type == "Identity":
            return values
        if node.op_type == "Transpose":
            return values.transpose(attributes.get("perm"))
        return None if others[0] is None else values.reshape(others[0])

    def _pooling(self, node: NodeProto | None) -> tuple[str, bool, tuple[int, ...] | None] | None:
        """Return what a global average pooling pools, whether channels come last, and its kernel if it has one."""
        if node is None or node.op_type not in ("GlobalAveragePool", "ReduceMean", "AveragePool"):
            return None
        attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        if node.domain not in _ONNX:
            return None
        if node.op_type == "GlobalAveragePool":
            return node.input[0], False, None
        if node.op_type == "AveragePool":
            is_padded = any(attributes.get("pads", ())) or attributes.get("auto_pad", b"NOTSET") not in _UNPADDED
            return None if is_padded else (node.input[0], False, tuple(attributes["kernel_shape"]))
        axes = self._values(node.input[1]) if len(node.input) > 1 else attributes.get("axes")
        dimensions = () if axes is None else tuple(sorted(int(axis) % 4 for axis in axes))
        return (node.input[0], dimensions == (1, 2), None) if dimensions in ((1, 2), (2, 3)) else None

    def _say_not_constant(self, node: NodeProto) -> str:
        sources = {self._producers[name].op_type for name in node.input if name in self._producers}
        if any(_is_in_integers(source) for source in sources):
            return _IN_INTEGERS
        return f"the weights of its last layer, {node.op_type}, are not constants of 32-bit floats"

    def _say_why_not(self, name: str, *, is_behind_layer: bool) -> str:
        """Return why what gives `name` is no global average pooling."""
        node = self._producers.get(name)
        if node is None:
            return "its scores come from its input without any pooling"
        kind, behind = node.op_type, list(self._upstream(node))
        reasons = {
            f"it was optimised, or ends in a function of its own ({kind} of {node.domain}): export it without that": (
                node.domain not in _ONNX
            ),
            _IN_INTEGERS: _is_in_integers(kind),
            f"it pools by the maximum ({kind}), not by the mean": kind in ("GlobalMaxPool", "ReduceMax"),
            f"it has no global average pooling before its last layer, but {kind}": not self._pooling(behind[-1]),
            f"its scores come from {kind}, and not from one linear layer behind the pooling": not is_behind_layer,
            "two linear layers follow its pooling, and no map of cells has such a score as its mean": any(
                one.op_type in ("Gemm", "MatMul") for one in behind
            ),
        }
        return next((reason for reason, holds in reasons.items() if holds), f"{kind} stands before its last layer")

    def _upstream(self, node: NodeProto) -> Iterator[NodeProto]:
        """Yield the node and those before it, to the first pooling."""
        before: NodeProto | None = node
        while before is not None:
            yield before
            if self._pooling(before) or not before.input:
                return
            before = next((self._producers[name] for name in before.input if name in self._producers), None)


_ONNX = ("", "ai.onnx")
_IN_INTEGERS = "its weights are in integers: explain it before it is quantised"
_UNPADDED = (b"NOTSET", b"VALID")


def _is_in_integers(kind: str) -> bool:
    return kind.endswith(("QuantizeLinear", "DequantizeLinear", "Integer")) or kind.startswith("QLinear")


def _prepare_noise(card: Card, seed: int) -> Tensor:
    noise = np.random.default_rng(seed).integers(0, 256, (300, 300), np.uint8)
    return prepare(Picture(noise, 0, 255, ImageFacts("PNG", 300, 300, 8)), card.input).tensor


def _run_to_end(
    proto: onnx.ModelProto, card: Card, ending: _Ending, images: list[Tensor]
) -> tuple[tuple[int, int], list[Tensor]]:
    """Return the size of the feature maps, and the logits of each image, of the graph as it is."""
    probe = onnx.ModelProto()
    probe.CopyFrom(proto)
    known = {one.name for one in probe.graph.output}
    for name in {ending.features, ending.logits} - known - {card.input.node}:
        probe.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [name for name in (ending.features, ending.logits) if name != card.input.node]
    logits, shape = [], images[0].shape
    for image in images:
        *features, row = session.run(names, {card.input.node: image})
        shape = features[0].shape if features else shape
        logits.append(np.asarray(row, np.float32).reshape(len(image), -1))
    cells = (shape[1:3] if ending.channels_last else shape[2:]) if len(shape) == 4 else ()
    if len(cells) != 2 or ending.kernel not in (None, cells):
        raise ExplanationRefused("its last pooling does not take the mean of whole maps of two dimensions")
    if cells == (1, 1):
        raise ExplanationRefused("the map that it pools is a single cell, which tells nothing of where a finding is")
    return (int(cells[0]), int(cells[1])), logits


def _add_activation(proto: onnx.ModelProto, ending: _Ending, grid: tuple[int, int], scores: str) -> str:
    """Add the linear layer on each cell to the graph, as an output, and return the output's name."""
    graph = proto.graph
    names = {name for node in graph.node for name in (*node.input, *node.output, node.name)}
    names |= {one.name for one in (*graph.input, *graph.output, *graph.initializer)}
    stem = next(one for one in ("activation", *(f"activation_{i}" for i in range(1, 999))) if one not in names)
    weights, bias, features = f"{stem}_weights", f"{stem}_bias", ending.features
    constants = {weights: ending.weights[:, :, None, None], bias: ending.bias}
    for name, values in constants.items():
        tensor = numpy_helper.from_array(np.ascontiguousarray(values), name)
        graph.node.append(helper.make_node("Constant", [], [name], name=name, value=tensor))
    if ending.channels_last:
        features = f"{stem}_features"
        graph.node.append(
            helper.make_node("Transpose", [ending.features], [features], name=features, perm=[0, 3, 1, 2])
        )
    graph.node.append(helper.make_node("Conv", [features, weights, bias], [stem], name=stem, kernel_shape=[1, 1]))
    output = helper.make_tensor_value_info(stem, TensorProto.FLOAT, [1, len(ending.weights), *grid])
    shape = next(one.type.tensor_type.shape for one in graph.output if one.name == scores)
    output.type.tensor_type.shape.dim[0].CopyFrom(shape.dim[0])
    graph.output.append(output)
    return stem


def _card(card: Card, graph: bytes, activation: str, grid: tuple[int, int]) -> dict[str, Any]:
    """Return the card of the new version. What was measured of the scores holds: they are the same."""
    version = f"{card.version}{'.' if '+' in card.version else '+'}cam"
    if len(version) > _LONGEST_VERSION:
        raise ExplanationRefused(
            f"the new version would be called {version}, longer than {_LONGEST_VERSION} characters"
        )
    output = {key: value for key, value in card.document["output"].items() if key != "occlusion_runs"}
    return dict(card.document) | {
        "version": version,
        "sha256": hashlib.sha256(graph).hexdigest(),
        "output": output | {"activation": activation, "grid": list(grid)},
        "explanation": {"of": card.version, "of_sha256": card.sha256},
    }


def _compare(before: Model, after: Model, images: list[Tensor], logits: list[Tensor]) -> float:
    """Return how far the maps' means are from the logits. Raises ExplanationRefused if that or a score differs."""
    largest = 0.0
    for image, row in zip(images, logits, strict=True):
        if not np.isfinite(row).all():
            raise ExplanationRefused("its scores of noise are not finite, so that nothing can be compared")
        [old] = before.run(image, scores_only=True)
        new, activation, *_ = after.run(image)
        changes, differences = np.abs(new - old), np.abs(activation.mean(axis=(2, 3)) - row)
        if not max(changes.max(), differences.max() / max(1, np.abs(row).max())) <= _TOLERANCE:
            raise ExplanationRefused("its scores, or the mean of the map that is their own, would be off on noise")
        largest = max(largest, float(differences.max()))
    return largest


def _write(out: Path, files: dict[str, bytes]) -> None:
    """Write a folder of files, all of them or none."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        folder = Path(scratch) / out.name
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        folder.rename(out)


def main(arguments: list[str]) -> int:
    """Report; 1 when nothing was made."""
    parser = argparse.ArgumentParser(prog="python -m training.explain", description=__doc__)
    parser.add_argument("folder", type=Path, help="the model")
    parser.add_argument("out", type=Path, nargs="?", help="new folder")
    options = parser.parse_args(arguments)
    try:
        explanation = explain(options.folder, options.out)
    except (ExplanationRefused, OSError) as refusal:
        print(f"✗ {refusal}", file=sys.stderr)
        return 1
    except ModelError as refusal:
        print(f"✗ {refusal.message}", file=sys.stderr)
        return 1
    rows, columns = explanation.grid
    print(f"✓ {explanation.folder}: version {explanation.version}, a map of {rows} x {columns} cells for each label")
    print(f"  the scores are the same; the mean of a map is the score within {explanation.largest_difference:.1g}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
