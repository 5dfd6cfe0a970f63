"""What an upload may be, as far as its first bytes and its size tell."""

from enum import StrEnum
from types import MappingProxyType

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
SIGNATURE_BYTES = 132


class ImageFormat(StrEnum):
    """The accepted formats."""

    JPEG = "JPEG"
    PNG = "PNG"
    DICOM = "DICOM"


CONTENT_TYPE_OF = MappingProxyType(
    {
        ImageFormat.JPEG: "image/jpeg",
        ImageFormat.PNG: "image/png",
        ImageFormat.DICOM: "application/dicom",
    }
)

_SPELLINGS = MappingProxyType({"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"})
"""Content types that browsers and libraries write for an accepted one."""


def normalise_content_type(text: str) -> str:
    """Return a content type in the spelling of `CONTENT_TYPE_OF`, if it means one of those; without parameters."""
    plain = text.partition(";")[0].strip().lower()
    return _SPELLINGS.get(plain, plain)


def format_of(head: bytes) -> ImageFormat | None:
    """Return the format that the first 132 bytes show, whatever a name or header says; None: not one of ours.

    Source: ITU-T T.81 B.1.1.3 (SOI), PNG third edition 5.2, DICOM PS3.10 7.1.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return ImageFormat.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ImageFormat.PNG
    if head[128:SIGNATURE_BYTES] == b"DICM":
        return ImageFormat.DICOM
    return None
