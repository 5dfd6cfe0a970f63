"""Is a model fit to be served? `python -m imaging.model_check DIR [IMAGE …]`: card, graph, and whether they agree.

It does what loading does, and runs the model besides: a model that passes is one that loads. What it makes of images is
told too, by the code that reads an upload; and with `--expect FILE` whether the framework that it comes from makes the
same of them, or at which step the two part.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.analysis import analyse
from imaging.bounds import FUNCTION_MB, MODEL_MB
from imaging.decode import decode
from imaging.errors import ImageError, ModelError
from imaging.expectations import DifferenceError, ExpectationError, compare, read_expectations
from imaging.findings import decide_findings
from imaging.heatmaps import COARSE_RUNS
from imaging.image import ImageFacts, Picture
from imaging.model import MODEL_FILE, Model, load_model
from imaging.model_card import CARD_FILE, Card, read_card
from imaging.model_selection import find_overlaps
from imaging.model_texts import check_texts
from imaging.preprocess import prepare

_SIZES = ((300, 300), (300, 200), (64, 640))
_SLACK = 1e-4
_LARGEST_LOGIT = 40
"""Beyond it a sigmoid is 0 or 1 to the last digit."""
_OCCLUSION_SECONDS = 30
"""Of the minute that a function has for an image."""


def check(folder: Path) -> Iterator[str]:
    """Yield what is right about the model, line by line. Raises ModelError at the first thing that is not."""
    folder = folder.resolve()
    card = read_card(folder)
    yield f"{CARD_FILE}: {card.name} {card.version}, {len(card.labels)} labels, {_decision(card)}"
    size = _check_size(folder, card)
    model = load_model(folder, threads=1)
    yield f"{MODEL_FILE}: the file of the card, {size}, opset {card.opset}, no outside data, no foreign operators"
    yield f"input {card.input.node}, outputs {', '.join(card.outputs)}: of the names and shapes of the card"
    milliseconds = _smoke(model)
    speed = f"{milliseconds:.1f} ms on one thread, {_check_memory(folder, card)} MB of memory"
    yield f"runs: finite scores for {len(_SIZES)} shapes of image, {speed}{_describe_occlusion(model, milliseconds)}"
    yield from check_texts(folder, card)
    yield from _overlaps(folder, card)
    yield f"sha256 of {CARD_FILE}, to pin it by: {hashlib.sha256((folder / CARD_FILE).read_bytes()).hexdigest()}"


def _overlaps(folder: Path, card: Card) -> Iterator[str]:
    """Yield a remark on each model beside this one that accepts the same studies: then neither reads them."""
    for other in sorted(folder.parent.glob(f"*/{CARD_FILE}")):
        if other.parent == folder:
            continue
        try:
            models = {card.name: card.accepts, other.parent.name: read_card(other.parent).accepts}
        except ModelError:
            continue  # it is not the one that is checked
        if len(models) == 2 and any(find_overlaps(models)):
            yield f"mind {other.parent.name}: it accepts the same studies, so that neither of the two would read them"


def _decision(card: Card) -> str:
    outcome = "of which one is chosen" if card.chooses_one else "each judged by itself"
    heat = f"heat from {card.output.activation}" if card.output.activation else "heat by occlusion"
    return f"{outcome}; {heat}"


_MB = 1 << 20
_LAYER_BYTES = 20_000_000
"""What is left for further models of the 250 MB that Lambda allows a function and its layers, unzipped."""
_MEASURE = """
import re, resource, sys
from pathlib import Path
import numpy as np
from imaging.model import load_model

def peak():
    # On Linux getrusage would also count what the process that started this one held; macOS counts in bytes.
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

before = peak()
model = load_model(Path(sys.argv[1]), 1)
target = model.card.input
planes = (target.height, target.width)
shape = (*planes, target.channels) if target.channels_last else (target.channels, *planes)
images = 8 if model.takes_batches and not model.card.output.activation else 1
model.run(np.zeros((images, *shape), np.float32))
print(peak() - before)
"""
"""Loads and runs a model in a process of its own; eight images at once where heat is looked for in that way."""


def _check_size(folder: Path, card: Card) -> str:
    """Return the graph's size in words. Raises ModelError if no function could hold it."""
    try:
        size = (folder / MODEL_FILE).stat().st_size
    except OSError:
        raise ModelError(f"{card.name}: no {MODEL_FILE}") from None
    if size > MODEL_MB * _MB:
        raise ModelError(f"{card.name}: {MODEL_FILE} has {size // _MB} MB; a function can hold {MODEL_MB} MB of model")
    return f"{size / 1e6:.1f} MB{'' if size <= _LAYER_BYTES else ' (too large for the layer, so for S3)'}"


