"""A model's card: its numbers, from its subject and from what training found out, and its texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.subjects import Subject

NOTICE = "reference model trained on synthetic phantoms; not for clinical use"
_NUMBERS = "Its numbers tell how well it reads phantoms drawn by the same rules, and nothing else."
_NEVER_SEEN = "It reads drawings alone. It has never seen a patient's image: its gate refuses what is no such drawing."
INTENDED_USE = "To exercise and show the whole path from upload to result, and as a pattern for a clinic's own model."
_ONE = "one of its labels is chosen, with localisation"


@dataclass(frozen=True)
class About:
    """The words of one card."""

    title: str
    task: str
    modalities: tuple[str, ...]
    body_parts: tuple[str, ...]
    scan_types: tuple[str, ...]
    unlabelled: bool
    """Whether the model reads images of which nothing is said."""
    rules: Mapping[str, object]
    """What the header must not contradict besides."""
    phantoms: str
    limits: tuple[str, str]

    @property
    def all_limits(self) -> list[str]:
        """The notice first."""
        return [NOTICE, _NEVER_SEEN, *self.limits, _NUMBERS]


ABOUT = {
    "chest_xray": About(
        title="Chest X-ray reference model",
        task="multi-label classification with localisation; no positive label means that no finding was made",
        modalities=("CR", "DX", "RG", "DR"),
        body_parts=("CHEST", "THORAX", "LUNG", "LUNGS", "RIBS"),
        scan_types=("XRAY",),
        unlabelled=True,
        rules={"views": ["PA", "AP"], "ages": [16, 150]},
        phantoms=(
            "Frontal chest phantoms of varied build, position, exposure, noise, collimation and crop; "
            "30 % without findings, the others with one to three of the labels, of varied size, place and density."
        ),
        limits=(
            "Frontal films of adults only; no lateral view, no child, no device, line or surgical material was drawn.",
            "The labels that it has are all it knows: other disease is not looked for.",
        ),
    ),
    "chest_cancer": About(
        title="Chest CT reference model",
        task=_ONE,
        modalities=("CT",),
        body_parts=("CHEST", "THORAX", "LUNG", "LUNGS"),
        scan_types=("CT",),
        unlabelled=False,
        rules={"planes": ["AXIAL"], "ages": [16, 150]},
        phantoms=(
            "Axial CT slices of drawn chests between the windpipe's bifurcation and the heart, in varied lung windows, "
            "with and without contrast medium; a quarter each without a tumour and with one of three, of varied size, "
            "place and shape. Scars, old chalk, emphysema and small nodules are on slices of every label."
        ),
        limits=(
            "One tumour a slice at most, in lung windows; no lymph node, effusion, metastasis or infection was drawn.",
            "The kind of a lung cancer is told under a microscope: a drawing follows the textbook's typical case.",
        ),
    ),
    "brain_tumor": About(
        title="Brain MRI reference model",
        task=_ONE,
        modalities=("MR",),
        body_parts=("BRAIN", "HEAD", "SKULL"),
        scan_types=("MRI",),
        unlabelled=False,
        rules={"planes": ["AXIAL"], "ages": [16, 150]},
        phantoms=(
            "Axial MR slices of drawn heads, T1-weighted with contrast medium or T2-weighted, at the level of the "
            "ventricles or of the sella; a quarter each without a tumour and with one of three, of varied size, place "
            "and brightness. Old brains, spots in the white matter and pouches of fluid are on slices of every label."
        ),
        limits=(
            "Axial T1 with contrast and T2 only; no metastasis, abscess, bleeding, stroke or child was drawn.",
            "A pituitary tumour is drawn at the level of the sella only.",
        ),
    ),
    "kidney_stone": About(
        title="Kidney CT reference model",
        task=_ONE,
        modalities=("CT",),
        body_parts=("KIDNEY", "KIDNEYS", "ABDOMEN", "ABDOMENPELVIS", "UROGENITAL"),
        scan_types=("CT",),
        unlabelled=False,
        rules={"planes": ["AXIAL"], "ages": [16, 150]},
        phantoms=(
            "Axial CT slices of drawn abdomens through both kidneys, plain, arterial or nephrographic, in varied "
            "soft-tissue windows; a quarter each without a finding and with stones, cysts or a tumour in one kidney, "
            "of varied size, place and density. Chalk in arteries, contrast medium in the bowel and wide renal pelves "
            "are on slices of every label."
        ),
        limits=(
            "One kind of finding a slice at most; no ureter or bladder stone, no single or malformed kidney was drawn.",
            "Cysts are simple or nearly so; fat-bearing tumours and infections were not drawn.",
        ),
    ),
}

VERSION = "1.2.0"
OPSET = 18
SCORES, ACTIVATION = "scores", "activation"
"""The graph's outputs."""


def card_of(
    subject: Subject,
    sha256: str,
    *,
    temperature: float,
    points: list[float],
    gate: Mapping[str, Any],
    training: dict[str, Any],
) -> dict[str, Any]:
    """Return the card without `metrics`, which are measured through it."""
    about = ABOUT[subject.name]
    return {
        "name": subject.name,
        "version": VERSION,
        "title": about.title,
        "notice": NOTICE,
        "licence": "Apache-2.0",
        "sha256": sha256,
        "opset": OPSET,
        "reference": True,
        "task": about.task,
        **_nodes(subject),
        "labels": _labels(subject, points),
        "calibration": {"temperature": temperature, "fitted_on": "validation phantoms"},
        "accepts": {
            "modalities": list(about.modalities),
            "body_parts": list(about.body_parts),
            "scan_types": list(about.scan_types),
            "unlabelled": about.unlabelled,
            **about.rules,
        },
        "gate": gate,
        "training_data": {
            "kind": "drawn by rules; no image of a person was used",
            "description": about.phantoms,
            **training,
        },
        "intended_use": INTENDED_USE,
        "limits": about.all_limits,
    }


def _nodes(subject: Subject) -> dict[str, Any]:
    target = subject.input
    return {
        "input": {
            "node": target.node,
            "layout": "NCHW",
            "channels": target.channels,
            "height": target.height,
            "width": target.width,
            "range": [target.low, target.high],
        },
        "preprocessing": {
            "name": "window-pad",
            "version": "1",
            "values": target.values,
            "bit_depth": "stored",
            "resize": target.resize,
            "interpolation": target.interpolation,
        },
        "output": {
            "scores": SCORES,
            "kind": "logits",
            "decision": "each" if subject.nothing is None else "one",
            "activation": ACTIVATION,
            "grid": [subject.cells, subject.cells],
        },
    }


def _labels(subject: Subject, points: list[float]) -> list[dict[str, Any]]:
    labels = []
    for (label, title), point in zip(subject.titles.items(), points, strict=True):
        labels.append({"id": label, "title": title, "operating_point": point})
        if label == subject.nothing:
            labels[-1]["finding"] = False
    return labels
