"""The cards' numbers as tables, and the pictures of phantoms, of the documentation."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from imaging.analysis import Analysis, analyse
from imaging.decode import decode
from imaging.model import Model, load_model
from imaging.model_card import Card, read_card
from imaging.renderings import heatmap, preview
from training import files
from training.gate_metrics import gate_rows
from training.phantom.canvas import Phantom
from training.samples import KINDS, SLICES, box, sample, slice_sample
from training.subjects import SUBJECTS

FIRST = "chest_xray"
GATE_START, GATE_END = "<!-- gate: start -->", "<!-- gate: end -->"


def write_tables(models: Path, docs: Path) -> None:
    """Write the first model's table into the page about models, all others' into the gallery; and the gates' table."""
    write_gate_table(models, docs)
    for name in SUBJECTS:
        page = docs / ("models.md" if name == FIRST else "gallery.md")
        start, end = marks(name)
        before, _, rest = page.read_text(encoding="utf-8").partition(start)
        _, _, after = rest.partition(end)
        page.write_text(f"{before}{start}\n{table(models / name)}\n{end}{after}", encoding="utf-8")


def write_gate_table(models: Path, docs: Path) -> None:
    """Write what every gate lets through into the gallery."""
    page = docs / "gallery.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(GATE_START)
    _, _, after = rest.partition(GATE_END)
    page.write_text(f"{before}{GATE_START}\n{gate_table(models)}\n{GATE_END}{after}", encoding="utf-8")


def gate_table(models: Path) -> str:
    """Return one line for each kind of image that was shown, one column for each model."""
    rows: dict[str, dict[str, str]] = {}
    for name in SUBJECTS:
        for shown, passed in gate_rows(read_card(models / name).document["gate_metrics"]):
            rows.setdefault(shown, {})[name] = passed
    lines = [f"| shown | {' | '.join(f'`{name}`' for name in SUBJECTS)} |", f"| --- |{' --- |' * len(SUBJECTS)}"]
    lines += [
        f"| {shown} | {' | '.join(passed.get(name, '–') for name in SUBJECTS)} |" for shown, passed in rows.items()
    ]
    return "\n".join(lines)


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


_SIDE = 256
_GAP = 6
_CAPTION = 34
_NOTICE = 24
_TRUTH = (90, 220, 120)
_PER_LABEL = 3
_SHOWN_FROM = 11
"""The gallery's phantoms are others than the samples: a sample can be looked at for itself."""


@dataclass(frozen=True, eq=False)
class SheetEntry:
    """One phantom, and what is written above it."""

    phantom: Phantom
    text: str


def write_sheets(models: Path, docs: Path) -> None:
    """Write the first model's sheet, and for each of the others one in the gallery."""
    films = [SheetEntry(sample(kind, 1), ", ".join(KINDS[kind]) or kind) for kind in KINDS]
    _write(load_model(models / FIRST, 1), films, 4, docs / "imaging" / "phantoms.png")
    for name in SLICES:
        labels = SUBJECTS[name].labels
        slices = [
            SheetEntry(slice_sample(name, label, _SHOWN_FROM + i), label) for i in range(_PER_LABEL) for label in labels
        ]
        _write(load_model(models / name, 1), slices, len(labels), docs / "pictures" / f"{name.replace('_', '-')}.jpg")


def _write(model: Model, examples: Sequence[SheetEntry], across: int, path: Path) -> None:
    """Draw above each film with the truth's boxes, below it the overlay; `across` of them side by side."""
    columns = [_column(one, model) for one in examples]
    height, down = columns[0].height, -(-len(columns) // across)
    sheet = Image.new("RGB", ((_SIDE + _GAP) * across, height * down + _NOTICE), "white")
    ImageDraw.Draw(sheet).text((6, 4), f"Drawings, no patients: {model.card.notice}.", fill="black", font_size=14)
    for i, column in enumerate(columns):
        sheet.paste(column, ((_SIDE + _GAP) * (i % across), height * (i // across) + _NOTICE))
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jpg":
        sheet.save(path, quality=58)
    else:
        sheet.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)


def _column(example: SheetEntry, model: Model) -> Image.Image:
    picture = decode(files.png(example.phantom.film))
    analysis = analyse(picture, model)
    film = Image.open(io.BytesIO(preview(picture))).convert("RGB").resize((_SIDE, _SIDE))
    overlay = Image.open(io.BytesIO(heatmap(picture, analysis))).convert("RGB").resize((_SIDE, _SIDE))
    draw = ImageDraw.Draw(film)
    for mask in example.phantom.masks.values():
        draw.rectangle([int(end * _SIDE) for end in box(mask)], outline=_TRUTH)
    column = Image.new("RGB", (_SIDE, 2 * _SIDE + _CAPTION), "white")
    column.paste(film, (0, _CAPTION))
    column.paste(overlay, (0, _CAPTION + _SIDE))
    text = f"drawn: {example.text}\nfound: {_findings_text(analysis)}"
    ImageDraw.Draw(column).multiline_text((6, 3), text, fill="black", font_size=12, spacing=2)
    return column


def _findings_text(analysis: Analysis) -> str:
    if not analysis.is_read:
        return "refused"
    if analysis.choice is not None:
        return f"{analysis.choice}, {analysis.scores[analysis.choice]:.2f}"
    return ", ".join(finding.label for finding in analysis.positive) or "nothing"
