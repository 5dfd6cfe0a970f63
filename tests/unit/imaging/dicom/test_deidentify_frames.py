"""Encoded frames of a de-identified copy: the same pixels, and none of what else a frame has room for."""

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import UID

from imaging.decode import decode
from imaging.dicom.deidentify import UNUSED_BITS_NOT_CLEARED, deidentify
from imaging.errors import ImageError
from tests.support.encoders import (
    ENCODERS,
    HTJ2K_LOSSLESS,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_FIRST,
    JPEG_LS,
    JPEG_LS_NEAR,
    jpeg,
    jpeg_2000,
    jpeg_ls,
    lossless_jpeg,
)
from tests.support.images import EXPLICIT, RLE, dicom, ramp

NAME = b"ZEBRA^ANNA"
KEY = bytes(32)
SHALLOW, DEEP = ramp(), ramp(top=4095)
Planter = Callable[[bytes], bytes]


def segment(marker: int, payload: bytes = NAME) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def at_start(marker: int, payload: bytes = NAME) -> Planter:
    return lambda frame: frame[:2] + segment(marker, payload) + frame[2:]


def before_scan(marker: int, payload: bytes = NAME) -> Planter:
    def plant(frame: bytes) -> bytes:
        place = frame.index(b"\xff\xda")
        return frame[:place] + segment(marker, payload) + frame[place:]

    return plant


def behind(payload: bytes = NAME) -> Planter:
    return lambda frame: frame.rstrip(b"\0") + payload


def in_main_header(marker: int, payload: bytes = b"\0\1" + NAME) -> Planter:
    def plant(frame: bytes) -> bytes:
        place = frame.index(b"\xff\x52")
        return frame[:place] + segment(marker, payload) + frame[place:]

    return plant


def in_tile_header(frame: bytes) -> bytes:
    comment = segment(0x64, b"\0\1" + NAME)
    place = frame.index(b"\xff\x90")
    [size] = struct.unpack_from(">I", frame, place + 6)
    longer = struct.pack(">I", size + len(comment)) if size else frame[place + 6 : place + 10]
    return frame[: place + 6] + longer + frame[place + 10 : place + 12] + comment + frame[place + 12 :]


def in_boxes(frame: bytes) -> bytes:
    """Return a JP2 file around the codestream, with boxes that may hold any text."""
    box = struct.pack(">I4s", 8 + len(NAME), b"xml ") + NAME
    signature = b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 \0\0\0\0jp2 "
    return signature + box + struct.pack(">I4s", 8 + len(frame), b"jp2c") + frame + box


def redefined(marker: int, body: Callable[[int], bytes], *, at_end: bool = False) -> Planter:
    """Return what puts a table before one of its number, or behind all scans: no scan reads it."""

    def plant(frame: bytes) -> bytes:
        place = frame.index(bytes([0xFF, marker]))
        end = len(frame.rstrip(b"\0")) - 2 if at_end else place
        return frame[:end] + segment(marker, body(frame[place + 4])) + frame[end:]

    return plant


def behind_scans(payload: bytes) -> Planter:
    return lambda frame: frame.rstrip(b"\0")[:-2] + payload + b"\xff\xd9"


def code_table(number: int) -> bytes:
    return bytes([number]) + b"\0" * 7 + b"\x0a" + b"\0" * 8 + NAME


def quantizer(number: int) -> bytes:
    return bytes([number & 0x0F]) + (NAME * 7)[:64]


def longer(marker: int, *, twice: bool = False) -> Planter:
    """Return what puts text behind what a JPEG 2000 segment needs, or in one before it that says the same."""

    def plant(frame: bytes) -> bytes:
        place = frame.index(bytes([0xFF, marker]))
        end = place + 2 + int.from_bytes(frame[place + 2 : place + 4], "big")
        if twice:
            body = frame[place + 4 : place + 5] + (NAME * 9)[: end - place - 5]
            return frame[:place] + segment(marker, body) + frame[place:]
        return frame[:place] + segment(marker, frame[place + 4 : end] + NAME) + frame[end:]

    return plant


