"""Drawings that no model reads: blanks, colour photographs, pages of text, noise and marks, each from a seed."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from training import files

Film = NDArray[np.float32]
Grey = NDArray[np.uint8]
SEED, SIDE = 23, 512
_TEXT = "the patient was seen as an outpatient on account of a cough for weeks"


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
    return files.png(np.asarray(rotated_image, np.float32) / np.float32(255))


def draw_noise(rng: np.random.Generator) -> Film:
    """Return one image of noise, 256 x 256, 0 to 1."""
    side, kind = 256, int(rng.integers(4))
    if kind == 0:
        return rng.random((side, side)).astype(np.float32)
    frequencies = np.fft.fftfreq(side)[:, None] ** 2 + np.fft.fftfreq(side)[None] ** 2
    spectrum = np.fft.fft2(rng.normal(size=(side, side))) / (frequencies + 1e-5) ** (rng.uniform(0.3, 2.2) / 2)
    grain = np.fft.ifft2(spectrum).real
    grain = (grain - grain.min()) / (grain.max() - grain.min())
    if kind == 2:
        grain = (grain > 0.5).astype(float)
    if kind == 3:
        rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
        height, width = rng.uniform(0.5, 0.95, 2)
        grain = grain * ((rows / height) ** 2 + (columns / width) ** 2 < 1)
    film: Film = grain.astype(np.float32)
    return film


def draw_marks(rng: np.random.Generator, grey: Grey) -> Grey:
    """Return the image with lines, curves, scales, arrows and boxes, as devices draw them: they are no text."""
    image = Image.fromarray(grey)
    pen, side = ImageDraw.Draw(image), grey.shape[0]
    for _ in range(int(rng.integers(1, 6))):
        tone, width = int(rng.integers(0, 256)), int(rng.integers(1, 5))
        ends = [int(one) for one in (*rng.integers(0, side, 2), *rng.integers(0, side, 2))]
        kind = int(rng.integers(8))
        if kind < 3:
            _draw_shape(pen, kind, ends, tone, width=width)
        else:
            _draw_mark(rng, pen, kind, ends[:2], side=side, tone=tone, width=width)
    return np.asarray(image)


def _draw_shape(pen: ImageDraw.ImageDraw, kind: int, ends: list[int], tone: int, *, width: int) -> None:
    x, y, right, bottom = ends
    box = (min(x, right), min(y, bottom), max(x, right), max(y, bottom))
    if kind == 0:
        pen.line((x, y, right, bottom), fill=tone, width=width)
    elif kind == 1:
        pen.rectangle(box, outline=tone, width=width)
    else:
        pen.ellipse(box, outline=tone, width=width)


def _draw_mark(
    rng: np.random.Generator,
    pen: ImageDraw.ImageDraw,
    kind: int,
    start: list[int],
    *,
    side: int,
    tone: int,
    width: int,
) -> None:
    x, y = start
    if kind == 3:  # a scale
        step, length, is_upright = int(rng.integers(5, 30)), int(rng.integers(3, 12)), bool(rng.integers(2))
        for place in range(0, side, step):
            mark = (x, place, x + length, place) if is_upright else (place, y, place, y + length)
            pen.line(mark, fill=tone, width=max(1, width // 2))
    elif kind == 4:  # a trace, as of a heart's beats
        steps = np.cumsum(rng.normal(0, rng.uniform(1, 12), side // 3)) + y
        pen.line([(3 * i, int(one)) for i, one in enumerate(steps)], fill=tone, width=width)
    elif kind == 5:  # a grid
        step = int(rng.integers(8, 60))
        for place in range(step, side, step):
            pen.line((place, 0, place, side), fill=tone)
            pen.line((0, place, side, place), fill=tone)
    elif kind == 6:  # bars of grey
        for place in range(8):
            pen.rectangle((x, y + 9 * place, x + 12, y + 9 * place + 8), fill=32 * place)
    else:  # spots
        for _ in range(int(rng.integers(1, 30))):
            a, b, r = int(rng.integers(0, side)), int(rng.integers(0, side)), int(rng.integers(1, 7))
            pen.ellipse((a - r, b - r, a + r, b + r), fill=tone)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """Draw a picture that is not grey: no two channels alike."""
    red, green, blue = rng.permutation([rng.integers(0, 90), rng.integers(80, 170), rng.integers(160, 256)])
    return int(red), int(green), int(blue)
