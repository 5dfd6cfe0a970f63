"""What a model makes of held-out phantoms, written into its card."""

import json
from pathlib import Path
from typing import Any

from imaging.model_card import CARD_FILE, read_card
from training.evaluate import summary
from training.reading import read_held_out
from training.subjects import Subject

HELD_OUT = 1000


def measure(folder: Path, subject: Subject) -> None:
    """Replace the card's `metrics` by what is measured now."""
    card = read_card(folder)
    reading = read_held_out(folder, subject, card.document["training_data"]["seed"], HELD_OUT)
    metrics = summary(reading, subject, card.temperature)
    write_card(folder, {**card.document, "metrics": metrics})
    print(json.dumps(metrics, indent=2))


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write `card.json` as people read it."""
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (folder / CARD_FILE).write_text(text + "\n", encoding="utf-8")
