"""Text drawn into images, with the truth about where: what the finder of burned-in text is trained and measured on.

Fonts and photographs come from packages that are data here (`requirements/images.in`); all else is drawn from a seed.
"""

import io
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from imaging.decode import decode
from training import negatives
from training.dataset import phantom
from training.foreign import PACKAGES, foreign_images
from training.subjects import SUBJECTS

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_TRAINING_FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "DejaVuSans-Oblique", "STIXGeneral",
    "STIXGeneralBol", "cmss10",
)  # fmt: skip
_HELD_OUT_FONTS = ("DejaVuSansMono-BoldOblique", "DejaVuSerif-BoldItalic", "STIXGeneralItalic", "cmtt10")
"""Never trained on. Nor is Pillow's own (Aileron), which is measured besides them."""
STROKES = "strokes"
"""Signs made of strokes within a square, as those of Chinese, Japanese and Korean are; no package has such a font."""
BITMAP = "bitmap"
"""Pillow's font of fixed dots, enlarged, as old devices write."""
WITH_TEXT = (
    "page", "text.png", "logo", "OBXXXX", "US1_", "gdcm-US", "color-", "color3d", "JPGLossless", "RG3_", "lut_", "moto",
    "astronaut",
)  # fmt: skip
"""Foreign images that show writing, or may: no truth is known of them."""

_LATIN = string.ascii_uppercase + string.ascii_uppercase + string.ascii_lowercase
SCRIPTS = (
    "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЭЮЯабвгдежзиклмнопрстуфхцчшэюя",
    "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρστυφχψω",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔ",
    "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
)
_WORDS = tuple(
    "Name DOB ID Sex M F Age Acc Date Time MRN Dr Hospital St Radiology CT MR US kV mA mAs cm mm Hz MHz dB FR "  # noqa: SIM905
    "Gain Depth PORTABLE SUPINE ERECT AP PA LAT Zoom WL WW SL TR TE MI TIs Acq Ser Ima No Study Exam Patient Clinic "
    "Ward".split()
)


@dataclass(frozen=True, eq=False)
class TextExample:
    """A grey image, the lines of text in it as boxes that are filled, and the text's own pixels."""

    grey: Grey
    lines: Mask
    ink: Mask


@dataclass(frozen=True)
class Style:
    """How text is drawn. Sizes in pixels of the image, `contrast` in steps of 255 against what lies behind it."""

    font: str
    size: int
    tone: str = "any"
    """white, black, grey, or boxed: on a ground of its own."""
    turn: float = 0.0
    """In degrees."""
    contrast: int = 60


def fonts(*, held_out: bool) -> tuple[str, ...]:
    """Return the names of the fonts to train with, or of those to measure with."""
    return (*_HELD_OUT_FONTS, "aileron") if held_out else (*_TRAINING_FONTS, BITMAP, STROKES)


def draw_line(rng: np.random.Generator, text: str, style: Style) -> Grey:
    """Return a line of text as its coverage, 0 to 255, cut to its edges."""
    if style.font == STROKES:
        coverage = _draw_strokes(rng, len(text), style.size)
    elif style.font == BITMAP:
        coverage = _draw_dots(text, style.size)
    else:
        font = _load(style.font, style.size)
        left, top, right, bottom = (int(end) for end in font.getbbox(text))
        canvas = Image.new("L", (max(1, right - left), max(1, bottom - top)))
        ImageDraw.Draw(canvas).text((-left, -top), text, fill=255, font=font)
        coverage = canvas
    return np.asarray(coverage)


