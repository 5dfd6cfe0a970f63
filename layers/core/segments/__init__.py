"""The structure of image files, read without decoding them. Stand-alone: it imports nothing of the service."""

import re


class StructureError(ValueError):
    """Something else stands where a marker or a length must stand. No error here holds a byte of the file."""


class TruncationError(StructureError):
    """The file ends before its image does."""


class TooManyPartsError(StructureError):
    """The file has more segments or chunks than the caller reads."""


# The first element of group 0002, in explicit or in implicit VR: its length, its version, or one of its UIDs.
_META_START = re.compile(
    rb"(?:DICM)?\x02\x00(?:\x00\x00(?:UL\x04\x00|\x04\x00\x00\x00)|\x01\x00(?:OB\x00\x00|\x02\x00\x00\x00)"
    rb"|[\x02\x03\x10]\x00(?:UI[\x02-\x40]\x00|[\x02-\x40]\x00\x00\x00))",
    re.DOTALL,
)
# An element of group 0008, in explicit VR or with a length below 65,536.
_DATA_SET_START = re.compile(
    rb"\x08\x00[\x00-\x70]\x00(?:(?:AE|AS|CS|DA|DS|DT|IS|LO|PN|SH|SQ|ST|TM|UI|UL|US)|..\x00\x00)", re.DOTALL
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_LONGEST_BRANDS = 132

NO_META = (
    "The file looks like a DICOM data set without its file meta information. Export it again as a DICOM file (part 10)."
)
HEIC = (
    "HEIC images are not read. On an iPhone choose Settings, Camera, Formats, Most Compatible and take the picture "
    "again, or send it as a JPEG."
)
AVIF = "AVIF images are not read. Send the image as a JPEG or PNG file."
EXPLANATIONS = (NO_META, HEIC, AVIF)
"""All that `explain_foreign` says."""


def is_meta_start(head: bytes) -> bool:
    """Tell whether a file begins with DICOM file meta information: some writers leave out the preamble before it."""
    return _META_START.match(head) is not None


def explain_foreign(head: bytes) -> str | None:
    """Return what to do about a file of a format that is met with and not read, by its first 132 bytes."""
    if head[4:8] == b"ftyp":
        end = min(int.from_bytes(head[:4]), _LONGEST_BRANDS)
        brands = {head[8:12], *(head[place : place + 4] for place in range(16, end - 3, 4))}
        if not _AVIF_BRANDS.isdisjoint(brands):
            return AVIF
        return None if _HEIC_BRANDS.isdisjoint(brands) else HEIC
    return NO_META if _DATA_SET_START.match(head) else None
