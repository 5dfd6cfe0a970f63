"""DICOM files whose headers are small, and would be large once they are parsed."""

import struct

from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import tag_for_keyword

from imaging.dicom.ps3_15 import ACTIONS
from tests.support.images import IMPLICIT, dicom, ramp

_ITEM, _SEQUENCE_END = b"\xfe\xff\0\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"
_PATIENT_NAME = b"\x10\0\x10\0PN"


def with_values(name: str, count: int, value: bytes = b"1") -> bytes:
    """Return an image one of whose elements has so many values: in implicit VR, any element may be as long as
    it likes.
    """
    placed = "ISO_IR 6" if name == "SpecificCharacterSet" else "77777777"
    film = dicom(ramp(top=4095), IMPLICIT, None, offsets=True, **{name: placed})
    tag = tag_for_keyword(name) or 0
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    old = head + struct.pack("<I", 8) + placed.encode()
    assert film.count(old) == 1
    values = b"\\".join([value] * count)
    values += b" " * (len(values) % 2)
    return film.replace(old, head + struct.pack("<I", len(values)) + values)


def elements(kind: bytes, count: int) -> bytes:
    """Return an image that has so many empty elements of one kind, in items of a sequence that is kept."""
    tags = [tag for tag, (known, *_) in DicomDictionary.items() if known.encode() == kind and tag not in ACTIONS]
    body = b"".join(struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, kind, 0) for tag in sorted(tags) if tag >> 16 > 8)
    each = len(body) // 8
    item = _ITEM + struct.pack("<I", len(body)) + body
    sequence = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + item * (count // each) + _SEQUENCE_END
    film = dicom(ramp(top=4095))
    place = film.index(_PATIENT_NAME)
    return film[:place] + sequence + film[place:]
