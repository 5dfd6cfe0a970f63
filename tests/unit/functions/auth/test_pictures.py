"""Pictures of people: what may tell where one was taken is gone, the picture is as it was, the malformed is refused."""

from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from functions.auth.pictures import BROKEN_TEXT, MAX_BYTES, TOO_LARGE, clean_picture
from scanward.errors import InvalidFields
from tests.support.photographs import PLACES, chunk, drawn, jpeg, png

SIGNATURE, HEADER = b"\x89PNG\r\n\x1a\n", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0"
PROGRESSIVE = {"progressive": True}


def pixels(content: bytes) -> Any:
    """Return what somebody sees who looks at the picture."""
    with Image.open(BytesIO(content)) as picture:
        return list(ImageOps.exif_transpose(picture).convert("RGB").tobytes())


@pytest.mark.parametrize("how", [{}, PROGRESSIVE, {"restart_marker_blocks": 1}, {"optimize": True}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_keeps_its_picture_alone(mode: str, how: dict[str, Any]) -> None:
    taken = jpeg(mode=mode, **how)
    cleaned = clean_picture(taken)
    assert (cleaned.content_type, cleaned.suffix) == ("image/jpeg", "jpg")
    assert pixels(cleaned.content) == pixels(taken)
    assert all(place in taken for place in PLACES)
    assert not [place for place in (*PLACES, b"Exif") if place in cleaned.content]
    assert clean_picture(cleaned.content) == cleaned, "what is clean stays as it is"


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_photograph_stands_as_it_stood(orientation: int) -> None:
    taken = jpeg(orientation)
    cleaned = clean_picture(taken).content
    assert pixels(cleaned) == pixels(taken)
    assert not [place for place in PLACES if place in cleaned]
    with Image.open(BytesIO(cleaned)) as picture:
        assert dict(picture.getexif()) == {274: orientation}


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_png_stands_as_it_stood(orientation: int, behind: bool) -> None:
    exif = Image.Exif()
    exif[271], exif[274] = "PLACE-maker", orientation
    file = BytesIO()
    drawn().save(file, "PNG")
    bare = file.getvalue()
    place = bare.index(b"IEND" if behind else b"IDAT") - 4
    taken = bare[:place] + chunk(b"eXIf", exif.tobytes()[6:]) + bare[place:]
    cleaned = clean_picture(taken).content
    assert pixels(cleaned) == pixels(taken)
    assert not [one for one in PLACES if one in cleaned]
    with Image.open(BytesIO(cleaned)) as picture:
        assert dict(picture.getexif()) == ({274: orientation} if orientation > 1 else {})
    assert clean_picture(cleaned).content == cleaned


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "LA"])
def test_a_png_keeps_its_picture_alone(mode: str) -> None:
    taken = png(mode)
    cleaned = clean_picture(taken)
    assert (cleaned.content_type, cleaned.suffix) == ("image/png", "png")
    assert pixels(cleaned.content) == pixels(taken)
    assert not [place for place in PLACES if place in cleaned.content]
    assert clean_picture(cleaned.content) == cleaned


def test_an_animation_keeps_its_first_picture() -> None:
    file = BytesIO()
    drawn().save(file, "PNG", save_all=True, append_images=[Image.new("RGB", (48, 32))])
    with Image.open(BytesIO(clean_picture(file.getvalue()).content)) as picture:
        assert (getattr(picture, "n_frames", 1), list(picture.convert("RGB").tobytes())) == (1, list(drawn().tobytes()))


def test_a_chunk_that_may_hold_little_holds_no_more() -> None:
    taken = png()
    stuffed = taken[:33] + chunk(b"gAMA", b"PLACE-" * 100) + taken[33:]
    assert b"PLACE-" not in clean_picture(stuffed).content


@pytest.mark.parametrize(("marker", "head"), [(0xE0, b"JFIF\0"), (0xEE, b"Adobe"), (0xE0, b"JFXX\0")])
def test_a_segment_that_may_hold_little_holds_no_more(marker: int, head: bytes) -> None:
    taken, said = jpeg(), head + b"PLACE-thumbnail" * 3
    stuffed = taken[:2] + bytes([0xFF, marker]) + (len(said) + 2).to_bytes(2) + said + taken[2:]
    assert b"PLACE-" not in clean_picture(stuffed).content


