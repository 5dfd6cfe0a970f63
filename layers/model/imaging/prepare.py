"""A picture → the tensor a model takes, as its card describes it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.card import Input
from imaging.picture import Picture


@dataclass(frozen=True)
class Placement:
    """Where the picture lies in the model's input, as fractions of the input's height and width."""

    top: float
    left: float
    height: float
    width: float


@dataclass(frozen=True, eq=False)
class Prepared:
    """The tensor, 1 x 1 x height x width, and where in it the picture lies."""

    tensor: NDArray[np.float32]
    placement: Placement
    contrast: float
    """Difference of the brightest and the darkest pixel, 0 to 1."""


def prepare(picture: Picture, target: Input) -> Prepared:
    """Resize in the stored bit depth, then window to brightness, then to the card's range; pad with black."""
    rows, columns = picture.pixels.shape
    scale = min(target.height / rows, target.width / columns)
    height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
    # A gap of 1: means of whole blocks first, then antialiased interpolation over what is left.
    image = Image.fromarray(picture.pixels).resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.0)
    brightness = picture.shown(np.asarray(image))
    contrast = float(brightness.max() - brightness.min())
    top, left = (target.height - height) // 2, (target.width - width) // 2
    tensor = np.full((1, 1, target.height, target.width), target.low, np.float32)
    brightness *= np.float32(target.high - target.low)
    brightness += np.float32(target.low)
    tensor[0, 0, top : top + height, left : left + width] = brightness
    placement = Placement(top / target.height, left / target.width, height / target.height, width / target.width)
    return Prepared(tensor, placement, contrast)
