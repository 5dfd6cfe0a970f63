"""Models on disk: one folder each, `card.json` and `model.onnx`, loaded only if they belong together."""

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

import onnxruntime

from imaging.card import CARD_FILE, Card, read_card
from imaging.onnx_tensors import has_external_data
from imaging.refusal import ModelRefused

MODEL_FILE = "model.onnx"
MB_PER_CPU = 1769
"""Memory at which Lambda grants one whole CPU; more threads than CPUs make a run slower, not faster."""


@dataclass(frozen=True, eq=False)
class Model:
    """A card and the session that runs its graph."""

    card: Card
    session: onnxruntime.InferenceSession


def catalogue(folder: Path) -> tuple[str, ...]:
    """Names of the models in `folder`, in alphabetical order; they are not loaded."""
    return tuple(sorted(card.parent.name for card in folder.glob(f"*/{CARD_FILE}")))


def threads_for(memory_mb: int) -> int:
    """How many threads a function of this memory size can run at once."""
    return max(1, memory_mb // MB_PER_CPU)


def load_model(folder: Path, threads: int) -> Model:
    """Load the model in `folder`, to run on `threads` threads.

    Raises ModelRefused if the card is not valid, the graph's sha256 is not the card's, the graph keeps weights in
    other files, or its inputs and outputs are not those of the card.
    """
    card = read_card(folder)
    try:
        graph = (folder / MODEL_FILE).read_bytes()
    except OSError:
        raise ModelRefused(f"{card.name}: no {MODEL_FILE}") from None
    if not hmac.compare_digest(hashlib.sha256(graph).hexdigest(), card.sha256):
        raise ModelRefused(f"{card.name}: {MODEL_FILE} is not the file its card was written for")
    try:
        external = has_external_data(graph)
    except (ValueError, RecursionError):
        raise ModelRefused(f"{card.name}: {MODEL_FILE} is not an ONNX graph") from None
    if external:
        raise ModelRefused(f"{card.name}: {MODEL_FILE} keeps weights outside the file")
    model = Model(card, _session(graph, card, threads))
    _check_nodes(model)
    return model


def _session(graph: bytes, card: Card, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning threads are billed CPU
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors share no base but this
        raise ModelRefused(f"{card.name}: onnxruntime does not load {MODEL_FILE}") from error


def _check_nodes(model: Model) -> None:
    """The graph has what the card names, in the shapes it names."""
    card = model.card
    inputs = {node.name: node.shape for node in model.session.get_inputs()}
    outputs = {node.name: node.shape for node in model.session.get_outputs()}
    if list(inputs) != [card.input.node] or not {card.output.scores, card.output.activation} <= set(outputs):
        raise ModelRefused(f"{card.name}: the graph's inputs and outputs are not those of the card")
    if inputs[card.input.node][1:] != [card.input.channels, card.input.height, card.input.width]:
        raise ModelRefused(f"{card.name}: the graph takes another input size than the card says")
    if outputs[card.output.scores][-1] != len(card.labels):
        raise ModelRefused(f"{card.name}: the graph has another number of scores than the card has labels")
