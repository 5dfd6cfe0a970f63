"""How often the input gate is right, on images that a model is not for: `python -m training.negatives [COUNT]`.

Blanks, negatives, colour photographs, pages of text, and phantoms of the other organs, each drawn from a seed and read
from a file as an upload is; and held-out phantoms of the right kind, which should pass. Writes the table into
docs/models.md.
"""

import io
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from imaging.decode import decode
from imaging.input_checks import check_input
from imaging.model import catalogue
from imaging.model_card import Card, read_card
from imaging.preprocess import prepare
from training import files
from training.dataset import phantom
from training.subjects import SUBJECTS

ROOT = Path(__file__).resolve().parents[3]
MODELS, PAGE = ROOT / "layers" / "model" / "models", ROOT / "docs" / "models.md"
START, END = "<!-- gate: start -->", "<!-- gate: end -->"
COUNT, SEED, SIDE = 100, 23, 512
_TEXT = "the patient was seen as an outpatient on account of a cough for weeks"

Draw = Callable[[int], bytes]


def negatives(model: str) -> Mapping[str, tuple[str, Draw]]:
    """Convert kind to the code that should be told, and how to draw the file of an index."""
    others = {
        f"phantoms of {name}": ("UNFAMILIAR", lambda index, name=name: files.png(_film(name, index)))
        for name in SUBJECTS
        if name != model
    }
    return {
        "blank images": ("LOW_CONTRAST", blank),
        "negatives": ("INVERTED", lambda index: files.png(1 - _film(model, index))),
        "colour photographs": ("COLOUR_PHOTOGRAPH", photograph),
        "pages of text": ("DOCUMENT", page),
        **others,
    }


def blank(index: int) -> bytes:
    """Return one grey, with a little noise."""
    rng = np.random.default_rng([SEED, 0, index])
    return files.png(np.clip(rng.random() + rng.normal(0, 0.002, (SIDE, SIDE)), 0, 1).astype(np.float32))


def photograph(index: int) -> bytes:
    """Return a scene of a sky, a ground and some things, in colour, as a JPEG."""
    rng = np.random.default_rng([SEED, 1, index])
    image = Image.new("RGB", (SIDE, SIDE * 3 // 4), _colour(rng))
    pen = ImageDraw.Draw(image)
    horizon = int(rng.uniform(0.3, 0.7) * image.height)
    pen.rectangle((0, horizon, image.width, image.height), fill=_colour(rng))
    for _ in range(int(rng.integers(4, 14))):
        x, y = rng.integers(0, image.width), rng.integers(0, image.height)
        width, height = rng.integers(20, 160, 2)
        pen.ellipse((int(x), int(y), int(x + width), int(y + height)), fill=_colour(rng))
    noisy = np.asarray(image.filter(ImageFilter.GaussianBlur(2)), np.int16) + rng.normal(0, 8, (*image.size[::-1], 3))
    file = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
    return file.getvalue()


def page(index: int) -> bytes:
    """Return a letter or a form, scanned in grey: lines of words, at times a frame or a letterhead."""
    rng = np.random.default_rng([SEED, 2, index])
    paper = int(rng.integers(235, 256))
    image = Image.new("L", (600, 800), paper)
    pen = ImageDraw.Draw(image)
    for y in range(60, 740, int(rng.integers(16, 30))):
        if rng.random() < 0.85:
            words = " ".join(rng.choice(_TEXT.split(), int(rng.integers(3, 14))))
            pen.text((50, y), words, fill=int(rng.integers(0, 60)), font_size=int(rng.integers(12, 17)))
    if rng.random() < 0.5:
        pen.rectangle((40, 45, 560, 755), outline=0, width=2)
    if rng.random() < 0.5:
        pen.rectangle((40, 10, int(rng.integers(150, 400)), 40), fill=int(rng.integers(0, 90)))
    rotated_image = image.rotate(float(rng.uniform(-2, 2)), Image.Resampling.BILINEAR, fillcolor=paper)
    return files.png(np.asarray(rotated_image, np.float32) / 255)


def flags_of(data: bytes, card: Card) -> tuple[str, ...]:
    """Return what the gate says of a file."""
    picture = decode(data)
    return check_input(picture, prepare(picture, card.input), card)


def measure(card: Card, count: int) -> list[tuple[str, str, float, float]]:
    """Return (kind, code, share told exactly so, share told anything) for each kind; right images are the last."""
    rows = []
    for kind, (code, draw) in negatives(card.name).items():
        flags = [flags_of(draw(index), card) for index in range(count)]
        rows.append((kind, code, _share(flags, lambda one, code=code: code in one), _share(flags, bool)))
    flags = [flags_of(files.png(_film(card.name, index)), card) for index in range(count)]
    rows.append(("right images", "nothing", _share(flags, lambda one: not one), _share(flags, bool)))
    return rows


def table(count: int) -> str:
    """Return all models' numbers."""
    lines = ["| model | shown | should be told | was told so | was told anything |", "| --- | --- | --- | --- | --- |"]
    for name in catalogue(MODELS):
        for kind, code, exactly, anything in measure(read_card(MODELS / name), count):
            lines.append(f"| {name} | {kind} | {code} | {exactly:.2f} | {anything:.2f} |")
    return "\n".join([*lines, "", f"{count} images of each kind, seed {SEED}."])


def main(count: int) -> None:
    """Write the table into the page."""
    table_text = table(count)
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    PAGE.write_text(f"{before}{START}\n{table_text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(table_text)


def _film(name: str, index: int) -> NDArray[np.float32]:
    return phantom(SUBJECTS[name], SEED, "held-out", index).film


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """Draw a picture that is not grey: no two channels alike."""
    red, green, blue = rng.permutation([rng.integers(0, 90), rng.integers(80, 170), rng.integers(160, 256)])
    return int(red), int(green), int(blue)


def _share(flags: list[tuple[str, ...]], predicate: Callable[[tuple[str, ...]], bool]) -> float:
    return float(np.mean([predicate(one) for one in flags]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
