"""Files of phones and repaired files: the image is read as it is alone, the rest is left unread, and nothing more."""

import io
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.uid import UID

from imaging import structure
from imaging.bounds import MAX_BYTES
from imaging.decode import decode
from imaging.errors import ImageError, Reason
from imaging.structure import check_png, read_jpeg
from segments import jpeg as jpeg_segments
from tests.support.encoders import JPEG_BASELINE, JPEG_EXTENDED, JPEG_LOSSLESS, JPEG_LS, extended_jpeg, lossless_jpeg
from tests.support.images import Pixels, dicom, jpeg, png, ramp
from tests.support.refusals import reason

GREY = jpeg(ramp(), quality=95)
COLOUR = jpeg(np.stack([ramp(), ramp()[::-1], 255 - ramp()], axis=-1), quality=95)
PROGRESSIVE = jpeg(ramp(), progressive=True, quality=95)
IMAGES = pytest.mark.parametrize("image", [GREY, COLOUR, PROGRESSIVE], ids=["grey", "colour", "progressive"])
NOISE = np.random.default_rng(7).integers(0, 256, 4000, np.uint8).tobytes()
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + b"\0\0\x0f\xa8mdat" + NOISE
SAMSUNG = b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1700000000000SEFHk\0\0\0\x01\0\0\0\0\0\x01\x0a\x24\0\0\0SEFT"
NOTES_IN_TEXT = (
    b'vivo{"mode": "night", "lenses": [1, 2, 3], "a": "text of any length"}\0\0\0\0\x10\xff\xff\xff\xff\x1b*9HWfu\x84'
)
TRAILERS = {
    "images": GREY + COLOUR,
    "video": VIDEO,
    "notes": SAMSUNG,
    "notes-with-video": VIDEO[4:] + SAMSUNG,
    "notes-in-text": NOTES_IN_TEXT,
    "ends": b"\xff\xd9" * 9,
    "zeros": bytes(5000),
    "spaces": b" \t\r\n" * 40,
    "zeros-and-image": bytes(5000) + GREY,
    "noise": NOISE,
}


def shown_alike(data: bytes, image: bytes) -> bool:
    """Compare a file with its image alone: both as we read that, and as Pillow does."""
    with Image.open(io.BytesIO(image)) as alone:
        grey = np.asarray(alone.convert("L"), int)
    picture = decode(data)
    return np.array_equal(picture.pixels, decode(image).pixels) and bool(np.abs(picture.pixels - grey).max() <= 2)


def multi_picture() -> bytes:
    """Return a file of two images whose first says so, as Pillow writes it."""
    file = io.BytesIO()
    first, second = (Image.fromarray(pixels) for pixels in (ramp(), ramp()[::-1]))
    first.save(file, "MPO", save_all=True, append_images=[second], quality=95)
    return file.getvalue()


@IMAGES
@pytest.mark.parametrize("trailer", TRAILERS.values(), ids=TRAILERS)
def test_what_follows_a_jpeg_is_left_unread(image: bytes, trailer: bytes) -> None:
    assert shown_alike(image + trailer, image)
    assert read_jpeg(image + trailer)[1] == image


def test_of_a_multi_picture_file_the_first_image_is_read() -> None:
    data = multi_picture()
    _, image = read_jpeg(data)
    assert shown_alike(data, GREY)
    assert image.count(b"\xff\xd8\xff") == 1
    assert b"MPF" not in image


@IMAGES
@pytest.mark.parametrize(
    "rest", [b"", b"\xff", bytes(3000), b"\xff" * 9, GREY], ids=["none", "half", "0", "ff", "image"]
)
def test_a_jpeg_that_lacks_its_end_alone_is_read(image: bytes, rest: bytes) -> None:
    assert shown_alike(image[:-2] + rest, image)


@IMAGES
@pytest.mark.parametrize("lost", [12, 40, 200])
@pytest.mark.parametrize("rest", [b"", bytes(3000), GREY, b"\xff\xd9" + NOISE], ids=["none", "zeros", "image", "noise"])
def test_a_jpeg_cut_within_its_image_is_refused_whatever_follows(image: bytes, lost: int, rest: bytes) -> None:
    assert reason(image[: -2 - lost] + rest) is Reason.BAD_INPUT


@pytest.mark.parametrize("options", [{"restart_marker_blocks": 2}, {"restart_marker_rows": 1, "progressive": True}])
def test_a_jpeg_cut_anywhere_before_its_last_pixels_is_refused_as_one_that_ends_too_early(options: Any) -> None:
    image = jpeg(ramp(48, 64), quality=90, **options)
    for end in range(4, len(image) - 8):
        with pytest.raises(ImageError, match="The JPEG ends before its image does"):
            decode(image[:end])


