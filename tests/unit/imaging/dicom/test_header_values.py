"""Values of a header that cannot be read: the image is read as if they were absent, and its result says so."""

import struct
from collections.abc import Callable

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imaging.decode import decode
from imaging.dicom.deidentify import deidentify
from imaging.dicom.header_values import HEADER_VALUE_IGNORED
from imaging.errors import Reason
from imaging.image import Picture
from tests.support.images import BIG_ENDIAN, EXPLICIT, IMPLICIT, dicom, ramp
from tests.support.refusals import reason

DEEP = ramp(top=4095)
RESCALED = {"RescaleSlope": "2", "RescaleIntercept": "-1024", "WindowCenter": "3072", "WindowWidth": "2000"}
_MARK = "77777777"


def with_text(name: str, text: str, **elements: object) -> bytes:
    """Return an image one of whose elements has a text of any length, as a writer put it there."""
    film = dicom(DEEP, EXPLICIT, None, offsets=True, **{**elements, name: _MARK})
    value = text.encode() + b" " * (len(text) % 2)
    old = struct.pack("<H", len(_MARK)) + _MARK.encode()
    assert film.count(old) == 1
    return film.replace(old, struct.pack("<H", len(value)) + value)


def with_spacing(text: str) -> bytes:
    return with_text("PixelSpacing", text)


def read(data: bytes) -> Picture:
    """Return the picture, of which there is a copy as well that shows the same."""
    picture = decode(data)
    assert np.array_equal(decode(deidentify(data).data).to_grey(), picture.to_grey())
    return picture


@pytest.mark.parametrize("text", ["0,15\\0,15", "0.15\\0.15", " 0.15 \\ 0,15 ", "0.150000000000000000\\0.15"])
def test_a_spacing_that_can_be_read_is_read_however_it_is_written(text: str) -> None:
    picture = read(with_spacing(text))
    assert (picture.facts.pixel_spacing, picture.warnings) == ((0.15, 0.15), ())


@pytest.mark.parametrize(
    "text",
    ["one\\two", "0.15", "0.1\\0.1\\0.1", "0\\0", "-1\\1", "nan\\nan", "inf\\1", "1e999\\1", "0.15,0.15", "\\0.15"],
)
def test_a_spacing_that_cannot_be_read_is_none(text: str) -> None:
    picture = read(with_spacing(text))
    assert (picture.facts.pixel_spacing, picture.warnings) == (None, (HEADER_VALUE_IGNORED,))
    assert np.array_equal(picture.pixels, DEEP)


@pytest.mark.parametrize("text", ["", " ", "\\"])
@pytest.mark.parametrize("name", ["PixelSpacing", "WindowCenter", "RescaleSlope"])
def test_an_empty_value_is_absent_without_a_word(name: str, text: str) -> None:
    assert read(with_text(name, text)).warnings == ()


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "one", "1.2.3", "1e308"])
@pytest.mark.parametrize("name", ["WindowCenter", "WindowWidth"])
def test_a_window_that_cannot_be_read_is_none(name: str, text: str) -> None:
    elements = {"WindowCenter": "1", "WindowWidth": "1"}
    elements.pop(name)
    picture = read(with_text(name, text, **elements))
    assert (picture.facts.window, picture.warnings) == (None, (HEADER_VALUE_IGNORED,))
    assert (picture.to_grey().min(), picture.to_grey().max()) == (0, 255)


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "one"])
@pytest.mark.parametrize("name", ["RescaleSlope", "RescaleIntercept"])
def test_rescaling_that_cannot_be_read_takes_units_and_window_away(name: str, text: str) -> None:
    elements = {key: value for key, value in RESCALED.items() if key != name}
    picture = read(with_text(name, text, **elements))
    assert (picture.units, picture.slope, picture.intercept, picture.facts.window) == (False, 1, 0, None)
    assert picture.warnings == (HEADER_VALUE_IGNORED,)


@pytest.mark.parametrize("slope", ["0", "1e-300"])
def test_a_slope_that_leaves_nothing_of_the_pixels_is_none(slope: str) -> None:
    picture = read(dicom(DEEP, EXPLICIT, None, offsets=True, **{**RESCALED, "RescaleSlope": slope}))
    assert (picture.units, picture.slope, picture.warnings) == (False, 1, (HEADER_VALUE_IGNORED,))


