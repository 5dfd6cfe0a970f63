"""A model's card, from its subject and from what training found out."""

from typing import Any

from training.about import ABOUT, INTENDED_USE, NOTICE
from training.subjects import Subject

VERSION = "1.0.0"
OPSET = 18
SCORES, ACTIVATION = "scores", "activation"
"""The graph's outputs."""


def card_of(
    subject: Subject,
    sha256: str,
    *,
    temperature: float,
    points: list[float],
    familiar: dict[str, Any],
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
        "task": about.task,
        **_nodes(subject),
        "labels": _labels(subject, points),
        "calibration": {"temperature": temperature, "fitted_on": "validation phantoms"},
        "accepts": {
            "modalities": list(about.modalities),
            "body_parts": list(about.body_parts),
            "scan_types": list(about.scan_types),
            "unlabelled": about.unlabelled,
        },
        "gate": {"refuse": [], "familiar": familiar},
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
