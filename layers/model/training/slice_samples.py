"""The bundled slices: phantoms of each label as files, and the truth about them."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from imaging.analysis import analyse
from imaging.decode import decode
from imaging.model import Model, load_model
from training import files
from training.phantom import brain, kidneys, lungs
from training.phantom.canvas import Phantom
from training.reading import points_at
from training.samples import box
from training.subjects import SUBJECTS

_SEED = 1971
_DICOM_SIDE = 240
_CLEAR = 0.8

SLICES = {"chest_cancer": lungs, "brain_tumor": brain, "kidney_stone": kidneys}
"""The models that read slices, and what draws them."""
_FILES = {
    "chest_cancer": ("chest-ct", "adenocarcinoma"),
    "brain_tumor": ("brain-mr", "meningioma"),
    "kidney_stone": ("kidney-ct", "tumor"),
}
"""How a model's files are called, and which label comes as DICOM too."""

_README = """# Slices

Drawn phantoms of CT and MR, made by `python -m training samples`. No image of a person is among them; the DICOM files
carry an invented identity (`PHANTOM^…`). They are the first of their kind that the reference models read right:
use them to try Scanward, never to judge it. `docs/gallery.md` shows phantoms that were not chosen, and what is misread.

`truth.json` holds the same with the finding's box: left, top, right, bottom as fractions of width and height.

| file | model | what was drawn |
| --- | --- | --- |
"""


def slice_sample(name: str, label: str, number: int) -> Phantom:
    """Return a phantom of a model's label."""
    seed = [_SEED, list(SLICES).index(name), list(SLICES[name].TITLES).index(label), number]
    phantom_image: Phantom = SLICES[name].draw(np.random.default_rng(seed), (label,))
    return phantom_image


def write_slices(folder: Path, models: Path) -> None:
    """Write the files, `truth.json` and `README.md`."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = {}
    for name in SLICES:
        for file, label, phantom_image, data in _files(name, load_model(models / name, 1)):
            (folder / file).write_bytes(data)
            boxes = {finding: box(mask) for finding, mask in phantom_image.masks.items()}
            truth[file] = {"model": name, "label": label, "boxes": boxes}
    lines = [f"| `{file}` | `{text['model']}` | `{text['label']}` |" for file, text in truth.items()]
    (folder / "README.md").write_text(_README + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "truth.json").write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")


def _files(name: str, model: Model) -> Iterator[tuple[str, str, Phantom, bytes]]:
    """Yield a JPEG for each label, and for one of them a DICOM file, as slices come."""
    short, in_dicom = _FILES[name]
    for label in SUBJECTS[name].labels:
        numbers = (n for n in range(1, 100) if _reads_right(model, slice_sample(name, label, n), label))
        first = slice_sample(name, label, next(numbers))
        stem = f"{short}-{label.replace('_', '-')}"
        yield f"{stem}-1.jpg", label, first, files.jpeg(first.film)
        if label == in_dicom:
            second = slice_sample(name, label, next(numbers))
            yield f"{stem}-2.dcm", label, second, _dicom(name, stem, second)


def _dicom(name: str, stem: str, phantom_image: Phantom) -> bytes:
    subject = SUBJECTS[name]
    exposure = subject.exposures[0]
    if phantom_image.window is not None:
        exposure = files.apply_window(exposure, *phantom_image.window)
    small = Image.fromarray(phantom_image.film).resize((_DICOM_SIDE, _DICOM_SIDE), Image.Resampling.BILINEAR)
    return files.dicom(np.asarray(small), exposure, stem, subject.body_part)


def _reads_right(model: Model, phantom_image: Phantom, label: str) -> bool:
    """Return the label is chosen, clearly, and the heat is on it."""
    analysis = analyse(decode(files.jpeg(phantom_image.film)), model)
    return (
        analysis.choice == label and analysis.scores[label] > _CLEAR and points_at(phantom_image, analysis, label) != 0
    )