def test_of_several_windows_only_the_first_has_to_be_read() -> None:
    picture = read(with_text("WindowCenter", "2048\\abc", WindowWidth="1000"))
    assert (picture.facts.window, picture.warnings) == ((2048, 1000), ())


@pytest.mark.parametrize(
    ("text", "warnings"), [("0", 1), ("-1", 1), ("abc", 1), ("1.5", 1), ("1.0", 0), ("", 0), ("00001", 0)]
)
def test_a_number_of_frames_that_is_none_is_one(text: str, warnings: int) -> None:
    picture = read(with_text("NumberOfFrames", text))
    assert (picture.facts.frames, len(picture.warnings)) == (1, warnings)


@pytest.mark.parametrize("name", ["PlanarConfiguration", "PixelRepresentation"])
def test_a_flag_that_is_neither_0_nor_1_is_absent(name: str) -> None:
    assert read(dicom(DEEP, EXPLICIT, None, offsets=True, **{name: 7})).warnings == (HEADER_VALUE_IGNORED,)


@pytest.mark.parametrize("name", ["BitsStored", "HighBit", "SamplesPerPixel", "PixelRepresentation"])
def test_what_follows_from_other_elements_may_lack(name: str) -> None:
    picture = read(dicom(DEEP, EXPLICIT, None, offsets=True, **{name: None}))
    assert np.array_equal(picture.pixels, DEEP)
    assert picture.warnings == ()


def test_the_colours_tell_how_many_samples_there_are() -> None:
    colour = np.stack([ramp()] * 3, axis=-1)
    assert np.array_equal(decode(dicom(colour, SamplesPerPixel=None)).pixels, decode(dicom(colour)).pixels)


ROWS = b"\x28\0\x10\0US\x02\0\x60\0"
SIGN = b"\x28\0\x03\x01US\x02\0\0\0"
STORED = b"\x28\0\x01\x01US\x02\0\x10\0"
PIXELS = b"\xe0\x7f\x10\0OW"
PLACE = b"\x28\0\x02\0US"
ITEM, ITEM_END, END = b"\xfe\xff\0\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
PRIVATE = b"\x19\0\x10\0LO\x04\0ABCD\x19\0\x01\x10"
Change = Callable[[bytes], bytes]


def put(before: bytes, more: bytes) -> Change:
    return lambda data: data.replace(before, more + before, 1)


def swap(old: bytes, new: bytes) -> Change:
    return lambda data: data.replace(old, new, 1)