@lru_cache(maxsize=512)
def _load(name: str, size: int) -> ImageFont.FreeTypeFont:
    if name == "aileron":
        font = ImageFont.load_default(size)
        assert isinstance(font, ImageFont.FreeTypeFont)
        return font
    [path] = PACKAGES.glob(f"lib/python*/site-packages/matplotlib/mpl-data/fonts/ttf/{name}.ttf")
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def _draw_dots(text: str, size: int) -> Image.Image:
    plain = text.encode("ascii", "replace").decode()
    font = ImageFont.load_default_imagefont()
    left, top, right, bottom = (int(end) for end in font.getbbox(plain))
    canvas = Image.new("L", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(canvas).text((0, 0), plain, fill=255, font=font)
    scale = max(1, round(size / 11))
    return canvas.resize((canvas.width * scale, canvas.height * scale), Image.Resampling.NEAREST)


def _draw_strokes(rng: np.random.Generator, count: int, size: int) -> Image.Image:
    canvas = Image.new("L", (size * count, size))
    pen, width = ImageDraw.Draw(canvas), max(1, round(size / rng.uniform(9, 14)))
    for sign in range(count):
        edge, inner = sign * size + size // 10, int(size * 0.8)
        for _ in range(int(rng.integers(4, 10))):
            across, down = (int(one) for one in rng.integers(0, max(1, inner), 2))
            length, way = int(rng.uniform(0.4, 1) * inner), rng.random()
            start = (edge + across // 2, down) if way < 0.45 else (edge + across, down // 2)
            slant = int(rng.uniform(-0.5, 0.5) * inner) if way > 0.85 else 0
            end = (start[0] + length, start[1]) if way < 0.45 else (start[0] + slant, start[1] + length)
            pen.line((*start, min(end[0], edge + inner), min(end[1], size - 1)), fill=255, width=width)
    return canvas


def write_words(rng: np.random.Generator, font: str) -> str:
    """Return what devices and people burn in: names, dates, numbers, words, at times of another script."""
    kind = rng.random()
    if kind < 0.06:
        return str(rng.choice(list("RLSEAP")))
    if kind < 0.2 and font.startswith("DejaVu") and "Mono" not in font:
        letters = list(str(rng.choice(SCRIPTS)))
        return " ".join("".join(rng.choice(letters, int(rng.integers(2, 9)))) for _ in range(int(rng.integers(1, 4))))
    return " ".join(_word(rng) for _ in range(int(rng.integers(1, 5))))


def _word(rng: np.random.Generator) -> str:
    kind = int(rng.integers(7))
    digits = "".join(rng.choice(list(string.digits), int(rng.integers(2, 11))))
    if kind == 0:
        return str(rng.choice(_WORDS))
    if kind == 1:
        return f"{rng.choice(_WORDS)}:{digits}"
    if kind == 2:
        mark = str(rng.choice(list("-/.")))
        return f"{rng.integers(1900, 2030)}{mark}{rng.integers(1, 13):02}{mark}{rng.integers(1, 32):02}"
    if kind == 3:
        return f"{rng.integers(0, 24):02}:{rng.integers(0, 60):02}:{rng.integers(0, 60):02}"
    if kind == 4:
        return digits
    name = "".join(rng.choice(list(_LATIN), int(rng.integers(2, 11))))
    return (name.upper(), name.capitalize(), f"{name.upper()}^{digits}", f"{name}, ")[int(rng.integers(4))]


def burn_in(
    rng: np.random.Generator, example: TextExample, text: str, style: Style, place: tuple[float, float] | None = None
) -> TextExample:
    """Return the image with a line more, at `place` (shares of its height and width) or anywhere; or as it was.

    It stays as it was if the line has no room, or lies on another.
    """
    coverage = Image.fromarray(draw_line(rng, text, style))
    margin = max(2, style.size // 4)
    canvas = Image.new("L", (coverage.width + 2 * margin, coverage.height + 2 * margin))
    canvas.paste(coverage, (margin, margin))
    box = Image.new("L", canvas.size)
    box.paste(255, (margin - 1, margin - 1, canvas.width - margin + 1, canvas.height - margin + 1))
    if style.turn:
        canvas, box = (one.rotate(style.turn, Image.Resampling.BILINEAR, expand=True) for one in (canvas, box))
    height, width = canvas.height, canvas.width
    rows, columns = example.grey.shape
    if height > rows or width > columns:
        return example
    down, across = place or (float(rng.random()), float(rng.random()))
    top, left = int(down * (rows - height)), int(across * (columns - width))
    window = (slice(top, top + height), slice(left, left + width))
    if example.lines[window].any():
        return example
    share, line = np.asarray(canvas, np.float32) / 255, np.asarray(box) > 127
    grey, lines, ink = example.grey.copy(), example.lines.copy(), example.ink.copy()
    grey[window] = _paint(rng, grey[window], share, line=line, style=style)
    lines[window] |= line
    ink[window] |= share > 0.4
    return TextExample(grey, lines, ink)


def _paint(rng: np.random.Generator, behind: Grey, share: NDArray[np.float32], *, line: Mask, style: Style) -> Grey:
    ground = behind.astype(np.float32)
    tone = style.tone if style.tone != "any" else str(rng.choice(["white", "white", "white", "black", "grey", "boxed"]))
    if tone == "boxed":
        fill = float(rng.choice([0, 0, 255, rng.integers(0, 256)]))
        ground = np.where(np.asarray(line), fill, ground)
    level = float(np.median(ground[line])) if line.any() else 0.0
    least = style.contrast
    if tone == "white":
        ink = max(255.0 - float(rng.integers(0, 60)), min(255.0, level + least))
    elif tone == "black":
        ink = min(float(rng.integers(0, 40)), max(0.0, level - least))
    else:
        ink = level + least * float(rng.uniform(1, 2)) * (1 if level < 128 else -1)
    ink = float(np.clip(ink, 0, 255))
    if abs(ink - level) < least:  # white on white shows nothing: nor does it on any film
        ink = level + least if level < 128 else level - least
    if tone != "boxed" and rng.random() < 0.15:  # a shadow, as some devices draw so that text is seen on all grounds
        shadow = np.zeros_like(share)
        shadow[1:, 1:] = share[:-1, :-1]
        ground = ground * (1 - shadow) + (0.0 if ink > 128 else 255.0) * shadow
    result: Grey = np.clip(ground * (1 - share) + ink * share + 0.5, 0, 255).astype(np.uint8)
    return result


def plain(grey: Grey) -> TextExample:
    """Return an image without text."""
    return TextExample(grey, np.zeros(grey.shape, bool), np.zeros(grey.shape, bool))


def degrade(grey: Grey, rng: np.random.Generator) -> Grey:
    """Return the image as a JPEG or a noisy film gives it back."""
    if rng.random() < 0.3:
        grey = np.asarray(Image.fromarray(grey).filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 0.9)))))
    if rng.random() < 0.3:
        noise = rng.normal(0, rng.uniform(1, 10), grey.shape)
        grey = np.clip(grey + noise, 0, 255).astype(np.uint8)
    return as_jpeg(grey, int(rng.integers(30, 95))) if rng.random() < 0.4 else grey


