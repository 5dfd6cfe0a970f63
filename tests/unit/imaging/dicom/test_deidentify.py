"""A de-identified copy: nothing of the person in it, the pixels as they were, and its users warned of what stays."""

import io
import logging
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID

from imaging.decode import decode
from imaging.dicom.deidentify import BURNED_IN_TEXT_NOT_REMOVED, deidentify
from imaging.errors import ImageError, Reason
from tests.support.encoders import EXACT, JPEG_2000, JPEG_BASELINE, JPEG_LS_NEAR
from tests.support.hostile_headers import elements, with_values
from tests.support.images import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, PATIENT, RLE, dicom, ramp

DEEP = ramp(top=4095)
SECRET = "QQSECRETQQ"
KEY = bytes(32)
"""Fixed: digits of a new UID that happened to be those of a planted date would be found."""
PLANTED = {
    "PatientName": f"{SECRET}^JANE", "PatientID": SECRET, "PatientBirthDate": "19571231", "PatientSex": "F",
    "PatientAge": "067Y", "PatientAddress": SECRET, "OtherPatientNames": SECRET, "PatientComments": SECRET,
    "AccessionNumber": SECRET, "InstitutionName": SECRET, "InstitutionAddress": SECRET, "StationName": SECRET,
    "ReferringPhysicianName": SECRET, "OperatorsName": SECRET, "StudyDescription": SECRET, "SeriesDescription": SECRET,
    "ProtocolName": SECRET, "StudyDate": "19571230", "StudyTime": "235958", "ContentDate": "19571229",
    "DeviceSerialNumber": SECRET, "StudyID": SECRET, "ImageComments": SECRET, "RequestingPhysician": SECRET,
    "AcquisitionDateTime": "19571228235957", "StudyInstanceUID": "1.2.840.99999.7",
    "SeriesInstanceUID": "1.2.840.99999.8",
    "FrameOfReferenceUID": "1.2.840.99999.9", "WindowCenterWidthExplanation": SECRET, "DerivationDescription": SECRET,
    "ContainerDescription": SECRET, "PersonName": f"{SECRET}^A",
    "WindowCenter": "2048", "WindowWidth": "4000",
}  # fmt: skip
"""Elements the profile names, and some that it does not."""


SYNTAXES = [IMPLICIT, EXPLICIT, BIG_ENDIAN, RLE, JPEG_BASELINE, JPEG_2000, JPEG_LS_NEAR, *EXACT]


def film(syntax: UID = EXPLICIT, /, **elements: Any) -> bytes:
    return dicom(DEEP, syntax, None, offsets=True, **(PLANTED | elements))


def nested(depth: int, name: str = "RequestAttributesSequence") -> Dataset:
    item = Dataset()
    item.PatientName, item.TextValue, item.CodeMeaning = SECRET, SECRET, SECRET
    for _ in range(depth):
        outer = Dataset()
        outer.ReferencedFrameNumber = 1  # an item of which nothing is left would be left out
        setattr(outer, name, [item])
        item = outer
    return item


def spoilt(data: bytes) -> list[str]:
    """Return which of the planted texts are still in a file, in either encoding of text."""
    texts = [SECRET, PATIENT, "PLANTED", "195712", "235958", "1.2.840.99999", "067Y"]
    return [text for text in texts if text.encode() in data or text.encode("utf-16-le") in data]


@pytest.mark.parametrize(
    "syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN, RLE, JPEG_BASELINE, JPEG_2000, JPEG_LS_NEAR, *EXACT]
)
def test_a_deidentified_copy_has_nothing_planted_left_and_the_same_pixels(syntax: UID) -> None:
    pixels = ramp() if syntax == JPEG_BASELINE else DEEP
    whole = dicom(pixels, syntax, None, offsets=True, **PLANTED)
    assert len(spoilt(whole)) >= 5
    copy = deidentify(whole, KEY).data
    assert spoilt(copy) == []
    before, after = decode(whole), decode(copy)
    assert np.array_equal(before.pixels, after.pixels)
    assert before.facts == after.facts


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RescaleIntercept", "0"),
        ("InstanceNumber", "0"),
        ("SliceLocation", "0.0"),
        ("ImagePositionPatient", ["0", "0", "0"]),
        ("WindowCenter", "0"),
        ("PixelPaddingValue", 0),
        ("NumberOfFrames", "1"),
    ],
)
def test_nought_is_a_value_and_stays(name: str, value: Any) -> None:
    source, copy = dicom(DEEP, **{name: value}), deidentify(dicom(DEEP, **{name: value})).data
    assert dcmread(io.BytesIO(copy))[name].value == dcmread(io.BytesIO(source))[name].value


