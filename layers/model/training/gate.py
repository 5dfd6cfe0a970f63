"""A reference model's gate: a network that tells the model's own phantoms from all else, put into the model's graph."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.compose
import torch
from torch import Tensor, nn
from torch.nn import functional

from imaging.model import MODEL_FILE
from imaging.model_card import read_card
from training.dataset import progress
from training.gate_examples import GateExamples, Planes, make_gate_examples
from training.network import block, export_network
from training.reading import write_card
from training.subjects import Subject

NODE = "drawing"
"""The graph's output: a logit for each image."""
PHANTOMS, STEPS = 900, 1500
_HALF, _SPOILT = 14, 12
"""Of each batch: phantoms, as many others, and phantoms that were spoilt."""
_LEARNING_RATE, _WEIGHT_DECAY = 3e-3, 1e-2


class GateNet(nn.Module):
    """Images n x 1 x side x side → a logit for each: whether it is a phantom.

    It looks at the whole image, standardised, since exposure differs from film to film.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(block(1, 12, 2), block(12, 24, 2), block(24, 24), block(24, 48, 2)),
            *(block(48, 48), block(48, 64, 2), block(64, 64), block(64, 64, 2)),
        )
        self.head = nn.Linear(128, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Run the network."""
        residuals = image - image.mean((2, 3), keepdim=True)
        features = self.body(residuals / (residuals.square().mean((2, 3), keepdim=True) + 1e-4).sqrt())
        return self.head(torch.cat([features.mean((2, 3)), features.amax((2, 3))], 1))[:, 0]  # type: ignore[no-any-return]


