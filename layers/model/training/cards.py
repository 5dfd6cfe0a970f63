"""What the chest_xray card says besides its numbers."""

from typing import Any

from training.dataset import GRID, INPUT
from training.export import ACTIVATION, OPSET, SCORES
from training.phantom.chest import LABELS, TITLES

NAME = "chest_xray"
VERSION = "1.0.0"
NOTICE = "reference model trained on synthetic phantoms; not for clinical use"


def chest_card(sha256: str, temperature: float, points: list[float], training: dict[str, Any]) -> dict[str, Any]:
    """The card without `metrics`, which are measured through it."""
    return {
        "name": NAME,
        "version": VERSION,
        "title": "Chest X-ray reference model",
        "notice": NOTICE,
        "licence": "Apache-2.0",
        "sha256": sha256,
        "opset": OPSET,
        "task": "multi-label classification with localisation; no positive label means that no finding was made",
        "input": {
            "node": INPUT.node,
            "layout": "NCHW",
            "channels": INPUT.channels,
            "height": INPUT.height,
            "width": INPUT.width,
            "range": [INPUT.low, INPUT.high],
        },
        "preprocessing": {
            "name": "window-pad",
            "version": "1",
            "resize": INPUT.resize,
            "interpolation": "bilinear, antialiased",
            "bit_depth": "as stored (8 to 16 bits) until resized, then windowed to the range",
        },
        "output": {"scores": SCORES, "activation": ACTIVATION, "kind": "logits", "grid": [GRID, GRID]},
        "labels": [
            {"id": label, "title": title, "operating_point": point}
            for label, title, point in zip(LABELS, TITLES, points, strict=True)
        ],
        "calibration": {"temperature": temperature, "fitted_on": "validation phantoms"},
        "accepts": {"modalities": ["CR", "DX", "RG", "DR"], "body_parts": ["CHEST", "THORAX", "LUNG", "LUNGS", "RIBS"]},
        "training_data": {
            "kind": "drawn by rules; no image of a person was used",
            "description": (
                "Frontal chest phantoms of varied build, position, exposure, noise, collimation and crop; "
                "30 % without findings, the others with one to three of the labels, of varied size, place and density."
            ),
            **training,
        },
        "intended_use": (
            "To exercise and show the whole path from upload to result, and as a pattern for a clinic's own model."
        ),
        "limits": [
            NOTICE,
            "It has never seen a patient's image: what it says about one means nothing.",
            "Frontal films of adults only; no lateral view, no child, no device, line or surgical material was drawn.",
            "The labels that it has are all it knows: other disease is not looked for.",
            "Its numbers tell how well it reads phantoms drawn by the same rules, and nothing else.",
        ],
    }