@pytest.mark.parametrize(
    "element",
    [
        b"\x28\0\x06\x01US\x01\0\0",  # a smallest value of one byte
        b"\x28\0\x07\x01US\x03\0\0\0\0",
        b"\x18\0\x14\x13FD\x03\0\0\0\0",
    ],
)
def test_element_that_cannot_be_read_costs_itself_and_not_the_copy(element: bytes) -> None:
    data = dicom(DEEP)
    place = data.index(b"\x28\0\x02\0US")
    spoilt = data[:place] + element + data[place:]
    assert np.array_equal(decode(deidentify(spoilt).data).pixels, decode(data).pixels)


def test_the_copy_says_what_was_done() -> None:
    copy = dcmread(io.BytesIO(deidentify(film()).data))
    assert copy.PatientIdentityRemoved == "YES"
    assert copy.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert copy.LongitudinalTemporalInformationModified == "REMOVED"
    assert copy.DeidentificationMethod
    assert copy.PatientName == ""
    assert "PatientAge" not in copy
    assert copy.Modality == "DX"
    assert copy.pixel_array.shape == DEEP.shape


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, RLE])
def test_private_elements_curves_overlays_and_trailers_are_left_out(syntax: UID) -> None:
    dataset = dcmread(io.BytesIO(film(syntax)))
    dataset.private_block(0x0029, "ACME", create=True).add_new(1, "LO", SECRET)
    dataset.add_new(0x50000022, "LO", SECRET)
    dataset.add_new(0x60001500, "LO", SECRET)
    dataset.add_new(0x60003000, "OW", SECRET.encode())
    dataset.add_new(0x00091010, "UN", SECRET.encode())
    dataset.add_new(0xFFFCFFFC, "OB", SECRET.encode())
    file = io.BytesIO()
    dataset.save_as(file)
    assert spoilt(deidentify(file.getvalue(), KEY).data) == []


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
@pytest.mark.parametrize("frames", [1, 3])
def test_what_follows_the_last_frame_in_the_pixel_data_is_left_out(syntax: UID, frames: int) -> None:
    dataset = dcmread(io.BytesIO(dicom(np.stack([DEEP] * frames), syntax, BurnedInAnnotation="NO")))
    dataset.PixelData += SECRET.encode()
    file = io.BytesIO()
    dataset.save_as(file)
    copy = deidentify(file.getvalue(), KEY)
    assert (spoilt(copy.data), copy.warnings) == ([], ())
    assert np.array_equal(decode(copy.data).pixels, DEEP)
    assert len(dcmread(io.BytesIO(copy.data)).PixelData) == frames * DEEP.nbytes


def test_frames_of_an_odd_length_are_followed_by_nothing_but_a_nought() -> None:
    film = ramp(33, 35)
    copy = dcmread(io.BytesIO(deidentify(dicom(film, PixelData=film.tobytes() + b"J"), KEY).data))
    assert copy.PixelData == film.tobytes() + b"\0"


@pytest.mark.parametrize("name", ["RequestAttributesSequence", "AcquisitionContextSequence", "AnatomicRegionSequence"])
@pytest.mark.parametrize("depth", [1, 3, 20])
def test_nested_sequences_are_cleaned_or_dropped(name: str, depth: int) -> None:
    item = nested(depth, name)
    assert spoilt(deidentify(film(**{name: [item]}), KEY).data) == []


def test_sequences_deeper_than_any_image_has_are_cut_off() -> None:
    name = "AnatomicRegionSequence"
    copy = dcmread(io.BytesIO(deidentify(film(**{name: [nested(20, name)]})).data))
    depth = 0
    while name in copy:
        copy, depth = copy[name].value[0], depth + 1
    assert depth == 8


def test_the_preamble_and_the_meta_information_are_new() -> None:
    whole = SECRET.encode().ljust(128, b"\0") + film()[128:]
    dataset = dcmread(io.BytesIO(whole))
    dataset.file_meta.SourceApplicationEntityTitle = SECRET
    file = io.BytesIO()
    dataset.save_as(file)
    assert spoilt(deidentify(SECRET.encode().ljust(128, b"\0") + file.getvalue()[128:], KEY).data) == []


