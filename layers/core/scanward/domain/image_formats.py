"""What an upload may be, as far as its first bytes and its size tell."""

from enum import StrEnum
from types import MappingProxyType

from segments import AVIF, HEIC, explain_foreign, is_meta_start

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
SIGNATURE_BYTES = 132


class ImageFormat(StrEnum):
    """The accepted formats."""

    JPEG = "JPEG"
    PNG = "PNG"
    DICOM = "DICOM"


_FOREIGN = f"This is not an image of an accepted format ({', '.join(ImageFormat)})."

CONTENT_TYPE_OF = MappingProxyType(
    {
        ImageFormat.JPEG: "image/jpeg",
        ImageFormat.PNG: "image/png",
        ImageFormat.DICOM: "application/dicom",
    }
)

_SPELLINGS = MappingProxyType({"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"})
"""Content types that browsers and libraries write for an accepted one."""


_UNREAD = MappingProxyType({"image/heic": HEIC, "image/heif": HEIC, "image/avif": AVIF})
"""Content types that phones give, of images that are not read."""


def explain_content_type(text: str) -> str | None:
    """Return what to do about a file of a content type that is met with and not read."""
    return _UNREAD.get(normalise_content_type(text).removesuffix("-sequence"))


def normalise_content_type(text: str) -> str:
    """Return a content type in the spelling of `CONTENT_TYPE_OF`, if it means one of those; without parameters."""
    plain = text.partition(";")[0].strip().lower()
    return _SPELLINGS.get(plain, plain)


def format_of(head: bytes) -> ImageFormat | None:
    """Return the format that the first 132 bytes show, whatever a name or header says; None: not one of ours.

    Source: ITU-T T.81 B.1.1.3 (SOI), PNG third edition 5.2, DICOM PS3.10 7.1. Some
    writers leave out DICOM's preamble.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return ImageFormat.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ImageFormat.PNG
    if head[128:SIGNATURE_BYTES] == b"DICM" or is_meta_start(head):
        return ImageFormat.DICOM
    return None


def explain_refusal(head: bytes) -> str:
    """Return why a file of none of the accepted formats is refused, and what to do about it where that is known."""
    return explain_foreign(head[:SIGNATURE_BYTES]) or _FOREIGN
