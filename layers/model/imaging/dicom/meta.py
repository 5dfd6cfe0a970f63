"""The file meta information of a DICOM file, read without touching the data set.

A deflated data set of half a megabyte can unfold to gigabytes, so the transfer syntax is judged before all else.
Part 10 of the standard fixes this group's encoding (explicit VR, little endian), which makes it short to read.
"""

from collections.abc import Iterator
from typing import Literal

from imaging.errors import bad_input, unsupported_format
from imaging.jpeg_png import HEAD_BYTES

Coding = Literal["native", "rle", "jpeg", "jpeg-ls", "jpeg-2000"]

TRANSFER_SYNTAXES: dict[str, Coding] = {
    "1.2.840.10008.1.2": "native",
    "1.2.840.10008.1.2.1": "native",
    "1.2.840.10008.1.2.2": "native",
    "1.2.840.10008.1.2.4.50": "jpeg",
    "1.2.840.10008.1.2.4.51": "jpeg",
    "1.2.840.10008.1.2.4.57": "jpeg",
    "1.2.840.10008.1.2.4.70": "jpeg",
    "1.2.840.10008.1.2.4.80": "jpeg-ls",
    "1.2.840.10008.1.2.4.81": "jpeg-ls",
    "1.2.840.10008.1.2.4.90": "jpeg-2000",
    "1.2.840.10008.1.2.4.91": "jpeg-2000",
    "1.2.840.10008.1.2.4.201": "jpeg-2000",
    "1.2.840.10008.1.2.4.202": "jpeg-2000",
    "1.2.840.10008.1.2.4.203": "jpeg-2000",
    "1.2.840.10008.1.2.5": "rle",
}
"""What is read: implicit and explicit little endian, explicit big endian; baseline, extended and lossless JPEG;
JPEG-LS; JPEG 2000 and its high-throughput kind; RLE. `docs/dicom.md` says which and why."""

LOSSY = frozenset(f"1.2.840.10008.1.2.4.{last}" for last in (50, 51, 81, 91, 203))
"""Those that may have lost something: not proof, but reason to say so."""

IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"

_META_GROUP = 0x0002
_SOP_CLASS = 0x0002
_TRANSFER_SYNTAX = 0x0010
_DIRECTORY = "1.2.840.10008.1.3.10"
_LONG_VRS = frozenset({b"OB", b"OW", b"OF", b"SQ", b"UT", b"UN"})
_LONGEST_META = 1 << 16


def transfer_syntax(data: bytes) -> str:
    """Return the transfer syntax of a DICOM file.

    Raises ImageError: BAD_INPUT if the meta group is broken, UNSUPPORTED if the syntax is none of
    `TRANSFER_SYNTAXES` or the file is a DICOMDIR.
    """
    values = dict(_elements(data[:_LONGEST_META]))
    if _uid(values, _SOP_CLASS) == _DIRECTORY:
        raise unsupported_format("A DICOMDIR lists other files; upload the images themselves.")
    syntax = _uid(values, _TRANSFER_SYNTAX)
    if not syntax:
        raise bad_input("The DICOM file does not say how it is encoded.")
    if syntax not in TRANSFER_SYNTAXES:
        raise unsupported_format("The DICOM file's transfer syntax is not read; export it uncompressed.")
    return syntax


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (element number, value) of each element of group 0002."""
    position = HEAD_BYTES
    while int.from_bytes(data[position : position + 2], "little") == _META_GROUP:
        element = int.from_bytes(data[position + 2 : position + 4], "little")
        if data[position + 4 : position + 6] in _LONG_VRS:
            length = int.from_bytes(data[position + 8 : position + 12], "little")
            position += 12
        else:
            length = int.from_bytes(data[position + 6 : position + 8], "little")
            position += 8
        if position + length > len(data):
            raise bad_input("The DICOM file ends within its header.")
        yield element, data[position : position + length]
        position += length


def _uid(values: dict[int, bytes], element: int) -> str:
    return values.get(element, b"").rstrip(b"\x00 ").decode("ascii", "replace")
