"""The numbers of the card as a table, written into the documentation between two marks."""

from pathlib import Path
from typing import Any

from imaging.card import read_card

START, END = "<!-- card: start -->", "<!-- card: end -->"
_HEAD = (
    "| finding | held-out films with it | AUROC | sensitivity | specificity | heat's maximum on it | operating point |"
)


def write_table(folder: Path, page: Path) -> None:
    """Replace what stands between the marks in `page` by the card's table."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{START}\n{table(folder)}\n{END}{after}", encoding="utf-8")


def table(folder: Path) -> str:
    """One line for each label; in brackets the 95 % confidence interval."""
    card = read_card(folder)
    measured: dict[str, Any] = card.document["metrics"]
    lines = [_HEAD, "| --- | --- | --- | --- | --- | --- | --- |"]
    for label in card.labels:
        numbers = measured["labels"][label.id]
        cells = [_interval(numbers[name]) for name in ("auroc", "sensitivity", "specificity", "pointing")]
        lines.append(f"| {label.title} | {numbers['films']} | {' | '.join(cells)} | {label.operating_point:.2f} |")
    before, after = measured["calibration_error_before"], measured["calibration_error_after"]
    lines.append("")
    lines.append(
        f"{measured['films']} held-out phantoms. Expected calibration error {before:.3f} before and {after:.3f} after "
        f"dividing the logits by the temperature, {card.temperature:.2f}."
    )
    return "\n".join(lines)


def _interval(numbers: list[float]) -> str:
    value, low, high = numbers
    return f"{value:.3f} ({low:.3f} to {high:.3f})"
