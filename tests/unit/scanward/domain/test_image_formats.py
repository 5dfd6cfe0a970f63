"""Formats are told by content, alike before an upload is taken in and where it is read; what is not read says why."""

import pytest

from imaging.jpeg_png import sniff
from scanward.domain.image_formats import SIGNATURE_BYTES, explain_refusal, format_of
from segments import AVIF, HEIC, NO_META
from tests.support.images import dicom, jpeg, png, ramp

DICOM = dicom(ramp())
ACCEPTED = [jpeg(ramp()), png(ramp()), DICOM, DICOM[132:], DICOM[144:]]


def brands(major: bytes, *compatible: bytes) -> bytes:
    """Return the beginning of a file of boxes."""
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return (len(body) + 4).to_bytes(4) + body + bytes(500)


@pytest.mark.parametrize("data", ACCEPTED)
def test_what_is_taken_in_is_what_is_read(data: bytes) -> None:
    head = data[:SIGNATURE_BYTES]
    assert format_of(head) == sniff(head)
    assert sniff(head) is not None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (brands(b"heic", b"mif1", b"heic"), HEIC),
        (brands(b"heix"), HEIC),
        (brands(b"mif1", b"heic", b"miaf"), HEIC),
        (brands(b"msf1", b"hevc"), HEIC),
        (brands(b"avif", b"mif1", b"miaf"), AVIF),
        (brands(b"mif1", b"avif", b"miaf"), AVIF),
        (b"\x08\0\x05\0CS\x0a\0ISO_IR 100" + bytes(500), NO_META),
        (b"\x08\0\x00\0\x04\0\0\0\x80\0\0\0" + bytes(500), NO_META),
    ],
)
def test_a_format_that_is_met_with_and_not_read_says_what_to_do(data: bytes, why: str) -> None:
    assert format_of(data) is None
    assert explain_refusal(data) == why


@pytest.mark.parametrize("data", [b"GIF89a", brands(b"mp42", b"isom"), b"\2\0\0\0", b"\x08\0", b"\0\0\0\x18ftyp", b""])
def test_anything_else_is_no_accepted_format(data: bytes) -> None:
    assert format_of(data) is None
    assert explain_refusal(data) == "This is not an image of an accepted format (JPEG, PNG, DICOM)."
