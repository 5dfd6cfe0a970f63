"""A DICOM file → a copy that no longer says whose it is, after the basic profile of PS3.15, annex E.

The header element by element, the frames without what is no pixel; new UIDs for old ones, alike under one key.
"""

import io
import secrets
import struct
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from operator import or_

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID

from imaging.bounds import check_bytes
from imaging.dicom.frame_cleaning import clean_frames, clear_unused_bits, frame_precision
from imaging.dicom.header import PIXEL_KEYWORDS, PixelLayout, read_layout
from imaging.dicom.header_values import drop_meaningless, drop_unreadable
from imaging.dicom.meta import BIG_ENDIAN, IMPLICIT, TRANSFER_SYNTAXES, complete_meta, transfer_syntax
from imaging.dicom.pixels import RawFrame
from imaging.dicom.ps3_15 import Cleaner, UidMapping
from imaging.dicom.read import decode_frame, find_pixel_data, read_header
from imaging.errors import ImageError, bad_input, too_large

BURNED_IN_TEXT_NOT_REMOVED = "BURNED_IN_TEXT_NOT_REMOVED"
"""A warning: the pixels may still show a name."""

UNUSED_BITS_NOT_CLEARED = "UNUSED_BITS_NOT_CLEARED"
"""A warning: bits that belong to no pixel may still hold something; nothing tells them from those that do."""

_METHOD = "DICOM PS3.15 Basic Application Level Confidentiality Profile"
_PROFILE = ("113100", "DCM", "Basic Application Confidentiality Profile")
_IMPLEMENTATION = UID("2.25.98474110375041829471029384756102938475")
_ITEM = b"\xfe\xff\0\xe0"
_ITEM_HEADER = 8
_END_OF_ITEMS = b"\xfe\xff\xdd\xe0\0\0\0\0"
_UNDEFINED_LENGTH = b"\xff\xff\xff\xff"
_BYTES = b"OB\0\0"


@dataclass(frozen=True)
class DeidentifiedCopy:
    """The new file, and warnings for its users."""

    data: bytes
    warnings: tuple[str, ...]


def deidentify(data: bytes, key: bytes | None = None) -> DeidentifiedCopy:
    """Return a de-identified copy of a DICOM image.

    UIDs are replaced alike throughout the file, and throughout all files that are given the same secret `key`.
    Raises ImageError as `imaging.decode.decode` does, and with the same care for what it says.
    """
    check_bytes(len(data))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # their texts quote the header
            return _deidentify(data, UidMapping(key or secrets.token_bytes(32)))
    except ImageError:
        raise
    except MemoryError:
        raise too_large("The image needs more memory than there is.") from None
    except Exception:  # a parser fed by strangers may raise anything
        raise bad_input("The DICOM image is damaged and cannot be read.") from None


def _deidentify(data: bytes, pseudonyms: UidMapping) -> DeidentifiedCopy:
    data = complete_meta(data)
    syntax = transfer_syntax(data)
    header, position = read_header(data, keywords=None)
    drop_meaningless(header, drop_unreadable(header, PIXEL_KEYWORDS))
    pixels = find_pixel_data(data, position, syntax)
    warnings = _burned_in_text_warnings(header)
    layout = read_layout(header)
    if TRANSFER_SYNTAXES[syntax] == "native":
        frames, is_clear = _clean_native(pixels[: layout.pixel_bytes], layout, big_endian=syntax == BIG_ENDIAN)
        element = _native_element(frames, syntax, words=data[position + 4 : position + 6] != b"OB")
    else:
        bodies = clean_frames(pixels, layout, syntax, header.get("ExtendedOffsetTable") or b"")
        is_clear = TRANSFER_SYNTAXES[syntax] == "rle" or _are_unused_bits_clear(bodies, layout, syntax)
        element = _encapsulated_element(bodies)
    dataset = Cleaner(pseudonyms).clean(header)
    # What was read of them, however it was written, so that the copy is read as well.
    dataset.Rows, dataset.Columns, dataset.BitsAllocated = layout.rows, layout.columns, layout.bits_allocated
    _declare(dataset)
    if not is_clear:
        warnings = (*warnings, UNUSED_BITS_NOT_CLEARED)
    return DeidentifiedCopy(_write(dataset, syntax) + element, warnings)


_BYTE = 8
_CHUNK_BYTES = 1 << 22


