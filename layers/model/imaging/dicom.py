"""DICOM: refused from the meta information or the header where these tell, and only then decoded."""

import dataclasses
import logging
import warnings
from collections.abc import Sequence

from pydicom import dcmread
from pydicom.dataset import Dataset

from imaging.dicom_facts import read_facts
from imaging.dicom_frame import decoded_frame, encoded_frame, in_words, native_frame, pixel_data
from imaging.dicom_header import WANTED, PixelLayout, read_layout
from imaging.dicom_meta import BIG_ENDIAN, TRANSFER_SYNTAXES
from imaging.frame import shrunk
from imaging.functional_groups import of_frame
from imaging.header_bytes import HeaderBytes
from imaging.lookup_tables import words
from imaging.palette import read_palette
from imaging.picture import Picture, Stored
from imaging.raster import decode_jpeg_frame
from imaging.refusal import unsupported
from imaging.windows import read_tone

# pydicom quotes values of the header, names included, in what it logs; and takes its time over each record.
logging.getLogger("pydicom").propagate = False
logging.getLogger("pydicom").setLevel(logging.CRITICAL)


def decode_dicom(data: bytes, syntax: str, *, whole: bool) -> Picture:
    """A DICOM file whose transfer syntax was allowed → its middle frame, with window and rescaling to apply."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values: ours to judge, and the texts quote them
        header, position = read_header(data)
        layout = read_layout(header)
        header = of_frame(header, layout.frames // 2)
        stored, layout = _middle_frame(data, position, header, layout, syntax, whole=whole)
        tone = read_tone(header, layout, stored, big_endian=syntax == BIG_ENDIAN)
        facts = read_facts(header, layout, syntax)
    return Picture(
        stored,
        tone.low,
        tone.high,
        dataclasses.replace(facts, window=tone.window, window_function=tone.function),
        tone.slope,
        tone.intercept,
        units=tone.units,
        inverted=layout.photometric == "MONOCHROME1",
        warnings=("MIDDLE_FRAME_ONLY",) if layout.frames > 1 else (),
        curve=tone.curve,
    )


def read_header(data: bytes, wanted: Sequence[str] | None = WANTED) -> tuple[Dataset, int]:
    """The elements that are wanted, or all, and where the pixel data element starts (or the file ends)."""
    file = HeaderBytes(data)
    try:
        header = dcmread(file, stop_before_pixels=True, specific_tags=list(wanted) if wanted else None)
    except OSError as broken:  # pydicom's own, also for what reading an item raised
        raise file.refusal or broken from None
    return header, file.position()


def _middle_frame(
    data: bytes, position: int, header: Dataset, layout: PixelLayout, syntax: str, *, whole: bool
) -> tuple[Stored, PixelLayout]:
    """The grey values of frame `frames // 2`, and the layout with the depth that its encoding turned out to have."""
    big_endian = syntax == BIG_ENDIAN
    pixels = pixel_data(data, position, syntax)
    palette = read_palette(header, big_endian=big_endian) if layout.photometric == "PALETTE COLOR" else None
    if TRANSFER_SYNTAXES[syntax] == "native":
        values = native_frame(pixels, layout, big_endian=big_endian, words=in_words(data, position, syntax))
        return shrunk(values, layout, palette, _padding(header, layout, big_endian=big_endian), whole=whole), layout
    encoded = encoded_frame(pixels, layout, header.get("ExtendedOffsetTable") or b"")
    decoded = decoded_frame(encoded, layout, syntax, whole=whole)
    if decoded is None:
        if layout.signed or palette is not None:
            raise unsupported("Signed or palette pixels in a lossy JPEG of 8 bits are not read.")
        return decode_jpeg_frame(encoded, whole=whole), layout
    values, bits = decoded
    if layout.signed and bits < layout.stored:  # the sign is the highest bit that was encoded
        layout = dataclasses.replace(layout, stored=bits)
    return shrunk(values, layout, palette, _padding(header, layout, big_endian=False), whole=whole), layout


def _padding(header: Dataset, layout: PixelLayout, *, big_endian: bool) -> tuple[int, int] | None:
    """The grey values that mean "nothing here", from the lowest to the highest; signed ones moved up like pixels."""
    if layout.samples > 1 or layout.photometric == "PALETTE COLOR":
        return None
    ends = words(header, "PixelPaddingValue", big_endian=big_endian)[:1]
    if not ends:
        return None
    ends += words(header, "PixelPaddingRangeLimit", big_endian=big_endian)[:1]
    mask, sign = (1 << layout.stored) - 1, 1 << (layout.stored - 1) if layout.signed else 0
    moved = [(end & mask) ^ sign for end in ends]
    return min(moved), max(moved)
