"""How stored values become brightness: rescaling or modality table, then window or VOI table (part 3, annex C.11)."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.dicom_header import PixelLayout, code, number
from imaging.lookup_tables import Table, first_table
from imaging.picture import Stored
from imaging.refusal import bad_input

_SMALLEST_SLOPE = 1e-9
_SIGMOID_STEPS = 1025
Curve = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Tone:
    """From a picture's stored values to brightness; see `imaging.picture.Picture` for the fields."""

    low: float
    high: float
    slope: float = 1.0
    intercept: float = 0.0
    curve: Curve | None = None
    window: tuple[float, float] | None = None
    function: str | None = None
    units: bool = False


def read_tone(header: Dataset, layout: PixelLayout, stored: Stored, *, big_endian: bool) -> Tone:
    """What the header asks for, else all values that occur."""
    if layout.samples > 1 or layout.photometric == "PALETTE COLOR":
        return Tone(0.0, 255.0 if stored.dtype == np.uint8 else float((1 << layout.stored) - 1))
    modality = first_table(header, "ModalityLUTSequence", signed=layout.signed, big_endian=big_endian)
    voi = first_table(header, "VOILUTSequence", signed=layout.signed, big_endian=big_endian)
    moved = 1 << (layout.stored - 1) if layout.signed else 0
    if modality is not None:
        return _through_table(header, modality, voi, moved, stored)
    slope, intercept = _rescale(header, moved)
    ends = sorted(float(end) * slope + intercept for end in (stored.min(), stored.max()))
    told = all(number(header, name) is not None for name in ("RescaleSlope", "RescaleIntercept"))
    return replace(_shown(header, voi, slope, intercept, (ends[0], ends[1])), units=told)


def _rescale(header: Dataset, moved: int) -> tuple[float, float]:
    """Slope and intercept from stored (and, if signed, moved) values to the modality's units."""
    slope = number(header, "RescaleSlope") or 1.0
    if abs(slope) < _SMALLEST_SLOPE:
        raise bad_input("The DICOM header's rescaling leaves nothing of the pixels.")
    return slope, (number(header, "RescaleIntercept") or 0.0) - slope * moved


def _shown(header: Dataset, voi: Table | None, slope: float, intercept: float, occurring: tuple[float, float]) -> Tone:
    """A VOI table, else the first window, else the values that occur; all in the modality's units."""
    if voi is not None:
        low, high = float(voi.first), float(voi.first + max(len(voi.values) - 1, 1))
        return Tone(low, high, slope, intercept, _brightness(voi), function="TABLE")
    centre, width = number(header, "WindowCenter"), number(header, "WindowWidth")
    if centre is None or width is None or width <= 0:
        return Tone(occurring[0], max(occurring[1], occurring[0] + abs(slope)), slope, intercept)
    function = code(header, "VOILUTFunction") or "LINEAR"
    if function == "SIGMOID":
        steps = np.linspace(-8, 8, _SIGMOID_STEPS)
        curve = (1 / (1 + np.exp(-steps))).astype(np.float32)
        return Tone(centre - 2 * width, centre + 2 * width, slope, intercept, curve, (centre, width), function)
    exact = function == "LINEAR_EXACT"
    # Narrower than one stored step shows nothing more.
    middle, span = (centre, width) if exact else (centre - 0.5, width - 1)
    half = max(span, abs(slope)) / 2
    known = function if exact else "LINEAR"
    return Tone(middle - half, middle + half, slope, intercept, None, (centre, width), known)


def _through_table(header: Dataset, modality: Table, voi: Table | None, moved: int, stored: Stored) -> Tone:
    """A modality table bends the way to its units, so window and table become one curve over stored values."""
    low, high = float(modality.first + moved), float(modality.first + moved + max(len(modality.values) - 1, 1))
    places = np.linspace(low, high, max(len(modality.values), 2))
    values = np.interp(places, low + np.arange(len(modality.values)), modality.values)
    seen = values[(places >= stored.min()) & (places <= stored.max())]
    occurring = (float(seen.min()), float(seen.max())) if seen.size else (0.0, float((1 << modality.bits) - 1))
    tone = _shown(header, voi, 1.0, 0.0, occurring)
    share = np.clip((values - tone.low) / (tone.high - tone.low), 0, 1)
    if tone.curve is not None:
        share = np.interp(share, np.linspace(0, 1, len(tone.curve)), tone.curve)
    return Tone(low, high, 1.0, 0.0, share.astype(np.float32), tone.window, tone.function)


def _brightness(table: Table) -> Curve:
    top = max(float(table.values.max()), (1 << table.bits) - 1)  # some writers say fewer bits than they use
    curve = (table.values / top).astype(np.float32)
    return curve if curve.size > 1 else np.repeat(curve, 2)
