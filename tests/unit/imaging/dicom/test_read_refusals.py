"""DICOM files that are refused, from the meta information or the header wherever these tell."""

import logging
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from imaging.decode import decode
from imaging.dicom.deidentify import deidentify
from imaging.errors import ImageError, Reason
from tests.support.hostile_headers import with_values
from tests.support.images import DEFLATED, EXPLICIT, JPEG_BASELINE, RLE, dicom, ramp
from tests.support.refusals import reason

DEEP = ramp(top=4095)


@pytest.mark.parametrize("syntax", [DEFLATED, UID("1.2.840.10008.1.2.4.100"), UID("1.2.840.10008.1.2.4.102")])
def test_a_transfer_syntax_that_is_not_listed_is_unsupported(syntax: Any) -> None:
    frame = None if syntax == DEFLATED else b"\0\0\1\xb3"
    assert reason(dicom(DEEP, syntax, frame=frame)) is Reason.UNSUPPORTED


def test_the_transfer_syntax_is_judged_from_the_meta_information_alone() -> None:
    meta_only = dicom(DEEP, DEFLATED)[:350]
    assert reason(meta_only) is Reason.UNSUPPORTED


def test_a_dicomdir_is_unsupported() -> None:
    image, directory = b"1.2.840.10008.5.1.4.1.1.1.1\0", b"1.2.840.10008.1.3.10".ljust(28, b"\0")
    assert reason(dicom(DEEP).replace(image, directory, 1)) is Reason.UNSUPPORTED


@pytest.mark.parametrize("name", ["PixelDataProviderURL", "RetrieveURL"])
def test_pixels_kept_elsewhere_are_unsupported(name: str) -> None:
    assert (
        reason(dicom(DEEP, EXPLICIT, None, offsets=True, **{name: "http://169.254.169.254/latest"}))
        is Reason.UNSUPPORTED
    )


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"NumberOfFrames": 2_000_000_000}, Reason.TOO_LARGE),
        ({"NumberOfFrames": 20_000}, Reason.BAD_INPUT),
        ({"Rows": 97}, Reason.BAD_INPUT),
        ({"BitsStored": 0}, Reason.BAD_INPUT),
        ({"BitsStored": 17}, Reason.BAD_INPUT),
        ({"BitsAllocated": 32, "BitsStored": 32}, Reason.BAD_INPUT),
        ({"BitsAllocated": 64, "BitsStored": 64}, Reason.UNSUPPORTED),
        ({"BitsAllocated": None}, Reason.BAD_INPUT),
        ({"PhotometricInterpretation": None}, Reason.BAD_INPUT),
        ({"PhotometricInterpretation": ""}, Reason.BAD_INPUT),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, Reason.BAD_INPUT),
        ({"PhotometricInterpretation": "RGB"}, Reason.UNSUPPORTED),
        ({"SamplesPerPixel": 65_535}, Reason.UNSUPPORTED),
        ({"Rows": None}, Reason.UNSUPPORTED),
        ({"PixelData": None}, Reason.BAD_INPUT),
        ({"PixelData": b""}, Reason.BAD_INPUT),
    ],
)
def test_a_header_that_lies_is_refused(elements: dict[str, Any], expected: Reason) -> None:
    assert reason(dicom(DEEP, **elements)) is expected


@pytest.mark.parametrize("name", ["FloatPixelData", "DoubleFloatPixelData"])
def test_floating_point_pixels_are_unsupported(name: str) -> None:
    data = dicom(
        DEEP.astype(np.uint32), EXPLICIT, None, offsets=True, **{"PixelData": None, name: bytes(8 * DEEP.size)}
    )
    with pytest.raises(ImageError, match="floating point") as refused:
        decode(data)
    assert refused.value.reason is Reason.UNSUPPORTED


def test_deep_sequences_are_bad_input() -> None:
    item = Dataset()
    for _ in range(200):
        outer = Dataset()
        outer.ReferencedImageSequence = Sequence([item])
        outer["ReferencedImageSequence"].is_undefined_length = True
        item = outer
    data = dicom(DEEP, ReferencedImageSequence=item.ReferencedImageSequence)
    assert decode(data).facts.rows == 96
    start = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    place = data.index(b"\x08\0\x60\0CS")
    assert reason(data[:place] + start * 50_000 + data[place:]) is Reason.BAD_INPUT


