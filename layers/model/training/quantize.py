"""A model in 8-bit integers, as a new version of it: `python -m training.quantize DIR IMAGES OUT`.

Static quantisation (QDQ): the ranges of activations are learnt from half of the images; on the other half the two
models are compared. The model that was given stays as it is.
"""

import argparse
import hashlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from imaging.decode import decode
from imaging.errors import ImageError, ModelError
from imaging.findings import decide_findings
from imaging.model import MODEL_FILE, Model, load_model
from imaging.model_card import CARD_FILE
from imaging.onnx_graph import read_graph
from imaging.preprocess import prepare

_ROUNDS = 15
Tensors = Sequence[NDArray[np.float32]]


@dataclass(frozen=True)
class Comparison:
    """The new model against the one it was made of, on images that neither was fitted to."""

    images: int
    same_findings: float
    """The share of images on which both find the same."""
    largest_difference: float
    """Between two scores."""
    speed: float
    """How many times as fast a run is."""
    size: float
    """The new file's size as a share of the old one's."""


def compare(before: Model, after: Model, tensors: Tensors, size: float) -> Comparison:
    """Compare both. `size`: the new file's, as a share of the old one's."""
    same, largest = 0, 0.0
    for tensor in tensors:
        one, other = (decide_findings(_run(model, tensor), model.card) for model in (before, after))
        labels_by_image = [
            [finding.label for finding in decision.findings if finding.positive] for decision in (one, other)
        ]
        same += labels_by_image[0] == labels_by_image[1] and one.choice == other.choice
        largest = max(largest, *(abs(score - other.scores[label]) for label, score in one.scores.items()))
    speed = _median(before, tensors[0]) / _median(after, tensors[0])
    return Comparison(
        images=len(tensors),
        same_findings=round(same / len(tensors), 4),
        largest_difference=round(largest, 4),
        speed=round(speed, 2),
        size=size,
    )


def _run(model: Model, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
    row: NDArray[np.float32] = model.run(tensor, scores_only=True)[0][0]
    return row


def _median(model: Model, tensor: NDArray[np.float32]) -> float:
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        _run(model, tensor)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


_LEAST_IMAGES = 8


class QuantisationRefused(Exception):
    """What was asked for cannot be done; the message says why."""


def quantise(folder: Path, images: Path, out: Path) -> Comparison:
    """Write the model of `folder`, in integers, into `out`, which must not be there yet. Raises QuantisationRefused."""
    folder, out = folder.resolve(), out.resolve()
    if out.exists():
        raise QuantisationRefused(f"{out} is there already; a new version is never written over another")
    if out.name != folder.name:
        raise QuantisationRefused(f"OUT must end in the model's name: …/{folder.name}")
    if not images.is_dir():
        raise QuantisationRefused(f"{images} is no folder of images")
    before = load_model(folder, 1)
    tensors = list(_tensors(images, before))
    if len(tensors) < _LEAST_IMAGES:
        raise QuantisationRefused(f"{images} holds {len(tensors)} images; at least {_LEAST_IMAGES} are needed")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        quantised_folder = Path(scratch) / folder.name
        quantised_folder.mkdir()
        _write_graph(folder / MODEL_FILE, quantised_folder / MODEL_FILE, tensors[::2], before)
        document = _card(before, quantised_folder / MODEL_FILE, len(tensors[::2]))
        _write_card(quantised_folder, document)
        comparison = compare(before, load_model(quantised_folder, 1), tensors[1::2], _share(folder, quantised_folder))
        document["quantisation"]["compared"] = vars(comparison)
        _write_card(quantised_folder, document)
        quantised_folder.rename(out)
    return comparison


def _tensors(images: Path, model: Model) -> Iterator[NDArray[np.float32]]:
    for path in sorted(images.iterdir()):
        try:
            yield prepare(decode(path.read_bytes()), model.card.input).tensor
        except (ImageError, OSError):
            continue


class _Reader(CalibrationDataReader):
    def __init__(self, node: str, tensors: Tensors) -> None:
        self._rows = iter([{node: tensor} for tensor in tensors])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._rows, None)


def _write_graph(source: Path, target: Path, tensors: Tensors, model: Model) -> None:
    prepared_path = target.with_suffix(".prepared.onnx")
    quant_pre_process(source, prepared_path, skip_symbolic_shape=True)
    quantize_static(
        prepared_path,
        target,
        _Reader(model.card.input.node, tensors),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    prepared_path.unlink()


def _card(before: Model, graph: Path, images: int) -> dict[str, Any]:
    """Return the card of the new version. What was measured of the old one is not claimed of it."""
    data = graph.read_bytes()
    document = {key: value for key, value in before.card.document.items() if key != "metrics"}
    return document | {
        "version": f"{before.card.version}+int8",
        "sha256": hashlib.sha256(data).hexdigest(),
        "opset": read_graph(data).opset,
        "quantisation": {"of": before.card.version, "of_sha256": before.card.sha256, "calibration_images": images},
    }


def _write_card(folder: Path, document: dict[str, Any]) -> None:
    (folder / CARD_FILE).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _share(folder: Path, quantised_folder: Path) -> float:
    return round((quantised_folder / MODEL_FILE).stat().st_size / (folder / MODEL_FILE).stat().st_size, 3)


def main() -> int:
    """Report; 1 when nothing was made."""
    parser = argparse.ArgumentParser(prog="python -m training.quantize", description=__doc__)
    for name, text in (
        ("folder", "the model"),
        ("images", "folder of images like those to come"),
        ("out", "new folder"),
    ):
        parser.add_argument(name, type=Path, help=text)
    options = parser.parse_args()
    try:
        comparison = quantise(options.folder, options.images, options.out)
    except (QuantisationRefused, ModelError) as refusal:
        print(f"✗ {refusal}", file=sys.stderr)
        return 1
    print(f"✓ {options.out}: {comparison.speed:.2f} times as fast, {comparison.size:.0%} of the size")
    print(
        f"  the same findings on {comparison.same_findings:.1%} of {comparison.images} images"
        " that neither was fitted to"
    )
    print(f"  largest difference of a score: {comparison.largest_difference:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
