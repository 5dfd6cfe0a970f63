"""The bundled chest films: a few phantoms of each kind as files, and the truth about them."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from training import files
from training.phantom.canvas import Layer, Phantom
from training.phantom.chest import LABELS, draw

_SEED = 1895
_DICOM_SIDE = 344
"""Keeps an uncompressed file of 16 bits below 250 KB."""

CLEAR = "clear"
KINDS: dict[str, tuple[str, ...]] = {
    CLEAR: (),
    **{label: (label,) for label in LABELS},
    "several": ("effusion", "cardiomegaly", "nodule"),
}
_DICOM_KINDS = {"effusion": files.DX, "nodule": files.DX, "pneumothorax": files.CR}

_README = """# Samples

Drawn phantoms, made by `python -m training samples`. No image of a person is among them; the DICOM files carry an
invented identity (`PHANTOM^…`). Use them to try Scanward, never to judge how it would read a patient's film.
Slices of CT and MR are in `slices/`.

`truth.json` holds the same with each finding's box: left, top, right, bottom as fractions of width and height.

| file | what was drawn |
| --- | --- |
"""


def sample(kind: str, number: int) -> Phantom:
    """Return the phantom of a bundled sample."""
    return draw(np.random.default_rng([_SEED, list(KINDS).index(kind), number]), KINDS[kind])


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
    (folder / "README.md").write_text(_README + "\n".join(lines) + "\n", encoding="utf-8")
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
    small = Image.fromarray(phantom_image.film).resize((_DICOM_SIDE, _DICOM_SIDE), Image.Resampling.BILINEAR)
    return files.dicom(np.asarray(small), _DICOM_KINDS[kind], kind)
