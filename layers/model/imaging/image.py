"""A decoded image: its pixels, square and no larger than needed, and what its header says of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.bounds import DETAIL_PIXELS, MAX_SIDE, PREVIEW_SIDE
from segments.layout import RasterLayout

Format = Literal["JPEG", "PNG", "DICOM"]
StoredPixels = NDArray[np.uint8] | NDArray[np.float32]
"""Stored values: 8 bits as they are, more bits as floats, which hold them and their means exactly enough."""

Colours = Callable[[bool], NDArray[np.uint8]]
"""Decodes a file in colour, small or whole."""


@dataclass(frozen=True)
class ImageFacts:
    """What the file says of itself. Free text of a header never gets in here: codes only."""

    format: Format
    rows: int
    columns: int
    bits: int
    """Bits stored per sample."""
    frames: int = 1
    photometric: str | None = None
    modality: str | None = None
    view: str | None = None
    body_part: str | None = None
    pixel_spacing: tuple[float, float] | None = None
    """Row and column spacing in millimetres."""
    spacing_source: str | None = None
    """The attribute the spacing comes from: at the detector it is not that in the patient."""
    laterality: str | None = None
    transfer_syntax: str | None = None
    signed: bool = False
    lossy: bool = False
    """Compressed with loss, now or before."""
    window: tuple[float, float] | None = None
    """Centre and width that the header asks for, in the modality's units."""
    window_function: str | None = None
    """LINEAR, LINEAR_EXACT or SIGMOID beside a window, TABLE for a VOI LUT; none if all values are shown."""
    unclear: tuple[str, ...] = ()
    """Of `modality`, `body_part`, `view` and `laterality`, those of which the header states more than is told here:
    no code that is known, or several. That is never the same as not to be stated."""


@dataclass(frozen=True)
class Statement:
    """One thing that a header states of its image, in a text or a code."""

    names: tuple[str, ...] = ()
    """What a card may call it: any of them. None if it is not understood."""
    code: str | None = None
    """The one that people are told; a text is not."""


