"""Whatever is cut off or flipped: a picture or a refusal, never another error, and no copy that fails otherwise."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imaging.decode import decode
from imaging.dicom.deidentify import deidentify
from imaging.errors import ImageError
from tests.support.encoders import ENCODERS, JPEG_BASELINE
from tests.support.images import BIG_ENDIAN, EXPLICIT, IMPLICIT, RLE, dicom, jpeg, png, ramp

_SMALL = ramp(40, 48)
_DEEP = ramp(40, 48, 4095)
WHOLE = {
    "png": png(_SMALL),
    "png16": png(_DEEP),
    "jpeg": jpeg(_SMALL),
    "progressive": jpeg(_SMALL, progressive=True),
    "explicit": dicom(_DEEP, EXPLICIT, WindowCenter="2000", WindowWidth="3000"),
    "implicit": dicom(_DEEP, IMPLICIT, RescaleSlope="1", RescaleIntercept="0"),
    "big-endian": dicom(_DEEP, BIG_ENDIAN),
    "rle": dicom(_DEEP, RLE),
    "dicom-jpeg": dicom(_SMALL, JPEG_BASELINE),
} | {syntax.name: dicom(_DEEP, syntax) for syntax in ENCODERS if syntax != JPEG_BASELINE}


def attempt(data: bytes) -> None:
    with contextlib.suppress(ImageError):
        decode(data).to_grey()


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_image_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    spoiled = bytearray(WHOLE[kind])
    places = st.one_of(st.integers(0, len(spoiled) - 1), st.integers(0, min(700, len(spoiled) - 1)))
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=12)):
        spoiled[place] = value
    cut = data.draw(st.one_of(st.just(len(spoiled)), st.integers(0, len(spoiled))))
    attempt(bytes(spoiled[:cut]))
    if not kind.startswith(("png", "jpeg", "progressive")):
        with contextlib.suppress(ImageError):
            deidentify(bytes(spoiled[:cut]))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", bytes(128) + b"DICM"]), st.binary(max_size=600))
def test_noise_after_a_right_start_is_refused(start: bytes, noise: bytes) -> None:
    attempt(start + noise)
