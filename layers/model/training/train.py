"""One model, from a seed to its folder: draw, fit, export, calibrate, measure, write the card."""

import hashlib
import json
import multiprocessing
import platform
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from imaging.model import MODEL_FILE
from imaging.model_card import Input
from training.burned_in_text import backgrounds, draw_example
from training.cards import SCORES, card_of
from training.dataset import Examples, make_examples, progress
from training.gate import add_gate
from training.gate_metrics import write_gate_metrics
from training.metrics import Floats, best_temperature, operating_points, sigmoid, softmax
from training.network import ActivationNet, TextNet, export, export_text_network
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


_TEXT_SIDE = 160
_TEXT_BATCH = 8
_TEXT_RATE = 5e-3
_TEXT_DRAWINGS = 8
"""Of each subject, to write upon."""
_USES = 2
"""Steps for each batch that is drawn."""
_POOL = 3200
"""Examples to choose from."""
_grounds: list[NDArray[np.uint8]] = []
"""Of a drawing process: it reads them once."""


def train_text_finder(path: Path, seed: int, steps: int) -> None:
    """Write the network that finds burned-in text, and its provenance beside it."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)  # two that wait for a core take ten times as long as one; the other core draws
    network = TextNet().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), _TEXT_RATE, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _TEXT_RATE, total_steps=steps, pct_start=0.1)
    for images, truth in progress(_text_batches(seed, steps), steps, "train"):
        loss = _text_loss(network.logits(images), truth)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        schedule.step()
    export_text_network(network.eval(), path)
    document = {
        "about": "Finds text that is drawn into images. Trained by layers/model/training on text drawn from a seed.",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "seed": seed,
        "steps": steps,
        "batch": _TEXT_BATCH,
        "trained_with": f"torch {torch.__version__.partition('+')[0]}, {platform.machine()} CPU",
        "license": "Apache-2.0",
    }
    path.with_suffix(".json").write_text(json.dumps(document, indent=2) + "\n")


def _text_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Return how wrong cells are, and how far what was taken for text is from what is: few cells are any."""
    chance = torch.sigmoid(logits)
    overlap = 1 - (2 * (chance * truth).sum() + 1) / (chance.sum() + truth.sum() + 1)
    wrong = functional.binary_cross_entropy_with_logits(logits, truth, 1 + 2 * truth)
    return wrong + 0.5 * overlap


def _text_batches(seed: int, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield a batch a step from what was drawn last, turned and mirrored; drawing one takes longer than learning it."""
    context = multiprocessing.get_context("spawn")
    rng = np.random.default_rng([seed, 42])
    with ProcessPoolExecutor(1, mp_context=context, initializer=_read_grounds) as pool:
        drawings = deque(pool.submit(_text_batch, seed, number) for number in range(steps // _USES))
        images: deque[NDArray[np.uint8]] = deque(maxlen=_POOL)
        truth: deque[NDArray[np.float32]] = deque(maxlen=_POOL)
        for step in range(steps):
            if step % _USES == 0 and drawings:
                new_images, new_truth = drawings.popleft().result()
                images.extend(new_images)
                truth.extend(new_truth)
            choice = rng.integers(0, len(images), _TEXT_BATCH)
            turns, mirrored = rng.integers(0, 4, _TEXT_BATCH), rng.integers(0, 2, _TEXT_BATCH)
            ways = list(zip(choice, turns, mirrored, strict=True))
            image_batch = np.stack([_turn(images[one], turn, mirror) for one, turn, mirror in ways])
            truth_batch = np.stack([_turn(truth[one], turn, mirror) for one, turn, mirror in ways])
            yield torch.from_numpy(image_batch)[:, None].float() / 255, torch.from_numpy(truth_batch)[:, None]


def _turn(plane: NDArray[Any], quarters: int, mirror: int) -> NDArray[Any]:
    turned_plane = np.rot90(plane, quarters if mirror == 0 else 0)  # writing in a mirror is rare, and turned too
    return turned_plane[:, ::-1] if mirror else turned_plane


def _read_grounds() -> None:
    _grounds.extend(backgrounds(held_out=False, count=_TEXT_DRAWINGS))


def _text_batch(seed: int, step: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return images, and what share of each cell is text."""
    rng = np.random.default_rng([seed, 41, step])
    examples = [draw_example(rng, _grounds, _TEXT_SIDE) for _ in range(_TEXT_BATCH)]
    cells = _TEXT_SIDE // 4
    lines = np.stack([example.lines for example in examples]).reshape(_TEXT_BATCH, cells, 4, cells, 4)
    return np.stack([example.grey for example in examples]), lines.mean((2, 4)).astype(np.float32)