JPEG, PNG = jpeg(), png()
BEFORE_FRAME = JPEG.index(b"\xff\xc0")
BEHIND_SCAN_HEAD = JPEG.index(b"\xff\xda") + 14


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + bytes(50),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        bytes(128) + b"DICM" + bytes(50),
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x01",
        b"\xff\xd8\xff\xe0\xff\xff",
        b"\xff\xd8" + b"\xff" * 100,
        JPEG[:BEFORE_FRAME],
        JPEG[:BEFORE_FRAME] + b"\xff\xd9",
        JPEG[:-200],
        JPEG[:BEFORE_FRAME] + b"\xff\xc3" + JPEG[BEFORE_FRAME + 2 :],
        JPEG[:BEFORE_FRAME] + JPEG[BEFORE_FRAME : BEFORE_FRAME + 19] + JPEG[BEFORE_FRAME:],
        JPEG[: BEFORE_FRAME + 5] + b"\0\0" + JPEG[BEFORE_FRAME + 7 :],
        JPEG[: BEFORE_FRAME + 5] + b"\xff\xff" + JPEG[BEFORE_FRAME + 7 :],
        SIGNATURE,
        PNG[:-60],
        PNG[:20] + b"\xff" + PNG[21:],
        SIGNATURE + chunk(b"IEND", b""),
        SIGNATURE + chunk(b"IHDR", HEADER) + chunk(b"IEND", b""),
        SIGNATURE + chunk(b"IHDR", HEADER) * 2 + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
        SIGNATURE + chunk(b"IHDR", HEADER[1:]) + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
        SIGNATURE + chunk(b"IHDR", b"\0\1\0\0" + HEADER[4:]) + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
        SIGNATURE + chunk(b"IHDR", HEADER) + chunk(b"IDAT", b"") + chunk(b"IEND", b"PLACE"),
        SIGNATURE + chunk(b"IHDR", HEADER) + chunk(b"EVIL", b"") + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
    ],
)
def test_a_picture_that_is_not_whole_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidFields) as refusal:
        clean_picture(content)
    assert refusal.value.fields == {"image": [BROKEN_TEXT]}


@pytest.mark.parametrize("head", [JPEG[:2], JPEG[:BEHIND_SCAN_HEAD]])
@pytest.mark.parametrize("filling", [b"\xff", b"\xff\x00", b"\xff\xff\xd0"])
def test_a_file_full_of_fill_bytes_is_read_through_once(head: bytes, filling: bytes) -> None:
    """Whoever looked at each row of them from each of its bytes would be at it for hours."""
    with pytest.raises(InvalidFields) as refusal:
        clean_picture(head + filling * ((MAX_BYTES - len(head)) // len(filling)))
    assert refusal.value.fields == {"image": [BROKEN_TEXT]}


@pytest.mark.parametrize("trailer", [JPEG, b"\0\0\0\x18ftypmp42PLACE-", b"\xff\xd9PLACE-", bytes(900)])
def test_what_a_phone_appends_is_none_of_the_picture(trailer: bytes) -> None:
    assert clean_picture(JPEG + trailer) == clean_picture(JPEG)


def test_bytes_between_segments_are_none_of_the_picture() -> None:
    assert clean_picture(JPEG[:BEFORE_FRAME] + b"\0PLACE-\xff\0" + JPEG[BEFORE_FRAME:]) == clean_picture(JPEG)


def test_fill_bytes_behind_a_scan_are_none_of_the_picture() -> None:
    end = JPEG.rindex(b"\xff\xd9")
    assert clean_picture(JPEG[:end] + b"\xff" * 1000 + JPEG[end:]) == clean_picture(JPEG)


def test_a_large_file_is_refused() -> None:
    with pytest.raises(InvalidFields) as refusal:
        clean_picture(PNG + bytes(MAX_BYTES))
    assert refusal.value.fields == {"image": [TOO_LARGE]}
    assert clean_picture(PNG + bytes(MAX_BYTES - len(PNG)))


@given(st.binary(max_size=200), st.sampled_from([JPEG, PNG]), st.floats(0, 1), st.integers(0, 40))
def test_damage_is_refused_or_cleaned_and_nothing_else_happens(
    noise: bytes, whole: bytes, where: float, cut: int
) -> None:
    place = int(where * len(whole))
    damaged = whole[:place] + noise + whole[place + cut :]
    with suppress(InvalidFields):
        cleaned = clean_picture(damaged).content
        assert clean_picture(cleaned).content == cleaned
