"""Which format a file has, by its content and never by its name."""

from imaging.picture import Format

JPEG_START = b"\xff\xd8\xff"
PNG_START = b"\x89PNG\r\n\x1a\n"
DICOM_PREAMBLE = 128
DICOM_MARK = b"DICM"
HEAD_BYTES = DICOM_PREAMBLE + len(DICOM_MARK)
"""How much of a file `sniff` needs."""

_FOREIGN_PREAMBLES = (
    JPEG_START,
    PNG_START,
    b"MZ",
    b"\x7fELF",
    b"PK",
    b"%PDF",
    b"%!",
    b"<",
    b"GIF8",
    b"#!",
    b"BM",
    b"SIMPLE",
)
"""A DICOM preamble may be anything, so a program or a page can hide in it: such a file is two files at once."""


def sniff(head: bytes) -> Format | None:
    """The format that the first `HEAD_BYTES` of a file show; None if it is not an accepted one."""
    if head[DICOM_PREAMBLE:HEAD_BYTES] == DICOM_MARK:
        return None if head.startswith(_FOREIGN_PREAMBLES) else "DICOM"
    if head.startswith(JPEG_START):
        return "JPEG"
    if head.startswith(PNG_START):
        return "PNG"
    return None