@dataclass(frozen=True)
class StudyFacts:
    """What the header says of the examination and of whom it shows. A model is chosen by it; nothing else sees it."""

    modalities: tuple[Statement, ...] = ()
    """All that is stated, here and in the next three; it is one thing, or the header contradicts itself."""
    body_parts: tuple[Statement, ...] = ()
    views: tuple[Statement, ...] = ()
    sides: tuple[Statement, ...] = ()
    image_type: tuple[str, ...] = ()
    plane: str | None = None
    """AXIAL, SAGITTAL or CORONAL, where the image lies within 35 degrees of one."""
    age: float | None = None
    """In years."""
    sex: str | None = None
    is_animal: bool = False
    study_description: str | None = None
    series_description: str | None = None
    unclear: tuple[str, ...] = ()
    """Of `image_type`, `plane`, `age` and `sex`, those that the header states in a way that is not understood."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One grey frame, in its stored bit depth until it has its final size.

    A pixel's value in the modality's units (Hounsfield for CT) is `pixels * slope + intercept`; values from `low` to
    `high` are shown from black to white, or from white to black if `is_inverted`: evenly, or along `curve`.
    """

    pixels: StoredPixels
    """rows x columns, at most `bounds.PREVIEW_SIDE` a side; of a finer one, at most `bounds.DETAIL_PIXELS`.

    They are square, whatever the file's are: whoever measures, turns or crops them need not know."""
    low: float
    high: float
    facts: ImageFacts
    study: StudyFacts = StudyFacts()
    slope: float = 1.0
    intercept: float = 0.0
    is_inverted: bool = False
    warnings: tuple[str, ...] = ()
    decode_ms: float = 0.0
    curve: NDArray[np.float32] | None = None
    """Brightness, 0 to 1, at equal steps from `low` to `high`."""
    units: bool = False
    """Whether the file says how values become units: by slope and intercept, not by a table, palette or colour."""
    finer: "Callable[[], Picture] | None" = None
    """Decodes the file again, as large as may be; None if this is all of it. Raises ImageError."""
    colour: float = 0.0
    """The share of the file's pixels that are clearly coloured."""
    colours: Colours | None = None
    """Decodes the file again in colour, as large as this picture, or whole if true: rows x columns x RGB, 8 bits.
    None if the file is grey. Raises ImageError."""
    pixel_ratio: float = 1.0
    """How many times as high as wide the file's own pixels are."""

    @property
    def is_smaller(self) -> bool:
        """Tell whether the file has more pixels than are here: then at least four for each of these."""
        stored = self.facts.rows * self.facts.columns * max(_stretches(self.pixel_ratio))
        return self.pixels.size < stored / 2

    def to_brightness(self, pixels: NDArray[np.generic]) -> NDArray[np.float32]:
        """Convert stored values of any shape to brightness, 0 (black) to 1 (white)."""
        span = self.high - self.low
        scale = self.slope / span
        brightness = pixels.astype(np.float32)
        brightness *= np.float32(scale)
        brightness += np.float32((self.intercept - self.low) / span)
        np.clip(brightness, 0.0, 1.0, out=brightness)
        if self.curve is not None:
            steps = np.linspace(0, 1, len(self.curve), dtype=np.float32)
            brightness = np.interp(brightness, steps, self.curve).astype(np.float32)
        return np.subtract(np.float32(1), brightness, out=brightness) if self.is_inverted else brightness

    def to_grey(self) -> NDArray[np.uint8]:
        """Return the frame as 8-bit grey, rows x columns."""
        plain = self.curve is None and not self.is_inverted
        if plain and self.pixels.dtype == np.uint8 and (self.low, self.high, self.slope) == (0, 255, 1):
            return self.pixels.astype(np.uint8, copy=False)
        return (self.to_brightness(self.pixels) * 255 + 0.5).astype(np.uint8)


_SQUARE = 1.01
"""Within one per cent a ratio is rounding, or nothing that anybody sees."""
_LARGEST_RATIO = 16.0
"""Slices of 8 mm cut across at 0.5 mm have it. More is no shape of a pixel, but a number in the wrong place."""


def square_ratio(height: float, width: float) -> float:
    """Return how many times as high as wide a pixel is; 1 if it is square, or these can be the sides of none."""
    if not (0 < height < math.inf and 0 < width < math.inf):
        return 1.0
    ratio = height / width
    return ratio if _SQUARE < max(ratio, width / height) <= _LARGEST_RATIO else 1.0


def _stretches(ratio: float) -> tuple[float, float]:
    """Return how many times as high and as wide an image becomes whose pixels are made square, and none is lost."""
    return max(ratio, 1.0), max(1 / ratio, 1.0)