JFIF_THUMBNAIL = b"JFIF\0\1\2\0\0\1\0\1\2\2" + b"ZEBRA^ANNA\0\0"
PLANTERS: dict[str, tuple[tuple[UID, ...], Planter]] = {
    "COM": ((JPEG_EXTENDED, JPEG_LOSSLESS, JPEG_LOSSLESS_FIRST, JPEG_LS, JPEG_LS_NEAR), at_start(0xFE)),
    "COM before the scan": ((JPEG_EXTENDED, JPEG_LOSSLESS, JPEG_LS), before_scan(0xFE)),
    "APP1": ((JPEG_EXTENDED, JPEG_LOSSLESS, JPEG_LS), at_start(0xE1, b"Exif\0\0" + NAME)),
    "ICC": ((JPEG_LOSSLESS,), before_scan(0xE2, b"ICC_PROFILE\0\1\1" + NAME)),
    "APP8": ((JPEG_LS,), at_start(0xE8, b"SPIFF\0" + NAME)),
    "APP13": ((JPEG_EXTENDED, JPEG_LS), before_scan(0xED)),
    "APP15": ((JPEG_LOSSLESS,), at_start(0xEF)),
    "thumbnail": ((JPEG_LOSSLESS,), at_start(0xE0, JFIF_THUMBNAIL)),
    "not JFIF": ((JPEG_LOSSLESS,), at_start(0xE0)),
    "behind Adobe's flags": ((JPEG_LOSSLESS,), before_scan(0xEE, b"Adobe\0\x64\0\0\0\0\0" + NAME)),
    "reserved segment": ((JPEG_LOSSLESS, JPEG_LS), at_start(0xF0)),
    "unused table": ((JPEG_EXTENDED,), before_scan(0xDB, b"\3" + (NAME * 7)[:64])),
    "unused code": ((JPEG_LOSSLESS,), before_scan(0xC4, b"\3" + b"\0" * 7 + b"\x0a" + b"\0" * 8 + NAME)),
    "table set anew": ((JPEG_LOSSLESS, JPEG_LOSSLESS_FIRST), redefined(0xC4, code_table)),
    "quantizer set anew": ((JPEG_EXTENDED,), redefined(0xDB, quantizer)),
    "quantizer of no use": ((JPEG_LOSSLESS,), before_scan(0xDB, quantizer(0))),
    "code of no use": ((JPEG_LOSSLESS,), before_scan(0xC4, code_table(0x10))),
    "table behind the scan": ((JPEG_EXTENDED, JPEG_LOSSLESS), redefined(0xC4, code_table, at_end=True)),
    "longer quantization": ((JPEG_2000, JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS), longer(0x5C)),
    "quantization set anew": ((JPEG_2000, JPEG_2000_LOSSLESS), longer(0x5C, twice=True)),
    "after the end": ((JPEG_EXTENDED, JPEG_2000, JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS), behind()),
    "main header": ((JPEG_2000, JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS), in_main_header(0x64)),
    "unknown segment": ((JPEG_2000_LOSSLESS,), in_main_header(0x6F)),
    "tile header": ((JPEG_2000, JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS), in_tile_header),
    "boxes": ((JPEG_2000_LOSSLESS,), in_boxes),
}  # fmt: skip
CASES = [(name, syntax) for name, (syntaxes, _) in PLANTERS.items() for syntax in syntaxes]


def encoded_film(syntax: UID, frames: list[bytes], *, fragments: int = 1, bits: int = 16, **elements: Any) -> bytes:
    data = dicom(DEEP if bits > 8 else SHALLOW, syntax, frames[0], **elements)
    dataset = dcmread(io.BytesIO(data))
    if len(frames) > 1:
        dataset.NumberOfFrames = len(frames)
    dataset.PixelData = encapsulate(frames, fragments_per_frame=fragments)
    file = io.BytesIO()
    dataset.save_as(file)
    return file.getvalue()


@pytest.mark.parametrize(("name", "syntax"), CASES)
@pytest.mark.parametrize("frames", [1, 3])
def test_text_in_any_frame_is_gone_and_the_pixels_are_the_same(name: str, syntax: UID, frames: int) -> None:
    clean = ENCODERS[syntax](DEEP)
    planted = PLANTERS[name][1](clean)
    middle = clean if frames > 1 else planted
    data = encoded_film(syntax, [planted, middle, planted][:frames], fragments=1 if frames == 1 else 2)
    assert NAME in data
    copy = deidentify(data, KEY)
    assert NAME[:5] not in copy.data
    original = decode(encoded_film(syntax, [clean] * frames))
    assert np.array_equal(decode(copy.data).pixels, original.pixels)
    dataset = dcmread(io.BytesIO(copy.data))
    bodies = [body.rstrip(b"\0") for body in generate_frames(dataset.PixelData, number_of_frames=frames)]
    assert all(np.array_equal(decode(encoded_film(syntax, [body])).pixels, original.pixels) for body in bodies)


