"""A decoded image: its pixels, no larger than needed, and what its header says of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

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
    """rows x columns, at most `bounds.PREVIEW_SIDE` a side; of a finer one, at most `bounds.DETAIL_PIXELS`."""
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
