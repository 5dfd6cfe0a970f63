"""The numbers of the cards as tables, written into the documentation between two marks."""

from pathlib import Path
from typing import Any

from imaging.model_card import Card, read_card
from training.subjects import SUBJECTS

FIRST = "chest_xray"


def write_tables(models: Path, docs: Path) -> None:
    """Write the first model's table into the page about models, all others' into the gallery."""
    for name in SUBJECTS:
        page = docs / ("models.md" if name == FIRST else "gallery.md")
        start, end = marks(name)
        before, _, rest = page.read_text(encoding="utf-8").partition(start)
        _, _, after = rest.partition(end)
        page.write_text(f"{before}{start}\n{table(models / name)}\n{end}{after}", encoding="utf-8")


def marks(name: str) -> tuple[str, str]:
    """Return what stands before and after a model's table."""
    subject = "card" if name == FIRST else f"card {name}"
    return f"<!-- {subject}: start -->", f"<!-- {subject}: end -->"


def table(folder: Path) -> str:
    """Return one line for each label; in brackets the 95 % confidence interval."""
    card, unit = read_card(folder), SUBJECTS[folder.name].unit
    metrics: dict[str, Any] = card.document["metrics"]
    measures = "AUROC | sensitivity | specificity | heat's maximum on it | operating point"
    lines = [
        f"| finding | held-out {unit} with it | {measures} |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for label in card.labels:
        numbers = metrics["labels"][label.id]
        cells = [_interval(numbers.get(name)) for name in ("auroc", "sensitivity", "specificity", "pointing")]
        lines.append(f"| {label.title} | {numbers[unit]} | {' | '.join(cells)} | {label.operating_point:.2f} |")
    before, after = metrics["calibration_error_before"], metrics["calibration_error_after"]
    lines.append("")
    lines.append(
        f"{metrics[unit]} held-out phantoms. Expected calibration error {before:.3f} before and {after:.3f} after "
        f"dividing the logits by the temperature, {card.temperature:.2f}."
    )
    return "\n".join(lines + _choices(card, metrics))


def _choices(card: Card, metrics: dict[str, Any]) -> list[str]:
    """Return the table of a model that chooses one label: how often the right one, and what was taken for what."""
    if "accuracy" not in metrics:
        return []
    titles = {label.id: label.title for label in card.labels}
    lines = [
        f"Accuracy {_interval(metrics['accuracy'])}.",
        "",
        f"| drawn ↓ chosen → | {' | '.join(titles.values())} |",
        f"| --- |{' --- |' * len(titles)}",
    ]
    for truth, counts in metrics["drawn_and_chosen"].items():
        lines.append(f"| {titles[truth]} | {' | '.join(str(counts[label]) for label in titles)} |")
    return lines


def _interval(numbers: list[float] | None) -> str:
    if numbers is None:
        return "–"
    value, low, high = numbers
    return f"{value:.3f} ({low:.3f} to {high:.3f})"
