"""A DICOM file → a copy that no longer says whose it is, after the basic profile of PS3.15, annex E.

The header element by element, the frames without what is no pixel; new UIDs for old ones, alike under one key.
"""

import io
import secrets
import struct
import warnings
from dataclasses import dataclass, replace
from itertools import accumulate

from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID

from imaging.bounds import check_bytes
from imaging.burned_in_text import Region
from imaging.dicom.blanking import BlankedPixels, PixelSource, blank_text
from imaging.dicom.frame_cleaning import clean_frames
from imaging.dicom.header import PIXEL_KEYWORDS, read_layout
from imaging.dicom.header_values import drop_meaningless, drop_unreadable
from imaging.dicom.meta import BIG_ENDIAN, IMPLICIT, TRANSFER_SYNTAXES, complete_meta, transfer_syntax
from imaging.dicom.ps3_15 import Cleaner, UidMapping
from imaging.dicom.read import find_pixel_data, is_word_data, read_header
from imaging.dicom.unused_bits import are_unused_bits_clear, clear_native_pixels
from imaging.errors import ImageError, bad_input, too_large
from imaging.image import Picture

BURNED_IN_TEXT_NOT_REMOVED = "BURNED_IN_TEXT_NOT_REMOVED"
"""A warning: the pixels may still show a name."""

UNUSED_BITS_NOT_CLEARED = "UNUSED_BITS_NOT_CLEARED"
"""A warning: bits that belong to no pixel may still hold something; nothing tells them from those that do."""

BURNED_IN_TEXT_BLANKED = "BURNED_IN_TEXT_BLANKED"
"""A warning: regions that look like text are blanked. It never comes alone: what was not found is still there."""

_METHOD = "DICOM PS3.15 Basic Application Level Confidentiality Profile"
_PROFILE = ("113100", "DCM", "Basic Application Confidentiality Profile")
_CLEAN_PIXELS = ("113101", "DCM", "Clean Pixel Data Option")
_IMPLEMENTATION = UID("2.25.98474110375041829471029384756102938475")
_ITEM = b"\xfe\xff\0\xe0"
_ITEM_HEADER = 8
_END_OF_ITEMS = b"\xfe\xff\xdd\xe0\0\0\0\0"
_UNDEFINED_LENGTH = b"\xff\xff\xff\xff"
_BYTES = b"OB\0\0"


@dataclass(frozen=True)
class DeidentifiedCopy:
    """The new file, and warnings for its users.

    `regions`: what is blanked in all of its frames, in pixels; then `with_text` is the same with nothing blanked.
    """

    data: bytes
    warnings: tuple[str, ...]
    regions: tuple[Region, ...] = ()
    with_text: bytes | None = None


def deidentify(data: bytes, key: bytes | None = None, picture: Picture | None = None) -> DeidentifiedCopy:
    """Return a de-identified copy of a DICOM image, in which burned-in text is blanked as far as it was found.

    `picture`: what `imaging.decode.decode` made of it; without one no text is looked for.

    UIDs are replaced alike throughout the file, and throughout all files that are given the same secret `key`.
    Raises ImageError as `imaging.decode.decode` does, and with the same care for what it says.
    """
    check_bytes(len(data))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # their texts quote the header
            return _deidentify(data, UidMapping(key or secrets.token_bytes(32)), picture)
    except ImageError:
        raise
    except MemoryError:
        raise too_large("The image needs more memory than there is.") from None
    except Exception:  # a parser fed by strangers may raise anything
        raise bad_input("The DICOM image is damaged and cannot be read.") from None


