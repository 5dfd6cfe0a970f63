"""The reference network, and its export as an ONNX file."""

import logging
import warnings
from pathlib import Path
from typing import Any

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


class TextNet(nn.Module):
    """Grey images n x 1 x rows x columns, 0 to 1 → the chance of text in each cell of 4 x 4 pixels, 0 to 1.

    Strokes are seen at a quarter of the size, and what makes a line of them at an eighth, with ever wider gaps.
    """

    _WIDTHS = (8, 16, 32)
    _GAPS = (1, 2, 4, 8, 4, 2)

    def __init__(self) -> None:
        super().__init__()
        narrow, middle, wide = self._WIDTHS
        self.fine = nn.Sequential(block(1, narrow, 2), block(narrow, middle, 2))
        self.coarse = nn.Sequential(block(middle, wide, 2), *(_Gapped(wide, gap) for gap in self._GAPS))
        self.down = nn.Conv2d(wide, middle, 1)
        self.merge = _Gapped(middle, 1)
        self.text = nn.Conv2d(middle, 1, 1)
        nn.init.constant_(self.text.bias, -2.0)  # type: ignore[arg-type]  # most cells are empty

    def logits(self, image: Tensor) -> Tensor:
        """Return the logit of each cell."""
        fine = self.fine(image - 0.5)
        context = functional.interpolate(self.down(self.coarse(fine)), scale_factor=2.0)
        logits: Tensor = self.text(self.merge(fine + context))
        return logits

    def forward(self, image: Tensor) -> Tensor:
        """Return the chance of text in each cell."""
        return torch.sigmoid(self.logits(image))


class _Gapped(nn.Module):
    """Adds to each channel what its neighbours at a distance say, and mixes the channels."""

    def __init__(self, channels: int, gap: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, gap, dilation=gap, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the features with the change added."""
        return functional.relu(features + self.change(features))


def export_text_network(network: TextNet, path: Path) -> None:
    """Write the graph, weights inside, for one image of any size whose sides are multiples of 8."""
    rows, columns = (8 * torch.export.Dim(name, min=4, max=512) for name in ("rows", "columns"))
    _write(network, torch.zeros(1, 1, 256, 320), path, {"image": {2: rows, 3: columns}}, names=("grey", "text"))


def export(network: ActivationNet, target: Input, path: Path) -> None:
    """Write the graph, weights inside, batch of one."""
    export_network(network, target, path, [SCORES, ACTIVATION])


def export_network(network: nn.Module, target: Input, path: Path, outputs: list[str]) -> None:
    """Write the graph of any network with these outputs, weights inside, batch of one."""
    example = torch.zeros(1, target.channels, target.height, target.width)
    _write(network, example, path, None, names=(target.node, *outputs))


def _write(
    network: nn.Module, example: Tensor, path: Path, shapes: dict[str, Any] | None, *, names: tuple[str, ...]
) -> None:
    """Write a graph. `names`: of its input, then of its outputs. `shapes`: which sides may differ from an example."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        torch.onnx.export(
            network,
            (example,),
            str(path),
            input_names=[names[0]],
            output_names=list(names[1:]),
            opset_version=OPSET,
            external_data=False,
            dynamo=True,
            dynamic_shapes=shapes,
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