def _clean_native(pixels: memoryview, layout: PixelLayout, *, big_endian: bool) -> tuple[bytes, bool]:
    """Return uncompressed frames without bits that belong to no pixel, and whether they are without them.

    Negative values keep the bits that extend their sign. Where the header places values elsewhere than in the lowest
    bits, and neither place is the only one in use, nothing tells which bits are the pixels': then all stay.
    """
    if layout.bits_allocated == 1:
        spare = len(pixels) * _BYTE - layout.frame_bits * layout.frames
        return bytes([*pixels[:-1], pixels[-1] & (0xFF >> spare)]), True
    if layout.bits_stored == layout.bits_allocated:
        return bytes(pixels), True
    used = _used_bits(pixels, layout, big_endian=big_endian)
    if used.bit_length() <= layout.bits_stored:
        return bytes(pixels), True
    if layout.shift:  # left-justified, or said to be
        return bytes(pixels), used & ((1 << layout.shift) - 1) == 0 and layout.high_bit + 1 == layout.bits_allocated
    copy = bytearray(pixels)
    for values in _chunks(copy, layout, big_endian=big_endian):
        if not layout.is_signed or not _are_signs_extended(values, layout.bits_stored):
            clear_unused_bits(values, layout.bits_stored, is_signed=layout.is_signed)
    return bytes(copy), True


def _are_signs_extended(values: RawFrame, bits: int) -> bool:
    """Tell whether the bits above the lowest `bits` are those of the sign, as they are in nearly all signed images."""
    signed = values.view(values.dtype.str.replace("u", "i"))
    unused = signed.dtype.itemsize * _BYTE - bits
    return bool(((signed << unused) >> unused == signed).all())


def _used_bits(pixels: memoryview, layout: PixelLayout, *, big_endian: bool) -> int:
    """Return the bits that any value has set."""
    return reduce(or_, (int(np.bitwise_or.reduce(values)) for values in _chunks(pixels, layout, big_endian=big_endian)))


def _chunks(pixels: memoryview | bytearray, layout: PixelLayout, *, big_endian: bool) -> Iterable[RawFrame]:
    step = _CHUNK_BYTES * _BYTE // layout.bits_allocated
    width = layout.bits_allocated // _BYTE
    values: RawFrame = np.frombuffer(pixels, f"{'>' if big_endian else '<'}u{width}")
    return (values[start : start + step] for start in range(0, len(values), step))


_MOST_PIXELS = 4_000_000
"""Decoded to look at their unused bits: JPEG 2000 may take more than a second for so many."""


def _are_unused_bits_clear(frames: list[bytes], layout: PixelLayout, syntax: str) -> bool:
    """Tell whether frames encoded with more bits than are stored leave the others alone: they are decoded for it."""
    deeper = [frame for frame in frames if frame_precision(frame) > layout.bits_stored]
    if len(deeper) * layout.rows * layout.columns > _MOST_PIXELS:
        return False
    return all(_is_within_bits(frame, layout, syntax) for frame in deeper)


def _is_within_bits(frame: bytes, layout: PixelLayout, syntax: str) -> bool:
    try:
        decoded_frame = decode_frame(frame, layout, syntax, whole=True)
    except ImageError:
        return False
    if decoded_frame is None or decoded_frame.values.shape[:2] != (layout.rows, layout.columns):
        return False
    values, depth, bits = decoded_frame.values, decoded_frame.bits, layout.bits_stored
    above = (values & ((1 << depth) - 1)) >> bits
    extends = above == (1 << (depth - bits)) - 1
    is_negative = (values >> (bits - 1)) & 1 == 1
    return bool(((above == 0) | (extends & is_negative if layout.is_signed else False)).all())


def _burned_in_text_warnings(header: Dataset) -> tuple[str, ...]:
    """Return a warning if the pixels may show text.

    They may, unless the header denies it and keeps no overlay in the pixels' own bits.
    """
    is_denied = str(header.get("BurnedInAnnotation") or "").strip().upper() == "NO"
    has_overlay = any(tag.group & 0xFF00 == 0x6000 for tag in list(header.keys()))  # elements would be converted
    return () if is_denied and not has_overlay else (BURNED_IN_TEXT_NOT_REMOVED,)


def _declare(dataset: Dataset) -> None:
    """Write into the copy the attributes that the profile asks for."""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = _METHOD
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = _PROFILE
    dataset.DeidentificationMethodCodeSequence = [item]
    dataset.LongitudinalTemporalInformationModified = "REMOVED"


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
    tag = b"\x7f\xe0\0\x10" if syntax == BIG_ENDIAN else b"\xe0\x7f\x10\0"
    value = frames + bytes(len(frames) % 2)
    kind = b"" if syntax == IMPLICIT else b"OW\0\0" if words else _BYTES
    return tag + kind + len(value).to_bytes(4, "big" if syntax == BIG_ENDIAN else "little") + value