@dataclass(frozen=True)
class Fit:
    """How an image becomes as large as is kept, and square: means of blocks, of which one axis is resampled if need be.

    Both in the stored bit depth. The finer axis is never resampled, so it is as sharp as that of a square image.
    """

    block: tuple[int, int]
    """Pixels down and across that become one."""
    rows: int | None = None
    """To be resampled to; None: as many as there are blocks."""
    columns: int | None = None

    def apply(self, image: Image.Image) -> Image.Image:
        """Return an image of 8 bits a channel as it is kept."""
        return self.stretch(image if self.block == (1, 1) else image.reduce(self.block[::-1]))

    def stretch(self, blocks: Image.Image) -> Image.Image:
        """Return blocks, of 8 bits a channel or floats, as square pixels."""
        size = (self.columns or blocks.width, self.rows or blocks.height)
        return blocks if size == blocks.size else blocks.resize(size, Image.Resampling.BILINEAR)

    def apply_deep(self, values: NDArray[np.uint16] | NDArray[np.int32]) -> NDArray[np.float32]:
        """Return values of more than 8 bits as they are kept."""
        return self.stretch_deep(mean_blocks(values, self.block))

    def stretch_deep(self, blocks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return blocks of more than 8 bits as square pixels."""
        if self.rows is None and self.columns is None:
            return blocks
        return np.asarray(self.stretch(Image.fromarray(blocks)))


def plan_fit(rows: int, columns: int, ratio: float = 1.0, *, whole: bool = False) -> Fit:
    """Return how an image of this size, whose pixels are `ratio` times as high as wide, becomes small and square."""
    down, across = _stretches(ratio)
    # Rounded: 0.3 / 0.1 is not quite 3, and a hair beyond the bound would halve the image.
    factor = shrink_factor(round(rows * down, 3), round(columns * across, 3), whole=whole)
    block = (_block(rows, factor / down), _block(columns, factor / across))
    return Fit(
        block,
        rows=max(1, round(rows * down / factor)) if down > 1 else None,
        columns=max(1, round(columns * across / factor)) if across > 1 else None,
    )


def _block(side: int, pixels: float) -> int:
    """Return how many pixels of one axis become one: rather too few, but not one for nearly two."""
    return max(1, min(side, int(pixels + 0.25)))


def fit(image: Image.Image, ratio: float = 1.0, *, whole: bool = False) -> Image.Image:
    """Return the image as large as is kept: means of whole blocks of pixels, six times as fast as resampling."""
    return plan_fit(image.height, image.width, ratio, whole=whole).apply(image)


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Stance:
    """How stored pixels become upright and square."""

    ratio: float
    """How many times as high as wide a pixel is, before it is turned."""
    turn: Image.Transpose | None

    @classmethod
    def of(cls, layout: RasterLayout) -> "Stance":
        """Return what a file says."""
        across, down = layout.density or (1, 1)
        return cls(square_ratio(across, down), _TURNS.get(layout.orientation))

    def apply(self, image: Image.Image, *, whole: bool) -> Image.Image:
        """Return stored pixels upright and square, as large as is kept."""
        return self.turn_upright(fit(image, self.ratio, whole=whole))

    def turn_upright(self, image: Image.Image) -> Image.Image:
        """Return pixels as they are to be seen."""
        return image if self.turn is None else image.transpose(self.turn)


def mean_blocks(values: NDArray[np.uint16] | NDArray[np.int32], block: tuple[int, int]) -> NDArray[np.float32]:
    """Return the means of blocks of values of more than 8 bits, rows x columns.

    Rows and columns over from the last block are dropped. Rows are summed first: a float copy of the whole
    frame would take seven times as long, most of it for its memory.
    """
    down, across = block
    if block == (1, 1):
        return values.astype(np.float32)
    rows, columns = (side // pixels * pixels for side, pixels in zip(values.shape, block, strict=True))
    sums = values[0:rows:down].astype(np.float32)
    for row in range(1, down):
        sums += values[row:rows:down]
    means = sums[:, 0:columns:across].copy()
    for column in range(1, across):
        means += sums[:, column:columns:across]
    means /= np.float32(down * across)
    return means


def shrink_factor(one_side: float, other_side: float, *, whole: bool) -> int:
    """Return how many pixels a side of a block become one: to `PREVIEW_SIDE` a side, or to `DETAIL_PIXELS` in all."""
    if whole:  # no file has more a side than `MAX_SIDE`, but one whose pixels are made square may
        by_side = math.ceil(max(one_side, other_side) / MAX_SIDE)
        return max(by_side, math.ceil(math.sqrt(one_side * other_side / DETAIL_PIXELS)))
    return math.ceil(max(one_side, other_side) / PREVIEW_SIDE)


def draft_scale(rows: int, columns: int, ratio: float, side: int) -> float:
    """Return the smallest scale, of both axes, at which the longer side of what is made of it keeps `side` pixels."""
    down, across = _stretches(ratio)
    return min(1.0, side * max(down, across) / max(rows * down, columns * across))