def test_a_progressive_jpeg_without_its_last_scans_is_refused() -> None:
    assert reason(PROGRESSIVE[: PROGRESSIVE.rindex(b"\xff\xda")]) is Reason.BAD_INPUT
    assert reason(PROGRESSIVE[: PROGRESSIVE.rindex(b"\xff\xc4")]) is Reason.BAD_INPUT


@IMAGES
@pytest.mark.parametrize(
    "stray",
    [bytes(50), b"\xff\xff\xff", b"\xff\0\x07", NOISE.replace(b"\xff", b""), b"\xff\xd0", b"\xff\x01", b"\xff\xd8"],
)
def test_bytes_between_segments_are_passed_over(image: bytes, stray: bytes) -> None:
    for marker in (b"\xff\xdb", b"\xff\xc4"):
        place = image.index(marker)
        assert shown_alike(image[:place] + stray + image[place:], image)


def test_after_the_first_pixels_only_filling_is_passed_over() -> None:
    place = PROGRESSIVE.rindex(b"\xff\xda")
    assert shown_alike(PROGRESSIVE[:place] + bytes(9) + b"\xff" + PROGRESSIVE[place:], PROGRESSIVE)
    broken = bytearray(GREY)
    broken[-400:-396] = b"\xff\xe1\0\x20"  # pixels that look like a segment: what follows it are pixels as well
    assert reason(bytes(broken)) is Reason.BAD_INPUT


@pytest.mark.parametrize("profile", [b"", b"ICC_PROFILE\0", b"ICC_PROFILE\0\5\2noise", b"MPF\0noise"])
def test_a_broken_profile_of_colour_is_left_out(profile: bytes) -> None:
    segment = b"\xff\xe2" + struct.pack(">H", len(profile) + 2) + profile
    assert shown_alike(GREY[:20] + segment + GREY[20:], GREY)


def test_a_thumbnail_inside_a_segment_is_not_taken_for_the_image() -> None:
    thumbnail = b"Exif\0\0" + jpeg(ramp(32, 32))
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    assert shown_alike(GREY[:2] + segment + GREY[2:], GREY)


@pytest.mark.parametrize("order", [b"\xff\xd0", b"\xff\xd3"])
def test_restart_markers_in_a_wrong_order_are_the_decoders_to_judge(order: bytes) -> None:
    image = jpeg(ramp(), restart_marker_blocks=4)
    place = image.index(b"\xff\xd1")
    assert decode(image[:place] + order + image[place + 2 :]).facts.rows == 96


SECOND_FILES = [
    b"<html><script>",
    b" \r\n<!DOCTYPE html>",
    b"PK\3\4 and more",
    b"PK\5\6" + bytes(18),
    b"%PDF-1.7",
    b"#!/bin/sh",
    b"\x7fELF\2\1\1",
    b"MZ\x90\0\3",
    b"\0" * 9 + b"x",
    b"echo off & del *.*",
    b"echo off & del *.*" + bytes(100),
    b"print(1);" * 900,
    NOISE + b"<SCRIPT>alert()",
    NOISE + b"PK\5\6" + bytes(18) + b"a comment",
    NOISE + b"Rar!\x1a\x07\1\0",
    NOISE + b"%PDF-1.7\n" + NOISE,
    png(ramp()),
]


@pytest.mark.parametrize("second", SECOND_FILES)
@pytest.mark.parametrize("between", [b"", bytes(64), b"\xff\xd9\xff\xd9"])
def test_an_image_that_is_another_file_as_well_is_refused(second: bytes, between: bytes) -> None:
    assert reason(GREY + between + second) is Reason.BAD_INPUT
    assert reason(png(ramp()) + between + second) is Reason.BAD_INPUT


@pytest.mark.parametrize("first", ["images", "video", "notes"])
@pytest.mark.parametrize("second", [b"<html><script>", b"PK\5\6" + bytes(18)])
def test_another_file_behind_what_a_phone_appends_is_refused(first: str, second: bytes) -> None:
    assert reason(GREY + TRAILERS[first] + second) is Reason.BAD_INPUT


@pytest.mark.parametrize("second", [b"<html><script>", b"PK\3\4 and more", b"PK\5\6" + bytes(18), b"x" * 80])
def test_an_image_without_an_end_hides_no_other_file(second: bytes) -> None:
    assert reason(GREY[:-2] + second) is Reason.BAD_INPUT