def test_colours_are_read_as_before() -> None:
    colour = np.stack([SHALLOW, SHALLOW[::-1], SHALLOW[:, ::-1]], axis=-1)
    for photometric, frame in (("YBR_FULL_422", jpeg(colour, quality=95)), ("RGB", lossless_jpeg(colour))):
        syntax = JPEG_BASELINE if photometric != "RGB" else JPEG_LOSSLESS_FIRST
        data = dicom(colour, syntax, before_scan(0xFE)(frame), PhotometricInterpretation=photometric)
        copy = deidentify(data, KEY).data
        assert NAME not in copy
        assert np.array_equal(decode(copy).pixels, decode(data).pixels)
        assert np.array_equal(dcmread(io.BytesIO(copy)).pixel_array, dcmread(io.BytesIO(data)).pixel_array)


def test_progressive_scans_and_restarts_stay() -> None:
    for options in ({"progressive": True}, {"restart_marker_rows": 1}):
        frame = jpeg(SHALLOW, quality=90, **options)
        last = frame.rindex(b"\xff\xda")
        planted = frame[:last] + segment(0xFE) + frame[last:]
        data = encoded_film(JPEG_BASELINE, [planted], bits=8)
        copy = deidentify(data, KEY).data
        assert NAME not in copy
        assert np.array_equal(decode(copy).pixels, decode(data).pixels)


def rle(pixels: Any, bits: int = 16) -> bytes:
    """Return an RLE image; what its header says of bits is put in later, since pydicom packs few of them closer."""
    dataset = dcmread(io.BytesIO(dicom(pixels, RLE, None)))
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    file = io.BytesIO()
    dataset.save_as(file)
    return file.getvalue()


def rle_frame(data: bytes) -> bytes:
    return next(generate_frames(dcmread(io.BytesIO(data)).PixelData, number_of_frames=1))


def with_gaps(frame: bytes) -> bytes:
    """Return an RLE frame with text where no decoder looks: offsets of no segment, before, between and behind them."""
    count, *starts = struct.unpack_from("<16I", frame)
    ends = [*starts[1:count], len(frame)]
    header, body = struct.pack("<I", count), NAME
    for start, end in zip(starts[:count], ends, strict=True):
        header += struct.pack("<I", 64 + len(body))
        body += frame[start:end] + b"\x09" + NAME
    return (header + NAME).ljust(64, b"\0") + body


def test_text_between_and_behind_rle_segments_is_gone() -> None:
    data = rle(DEEP)
    planted = encoded_film(RLE, [with_gaps(rle_frame(data))] * 3)
    assert planted.count(NAME) == 12
    copy = deidentify(planted, KEY).data
    assert b"ZEBRA" not in copy
    assert np.array_equal(dcmread(io.BytesIO(copy)).pixel_array, np.stack([DEEP] * 3))
    assert np.array_equal(decode(copy).pixels, decode(data).pixels)


def test_packet_that_goes_on_beyond_an_rle_image_is_cut() -> None:
    flat = np.zeros((64, 64), np.uint8)
    for last, expected in (
        (b"\x09\0" + b"\0" * 9, b"\x00\0"),
        (b"\x7f" + bytes([0]) + NAME * 12 + b"\0" * 7, b"\x00\0"),
        (b"\x81\0", b"\x00\0"),
    ):
        packets = b"\x81\0" * 31 + b"\x82\0" + last  # 31 x 128 + 127, and one pixel more
        frame = struct.pack("<II", 1, 64).ljust(64, b"\0") + packets
        copy = deidentify(dicom(flat, RLE, frame), KEY).data
        [body] = generate_frames(dcmread(io.BytesIO(copy)).PixelData, number_of_frames=1)
        assert body[64:] == b"\x81\0" * 31 + b"\x82\0" + expected
        assert not dcmread(io.BytesIO(copy)).pixel_array.any()


@pytest.mark.parametrize("bits", [12, 8, 6])
def test_unused_bits_of_rle_are_cleared(bits: int) -> None:
    pixels = ramp(top=(1 << bits) - 1).astype(np.uint16)
    spoilt = pixels | np.uint16(1 << 15) | np.uint16(1 << bits)
    copy = deidentify(rle(spoilt, bits), KEY)
    assert np.array_equal(dcmread(io.BytesIO(copy.data)).pixel_array, pixels)
    assert UNUSED_BITS_NOT_CLEARED not in copy.warnings


