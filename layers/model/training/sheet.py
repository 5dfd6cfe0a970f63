"""The contact sheet of the documentation: each kind of phantom as drawn, and with the model's heat on it."""

import io
from pathlib import Path

from PIL import Image, ImageDraw

from imaging.analyse import Analysis, analyse
from imaging.decode import decode
from imaging.derived import heatmap, preview
from imaging.model import Model, load_model
from training import files
from training.samples import KINDS, box, sample

_SIDE = 256
_GAP = 6
_CAPTION = 34
_TRUTH = (90, 220, 120)


def write_sheet(folder: Path, path: Path) -> None:
    """One column for each kind: above the film with the truth's boxes, below the overlay."""
    model = load_model(folder, 1)
    columns = [_column(kind, model) for kind in KINDS]
    height = columns[0].height
    sheet = Image.new("RGB", ((_SIDE + _GAP) * 4, height * 2), "white")
    for i, column in enumerate(columns):
        sheet.paste(column, ((_SIDE + _GAP) * (i % 4), height * (i // 4)))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)


def _column(kind: str, model: Model) -> Image.Image:
    drawn = sample(kind, 1)
    picture = decode(files.png(drawn.film))
    analysis = analyse(picture, model)
    film = Image.open(io.BytesIO(preview(picture))).convert("RGB").resize((_SIDE, _SIDE))
    overlay = Image.open(io.BytesIO(heatmap(picture, analysis))).convert("RGB").resize((_SIDE, _SIDE))
    draw = ImageDraw.Draw(film)
    for mask in drawn.masks.values():
        draw.rectangle([int(end * _SIDE) for end in box(mask)], outline=_TRUTH)
    column = Image.new("RGB", (_SIDE, 2 * _SIDE + _CAPTION), "white")
    column.paste(film, (0, _CAPTION))
    column.paste(overlay, (0, _CAPTION + _SIDE))
    ImageDraw.Draw(column).multiline_text((6, 3), _caption(kind, analysis), fill="black", font_size=12, spacing=2)
    return column


def _caption(kind: str, analysis: Analysis) -> str:
    found = [finding.label for finding in analysis.positive]
    lines = [f"drawn: {', '.join(KINDS[kind]) or kind}", f"found: {', '.join(found) or 'nothing'}"]
    return "\n".join(lines)
