"""DICOM: refused from the meta information or the header where these tell, and only then decoded."""

import io
import logging
import warnings

from pydicom import dcmread
from pydicom.dataset import Dataset

from imaging.dicom_frame import middle_frame, pixel_data
from imaging.dicom_header import WANTED, PixelLayout, number, read_facts, read_layout
from imaging.picture import Picture, Stored
from imaging.refusal import bad_input, too_large

# pydicom quotes values of the header, names included, in what it logs.
logging.getLogger("pydicom").propagate = False

MAX_HEADER_BYTES = 8 * 1024 * 1024
"""A parsed element takes thirty times the memory of the smallest one in a file: the header has its own bound."""
_SMALLEST_SLOPE = 1e-9


def decode_dicom(data: bytes, syntax: str) -> Picture:
    """A DICOM file whose transfer syntax was allowed → its middle frame, with window and rescaling to apply."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values: ours to judge, and the texts quote them
        header, position = _read_header(data)
        layout = read_layout(header)
        facts = read_facts(header, layout)
        slope, intercept = _rescale(header, layout)
        stored = middle_frame(pixel_data(data, position, syntax), layout, syntax)
        low, high = _window(header, layout, stored, slope, intercept)
    notes = ("MIDDLE_FRAME_ONLY",) if layout.frames > 1 else ()
    inverted = layout.photometric == "MONOCHROME1"
    return Picture(stored, low, high, facts, slope, intercept, inverted, notes)


def _read_header(data: bytes) -> tuple[Dataset, int]:
    """The elements we use, and where the pixel data element starts (or the file ends)."""
    file = io.BytesIO(data[:MAX_HEADER_BYTES])
    header = dcmread(file, stop_before_pixels=True, specific_tags=list(WANTED))
    if file.tell() >= MAX_HEADER_BYTES:
        raise too_large(f"The DICOM header has more than {MAX_HEADER_BYTES} bytes.")
    return header, file.tell()


def _rescale(header: Dataset, layout: PixelLayout) -> tuple[float, float]:
    """Slope and intercept from stored (and, if signed, shifted) values to the modality's units."""
    slope = number(header, "RescaleSlope") or 1.0
    if abs(slope) < _SMALLEST_SLOPE:
        raise bad_input("The DICOM header's rescaling leaves nothing of the pixels.")
    intercept = number(header, "RescaleIntercept") or 0.0
    if layout.signed:
        intercept -= slope * (1 << (layout.stored - 1))
    return slope, intercept


def _window(
    header: Dataset, layout: PixelLayout, stored: Stored, slope: float, intercept: float
) -> tuple[float, float]:
    """The first VOI window of the header, else all values that occur, in the modality's units."""
    if layout.samples > 1:
        return 0.0, 255.0
    centre, width = number(header, "WindowCenter"), number(header, "WindowWidth")
    if centre is None or width is None or width <= 0:
        ends = sorted(float(end) * slope + intercept for end in (stored.min(), stored.max()))
        return ends[0], max(ends[1], ends[0] + abs(slope))
    width = max(width, abs(slope))  # narrower than one stored step shows nothing more
    return centre - width / 2, centre + width / 2