def fit_gate(examples: GateExamples, steps: int, seed: int) -> GateNet:
    """Train a gate; the same seed gives the same weights on the same machine."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    rng = np.random.default_rng([seed, 34])
    network = GateNet()
    optimiser = torch.optim.AdamW(network.parameters(), _LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _LEARNING_RATE, total_steps=steps, pct_start=0.2)
    truth = torch.cat([torch.ones(_HALF), torch.zeros(_HALF + _SPOILT)])
    for _ in progress(range(steps), steps, "train gate"):
        phantoms = _take(examples.phantoms, _HALF + _SPOILT, rng)
        others = _take(examples.others, _HALF + _SPOILT, rng)
        spoilt_phantoms = torch.stack(
            [_spoil(one, other, rng) for one, other in zip(phantoms[_HALF:], others[_HALF:], strict=True)]
        )
        images = _vary(torch.cat([phantoms[:_HALF], others[:_HALF], spoilt_phantoms]))
        loss = functional.binary_cross_entropy_with_logits(network(images), truth)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        schedule.step()
    return network.eval()


def _take(planes: Planes, count: int, rng: np.random.Generator) -> Tensor:
    return torch.from_numpy(planes[rng.integers(0, len(planes), count)]).float()[:, None] / 255


def _spoil(phantom: Tensor, other: Tensor, rng: np.random.Generator) -> Tensor:
    """Return a phantom in one of the ways that make it none.

    What a gate has never seen is like none of its examples. These lie close around the phantoms, on all sides.
    """
    ways = (_paste, _paste_oval, _mix, _shrink, _disorder, _bend, _recolour, _mottle, _blur)
    return ways[int(rng.integers(len(ways)))](phantom, other, rng)


def _paste(phantom: Tensor, other: Tensor, rng: np.random.Generator) -> Tensor:
    side, spoilt_phantom = phantom.shape[-1], phantom.clone()
    height, width = (int(side * rng.uniform(0.3, 0.8)) for _ in range(2))
    top, left = int(rng.integers(0, side - height + 1)), int(rng.integers(0, side - width + 1))
    box = (slice(None), slice(top, top + height), slice(left, left + width))
    spoilt_phantom[box] = other[box]
    return spoilt_phantom


def _paste_oval(phantom: Tensor, other: Tensor, rng: np.random.Generator) -> Tensor:
    return torch.where(_oval(phantom.shape[-1], rng), other, phantom)


def _mix(phantom: Tensor, other: Tensor, rng: np.random.Generator) -> Tensor:
    share = float(rng.uniform(0.35, 0.7))
    return phantom * (1 - share) + other * share


def _shrink(phantom: Tensor, other: Tensor, rng: np.random.Generator) -> Tensor:
    side = phantom.shape[-1]
    size = int(side * rng.uniform(0.3, 0.7))
    top, left = rng.integers(0, side - size + 1, 2)
    small_phantom = torch.zeros_like(phantom)
    small_phantom[:, top : top + size, left : left + size] = _resize(phantom, size, "area")
    return small_phantom


def _disorder(phantom: Tensor, other: Tensor, rng: np.random.Generator) -> Tensor:
    count, spoilt_phantom = int(rng.integers(2, 5)), phantom.clone()
    step = phantom.shape[-1] // count
    for to, origin in enumerate(rng.permutation(count * count)):
        spoilt_phantom[_tile(to, count, step)] = phantom[_tile(int(origin), count, step)]
    return spoilt_phantom


def _bend(phantom: Tensor, other: Tensor, rng: np.random.Generator) -> Tensor:
    """Return it with outlines that waver, as those of a person do."""
    side, count = phantom.shape[-1], int(rng.integers(6, 12))
    shifts = _resize(
        torch.from_numpy(rng.normal(0, rng.uniform(0.04, 0.1), (2, count, count))).float(), side, "bicubic"
    )
    place = torch.linspace(-1, 1, side)
    grid = torch.stack(torch.meshgrid(place, place, indexing="xy"), -1) + shifts.permute(1, 2, 0)
    return functional.grid_sample(phantom[None], grid[None], align_corners=True)[0]


def _recolour(phantom: Tensor, other: Tensor, rng: np.random.Generator) -> Tensor:
    """Return it with other tissues bright and dark."""
    levels = np.interp(np.linspace(0, 1, 256), np.linspace(0, 1, 6), [0, *rng.uniform(0, 1, 5)])
    return torch.from_numpy(levels).float()[(phantom * 255).long()]


def _mottle(phantom: Tensor, other: Tensor, rng: np.random.Generator) -> Tensor:
    """Return it with tissue that is uneven."""
    side, count = phantom.shape[-1], int(rng.integers(10, 50))
    grain = _resize(torch.from_numpy(rng.normal(0, rng.uniform(0.2, 0.5), (1, count, count))).float(), side, "bicubic")
    return (phantom * (1 + grain)).clamp(0, 1)


def _blur(phantom: Tensor, other: Tensor, rng: np.random.Generator) -> Tensor:
    side = phantom.shape[-1]
    return _resize(_resize(phantom, int(side / rng.uniform(5, 12)), "area"), side, "bicubic").clamp(0, 1)


def _resize(planes: Tensor, size: int, way: str) -> Tensor:
    return functional.interpolate(planes[None], (size, size), mode=way)[0]


def _oval(side: int, rng: np.random.Generator) -> Tensor:
    """Return an oval about the middle: another organ in the outline of this one."""
    rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    top, left = rng.uniform(-0.2, 0.2, 2)
    height, width = rng.uniform(0.35, 0.85, 2)
    return torch.from_numpy(((rows - top) / height) ** 2 + ((columns - left) / width) ** 2 < 1)[None]


def _tile(index: int, count: int, step: int) -> tuple[slice, slice, slice]:
    row, column = divmod(index, count)
    return slice(None), slice(row * step, (row + 1) * step), slice(column * step, (column + 1) * step)


def _vary(images: Tensor) -> Tensor:
    """Return another exposure and another grain for each image."""
    gamma = torch.exp(0.25 * torch.randn(len(images), 1, 1, 1))
    grain = 0.015 * torch.rand(len(images), 1, 1, 1) * torch.randn_like(images)
    return (images.clamp(min=1e-4) ** gamma + grain).clamp(0, 1)


def attach_gate(folder: Path, network: GateNet, subject: Subject) -> None:
    """Put the gate into the graph in `folder`, as one more output of the same input."""
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / MODEL_FILE
        export_network(network, subject.input, path, [NODE])
        gate = onnx.load(path)
    prefix = "gate_"
    gate = onnx.compose.add_prefix(gate, prefix, rename_inputs=False, rename_outputs=False)
    model = _without_gate(onnx.load(folder / MODEL_FILE), prefix)
    model.graph.node.extend(gate.graph.node)
    model.graph.initializer.extend(gate.graph.initializer)
    model.graph.output.extend(gate.graph.output)
    onnx.checker.check_model(model)
    (folder / MODEL_FILE).write_bytes(model.SerializeToString(deterministic=True))


def _without_gate(model: Any, prefix: str) -> Any:
    """Remove an earlier gate, so that a model can be given another one."""
    for part in (model.graph.node, model.graph.initializer, model.graph.output):
        own_parts = [one for one in part if not one.name.startswith(prefix) and one.name != NODE]
        del part[:]
        part.extend(own_parts)
    return model


def add_gate(folder: Path, subject: Subject, seed: int) -> None:
    """Fit a gate to the model in `folder`, and write it into its graph and card."""
    examples = make_gate_examples(subject, seed, PHANTOMS)
    network = fit_gate(examples, STEPS, seed)
    attach_gate(folder, network, subject)
    document = dict(read_card(folder).document)
    sha256 = hashlib.sha256((folder / MODEL_FILE).read_bytes()).hexdigest()
    gate = {"refuse": [], "drawing": {"node": NODE, "limit": subject.gate_limit}}
    recipe = {"seed": seed, "phantoms": len(examples.phantoms), "others": len(examples.others), "steps": STEPS}
    write_card(folder, {**document, "sha256": sha256, "gate": gate, "gate_training": recipe})