def _deidentify(data: bytes, pseudonyms: UidMapping, picture: Picture | None) -> DeidentifiedCopy:
    data = complete_meta(data)
    syntax = transfer_syntax(data)
    header, position = read_header(data, keywords=None)
    drop_meaningless(header, drop_unreadable(header, PIXEL_KEYWORDS))
    pixels = find_pixel_data(data, position, syntax)
    warnings = _burned_in_text_warnings(header)
    layout, words = read_layout(header), data[position + 4 : position + 6] != b"OB"
    if TRANSFER_SYNTAXES[syntax] == "native":
        native, is_clear = clear_native_pixels(pixels[: layout.pixel_bytes], layout, big_endian=syntax == BIG_ENDIAN)
        frames, element = [native], _native_element(native, syntax, words=words)
    else:
        frames = clean_frames(pixels, layout, syntax, header.get("ExtendedOffsetTable") or b"")
        is_clear = TRANSFER_SYNTAXES[syntax] == "rle" or are_unused_bits_clear(frames, layout, syntax)
        element = _encapsulated_element(frames)
    if not is_clear:
        warnings = (*warnings, UNUSED_BITS_NOT_CLEARED)
    dataset = Cleaner(pseudonyms).clean(header)
    # What was read of them, however it was written, so that the copy is read as well.
    dataset.Rows, dataset.Columns, dataset.BitsAllocated = layout.rows, layout.columns, layout.bits_allocated
    _declare(dataset)
    if picture is None:
        return DeidentifiedCopy(_write(dataset, syntax) + element, warnings)
    layout = replace(layout, pixel_ratio=picture.pixel_ratio)
    source = PixelSource(header, layout, frames, syntax, words=is_word_data(data, position, syntax))
    regions, blanked_pixels = blank_text(source, picture)
    if regions:
        warnings = tuple(dict.fromkeys((BURNED_IN_TEXT_NOT_REMOVED, *warnings)))
        if _denies_text(dataset):  # which is not so, as it seems
            dataset.BurnedInAnnotation = "YES"
    copy = DeidentifiedCopy(_write(dataset, syntax) + element, warnings)
    if blanked_pixels is None:
        return copy
    dataset.SOPInstanceUID = pseudonyms.uid(dataset.SOPInstanceUID)  # other pixels are another image
    blanked_copy = _write_blanked(dataset, blanked_pixels, words=words)
    return DeidentifiedCopy(blanked_copy, (BURNED_IN_TEXT_BLANKED, *warnings), regions, with_text=copy.data)


def _write_blanked(dataset: Dataset, pixels: BlankedPixels, *, words: bool) -> bytes:
    """Return the file with these pixels, which says so. Whether text is left nobody knows, and it does not tell."""
    for keyword, value in pixels.changes.items():
        setattr(dataset, keyword, value)
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        dataset.pop(keyword, None)
    dataset.DeidentificationMethodCodeSequence.append(_coded_item(*_CLEAN_PIXELS))
    size, is_deep = len(pixels.data), dataset.BitsAllocated > 8
    head = _native_head(pixels.syntax, size + size % 2, words=words or is_deep)
    return b"".join((_write(dataset, pixels.syntax), head, pixels.data, bytes(size % 2)))  # it may be large: one copy


def _burned_in_text_warnings(header: Dataset) -> tuple[str, ...]:
    """Return a warning if the pixels may show text.

    They may, unless the header denies it and keeps no overlay in the pixels' own bits.
    """
    has_overlay = any(tag.group & 0xFF00 == 0x6000 for tag in list(header.keys()))  # elements would be converted
    return () if _denies_text(header) and not has_overlay else (BURNED_IN_TEXT_NOT_REMOVED,)


def _denies_text(header: Dataset) -> bool:
    return str(header.get("BurnedInAnnotation") or "").strip().upper() == "NO"


def _declare(dataset: Dataset) -> None:
    """Write into the copy the attributes that the profile asks for."""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = _METHOD
    dataset.DeidentificationMethodCodeSequence = [_coded_item(*_PROFILE)]
    dataset.LongitudinalTemporalInformationModified = "REMOVED"


def _coded_item(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _write(dataset: Dataset, syntax: str) -> bytes:
    """Return the file up to its pixels, with an empty preamble and meta information of our own."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.ImplementationClassUID = _IMPLEMENTATION
    file = io.BytesIO()
    copy = FileDataset(file, dict(dataset.items()), bytes(128), meta)
    dcmwrite(file, copy, enforce_file_format=True, overwrite=True)
    return file.getvalue()


def _encapsulated_element(frames: list[bytes]) -> bytes:
    """Return the pixel data element with each frame as one item, after a table of where they start."""
    lengths = [len(frame) + len(frame) % 2 for frame in frames]
    starts = [0, *accumulate(_ITEM_HEADER + length for length in lengths)][: len(frames)]
    table = struct.pack(f"<{len(frames)}I", *starts)
    parts = [b"\xe0\x7f\x10\0", _BYTES, _UNDEFINED_LENGTH, _ITEM, struct.pack("<I", len(table)), table]
    for frame, length in zip(frames, lengths, strict=True):
        parts += [_ITEM, struct.pack("<I", length), frame, bytes(length - len(frame))]
    return b"".join([*parts, _END_OF_ITEMS])


def _native_element(frames: bytes, syntax: str, *, words: bool) -> bytes:
    """Return the pixel data element of uncompressed frames."""
    padding = bytes(len(frames) % 2)
    return _native_head(syntax, len(frames) + len(padding), words=words) + frames + padding


def _native_head(syntax: str, length: int, *, words: bool) -> bytes:
    tag = b"\x7f\xe0\0\x10" if syntax == BIG_ENDIAN else b"\xe0\x7f\x10\0"
    kind = b"" if syntax == IMPLICIT else b"OW\0\0" if words else _BYTES
    return tag + kind + length.to_bytes(4, "big" if syntax == BIG_ENDIAN else "little")
