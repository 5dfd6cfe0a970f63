"""PNG files decoded by Pillow: every colour type and depth, upright, square, and on the ground that shows them."""

import io
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from imaging.image import ImageFacts, Picture, Stance, plan_fit
from imaging.jpeg_png import GREY_MODES, colour_share
from imaging.structure import check_png
from segments.layout import read_png_layout

_DEPTH_PLACE = 24
"""Of the byte that says how many bits a sample has: in IHDR, which comes first."""
_BYTE = 8
_SAMPLE_SIDE = 256


def decode_png(data: bytes, *, whole: bool) -> Picture:
    """Convert a PNG file of any colour type to an upright grey picture of 8 or 16 bits."""
    check_png(data)
    file = _open_png(data)
    columns, rows = file.image.size
    if file.image.mode.startswith("I"):
        return _deep_picture(file, whole=whole)
    colours = None if file.image.mode in GREY_MODES else partial(_read_png_colours, data)
    return Picture(
        pixels=np.asarray(file.stance.apply(file.flatten("L"), whole=whole)),
        low=0,
        high=255,
        facts=ImageFacts("PNG", rows, columns, 8),
        colour=colour_share(file.image),
        colours=colours,
        pixel_ratio=file.stance.ratio,
    )


def _read_png_colours(data: bytes, whole: bool) -> NDArray[np.uint8]:
    """Return a checked PNG file in colour, upright: rows x columns x red, green, blue; of the grey picture's size."""
    file = _open_png(data)
    return np.asarray(file.stance.apply(file.flatten("RGB"), whole=whole))


def _deep_picture(file: "_OpenPng", *, whole: bool) -> Picture:
    """Return the picture of a PNG of 16 bits, grey."""
    values = np.asarray(file.image)
    rows, columns = values.shape
    hole = file.image.info.get("transparency")
    if hole is not None:
        values = _fill_hole(values, hole)
    deep = plan_fit(rows, columns, file.stance.ratio, whole=whole).apply_deep(values)
    if file.stance.turn is not None:
        deep = np.asarray(file.stance.turn_upright(Image.fromarray(deep)))
    bits = _depth(values.max())  # the file's, not of means: it would have another depth at each size
    facts = ImageFacts("PNG", rows, columns, bits)
    return Picture(deep, 0, (1 << bits) - 1, facts, pixel_ratio=file.stance.ratio)


def _depth(top: float) -> int:
    """Return how many bits values have: 10, 12 or 14 are usual in a file of 16."""
    return max(int(top).bit_length(), 8)


def _fill_hole(values: NDArray[Any], hole: int) -> NDArray[Any]:
    """Return values of which one meant that a pixel is transparent, with the ground that they need in its place."""
    is_visible = values != hole
    bits = _depth(values.max(initial=0, where=is_visible))
    step = slice(None, None, max(1, min(values.shape) // _SAMPLE_SIDE))
    ground = _find_ground(np.clip(values[step, step] >> (bits - 8), 0, 255), is_visible[step, step])
    return np.where(is_visible, values, values.dtype.type(((1 << bits) - 1) * ground // _WHITE))


@dataclass(frozen=True)
class _OpenPng:
    image: Image.Image
    """With channels of its own for what is transparent, if anything is."""
    veil: Image.Image | None
    """How transparent each pixel is; None if all are opaque."""
    stance: Stance

    def flatten(self, mode: Literal["L", "RGB"]) -> Image.Image:
        """Return the image in grey or colour, with the ground seen through it that it needs."""
        flat = self.image.convert(mode)
        if self.veil is not None:
            sample = self.image.resize((_SAMPLE_SIDE, _SAMPLE_SIDE), Image.Resampling.NEAREST)
            ground = _find_ground(np.asarray(sample.convert("L")), np.asarray(sample.getchannel("A")))
            flat.paste(ground if mode == "L" else (ground,) * 3, mask=self.veil)
        return flat


def _open_png(data: bytes) -> _OpenPng:
    """Load a checked PNG file."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as file:
        file.load()
    _scale_hole(file, depth=data[_DEPTH_PLACE])
    image: Image.Image = file
    stance = Stance.of(read_png_layout(data))
    if not image.has_transparency_data or image.mode.startswith("I"):
        return _OpenPng(image, None, stance)
    if "A" not in image.getbands():
        image = image.convert("LA" if image.mode in GREY_MODES else "RGBA")
    alpha = image.getchannel("A")
    return _OpenPng(image, None if alpha.getextrema() == (255, 255) else ImageChops.invert(alpha), stance)


def _scale_hole(file: Image.Image, depth: int) -> None:
    """Take the value that means transparent to 8 bits, as Pillow takes the pixels, but not that."""
    hole = file.info.get("transparency")
    if isinstance(hole, tuple) and depth > _BYTE:
        file.info["transparency"] = tuple(channel >> _BYTE for channel in hole)
    elif isinstance(hole, int) and depth < _BYTE and file.mode == "L":
        file.info["transparency"] = hole * _WHITE // ((1 << depth) - 1)


_WHITE = 255
_TAIL = 0.02
_LEAST_SHARE = 2


def _find_ground(levels: NDArray[Any], weights: NDArray[Any]) -> int:
    """Return what is laid under a transparent image: black, as around an X-ray, or white if black would swallow it.

    Bright bones stand out from black; of ink nothing does. So the brightest part of what is visible is compared with
    black, the darkest with white, and white is taken where it has twice the contrast: an image of all greys is
    as good on either, and is an X-ray. `weights`: how opaque each pixel is, of 256 levels of grey.
    """
    counts = np.bincount(levels.ravel(), weights=weights.ravel(), minlength=_WHITE + 1).cumsum()
    darkest, brightest = np.searchsorted(counts, np.array([_TAIL, 1 - _TAIL]) * counts[-1])
    return _WHITE if brightest * _LEAST_SHARE < _WHITE - darkest and counts[-1] else 0