def test_uids_stay_consistent_within_a_file_and_under_a_key() -> None:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.3.4"
    whole = film(ReferencedImageSequence=[reference], SOPInstanceUID="1.2.3.4")
    one, other = (dcmread(io.BytesIO(deidentify(whole, b"k" * 32).data)) for _ in range(2))
    assert one.SOPInstanceUID == other.SOPInstanceUID == one.ReferencedImageSequence[0].ReferencedSOPInstanceUID
    assert one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID != "1.2.3.4"
    assert one.SOPClassUID == "1.2.840.10008.5.1.4.1.1.1.1"
    assert one.StudyInstanceUID.startswith("2.25.")
    assert len(one.StudyInstanceUID) <= 64
    assert dcmread(io.BytesIO(deidentify(whole).data)).SOPInstanceUID != one.SOPInstanceUID


def test_published_codes_keep_their_meaning_and_others_do_not() -> None:
    published, own = Dataset(), Dataset()
    published.CodeValue, published.CodingSchemeDesignator, published.CodeMeaning = "51185008", "SCT", "Chest"
    own.CodeValue, own.CodingSchemeDesignator, own.CodeMeaning = SECRET, "99ACME", SECRET
    copy = deidentify(film(AnatomicRegionSequence=[published, own]), KEY).data
    kept = dcmread(io.BytesIO(copy)).AnatomicRegionSequence
    assert kept[0].CodeMeaning == "Chest"
    assert spoilt(copy) == []


@pytest.mark.parametrize(
    ("elements", "warned"),
    [({}, True), ({"BurnedInAnnotation": "YES"}, True), ({"BurnedInAnnotation": "NO"}, False)],
)
def test_text_burned_into_the_pixels_is_warned_of(elements: dict[str, str], warned: bool) -> None:
    assert deidentify(film(**elements)).warnings == ((BURNED_IN_TEXT_NOT_REMOVED,) if warned else ())


def test_an_overlay_in_the_pixels_own_bits_is_warned_of() -> None:
    dataset = dcmread(io.BytesIO(film(BurnedInAnnotation="NO")))
    dataset.add_new(0x60000102, "US", 12)
    file = io.BytesIO()
    dataset.save_as(file)
    assert deidentify(file.getvalue()).warnings == (BURNED_IN_TEXT_NOT_REMOVED,)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (dicom(DEEP, DEFLATED)[:400], Reason.UNSUPPORTED),
        (film()[:700], Reason.BAD_INPUT),
        (film(EncapsulatedDocument=bytes(9_000_000)), Reason.TOO_LARGE),
        (b"", Reason.BAD_INPUT),
        (bytes(128) + b"DICM" + bytes(range(256)) * 9, Reason.BAD_INPUT),
    ],
    ids=["deflated", "truncated", "long header", "empty", "noise"],
)
def test_no_deidentified_copy_is_made_of_what_cannot_be_read(data: bytes, expected: Reason) -> None:
    with pytest.raises(ImageError) as refused:
        deidentify(data)
    assert refused.value.reason is expected
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(with_values("StudyInstanceUID", 210_000), id="values"),
        pytest.param(elements(b"US", 160_000), id="elements"),
        pytest.param(with_values("SpecificCharacterSet", 500, b"ISO_IR 100"), id="character sets"),
    ],
)
def test_what_can_be_read_but_would_take_minutes_to_clean_has_no_copy(data: bytes) -> None:
    assert decode(data).facts.rows == 96
    with pytest.raises(ImageError) as refused:
        deidentify(data)
    assert refused.value.reason is Reason.TOO_LARGE


def test_longer_texts_than_the_standard_allows_are_left_out() -> None:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "51185008", "SCT", ["SIEMENS"] * 40
    whole = film(Manufacturer=["SIEMENS"] * 40, ManufacturerModelName="S" * 64, AnatomicRegionSequence=[item])
    copy = dcmread(io.BytesIO(deidentify(whole).data))
    assert (copy.Manufacturer, copy.ManufacturerModelName) == ("ANONYMOUS", "ANONYMOUS")
    assert copy.AnatomicRegionSequence[0].CodeMeaning == "Chest"


@pytest.mark.parametrize("character_set", ["PUNYCODE", ["", "ISO 2022 IR 87"], "ISO_IR 192"])
def test_copy_is_in_ascii_and_names_no_character_set(character_set: Any) -> None:
    whole = film(SpecificCharacterSet=character_set, ManufacturerModelName="東芝")
    copy = dcmread(io.BytesIO(deidentify(whole).data))
    assert "SpecificCharacterSet" not in copy
    assert copy.ManufacturerModelName == "ANONYMOUS"


def test_nothing_of_the_person_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    deidentify(film())
    assert SECRET not in caplog.text