def test_what_follows_a_png_is_left_unread() -> None:
    image = png(ramp())
    for trailer in (bytes(500), NOISE, image[60:], b"\0\0\0\x18ftypmp42" + NOISE):
        assert np.array_equal(decode(image + trailer).pixels, ramp())
    assert reason(image + GREY) is Reason.BAD_INPUT


@pytest.mark.parametrize(
    ("syntax", "encode", "top"),
    [(JPEG_BASELINE, jpeg, 255), (JPEG_EXTENDED, extended_jpeg, 4095), (JPEG_LOSSLESS, lossless_jpeg, 4095)],
)
def test_a_frame_in_dicom_is_read_though_noise_follows_or_its_end_lacks(
    syntax: UID, encode: Callable[[Pixels], bytes], top: int
) -> None:
    frame = encode(ramp(top=top))
    alone = decode(dicom(ramp(top=top), syntax, frame)).pixels
    for changed in (frame + bytes(7), frame + b"\xff\xd9\0\0", frame + NOISE, frame + b"<html> text", frame[:-2]):
        assert np.array_equal(decode(dicom(ramp(top=top), syntax, changed)).pixels, alone)
    assert reason(dicom(ramp(top=top), syntax, frame[:-60])) is Reason.BAD_INPUT


def test_a_jpeg_ls_frame_is_read_though_noise_follows_or_its_end_lacks() -> None:
    whole = dicom(ramp(), JPEG_LS)
    frame = whole[whole.index(b"\xff\xd8\xff") : whole.rindex(b"\xff\xd9") + 2]
    for changed in (
        frame + bytes(7),
        frame + b"\xff\xd9",
        frame + NOISE,
        frame[:-2],
        frame[:-2] + bytes(6),
        frame[:-1],
    ):
        assert np.array_equal(decode(dicom(ramp(), JPEG_LS, changed)).pixels, ramp())
    for lost in (3, 5, 40):
        assert reason(dicom(ramp(), JPEG_LS, frame[:-lost])) is Reason.BAD_INPUT


class Counter:
    """Counts how often a function is called, or how many items it yields."""

    def __init__(self) -> None:
        self.count = 0

    def call(self, *given: Any) -> int:
        self.count += 1
        return _CHECKSUM(*given)

    def items(self, *given: Any) -> Iterator[jpeg_segments.Segment]:
        for segment in _READ_SEGMENTS(*given):
            self.count += 1
            yield segment


_CHECKSUM, _READ_SEGMENTS = structure._checksum, jpeg_segments.read_segments


@pytest.mark.parametrize("rest", [b"\xff\xd9", b"\xff\xd8\xff\xd9", b"\x01\xff\0", GREY])
def test_fifty_megabytes_after_an_image_cost_no_walk_and_few_decodings(
    rest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    decodings, segments = Counter(), Counter()
    monkeypatch.setattr(structure, "_checksum", decodings.call)
    monkeypatch.setattr(jpeg_segments, "read_segments", segments.items)
    assert len(read_jpeg(GREY + rest * ((MAX_BYTES - len(GREY)) // len(rest)))[1]) == len(GREY)
    assert 0 < segments.count < 20
    assert decodings.count <= 3


@pytest.mark.parametrize("stray", [b"\0", b"\xff", b"\xff\0", b"a"])
def test_fifty_megabytes_between_segments_are_handed_to_no_decoder(stray: bytes) -> None:
    data = GREY[:20] + stray * ((MAX_BYTES - len(GREY)) // len(stray)) + GREY[20:]
    assert len(read_jpeg(data)[1]) == len(GREY)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([GREY, COLOUR, PROGRESSIVE]),
    st.floats(0, 1),
    st.integers(0, 60),
    st.one_of(st.binary(max_size=200), st.sampled_from([GREY, b"\xff\xd9", b"\xff\xda", b"\xff\xd8\xff\xd9" * 9])),
)
def test_whatever_is_put_into_a_jpeg_it_is_read_or_refused(image: bytes, where: float, lost: int, more: bytes) -> None:
    place = int(where * len(image))
    with suppress(ImageError):
        _, found = read_jpeg(image[:place] + more + image[place + lost :])
        assert found.startswith(b"\xff\xd8")
        assert found.endswith(b"\xff\xd9")
        assert read_jpeg(found)[1] == found, "what is an image alone stays as it is"


@given(st.binary(max_size=200))
def test_whatever_follows_a_png_it_is_read_or_refused(more: bytes) -> None:
    with suppress(ImageError):
        check_png(png(ramp(32, 32)) + more)
