"""Models: a card and the graph it was written for, loaded only if they belong together."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from imaging.errors import ModelError
from imaging.model_card import CARD_FILE, Card, read_card
from imaging.onnx_graph import read_graph

MODEL_FILE = "model.onnx"
MB_PER_CPU = 1769
"""Memory at which Lambda grants one whole CPU; more threads than CPUs make a run slower, not faster."""
MAX_OCCLUSION_RUNS = 336
"""49 large windows of the image, then 63 small ones, each hidden in three ways: more would show little more."""
_OCCLUSION_WORK = 5e11
"""Multiplications to explain one image by: half a minute on one CPU, of the minute that a function has."""

Shape = Sequence[int | str | None]
Tensor = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Model:
    """A card and the session that runs its graph."""

    card: Card
    session: onnxruntime.InferenceSession
    size: int
    """Of the graph, in bytes."""

    @property
    def occlusion_runs(self) -> int:
        """Return how often the graph may be run to explain one image: what the card says, else by how much a run is.

        It is counted, not timed, and what it is counted from is the model's own: the same image has the same heat.
        At 224 x 224 a common network multiplies at most some 360 times with each weight of 4 bytes.
        """
        target = self.card.input
        run = 90 * self.size * target.height * target.width / 224**2
        return self.card.output.occlusion_runs or min(MAX_OCCLUSION_RUNS, int(_OCCLUSION_WORK / run))

    @property
    def takes_batches(self) -> bool:
        """Tell whether the graph says that it takes any number of images at once; `imaging.model_check` tries it."""
        return not isinstance(self.session.get_inputs()[0].shape[0], int)

    def run(self, images: Tensor, *, scores_only: bool = False) -> list[Tensor]:
        """Return scores of n prepared images, n x labels, then what else the card names, in the order of its outputs.

        Raises ModelError if the graph fails, or gives other shapes than the card says.
        """
        card = self.card
        try:
            inputs = self.session.run(card.outputs[: 1 if scores_only else None], {card.input.node: images})
        except Exception as error:  # onnxruntime's own errors share no base but this
            raise ModelError(f"{card.name}: a run fails: {type(error).__name__}") from error
        for values, (name, shape) in zip(inputs, _shapes(card), strict=False):
            if not _fits(values.shape, (len(images), *shape)):
                raise ModelError(f"{card.name}: a run gives {name} in another shape than the card says")
        return list(inputs)


def catalogue(folder: Path) -> tuple[str, ...]:
    """Return the names of the models in `folder`, in alphabetical order; they are not loaded."""
    return tuple(sorted(card.parent.name for card in folder.glob(f"*/{CARD_FILE}")))


def threads_for(memory_mb: int) -> int:
    """Return how many threads a function of this memory size can run at once."""
    return max(1, memory_mb // MB_PER_CPU)


def load_model(folder: Path, threads: int) -> Model:
    """Load the model in `folder`, to run on `threads` threads. Raises ModelError, as `model_of` does."""
    card = read_card(folder)
    try:
        graph = (folder / MODEL_FILE).read_bytes()
    except OSError:
        raise ModelError(f"{card.name}: no {MODEL_FILE}") from None
    return model_of(card, graph, threads)


def model_of(card: Card, graph: bytes, threads: int) -> Model:
    """Return the model of a card and its graph, ready to run on `threads` threads.

    Raises ModelError if the graph's sha256 is not the card's, if the graph keeps weights in other files or needs
    operators that onnxruntime does not have, or if its opset, inputs or outputs are not those of the card.
    """
    if not hmac.compare_digest(hashlib.sha256(graph).hexdigest(), card.sha256):
        raise ModelError(f"{card.name}: {MODEL_FILE} is not the file its card was written for")
    _check_graph(graph, card)
    model = Model(card, _session(graph, card, threads), len(graph))
    _check_nodes(model)
    return model


def _check_graph(graph: bytes, card: Card) -> None:
    try:
        read = read_graph(graph)
    except (ValueError, RecursionError):
        raise ModelError(f"{card.name}: {MODEL_FILE} is not an ONNX graph") from None
    if read.external_data:
        raise ModelError(f"{card.name}: {MODEL_FILE} keeps weights outside the file")
    if read.foreign:
        domains = ", ".join(domain[:60] for domain in read.foreign)
        raise ModelError(f"{card.name}: {MODEL_FILE} needs custom operators, of {domains}")
    if read.opset != card.opset:
        raise ModelError(f"{card.name}: {MODEL_FILE} has opset {read.opset}, the card says {card.opset}")


def _session(graph: bytes, card: Card, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning threads are billed CPU
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors share no base but this
        raise ModelError(f"{card.name}: onnxruntime does not load {MODEL_FILE}") from error


def _check_nodes(model: Model) -> None:
    """Require that the graph has what the card names, in the shapes it names."""
    card, session = model.card, model.session
    outputs = {node.name: node.shape for node in session.get_outputs()}
    [*inputs] = session.get_inputs()
    _refuse_foreign_shapes(card, inputs, outputs)
    if [node.name for node in inputs] != [card.input.node] or not set(card.outputs) <= set(outputs):
        raise ModelError(f"{card.name}: the graph's inputs and outputs are not those of the card")
    if inputs[0].type != "tensor(float)":
        raise ModelError(f"{card.name}: the graph takes {inputs[0].type}, not 32-bit floats")
    target = card.input
    planes = (target.height, target.width)
    expected_shape = (*planes, target.channels) if target.channels_last else (target.channels, *planes)
    if not _fits(inputs[0].shape, (1, *expected_shape)):
        raise ModelError(f"{card.name}: the graph takes another input size than the card says")
    for name, shape in _shapes(card):
        if not _fits(outputs[name], (1, *shape)):
            raise ModelError(f"{card.name}: {_misfit(card, name)}")


def _misfit(card: Card, name: str) -> str:
    if name == card.output.scores:
        return "the graph has another number of scores than the card has labels"
    if name == card.output.activation:
        return "the activation is not one map for each label, of the card's grid"
    return "the gate is not one number for each image"


_VOLUME, _MAP = 5, 4
"""Dimensions of what holds several slices, and of what has a value for each place."""


def _refuse_foreign_shapes(card: Card, inputs: Sequence[Any], outputs: Mapping[str, Shape]) -> None:
    """Say in plain words of what is no classifier of single images that it cannot be served."""
    if len(inputs) > 1:
        names = ", ".join(node.name[:60] for node in inputs)
        raise ModelError(f"{card.name}: the graph has {len(inputs)} inputs ({names}); it is given one image, no more")
    if inputs and len(inputs[0].shape) >= _VOLUME:
        raise ModelError(f"{card.name}: the graph takes volumes (3-D); it is given single images")
    if len(outputs.get(card.output.scores, ())) >= _MAP:
        raise ModelError(
            f"{card.name}: {card.output.scores} is a mask or a map, a value for each place; only networks that give"
            " one score for each label are served"
        )


def _shapes(card: Card) -> list[tuple[str, Shape]]:
    """Return the shape, for one image, of each output by its name."""
    count, grid = len(card.labels), card.output.grid or (None, None)
    shapes: list[tuple[str, Shape]] = [(card.output.scores, (count,))]
    if card.output.activation:
        shapes.append((card.output.activation, (count, *grid)))
    if card.gate.drawing:
        shapes.append((card.gate.drawing.node, ()))
    return shapes


def _fits(shape: Shape, expected_shape: Shape) -> bool:
    """Tell whether a shape may be the expected one; what either leaves open may be anything."""
    if len(shape) != len(expected_shape):
        return False
    return all(not isinstance(a, int) or b is None or a == b for a, b in zip(shape, expected_shape, strict=True))