def _check_memory(folder: Path, card: Card) -> int:
    """Return how many MB more a process holds at most when the model is loaded and run. Raises ModelError."""
    # S603: the interpreter that runs this, and the script above.
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _MEASURE, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        check=False,
    )
    if run.returncode:
        raise ModelError(f"{card.name}: a process that loads and runs it does not survive; is there memory enough?")
    used = -(-int(run.stdout) // _MB)
    if used > MODEL_MB:
        raise ModelError(
            f"{card.name}: to load and run it takes {used} MB; of a function's {FUNCTION_MB} MB {MODEL_MB} are left"
            " for a model, beside the largest image"
        )
    return used


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


def _describe_occlusion(model: Model, milliseconds: float) -> str:
    """Return a remark on how long heat takes by occlusion, if that is the model's way and a run takes so long."""
    if model.card.output.activation:
        return ""
    runs, limit = model.occlusion_runs, int(1000 * _OCCLUSION_SECONDS / milliseconds)
    if runs < COARSE_RUNS:
        return f"; too large for heat, unless `output.occlusion_runs` says that it may have {COARSE_RUNS} runs or more"
    if limit < COARSE_RUNS:
        return "; too slow for heat by occlusion"
    if runs > limit:
        return f"; too slow for heat by {runs} runs: let `output.occlusion_runs` be {limit} at most"
    return f"; heat takes {runs} runs, {runs * milliseconds / 1000:.1f} s"


def _check_range(scores: NDArray[np.float32], card: Card) -> None:
    if card.output.kind == "scores" and (scores.min() < -_SLACK or scores.max() > 1 + _SLACK):
        raise ModelError(f"{card.name}: the card says that outputs are scores of 0 to 1, a run gives others")
    values = scores[:, [label.trained for label in card.labels]] / card.temperature
    if card.output.kind == "logits" and not card.chooses_one and np.abs(values).min() > _LARGEST_LOGIT:
        raise ModelError(
            f"{card.name}: a run of noise gives numbers such as {values.flat[0]:.4g}: an output that is not scores or"
            " logits. Networks that give a quantity, such as an age or a size (regression), are not served"
        )


def read(folder: Path, image: Path) -> Iterator[str]:
    """Yield the scores and warnings of an image, line by line. Raises ModelError, ImageError, OSError."""
    model = load_model(folder.resolve(), threads=1)
    analysis = analyse(decode(image.read_bytes()), model)
    yield f"{image.name}: {', '.join(analysis.warnings) or 'nothing odd about it'}"
    for label in model.card.labels:
        if label.id in analysis.scores:
            choice = " ← chosen" if label.id == analysis.choice else ""
            yield f"  {analysis.scores[label.id]:.3f} of {label.operating_point:.3f}  {label.title}{choice}"


def _compare_all(folder: Path, file: Path, images: Sequence[Path]) -> Iterator[str]:
    """Yield what agrees and what does not. Raises DifferenceError at the end if anything does not."""
    model = load_model(folder.resolve(), threads=1)
    names = []
    for image, expectation in read_expectations(file, images, model.card).items():
        differences = list(compare(model, image, expectation))
        yield f"{'✗' if differences else '✓'} {image.name}: {'; '.join(differences) or f'as in {file.name}'}"
        names += [image.name] if differences else []
    if names:
        raise DifferenceError(f"other scores than in {file.name}: {', '.join(names)}")


def main(arguments: list[str]) -> int:
    """Run the command; 1 when the model is not fit, an image not read, or its scores not those that are expected."""
    file = None
    if "--expect" in arguments[:-1]:
        position = arguments.index("--expect")
        file = Path(arguments[position + 1])
        arguments = arguments[:position] + arguments[position + 2 :]
    if not arguments or "--expect" in arguments:
        sys.stderr.write("python -m imaging.model_check DIR [IMAGE …] [--expect FILE]\n")
        return 2
    folder, *images = map(Path, arguments)
    try:
        for line in check(folder):
            sys.stdout.write(f"✓ {line}\n")
        for image in images:
            sys.stdout.writelines(f"{line}\n" for line in read(folder, image))
        if file is not None:
            sys.stdout.writelines(f"{line}\n" for line in _compare_all(folder, file, images))
    except (ImageError, ExpectationError, DifferenceError, OSError) as refusal:
        sys.stderr.write(f"✗ {refusal}\n")
        return 1
    except ModelError as refusal:
        sys.stderr.write(f"✗ {refusal.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