def test_signed_rle_keeps_its_signs() -> None:
    pixels = ramp(top=4095).astype(np.int16) - 2048
    spoilt = (pixels.view(np.uint16) ^ 0x4000).view(np.int16)
    for values in (pixels, spoilt):
        data = rle(values, 12)
        assert np.array_equal(dcmread(io.BytesIO(deidentify(data, KEY).data)).pixel_array, pixels)


@pytest.mark.parametrize("encode", [lossless_jpeg, jpeg_ls, jpeg_2000])
@pytest.mark.parametrize("spoilt", [False, True])
def test_unused_bits_of_other_encodings_are_warned_of_when_they_are_used(
    encode: Callable[[Any], bytes], spoilt: bool
) -> None:
    syntax = {lossless_jpeg: JPEG_LOSSLESS_FIRST, jpeg_ls: JPEG_LS, jpeg_2000: JPEG_2000_LOSSLESS}[encode]
    first = DEEP | (np.uint16(0x5000) if spoilt else np.uint16(0))
    data = encoded_film(syntax, [encode(first), encode(DEEP)], BitsStored=12, HighBit=11)
    assert (UNUSED_BITS_NOT_CLEARED in deidentify(data, KEY).warnings) is spoilt


@pytest.mark.parametrize("signed", [False, True])
def test_unused_bits_of_plain_pixels_are_cleared_but_for_signs(signed: bool) -> None:
    values = DEEP.astype(np.int16) - 2048 if signed else DEEP
    spoilt = (values.view(np.uint16) ^ np.where(DEEP % 3 == 0, np.uint16(0x4000), np.uint16(0))).view(values.dtype)
    data = dicom(spoilt, EXPLICIT, None, BitsStored=12, HighBit=11)
    copy = deidentify(data, KEY)
    assert np.array_equal(np.frombuffer(dcmread(io.BytesIO(copy.data)).PixelData, values.dtype), values.reshape(-1))
    assert UNUSED_BITS_NOT_CLEARED not in copy.warnings


@pytest.mark.parametrize(
    ("pixels", "warned"),
    [(DEEP << 4, False), (DEEP, False), ((DEEP << 4) | 5, True)],
    ids=["left-justified", "right-justified", "either"],
)
def test_bits_below_a_left_justified_pixel_are_warned_of_when_they_are_used(pixels: Any, warned: bool) -> None:
    copy = deidentify(dicom(pixels, EXPLICIT, None, BitsStored=12, HighBit=15), KEY)
    assert (UNUSED_BITS_NOT_CLEARED in copy.warnings) is warned
    assert np.array_equal(np.frombuffer(dcmread(io.BytesIO(copy.data)).PixelData, np.uint16), pixels.reshape(-1))


@pytest.mark.parametrize(
    ("syntax", "payload"),
    [
        (JPEG_LOSSLESS, segment(0xC3, b"\x10\0\x40\0\x40\4" + NAME + b"\0\0")),
        (JPEG_LOSSLESS, segment(0xDA, b"\4ZEBRA^AN\1\0\0") + NAME),
        (JPEG_LS, segment(0xDA, b"\1\1\0\0\0\0") + NAME),
        (JPEG_LS, segment(0xF8, b"\1" + NAME)),
    ],
    ids=["second image", "scan of other colours", "second scan", "parameters"],
)
def test_frame_with_more_than_its_image_has_no_copy_or_a_clean_one(syntax: UID, payload: bytes) -> None:
    good = ENCODERS[syntax](DEEP)
    data = encoded_film(syntax, [behind_scans(payload)(good), good, good])
    try:
        copy = deidentify(data, KEY).data
    except ImageError:
        copy = b""
    assert b"ZEBRA" in data
    assert b"ZEBRA" not in copy


@pytest.mark.parametrize(
    "frame",
    [
        jpeg(SHALLOW)[:-40],
        at_start(0xCC)(jpeg(SHALLOW)),
        b"\xff\xd8" + segment(0xDD, b"\0\1" + NAME) + jpeg(SHALLOW)[2:],
        NAME * 9,
    ],
    ids=["cut", "arithmetic", "long segment", "no image"],
)
def test_frame_that_cannot_be_walked_has_no_copy(frame: bytes) -> None:
    good = jpeg(SHALLOW)
    data = encoded_film(JPEG_BASELINE, [frame, good, good], bits=8)
    assert decode(data).facts.frames == 3
    with pytest.raises(ImageError):
        deidentify(data, KEY)
