"""Is a model fit to be served? `python -m imaging.model_check DIR [IMAGE …]`: card, graph, and whether they agree.

It does what loading does, and runs the model besides: a model that passes is one that loads. What it makes of images is
told too, by the code that reads an upload.
"""

import hashlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.analysis import analyse
from imaging.decode import decode
from imaging.errors import ImageError, ModelError
from imaging.findings import decide_findings
from imaging.heatmaps import occlude
from imaging.image import ImageFacts, Picture
from imaging.model import MODEL_FILE, Model, load_model
from imaging.model_card import CARD_FILE, Card, read_card
from imaging.preprocess import prepare

_SIZES = ((300, 300), (300, 200), (64, 640))
_SLACK = 1e-4


def check(folder: Path) -> Iterator[str]:
    """Yield what is right about the model, line by line. Raises ModelError at the first thing that is not."""
    folder = folder.resolve()
    card = read_card(folder)
    yield f"{CARD_FILE}: {card.name} {card.version}, {len(card.labels)} labels, {_decision(card)}"
    model = load_model(folder, threads=1)
    yield f"{MODEL_FILE}: the file of the card, opset {card.opset}, no outside data, no foreign operators"
    yield f"input {card.input.node}, outputs {', '.join(card.outputs)}: of the names and shapes of the card"
    yield f"runs: finite scores for {len(_SIZES)} shapes of image, {_smoke(model):.1f} ms on one thread{_heat(model)}"
    yield f"sha256 of {CARD_FILE}, to pin it by: {hashlib.sha256((folder / CARD_FILE).read_bytes()).hexdigest()}"


def _decision(card: Card) -> str:
    outcome = "of which one is chosen" if card.chooses_one else "each judged by itself"
    heat = f"heat from {card.output.activation}" if card.output.activation else "heat by occlusion"
    return f"{outcome}; {heat}"


def _smoke(model: Model) -> float:
    """Run noise of several shapes, prepared as uploads are, and return the fastest run's milliseconds."""
    card, times = model.card, []
    for rows, columns in _SIZES:
        noise = np.random.default_rng(rows).integers(0, 256, (rows, columns), np.uint8)
        tensor = prepare(Picture(noise, 0, 255, ImageFacts("PNG", rows, columns, 8)), card.input).tensor
        start = time.perf_counter()
        scores, *activation = model.run(tensor)
        times.append(1000 * (time.perf_counter() - start))
        try:
            decide_findings(scores[0], card)
        except ImageError:
            raise ModelError(f"{card.name}: a run gives scores that are not finite") from None
        if not all(np.isfinite(one).all() for one in activation):
            raise ModelError(f"{card.name}: a run gives an activation that is not finite")
        _check_range(scores, card)
    if model.takes_batches:
        model.run(np.concatenate([tensor, tensor]))
    return min(times)


def _heat(model: Model) -> str:
    """Look for heat of every label by occlusion, if that is the model's way, and return a remark on it."""
    card = model.card
    if card.output.activation:
        return ""
    grey = np.full((64, 64), 128, np.uint8)
    tensor = prepare(Picture(grey, 0, 255, ImageFacts("PNG", 64, 64, 8)), card.input).tensor
    labels = [i for i, label in enumerate(card.labels) if label.trained]
    is_complete = occlude(model, tensor, labels, time.perf_counter, seconds=0)[1]
    return "" if is_complete else "; too slow for heat"


def _check_range(scores: NDArray[np.float32], card: Card) -> None:
    if card.output.kind == "scores" and (scores.min() < -_SLACK or scores.max() > 1 + _SLACK):
        raise ModelError(f"{card.name}: the card says that outputs are scores of 0 to 1, a run gives others")


def read(folder: Path, image: Path) -> Iterator[str]:
    """Yield the scores and warnings of an image, line by line. Raises ModelError, ImageError, OSError."""
    model = load_model(folder.resolve(), threads=1)
    analysis = analyse(decode(image.read_bytes()), model)
    yield f"{image.name}: {', '.join(analysis.warnings) or 'nothing odd about it'}"
    for label in model.card.labels:
        if label.trained:
            choice = " ← chosen" if label.id == analysis.choice else ""
            yield f"  {analysis.scores[label.id]:.3f} of {label.operating_point:.3f}  {label.title}{choice}"


def main(arguments: list[str]) -> int:
    """Run the command; 1 when the model is not fit, or an image not read."""
    if not arguments:
        sys.stderr.write("python -m imaging.model_check DIR [IMAGE …]\n")
        return 2
    folder, *images = map(Path, arguments)
    try:
        for line in check(folder):
            sys.stdout.write(f"✓ {line}\n")
        for image in images:
            sys.stdout.writelines(f"{line}\n" for line in read(folder, image))
    except (ImageError, OSError) as refusal:
        sys.stderr.write(f"✗ {refusal}\n")
        return 1
    except ModelError as refusal:
        sys.stderr.write(f"✗ {refusal.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
