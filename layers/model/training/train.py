"""One model, from a seed to its folder: draw, fit, export, calibrate, measure, write the card."""

import hashlib
import platform
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from imaging.input_checks import learn
from imaging.model import MODEL_FILE
from imaging.model_card import Input
from training.calibrate import best_temperature, operating_points
from training.cards import SCORES, card_of
from training.dataset import Examples, make_examples
from training.export import export
from training.learn import fit
from training.measure import measure, write_card
from training.metrics import Floats, sigmoid, softmax
from training.subjects import Subject

_VALIDATION = 1000
_FAMILIAR = 400
"""Of the validation images: enough to tell what prepared images look like."""


def train(folder: Path, subject: Subject, seed: int, phantoms: int, epochs: int) -> None:
    """Write `model.onnx` and `card.json` into `folder`."""
    examples = make_examples(subject, seed, "train", phantoms)
    network = fit(examples, epochs, seed, chooses=subject.nothing is not None)
    export(network, subject.input, folder / MODEL_FILE)
    finish(folder, subject, seed, phantoms, epochs)


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
        familiar=learn(validation.images[:_FAMILIAR].astype(np.float32) / 255),
        training=recipe,
    )
    write_card(folder, card)
    measure(folder, subject)


def _logits(path: Path, target: Input, examples: Examples) -> Floats:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = (image[None].astype(np.float32) / 255 for image in examples.images)
    rows = [session.run([SCORES], {target.node: image})[0][0] for image in images]
    return np.array(rows, np.float64)