def as_jpeg(grey: Grey, quality: int) -> Grey:
    """Return the image as a JPEG of this quality gives it back."""
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def backgrounds(*, held_out: bool, count: int, seed: int = 7) -> list[Grey]:
    """Return images without text: free ones and `count` drawn ones of each subject."""
    images = [
        decode(image.data).to_grey()
        for image in foreign_images()
        if image.is_held_out == held_out and not any(part in image.name for part in WITH_TEXT)
    ]
    split = "held-out" if held_out else "train"
    for subject in SUBJECTS.values():
        for index in range(count):
            images.append((phantom(subject, seed, split, index).film * 255 + 0.5).astype(np.uint8))
    return images


def draw_example(rng: np.random.Generator, images: Sequence[Grey], side: int) -> TextExample:
    """Return one example to train with: a piece of an image, or a drawing, with lines of text or without any."""
    ground = _ground(rng, images, side)
    if rng.random() < 0.6:
        ground = negatives.draw_marks(rng, ground)
    if rng.random() < 0.25:
        ground = 255 - ground
    example = plain(ground)
    if rng.random() < 0.7:
        names = fonts(held_out=False)
        base = float(np.exp(rng.uniform(np.log(7), np.log(44))))
        for _ in range(int(rng.integers(1, 8))):
            font = str(rng.choice(names))
            turn = float(rng.choice([0, 0, 0, 0, 90, 270, 180, rng.uniform(-8, 8)]))
            size = max(7, round(base * rng.uniform(0.8, 1.3)))
            style = Style(font, size, turn=turn, contrast=int(rng.integers(22, 140)))
            example = burn_in(rng, example, write_words(rng, font), style)
    return TextExample(degrade(example.grey, rng), example.lines, example.ink)


def _ground(rng: np.random.Generator, images: Sequence[Grey], side: int) -> Grey:
    kind = rng.random()
    if kind < 0.12:
        return np.full((side, side), int(rng.choice([0, 0, 255, rng.integers(0, 256)])), np.uint8)
    if kind < 0.25:
        film = negatives.draw_noise(rng)
        film = film if side == len(film) else np.resize(film, (side, side))
        low, high = sorted(rng.uniform(0, 255, 2))
        return (low + film * (high - low)).astype(np.uint8)
    image = Image.fromarray(images[int(rng.integers(len(images)))])
    scale = max(float(rng.uniform(0.5, 2.0)) * side / min(image.size), float(rng.uniform(0.25, 1.2)))
    part = side / scale
    left, top = (float(rng.uniform(min(0.0, one - part), max(0.0, one - part))) for one in image.size)
    image = image.crop((int(left), int(top), int(left + part) + 1, int(top + part) + 1)).resize((side, side))
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose(int(rng.integers(7))))
    film = np.asarray(image, np.float32)
    if rng.random() < 0.5:
        film = film * rng.uniform(0.4, 1.2) + rng.uniform(-20, 60)
    return np.clip(film, 0, 255).astype(np.uint8)
