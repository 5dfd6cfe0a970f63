"""One model, from a seed to its folder: draw, fit, export, calibrate, measure, write the card."""

import json
import platform
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from imaging.card import CARD_FILE
from imaging.model import MODEL_FILE
from training.calibrate import best_temperature, operating_point
from training.cards import chest_card
from training.dataset import INPUT, Examples, make_examples
from training.evaluate import read_held_out, summary
from training.export import SCORES, export
from training.learn import fit
from training.metrics import Floats, sigmoid
from training.phantom.chest import LABELS

_VALIDATION = 1000
_HELD_OUT = 1000


def train(folder: Path, seed: int, films: int, epochs: int) -> None:
    """Write `model.onnx` and `card.json` into `folder`."""
    validation = make_examples(seed, "validation", _VALIDATION)
    network = fit(make_examples(seed, "train", films), epochs, seed)
    sha256 = export(network, folder / MODEL_FILE)
    logits = _logits(folder / MODEL_FILE, validation)
    temperature = best_temperature(logits, validation.truth)
    scores = sigmoid(logits / temperature)
    points = [operating_point(scores[:, i], validation.truth[:, i]) for i in range(len(LABELS))]
    recipe = {
        "seed": seed,
        "films": films,
        "epochs": epochs,
        "validation_films": _VALIDATION,
        "trained_with": f"torch {torch.__version__.partition('+')[0]}, {platform.machine()} CPU",
    }
    card = chest_card(sha256, temperature, points, recipe)
    _write(folder, card)
    card["metrics"] = summary(read_held_out(folder, seed, _HELD_OUT), LABELS, temperature)
    _write(folder, card)
    print(json.dumps(card["metrics"], indent=2))


def _logits(path: Path, examples: Examples) -> Floats:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = (image[None].astype(np.float32) / 255 for image in examples.images)
    rows = [session.run([SCORES], {INPUT.node: image})[0][0] for image in images]
    return np.array(rows, np.float64)


def _write(folder: Path, card: dict[str, object]) -> None:
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (folder / CARD_FILE).write_text(text + "\n", encoding="utf-8")
