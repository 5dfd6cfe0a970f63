"""The file meta information of a DICOM file, read without touching the data set.

A deflated data set of half a megabyte can unfold to gigabytes, so the transfer syntax is judged before all else.
Part 10 of the standard fixes this group's encoding (explicit VR, little endian), which makes it short to read; some
writers keep to neither that nor the preamble.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from imaging.errors import bad_input, unsupported_format
from imaging.jpeg_png import DICOM_MARK, DICOM_PREAMBLE, HEAD_BYTES

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
_UIDS = frozenset({_SOP_CLASS, 0x0003, _TRANSFER_SYNTAX})


def transfer_syntax(data: bytes) -> str:
    """Return the transfer syntax of a DICOM file.

    Raises ImageError: BAD_INPUT if the meta group is broken, UNSUPPORTED if the syntax is none of
    `TRANSFER_SYNTAXES` or the file is a DICOMDIR.
    """
    values = {one.number: one.value for one in _elements(data[:_LONGEST_META], HEAD_BYTES)}
    if _uid(values, _SOP_CLASS) == _DIRECTORY:
        raise unsupported_format("A DICOMDIR lists other files; upload the images themselves.")
    syntax = _uid(values, _TRANSFER_SYNTAX)
    if not syntax:
        raise bad_input("The DICOM file does not say how it is encoded.")
    if syntax not in TRANSFER_SYNTAXES:
        raise unsupported_format("The DICOM file's transfer syntax is not read; export it uncompressed.")
    return syntax


def complete_meta(data: bytes) -> bytes:
    """Return a DICOM file as part 10 has it: with a preamble, and the meta information in explicit VR.

    Some writers leave out the preamble, or have the meta information in implicit VR as what follows it. Raises
    ImageError (BAD_INPUT) if the meta information is broken.
    """
    start = len(DICOM_MARK) if data.startswith(DICOM_MARK) else 0
    if data[DICOM_PREAMBLE:HEAD_BYTES] == DICOM_MARK:
        start = HEAD_BYTES
    elements = list(_elements(data[: start + _LONGEST_META], start))
    is_explicit = all(element.is_explicit for element in elements)
    if start == HEAD_BYTES and is_explicit:
        return data
    end = elements[-1].end if elements else start
    group = data[start:end] if is_explicit else b"".join(_encode(*one[:2]) for one in elements if one.number in _UIDS)
    return bytes(DICOM_PREAMBLE) + DICOM_MARK + group + data[end:]


class _Element(NamedTuple):
    """An element of group 0002; `end`: where in the file it ends."""

    number: int
    value: bytes
    end: int
    is_explicit: bool


def _elements(data: bytes, position: int) -> Iterator[_Element]:
    """Yield each element of group 0002 from a position on."""
    while int.from_bytes(data[position : position + 2], "little") == _META_GROUP:
        number = int.from_bytes(data[position + 2 : position + 4], "little")
        vr = data[position + 4 : position + 6]
        is_explicit = vr.isalpha() and vr.isupper()
        size, head = (2, 8) if is_explicit and vr not in _LONG_VRS else (4, 12 if is_explicit else 8)
        start = position + head
        position = start + int.from_bytes(data[start - size : start], "little")
        if position > len(data):
            raise bad_input("The DICOM file ends within its header.")
        yield _Element(number, data[start:position], position, is_explicit)


def _encode(number: int, uid: bytes) -> bytes:
    return (
        _META_GROUP.to_bytes(2, "little") + number.to_bytes(2, "little") + b"UI" + len(uid).to_bytes(2, "little") + uid
    )


def _uid(values: dict[int, bytes], element: int) -> str:
    return values.get(element, b"").rstrip(b"\x00 ").decode("ascii", "replace")