def test_a_length_beyond_the_file_is_bad_input() -> None:
    data = dicom(DEEP)
    pixels = data.index(struct.pack("<HH", 0x7FE0, 0x0010)) + 8
    assert reason(data[:pixels] + b"\xf0\xff\xff\xff" + data[pixels + 4 :]) is Reason.BAD_INPUT
    assert reason(data[:pixels] + b"\xff\xff\xff\xff" + data[pixels + 4 :]) is Reason.BAD_INPUT


def test_noise_after_the_mark_is_refused() -> None:
    noise = np.random.default_rng(3).integers(0, 256, 5000, np.uint8).tobytes()
    assert reason(bytes(128) + b"DICM" + noise) is Reason.BAD_INPUT


def test_a_jpeg_frame_of_another_size_than_the_header_says_is_unsupported() -> None:
    assert reason(dicom(ramp(), JPEG_BASELINE, Rows=64)) is Reason.UNSUPPORTED


def test_an_rle_bomb_stops_at_the_frames_size() -> None:
    header = struct.pack("<16I", 1, 64, *[0] * 14)
    picture = decode(dicom(ramp(), RLE, frame=header + b"\x81\x40" * 1_000_000))
    assert (picture.pixels == 0x40).all()


@pytest.mark.parametrize("header", [(0, 64), (3, 64), (1, 4_000_000_000), (1, 0)])
def test_an_rle_header_that_lies_is_bad_input(header: tuple[int, int]) -> None:
    frame = struct.pack("<16I", *header, *[0] * 14) + bytes(500)
    assert reason(dicom(ramp(), RLE, frame=frame)) is Reason.BAD_INPUT


def test_an_image_in_millions_of_empty_fragments_is_too_large() -> None:
    data = dicom(ramp(), RLE, frame=bytes(64))
    place = data.index(b"\xfe\xff\0\xe0")
    assert reason(data[:place] + b"\xfe\xff\0\xe0\0\0\0\0" * 1_000_000) is Reason.TOO_LARGE


def test_a_header_of_many_megabytes_is_too_large() -> None:
    assert reason(dicom(DEEP, EncapsulatedDocument=bytes(9_000_000))) is Reason.TOO_LARGE


def test_an_element_that_is_longer_than_its_file_is_no_large_header() -> None:
    data = dicom(DEEP)
    place = data.index(b"\x28\0\x02\0US")
    assert reason(data[:place] + b"\x19\0\1\x10OB\0\0\0\0\0\x10" + data[place:]) is Reason.BAD_INPUT


@pytest.mark.parametrize("read", [decode, deidentify])
def test_a_sequence_of_countless_empty_items_is_too_large(read: Callable[[bytes], object]) -> None:
    data = dicom(DEEP)
    place = data.index(b"\x28\0\x02\0US")
    item, end = b"\xfe\xff\0\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
    sequence = b"\x18\0\x26\0SQ\0\0\xff\xff\xff\xff" + item * 160_000 + end
    with pytest.raises(ImageError) as refused:
        read(data[:place] + sequence + data[place:])
    assert refused.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("read", [decode, deidentify])
@pytest.mark.parametrize(
    ("name", "value"), [("WindowCenter", b"1"), ("NumberOfFrames", b"1"), ("SpecificCharacterSet", b"X")]
)
def test_an_element_of_countless_values_is_too_large(read: Callable[[bytes], object], name: str, value: bytes) -> None:
    with pytest.raises(ImageError) as refused:
        read(with_values(name, 210_000, value))
    assert refused.value.reason is Reason.TOO_LARGE


def test_values_are_counted_in_the_header_alone() -> None:
    backslashes = np.full((600, 600), ord("\\"), np.uint8)
    assert (decode(dicom(backslashes)).pixels == ord("\\")).all()
    assert deidentify(dicom(backslashes)).data


def test_nothing_of_a_header_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    decode(dicom(DEEP, EXPLICIT))
    with pytest.raises(ImageError):
        decode(dicom(DEEP, EXPLICIT)[:-50])
    assert "PLANTED" not in caplog.text
    assert "ZZYZX" not in caplog.text
