"""Formats are told by content."""

import pytest

from imaging.decode import decode
from imaging.errors import ImageError, Reason
from imaging.jpeg_png import HEAD_BYTES, sniff
from tests.support.images import dicom, jpeg, png, ramp


def test_each_accepted_format_is_told_by_its_first_bytes() -> None:
    assert sniff(jpeg(ramp())[:HEAD_BYTES]) == "JPEG"
    assert sniff(png(ramp())[:HEAD_BYTES]) == "PNG"
    assert sniff(dicom(ramp())[:HEAD_BYTES]) == "DICOM"


@pytest.mark.parametrize(
    "start",
    [
        b"GIF89a",
        b"II*\0",
        b"MM\0*",
        b"SIMPLE  =                    T",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"BM",
        b"RIFF\0\0\0\0WEBP",
        b"\0\0\0\x0cjP  \r\n\x87\n",
        b"\x93NUMPY",
        b"DICM",
        b"\0",
    ],
)
def test_anything_else_is_refused(start: bytes) -> None:
    with pytest.raises(ImageError) as refused:
        decode(start + bytes(400))
    assert refused.value.reason is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    "start", [b"MZ\x90", b"<html>", b"%PDF-1.4", b"PK\x03\x04", b"\xff\xd8\xff\xe0", b"\x7fELF", b"\n <svg"]
)
def test_a_dicom_file_that_is_also_something_else_is_refused(start: bytes) -> None:
    data = dicom(ramp())
    with pytest.raises(ImageError) as refused:
        decode(start + data[len(start) :])
    assert refused.value.reason is Reason.UNSUPPORTED


def test_an_empty_file_is_bad_input() -> None:
    with pytest.raises(ImageError) as refused:
        decode(b"")
    assert refused.value.reason is Reason.BAD_INPUT
    assert str(refused.value) == "BAD_INPUT: The file is empty."
