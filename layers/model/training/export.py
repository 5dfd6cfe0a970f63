"""The trained network as an ONNX file."""

import logging
import warnings
from pathlib import Path

import onnx
import torch

from imaging.model_card import Input
from training.cards import ACTIVATION, OPSET, SCORES
from training.network import ActivationNet


def export(network: ActivationNet, target: Input, path: Path) -> None:
    """Write the graph, weights inside, batch of one."""
    example = torch.zeros(1, target.channels, target.height, target.width)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        torch.onnx.export(
            network,
            (example,),
            str(path),
            input_names=[target.node],
            output_names=[SCORES, ACTIVATION],
            opset_version=OPSET,
            external_data=False,
            dynamo=True,
            verbose=False,
        )
    _strip(path)


def _strip(path: Path) -> None:
    """Remove the exporter's notes, which name source files of the machine it ran on."""
    model = onnx.load(path)
    graph = model.graph
    for node in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))
