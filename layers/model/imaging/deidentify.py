"""A DICOM file → a copy that no longer says whose it is, after the basic profile of PS3.15, annex E.

Stricter than the profile asks: what its table does not name is kept only if it is a number, a code or a UID, or on a
short list. Pixels are carried over as they are and never decoded, so text burned into them stays: callers must say so.
"""

import io
import secrets
import warnings
from dataclasses import dataclass

from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID

from imaging.bounds import check_bytes
from imaging.confidential_values import Cleaner
from imaging.dicom import read_header
from imaging.dicom_frame import pixel_data
from imaging.dicom_header import read_layout
from imaging.dicom_meta import BIG_ENDIAN, IMPLICIT, TRANSFER_SYNTAXES, transfer_syntax
from imaging.fragments import items_end
from imaging.pseudonyms import Pseudonyms
from imaging.refusal import ImageRefused, bad_input, too_large

BURNED_IN_TEXT_NOT_REMOVED = "BURNED_IN_TEXT_NOT_REMOVED"
"""A warning: the pixels, or overlays kept in their unused bits, may still show a name."""

_METHOD = "DICOM PS3.15 Basic Application Level Confidentiality Profile"
_PROFILE = ("113100", "DCM", "Basic Application Confidentiality Profile")
_IMPLEMENTATION = UID("2.25.98474110375041829471029384756102938475")
_END_OF_ITEMS = b"\xfe\xff\xdd\xe0\0\0\0\0"
_UNDEFINED = b"\xff\xff\xff\xff"
_BYTES = b"OB\0\0"


@dataclass(frozen=True)
class Deidentified:
    """The new file, and what its users must be told."""

    data: bytes
    warnings: tuple[str, ...]


def deidentify(data: bytes, key: bytes | None = None) -> Deidentified:
    """A de-identified copy of a DICOM image.

    UIDs are replaced alike throughout the file, and throughout all files that are given the same secret `key`.
    Raises ImageRefused as `imaging.decode.decode` does, and with the same care for what it says.
    """
    check_bytes(len(data))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # their texts quote the header
            return _deidentify(data, Pseudonyms(key or secrets.token_bytes(32)))
    except ImageRefused:
        raise
    except MemoryError:
        raise too_large("The image needs more memory than there is.") from None
    except Exception:  # a parser fed by strangers may raise anything
        raise bad_input("The DICOM image is damaged and cannot be read.") from None


def _deidentify(data: bytes, pseudonyms: Pseudonyms) -> Deidentified:
    syntax = transfer_syntax(data)
    header, position = read_header(data, wanted=None)
    pixels = pixel_data(data, position, syntax)
    told = _shown_text(header)
    kept = Cleaner(pseudonyms).cleaned(header)
    _declare(kept)
    words = data[position + 4 : position + 6] != b"OB"
    if TRANSFER_SYNTAXES[syntax] == "native":
        element = _native_element(pixels, syntax, _frames_bytes(header), words=words)
    else:
        element = _encapsulated_element(pixels)
    return Deidentified(_written(kept, syntax) + element, told)


def _shown_text(header: Dataset) -> tuple[str, ...]:
    """Whether the pixels may show text: unless the header denies it, and keeps no overlay in the pixels' own bits."""
    denied = str(header.get("BurnedInAnnotation") or "").strip().upper() == "NO"
    overlaid = any(tag.group & 0xFF00 == 0x6000 for tag in list(header.keys()))  # elements would be converted
    return () if denied and not overlaid else (BURNED_IN_TEXT_NOT_REMOVED,)


def _declare(dataset: Dataset) -> None:
    """What the profile wants said of the copy."""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = _METHOD
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = _PROFILE
    dataset.DeidentificationMethodCodeSequence = [item]
    dataset.LongitudinalTemporalInformationModified = "REMOVED"


def _written(dataset: Dataset, syntax: str) -> bytes:
    """The file up to its pixels, with an empty preamble and meta information of our own."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.ImplementationClassUID = _IMPLEMENTATION
    file = io.BytesIO()
    copy = FileDataset(file, dict(dataset.items()), bytes(128), meta)
    dcmwrite(file, copy, enforce_file_format=True, overwrite=True)
    return file.getvalue()


def _frames_bytes(header: Dataset) -> int:
    """How long all frames are, uncompressed."""
    layout = read_layout(header)
    return layout.frame_bytes * layout.frames


def _encapsulated_element(pixels: memoryview) -> bytes:
    """The pixel data element with a head of its own: what followed it in the file is left behind."""
    return b"\xe0\x7f\x10\0" + _BYTES + _UNDEFINED + bytes(pixels[: items_end(pixels)]) + _END_OF_ITEMS


def _native_element(pixels: memoryview, syntax: str, size: int, *, words: bool) -> bytes:
    """The same for frames of `size` in all: what follows the last one in the element is left behind, too."""
    tag = b"\x7f\xe0\0\x10" if syntax == BIG_ENDIAN else b"\xe0\x7f\x10\0"
    value = bytes(pixels[:size]) + bytes(size % 2)
    kind = b"" if syntax == IMPLICIT else b"OW\0\0" if words else _BYTES
    return tag + kind + len(value).to_bytes(4, "big" if syntax == BIG_ENDIAN else "little") + value
