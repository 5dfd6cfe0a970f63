"""The pictures of the documentation: each kind of phantom as drawn, and with the model's heat on it."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from imaging.analysis import Analysis, analyse
from imaging.decode import decode
from imaging.model import Model, load_model
from imaging.renderings import heatmap, preview
from training import files
from training.phantom.drawing import Phantom
from training.samples import KINDS, box, sample
from training.slice_samples import SLICES, slice_sample
from training.subjects import SUBJECTS
from training.table import FIRST

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
    if analysis.choice is not None:
        return f"{analysis.choice}, {analysis.scores[analysis.choice]:.2f}"
    return ", ".join(finding.label for finding in analysis.positive) or "nothing"
