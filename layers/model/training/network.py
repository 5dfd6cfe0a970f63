"""The reference network, and its export as an ONNX file."""

import logging
import warnings
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional

from imaging.model_card import Input
from training.cards import ACTIVATION, OPSET, SCORES

_SHARPNESS = 4.0
"""Of the pooling: between the mean (0) and the maximum (infinity) of the map."""


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution of 3 x 3 with its normalisation and rectifier."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class ActivationNet(nn.Module):
    """Images n x 1 x side x side → (score logits n x labels, activation logits n x labels x side/8 x side/8).

    The scores are pooled from the activation, so the map is what the score was made of and not a later guess at it.
    A network that chooses one label has first the one that says that there is nothing: what counts for the others is
    how far a cell rises above it, and its own score stays 0.
    """

    def __init__(self, labels: int, *, chooses: bool = False) -> None:
        super().__init__()
        self.chooses = chooses
        self.fine = nn.Sequential(block(1, 12, 2), block(12, 24, 2), block(24, 24), block(24, 48, 2), block(48, 48))
        self.middle = nn.Sequential(block(48, 64, 2), block(64, 64))
        self.coarse = nn.Sequential(block(64, 80, 2), block(80, 80))
        self.down_middle = nn.Conv2d(80, 64, 1)
        self.down_fine = nn.Conv2d(64, 48, 1)
        self.merge = block(48, 48)
        self.activation = nn.Conv2d(48, labels, 1)
        self.scale = nn.Parameter(torch.ones(labels))
        self.shift = nn.Parameter(torch.zeros(labels))
        nn.init.constant_(self.activation.bias, -3.0)  # type: ignore[arg-type]  # most cells are empty
        if chooses:
            nn.init.constant_(self.activation.bias[:1], 0.0)  # type: ignore[index]

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Run the network on standardised images: exposure differs from film to film."""
        residuals = image - image.mean((2, 3), keepdim=True)
        fine = self.fine(residuals / (residuals.square().mean((2, 3), keepdim=True) + 1e-4).sqrt())
        middle = self.middle(fine)
        middle = middle + functional.interpolate(self.down_middle(self.coarse(middle)), scale_factor=2.0)
        features = self.merge(fine + functional.interpolate(self.down_fine(middle), scale_factor=2.0))
        activation = self.activation(features)
        if not self.chooses:
            return self.scale * _pool(activation) + self.shift, activation
        contrast = _pool(activation[:, 1:] - activation[:, :1])
        scores = self.scale[1:] * contrast + self.shift[1:]
        return torch.cat([torch.zeros_like(scores[:, :1]), scores], 1), activation


def _pool(activation: Tensor) -> Tensor:
    """Return one number for each label: between the mean and the maximum of its cells."""
    cells = activation.shape[2] * activation.shape[3]
    total = torch.logsumexp(_SHARPNESS * activation.flatten(2), 2) - torch.log(torch.tensor(float(cells)))
    return total / _SHARPNESS


def export(network: ActivationNet, target: Input, path: Path) -> None:
    """Write the graph, weights inside, batch of one."""
    export_network(network, target, path, [SCORES, ACTIVATION])


def export_network(network: nn.Module, target: Input, path: Path, outputs: list[str]) -> None:
    """Write the graph of any network with these outputs, weights inside, batch of one."""
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
            output_names=outputs,
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
