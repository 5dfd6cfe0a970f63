"""File meta information as writers leave it: without a preamble, without its length, in implicit VR; bounded."""

import struct
from contextlib import suppress

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.decode import decode
from imaging.dicom.deidentify import deidentify
from imaging.dicom.meta import complete_meta
from imaging.errors import ImageError, Reason
from imaging.jpeg_png import HEAD_BYTES, sniff
from scanward.domain.image_formats import ImageFormat, format_of
from segments import NO_META
from tests.support.images import DEFLATED, IMPLICIT, JPEG_BASELINE, dicom, ramp
from tests.support.refusals import reason

DEEP = ramp(top=4095)
_PREAMBLE, _LENGTH = 132, 12


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return the meta information of a file, and the data set that follows it."""
    end = _PREAMBLE + _LENGTH + struct.unpack_from("<I", data, _PREAMBLE + 8)[0]
    return data[_PREAMBLE:end], data[end:]


def implicit(meta: bytes) -> bytes:
    """Return meta information in implicit VR."""
    parts, position = [], 0
    while position < len(meta):
        is_long = meta[position + 4 : position + 6] == b"OB"
        start = position + (12 if is_long else 8)
        size = int.from_bytes(meta[start - (4 if is_long else 2) : start], "little")
        parts.append(meta[position : position + 4] + size.to_bytes(4, "little") + meta[start : start + size])
        position = start + size
    return b"".join(parts)


META, DATA_SET = split(dicom(DEEP))
KINDS = {
    "no preamble": META + DATA_SET,
    "a mark alone": b"DICM" + META + DATA_SET,
    "no preamble, no length": META[_LENGTH:] + DATA_SET,
    "no length": bytes(128) + b"DICM" + META[_LENGTH:] + DATA_SET,
    "implicit": bytes(128) + b"DICM" + implicit(META) + DATA_SET,
    "implicit, no preamble": implicit(META) + DATA_SET,
    "implicit, no preamble, no length": implicit(META)[_LENGTH:] + DATA_SET,
}


@pytest.mark.parametrize("data", KINDS.values(), ids=KINDS)
def test_meta_information_is_read_however_it_is_written(data: bytes) -> None:
    assert (sniff(data[:HEAD_BYTES]), format_of(data[:HEAD_BYTES])) == ("DICOM", ImageFormat.DICOM)
    assert np.array_equal(decode(data).pixels, DEEP)


@pytest.mark.parametrize("data", KINDS.values(), ids=KINDS)
def test_the_copy_is_a_proper_file(data: bytes) -> None:
    copy = deidentify(data).data
    assert copy[:_PREAMBLE] == bytes(128) + b"DICM"
    split(copy)
    assert np.array_equal(decode(copy).pixels, DEEP)


def test_the_transfer_syntax_is_judged_without_a_preamble_as_well() -> None:
    assert np.abs(decode(dicom(ramp(), JPEG_BASELINE)[_PREAMBLE:]).pixels.astype(int) - ramp()).max() <= 4
    assert reason(dicom(DEEP, DEFLATED)[_PREAMBLE:]) is Reason.UNSUPPORTED


def test_a_proper_file_stays_as_it_is() -> None:
    data = dicom(DEEP)
    assert complete_meta(data) is data


def test_a_preamble_that_looks_like_meta_information_is_a_preamble() -> None:
    data = dicom(DEEP)
    assert np.array_equal(decode(META[:64] + data[64:]).pixels, DEEP)


@pytest.mark.parametrize("syntax", [IMPLICIT, pydicom.uid.ExplicitVRLittleEndian])
def test_a_data_set_without_meta_information_is_refused_and_told_what_to_do(syntax: pydicom.uid.UID) -> None:
    _, data_set = split(dicom(DEEP, syntax))
    with pytest.raises(ImageError, match="without its file meta information") as refusal:
        decode(data_set)
    assert (refusal.value.reason, refusal.value.message) == (Reason.UNSUPPORTED, NO_META)


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x10000, 5000])
def test_meta_information_beyond_its_bounds_is_bad_input(length: int) -> None:
    lying = b"\2\0\0\0UL\4\0\0\0\0\0" + b"\2\0\1\0OB\0\0" + struct.pack("<I", length) + bytes(1000)
    assert reason(lying) is Reason.BAD_INPUT
    assert reason(b"\2\0\x10\0" + struct.pack("<I", 60) + bytes(20)) is Reason.BAD_INPUT


@given(st.sampled_from(list(KINDS.values())), st.integers(0, 400), st.binary(max_size=40))
def test_damaged_meta_information_is_read_or_refused(data: bytes, place: int, more: bytes) -> None:
    with suppress(ImageError):
        decode(data[:place] + more + data[place + len(more) :])
