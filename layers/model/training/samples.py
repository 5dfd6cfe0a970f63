"""The bundled samples: a few phantoms of each kind as files, and the truth about them."""

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
from training.phantom.canvas import Layer, Phantom
from training.phantom.chest import LABELS, draw
from training.reading import points_at
from training.subjects import SUBJECTS

_FILM_SEED = 1895
_FILM_DICOM_SIDE = 344
"""Keeps an uncompressed file of 16 bits below 250 KB."""

CLEAR = "clear"
KINDS: dict[str, tuple[str, ...]] = {
    CLEAR: (),
    **{label: (label,) for label in LABELS},
    "several": ("effusion", "cardiomegaly", "nodule"),
}
_DICOM_KINDS = {"effusion": files.DX, "nodule": files.DX, "pneumothorax": files.CR}

_FILM_README = """# Samples

Drawn phantoms, made by `python -m training samples`. No image of a person is among them; the DICOM files carry an
invented identity (`PHANTOM^…`). Use them to try Scanward, never to judge how it would read a patient's film.
Slices of CT and MR are in `slices/`.

`truth.json` holds the same with each finding's box: left, top, right, bottom as fractions of width and height.

| file | what was drawn |
| --- | --- |
"""


def sample(kind: str, number: int) -> Phantom:
    """Return the phantom of a bundled sample."""
    return draw(np.random.default_rng([_FILM_SEED, list(KINDS).index(kind), number]), KINDS[kind])


def write_samples(folder: Path) -> None:
    """Write the files, `truth.json` and `README.md`."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = {}
    for kind in KINDS:
        for number, suffix in enumerate(("png", "jpg", "dcm"), 1):
            if suffix == "dcm" and kind not in _DICOM_KINDS:
                continue
            phantom_image = sample(kind, number)
            (folder / f"{kind}-{number}.{suffix}").write_bytes(_encode(phantom_image, kind, suffix))
            truth[f"{kind}-{number}.{suffix}"] = {label: box(mask) for label, mask in phantom_image.masks.items()}
    lines = [f"| `{name}` | {', '.join(boxes) or 'clear lungs'} |" for name, boxes in truth.items()]
    (folder / "README.md").write_text(_FILM_README + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "truth.json").write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")


def box(mask: Layer) -> list[float]:
    """Return the bounding box of a mask as fractions: left, top, right, bottom."""
    (height, width), (rows, columns) = mask.shape, np.nonzero(mask)
    ends = (columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height)
    return [round(float(end), 4) for end in ends]


def _encode(phantom_image: Phantom, kind: str, suffix: str) -> bytes:
    if suffix == "png":
        return files.png(phantom_image.film)
    if suffix == "jpg":
        return files.jpeg(phantom_image.film)
    small = Image.fromarray(phantom_image.film).resize((_FILM_DICOM_SIDE, _FILM_DICOM_SIDE), Image.Resampling.BILINEAR)
    return files.dicom(np.asarray(small), _DICOM_KINDS[kind], kind)


_SLICE_SEED = 1971
_SLICE_DICOM_SIDE = 240
_CLEAR = 0.8

SLICES = {"chest_cancer": lungs, "brain_tumor": brain, "kidney_stone": kidneys}
"""The models that read slices, and what draws them."""
_FILES = {
    "chest_cancer": ("chest-ct", "adenocarcinoma"),
    "brain_tumor": ("brain-mr", "meningioma"),
    "kidney_stone": ("kidney-ct", "tumor"),
}
"""How a model's files are called, and which label comes as DICOM too."""

_SLICE_README = """# Slices

Drawn phantoms of CT and MR, made by `python -m training samples`. No image of a person is among them; the DICOM files
carry an invented identity (`PHANTOM^…`). They are the first of their kind that the reference models read right:
use them to try Scanward, never to judge it. `docs/gallery.md` shows phantoms that were not chosen, and what is misread.

`truth.json` holds the same with the finding's box: left, top, right, bottom as fractions of width and height.

| file | model | what was drawn |
| --- | --- | --- |
"""


def slice_sample(name: str, label: str, number: int) -> Phantom:
    """Return a phantom of a model's label."""
    seed = [_SLICE_SEED, list(SLICES).index(name), list(SLICES[name].TITLES).index(label), number]
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
    (folder / "README.md").write_text(_SLICE_README + "\n".join(lines) + "\n", encoding="utf-8")
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
    small = Image.fromarray(phantom_image.film).resize(
        (_SLICE_DICOM_SIDE, _SLICE_DICOM_SIDE), Image.Resampling.BILINEAR
    )
    return files.dicom(np.asarray(small), exposure, stem, subject.body_part)


def _reads_right(model: Model, phantom_image: Phantom, label: str) -> bool:
    """Return the label is chosen, clearly, and the heat is on it."""
    analysis = analyse(decode(files.jpeg(phantom_image.film)), model)
    return (
        analysis.choice == label and analysis.scores[label] > _CLEAR and points_at(phantom_image, analysis, label) != 0
    )