ODDITIES: dict[str, Change] = {
    "zeros behind": lambda data: data + bytes(999),
    "noise behind": lambda data: data + bytes(range(1, 200)),
    "padding element behind": lambda data: data + b"\xfc\xff\xfc\xffOB\0\0\x08\0\0\0" + bytes(8),
    "rows as text": swap(ROWS, b"\x28\0\x10\0IS\x02\x0096"),
    "rows as decimals": swap(ROWS, b"\x28\0\x10\0DS\x04\x0096.0"),
    "rows of 32 bits": swap(ROWS, b"\x28\0\x10\0UL\x04\0\x60\0\0\0"),
    "rows as a double": swap(ROWS, b"\x28\0\x10\0FD\x08\0" + struct.pack("<d", 96)),
    "rows of no known kind": swap(ROWS, b"\x28\0\x10\0UN\0\0\x02\0\0\0\x60\0"),
    "rows twice": swap(ROWS, b"\x28\0\x10\0US\x04\0\x60\0\x60\0"),
    "group length wrong": put(PLACE, b"\x28\0\0\0UL\x04\0\x99\0\0\0"),
    "text of odd length": put(PLACE, b"\x18\0\x15\0CS\x05\0CHEST"),
    "elements out of order": put(PLACE, b"\x08\0\x60\0CS\x02\0DX"),
    "empty sign": swap(SIGN, b"\x28\0\x03\x01US\0\0"),
    "sign of one byte": swap(SIGN, b"\x28\0\x03\x01US\x01\0\0"),
    "depth of three bytes": swap(STORED, b"\x28\0\x01\x01US\x03\0\x10\0\0"),
    "padding as a name": put(PIXELS, b"\x28\0\x20\x01PN\x04\0ab=d"),
    "window as a name": put(PIXELS, b"\x28\0\x50\x10PN\x02\x0001"),
    "empty slope of no known kind": put(PIXELS, b"\x28\0\x53\x10ZZ\0\0"),
    "empty age of no known kind": put(ROWS, b"\x10\0\x10\x10ZZ\0\0"),
    "view as a number": put(ROWS, b"\x18\0\x01\x51US\x02\0\1\0"),
    "padding as text": put(PIXELS, b"\x28\0\x20\x01LO\x04\0abcd"),
    "broken private sequence": put(PLACE, PRIVATE + b"SQ\0\0\x0c\0\0\0\xfe\xff\0\xe0\xff\0\0\0abcd"),
    "private data of undefined length": put(
        PLACE, PRIVATE + b"UN\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\x0c\0\0\0\x08\0\x60\0\x04\0\0\0ABCD" + END
    ),
    "sequence of undefined length": put(
        PLACE, b"\x18\0\x26\0SQ\0\0\xff\xff\xff\xff" + ITEM + b"\x08\0\x60\0CS\x02\0AB" + ITEM_END + END
    ),
    "overlay": put(PIXELS, b"\0\x60\x10\0US\x02\0\x60\0\0\x60\0\x30OW\0\0\x03\0\0\0abc"),
    "broken groups of frames": put(PIXELS, b"\x00\x52\x29\x92SQ\0\0\x04\0\0\0abcd"),
    "window table without a table": put(PIXELS, b"\x28\0\x10\x30SQ\0\0\x08\0\0\0\xfe\xff\0\xe0\0\0\0\0"),
    "unknown character set": put(b"\x08\0\x16\0UI", b"\x08\0\x05\0CS\x0a\0ISO_IR 999"),
    "uid of letters": swap(b"\x08\0\x18\0UI\x08\x001.2.3.4\0", b"\x08\0\x18\0UI\x08\x00not uid "),
    "pixels of no known kind": swap(PIXELS, b"\xe0\x7f\x10\0UN"),
    "implicit under an explicit name": lambda _: dicom(DEEP, IMPLICIT).replace(
        b"\x12\x001.2.840.10008.1.2\0", b"\x14\x001.2.840.10008.1.2.1\0"
    ),
    "explicit under an implicit name": swap(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"),
    "length of the meta group wrong": lambda data: data[:140] + struct.pack("<I", 9999) + data[144:],
    "length of the meta group missing": lambda data: data[:132] + data[144:],
}


@pytest.mark.parametrize("change", ODDITIES.values(), ids=ODDITIES)
def test_what_an_image_does_not_need_may_be_odd(change: Change) -> None:
    film = dicom(DEEP)
    changed = change(film)
    assert changed != film
    assert np.array_equal(read(changed).pixels, DEEP)


def test_a_last_byte_that_fills_up_an_odd_frame_may_lack() -> None:
    film = dicom(ramp(95, 127))
    assert np.array_equal(decode(film[:-1]).pixels, ramp(95, 127))
    assert reason(film[:-3]) is Reason.BAD_INPUT


@pytest.mark.parametrize(
    "rows", [b"\x28\0\x10\0LO\x04\0many", b"\x28\0\x10\0US\x01\0\x60", b"\x28\0\x10\0DS\x04\x0096.5"]
)
def test_without_a_size_that_can_be_read_there_is_no_image(rows: bytes) -> None:
    assert reason(dicom(DEEP).replace(ROWS, rows)) is Reason.BAD_INPUT


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN])
def test_a_comma_is_a_point_in_every_encoding(syntax: object) -> None:
    film = dicom(DEEP, syntax, None, offsets=True, WindowCenter="2000.5", WindowWidth="1000.5")  # type: ignore[arg-type]
    changed = film.replace(b"2000.5", b"2000,5").replace(b"1000.5", b"1000,5")
    assert np.array_equal(read(changed).to_grey(), decode(film).to_grey())


def test_a_value_of_the_middle_frame_that_cannot_be_read_is_ignored() -> None:
    measures, values, group = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = ["555.5", "666.6"]
    values.RescaleSlope, values.RescaleIntercept = "4444.4", "0"
    group.PixelMeasuresSequence, group.PixelValueTransformationSequence = Sequence([measures]), Sequence([values])
    film = dicom(DEEP, SharedFunctionalGroupsSequence=Sequence([group]))
    changed = film.replace(b"555.5", b"five.").replace(b"4444.4", b"slope ")
    picture = decode(changed)
    assert (picture.facts.pixel_spacing, picture.slope, picture.units) == (None, 1, False)
    assert picture.warnings == (HEADER_VALUE_IGNORED,)
