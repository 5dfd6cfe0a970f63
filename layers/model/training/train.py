"""One model, from a seed to its folder: draw, fit, export, calibrate, measure, write the card."""

import hashlib
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn import functional

from imaging.model import MODEL_FILE
from imaging.model_card import Input
from training.cards import SCORES, card_of
from training.dataset import Examples, make_examples, progress
from training.gate import add_gate
from training.gate_metrics import write_gate_metrics
from training.metrics import Floats, best_temperature, operating_points, sigmoid, softmax
from training.network import ActivationNet, export
from training.reading import measure, write_card
from training.subjects import Subject

_BATCH = 32
_LEARNING_RATE = 4e-3
_WEIGHT_DECAY = 1e-3
_MAP_WEIGHT = 1.0
_MAP_POSITIVE = 6.0
"""A finding covers few cells; each counts this much more than an empty one."""


def fit(examples: Examples, epochs: int, seed: int, *, chooses: bool) -> ActivationNet:
    """Train a network of `examples.truth.shape[1]` labels; the same seed gives the same weights on the same machine."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    network = ActivationNet(examples.truth.shape[1], chooses=chooses)
    steps = epochs * (len(examples.images) // _BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), _LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _LEARNING_RATE, total_steps=steps, pct_start=0.2)
    for images, truth, grids in progress(_batches(examples, epochs, seed), steps, "train"):
        loss = (_choice_loss if chooses else _loss)(network, _vary(images), truth, grids)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        schedule.step()
    return network.eval()


def _batches(examples: Examples, epochs: int, seed: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    order = np.random.default_rng([seed, 99])
    for _ in range(epochs):
        order_of_examples = order.permutation(len(examples.images))
        for start in range(0, len(order_of_examples) - _BATCH + 1, _BATCH):
            choice = order_of_examples[start : start + _BATCH]
            yield (
                torch.from_numpy(examples.images[choice]).float() / 255,
                torch.from_numpy(examples.truth[choice]).float(),
                torch.from_numpy(examples.grids[choice]).float(),
            )


def _vary(images: Tensor) -> Tensor:
    """Return another exposure and another grain for each film in each epoch."""
    count = len(images)
    gamma = 0.75 + 0.6 * torch.rand(count, 1, 1, 1)
    grain = 0.02 * torch.rand(count, 1, 1, 1) * torch.randn_like(images)
    return (images.clamp(min=1e-4) ** gamma + grain).clamp(0, 1)


def _loss(network: ActivationNet, images: Tensor, truth: Tensor, grids: Tensor) -> Tensor:
    """Return how wrong the scores are, and how wrong the maps are about where each finding lies."""
    scores, activation = network(images)
    weight = 1 + (_MAP_POSITIVE - 1) * grids
    where = functional.binary_cross_entropy_with_logits(activation, grids, weight)
    what = functional.binary_cross_entropy_with_logits(scores, truth)
    return what + _MAP_WEIGHT * where


def _choice_loss(network: ActivationNet, images: Tensor, truth: Tensor, grids: Tensor) -> Tensor:
    """Return the same where exactly one label is right, of the image and of each cell."""
    scores, activation = network(images)
    cells = grids.argmax(1)  # the first label's grid is empty, so a cell without a finding gives 0
    weight = 1 + (_MAP_POSITIVE - 1) * grids.amax(1)
    where = (weight * functional.cross_entropy(activation, cells, reduction="none")).mean()
    what = functional.cross_entropy(scores, truth.argmax(1))
    return what + _MAP_WEIGHT * where


_VALIDATION = 1000


def train(folder: Path, subject: Subject, seed: int, phantoms: int, epochs: int) -> None:
    """Write `model.onnx` and `card.json` into `folder`."""
    examples = make_examples(subject, seed, "train", phantoms)
    network = fit(examples, epochs, seed, chooses=subject.nothing is not None)
    export(network, subject.input, folder / MODEL_FILE)
    finish(folder=folder, subject=subject, seed=seed, phantoms=phantoms, epochs=epochs)


def finish(folder: Path, subject: Subject, seed: int, phantoms: int, epochs: int) -> None:
    """Calibrate and measure the network in `folder`, and write its card."""
    chooses = subject.nothing is not None
    validation = make_examples(subject, seed, "validation", _VALIDATION)
    logits = _logits(folder / MODEL_FILE, subject.input, validation)
    temperature = best_temperature(logits, validation.truth, chooses=chooses)
    scores = (softmax if chooses else sigmoid)(logits / temperature)
    recipe = {
        "seed": seed,
        subject.unit: phantoms,
        "epochs": epochs,
        f"validation_{subject.unit}": _VALIDATION,
        "trained_with": f"torch {torch.__version__.partition('+')[0]}, {platform.machine()} CPU",
    }
    card = card_of(
        subject,
        hashlib.sha256((folder / MODEL_FILE).read_bytes()).hexdigest(),
        temperature=temperature,
        points=operating_points(scores, validation.truth, chooses=chooses),
        gate={},
        training=recipe,
    )
    write_card(folder, card)
    add_gate(folder, subject, seed)
    measure(folder, subject)
    write_gate_metrics(folder, subject)


def _logits(path: Path, target: Input, examples: Examples) -> Floats:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = (image[None].astype(np.float32) / 255 for image in examples.images)
    rows = [session.run([SCORES], {target.node: image})[0][0] for image in images]
    return np.array(rows, np.float64)
