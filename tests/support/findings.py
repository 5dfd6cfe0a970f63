"""Findings as models make them: those of the shipped cards, and those that the words describe beyond them."""

import json
from pathlib import Path

from functions.inference.reports import words
from scanward.domain.results import REFERENCE, Finding, ModelVersion

MODELS = Path(__file__).resolve().parents[2] / "layers" / "model" / "models"
SHIPPED = tuple(
    (card["name"], label["id"], label["title"])
    for file in sorted(MODELS.glob("*/card.json"))
    for card in [json.loads(file.read_text(encoding="utf-8"))]
    for label in card["labels"]
)
DESCRIBED = tuple((name, label, label.replace("_", " ").capitalize()) for name, label in words().labels)
ALL = tuple({(name, label): (name, label, title) for name, label, title in (*DESCRIBED, *SHIPPED)}.values())
NAMES = tuple(dict.fromkeys(name for name, _, _ in ALL))


OWN = "trained on films of this clinic; not a medical device"
"""What a clinic's own card may say."""


def version(name: str, notice: str = REFERENCE) -> ModelVersion:
    """Return a model of that name, a shipped one unless its notice says otherwise."""
    return ModelVersion(name=name, version="1.0.0", sha256="ab" * 32, preprocessing="window-pad/1", disclaimer=notice)


def finding(label: str, score: float, point: float = 0.3, title: str = "") -> Finding:
    """Return one finding, found if its score says so."""
    return Finding(
        label=label,
        title=title or label.replace("_", " ").capitalize(),
        score=score,
        operating_point=point,
        found=score >= point,
    )


def of(model: str, score: float = 0.8, point: float = 0.3) -> list[Finding]:
    """Return each label of the model, all with that score."""
    return [finding(label, score, point, title) for name, label, title in ALL if name == model]
