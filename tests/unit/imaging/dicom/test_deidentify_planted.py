"""A name planted wherever a DICOM file has room for one: the copy has no trace of it, however it is looked for."""

import io
import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import UID

from imaging.decode import decode
from imaging.dicom.deidentify import deidentify
from imaging.errors import ImageError
from tests.support.images import BIG_ENDIAN, EXPLICIT, IMPLICIT, dicom, ramp

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, of the values that are planted

NAME = "ZEBRA"
FULL = "ZEBRA^ANNA"
NUMBERS_LEFT = ("4711-", "10008.6.1.4711", "47110815", "471 108 15", "4711E")
KEY = bytes(32)
DEEP = ramp(top=4095)
"""16 bits allocated, 12 of them in use."""


def film(**elements: Any) -> bytes:
    return dicom(DEEP, EXPLICIT, None, BitsStored=12, HighBit=11, **elements)


def edited(change: Callable[[FileDataset], None]) -> bytes:
    dataset = dcmread(io.BytesIO(film()))
    change(dataset)
    file = io.BytesIO()
    dataset.save_as(file)
    return file.getvalue()


def nested(depth: int, name: str = "SharedFunctionalGroupsSequence", **elements: Any) -> dict[str, Any]:
    """Return a sequence whose items lie so deep in each other, the innermost with these elements."""
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    for _ in range(depth - 1):
        outer = Dataset()
        outer.ReferencedFrameNumber = 1
        setattr(outer, name, [item])
        item = outer
    return {name: [item]}


def code(value: str, scheme: str, meaning: str, **others: Any) -> dict[str, Any]:
    return nested(
        1, "AnatomicRegionSequence", CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning, **others
    )


SEGMENTS = struct.pack("<6H", 0, 1, 0, 1, 255, 65535)


def segmented(data: bytes) -> dict[str, Any]:
    return {
        "RedPaletteColorLookupTableDescriptor": [256, 0, 16],
        "SegmentedRedPaletteColorLookupTableData": data,
    }


def binary(keyword: str, raw: bytes, vr: str) -> bytes:
    """Return an image with these bytes as the value of a number, in a place that is in order."""
    tag = tag_for_keyword(keyword) or 0
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    long = vr in ("OB", "OW", "UN", "OF", "OD", "OL", "UT", "OV", "UV", "SV")
    element = head + (struct.pack("<HI", 0, len(raw)) if long else struct.pack("<H", len(raw))) + raw
    data = film()
    place = data.index(b"\xe0\x7f\x10\0OW")
    return data[:place] + element + data[place:]


def native(change: Callable[[np.ndarray[Any, Any]], None], *, signed: bool = False, **elements: Any) -> bytes:
    values = DEEP.copy()
    change(values)
    return dicom(values, EXPLICIT, None, BitsStored=12, HighBit=11, PixelRepresentation=int(signed), **elements)


def in_high_bits(values: np.ndarray[Any, Any]) -> None:
    """Write each letter in the four unused bits of two pixels."""
    letters = np.frombuffer(NAME.encode(), np.uint8)
    flat = values.reshape(-1)
    flat[: 2 * len(letters) : 2] |= (letters >> 4).astype(np.uint16) << 12
    flat[1 : 2 * len(letters) : 2] |= (letters & 15).astype(np.uint16) << 12


def private(dataset: FileDataset) -> None:
    dataset.private_block(0x0029, NAME, create=True).add_new(1, "LO", FULL)


def added(tag: int, vr: str, value: Any) -> Callable[[FileDataset], None]:
    return lambda dataset: dataset.add_new(tag, vr, value)


def with_meta(name: str, value: Any) -> Callable[[FileDataset], None]:
    return lambda dataset: setattr(dataset.file_meta, name, value)


def with_private_meta(dataset: FileDataset) -> None:
    dataset.file_meta.PrivateInformationCreatorUID = UID("1.2.3")
    dataset.file_meta.PrivateInformation = FULL.encode()


TEXTS = {
    "AE": "RetrieveAETitle", "CS": "BodyPartExamined", "LO": "SeriesDescription", "LT": "AdditionalPatientHistory",
    "PN": "OperatorsName", "SH": "StationName", "ST": "InstitutionAddress", "UC": "LongCodeValue", "UT": "TextValue",
    "UR": "RetrieveURI",
}  # fmt: skip
KEPT_BY_NAME = (
    "Manufacturer", "ManufacturerModelName", "ConvolutionKernel", "RescaleType", "SoftwareVersions",
    "PulseSequenceName", "PositionReferenceIndicator", "StackID", "LUTLabel", "ModalityLUTType",
)  # fmt: skip
CODE_STRINGS = (
    "Modality", "ViewPosition", "PatientPosition", "ScanOptions", "GraphicLayer", "ImageLaterality", "FilterMaterial",
    "PatientOrientation", "ContentLabel", "ScanningSequence",
)  # fmt: skip
NUMBERS = (
    ("DiffusionBValue", b"ZEBRA^AN", "FD"), ("DiffusionBValue", b"ZEBRA\0\0\0", "FD"),
    ("DiffusionGradientOrientation", b"ZEBRA^ANNAZEBRA^ANNAZEBR", "FD"), ("TimeRange", b"ZEBRA^ANNAZEBRA^", "FD"),
    ("DimensionIndexValues", b"ZEBRA^ANNA\0\0", "UL"), ("RecommendedDisplayFrameRateInFloat", b"ZEBRA^AN", "FL"),
    ("FrameIncrementPointer", b"ZEBRA^AN", "AT"), ("ChannelMaximumValue", b"ZEBRA^", "OB"),
    ("VectorGridData", b"ZEBRA^AN", "OF"), ("ReferencedWaveformChannels", b"ZEBRA^", "US"),
    ("ReferencedSamplePositions", b"Z\0E\0B\0R\0A\0\0\0", "UL"), ("PatientComments", b"ZEBRA^", "UN"),
    ("ReferencedSOPInstanceUID", b"ZEBRA^", "UI"), ("DerivationDescription", b"ZEBRA^", "OB"),
    ("PupilDilated", b"ZEBRA ", "CS"), ("SeriesNumber", b"ZEBRA^", "IS"), ("SliceThickness", b"ZEBRA^", "DS"),
)  # fmt: skip

DIGITS = (
    ("DiffusionBValue", b"4711-081", "FD"), ("TimeRange", b"4711-08154711-08", "FD"),
    ("DimensionIndexValues", b"4711-0815\0\0\0", "UL"), ("RWaveTimeVector", b"4711-0815\0\0\0", "FL"),
    ("ReferencedWaveformChannels", b"4711-0815\0", "US"), ("RedPaletteColorLookupTableDescriptor", b"4711-0", "US"),
)  # fmt: skip


def places() -> Iterator[tuple[str, bytes]]:
    """Yield each place by its name, with a file that has the name there."""
    for vr, keyword in TEXTS.items():
        yield f"text {vr}", film(**{keyword: NAME if vr == "CS" else FULL})
    for keyword in KEPT_BY_NAME:
        yield keyword, film(**{keyword: FULL})
        yield f"{keyword} behind a known word", film(**{keyword: f"GE {NAME}"})
    for keyword in CODE_STRINGS:
        yield keyword, film(**{keyword: NAME})
    yield "a value among known terms", film(ScanOptions=["FS", NAME, "SP"])
    for i in range(5):
        yield f"ImageType {i}", film(ImageType=[NAME if i == place else "PRIMARY" for place in range(5)])
    for depth in range(1, 7):
        yield f"item {depth} deep", film(**nested(depth, TextValue=FULL, PatientName=FULL, Manufacturer=NAME))
        yield (
            f"code {depth} deep",
            film(**nested(depth, CodeValue=NAME, CodingSchemeDesignator="SCT", CodeMeaning=FULL)),
        )
    yield "code meaning", film(**code("51185008", "SCT", FULL))
    yield "old code's meaning", film(**code("T-D3000", "SRT", FULL))
    yield "code value", film(**code(FULL, "SCT", "Chest"))
    yield "code scheme", film(**code("51185008", NAME, "Chest"))
    yield "code version", film(**code("51185008", "SCT", "Chest", CodingSchemeVersion=NAME))
    yield "code context", film(**code("51185008", "SCT", "Chest", ContextIdentifier=NAME, MappingResource=NAME))
    yield "long code", film(**nested(1, "AnatomicRegionSequence", LongCodeValue=FULL, CodeMeaning=FULL))
    yield "private", edited(private)
    yield (
        "private sequence",
        edited(added(0x00091001, "SQ", nested(1, PatientName=FULL)["SharedFunctionalGroupsSequence"])),
    )
    yield "odd group", edited(added(0x00091010, "UN", FULL.encode()))
    yield "curve", edited(added(0x50000022, "LO", FULL))
    yield "audio", edited(added(0x50002600, "LO", FULL))
    yield "overlay", edited(added(0x60003000, "OW", FULL.encode()))
    yield "overlay's words", edited(added(0x60001500, "LO", FULL))
    yield "trailing padding", edited(added(0xFFFCFFFC, "OB", FULL.encode()))
    yield "signatures", film(MACParametersSequence=nested(1, MACAlgorithm=NAME)["SharedFunctionalGroupsSequence"])
    yield "thumbnail", film(**nested(1, "IconImageSequence", PixelData=FULL.encode(), BitsAllocated=8))
    yield "document", film(EncapsulatedDocument=FULL.encode(), MIMETypeOfEncapsulatedDocument=NAME)
    yield "report", film(**nested(2, "ContentSequence", TextValue=FULL, ValueType=NAME))
    yield "graphic", film(**nested(2, "GraphicAnnotationSequence", UnformattedTextValue=FULL, GraphicLayer=NAME))
    yield "encrypted", film(**nested(1, "EncryptedAttributesSequence", EncryptedContent=FULL.encode()))
    yield (
        "waveform",
        film(
            **nested(
                1, "WaveformSequence", WaveformData=FULL.encode(), WaveformOriginality=NAME, WaveformBitsAllocated=8
            )
        ),
    )
    yield "colour profile", film(ICCProfile=FULL.encode())
    yield "another character set", film(SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientComments=f"山田 {FULL}")
    yield "character set", film(SpecificCharacterSet=NAME)
    yield "meta title", edited(with_meta("SourceApplicationEntityTitle", NAME))
    yield "meta version", edited(with_meta("ImplementationVersionName", NAME))
    yield "private meta", edited(with_private_meta)
    yield "preamble", FULL.encode().ljust(128, b"\0") + film()[128:]
    yield "behind the file", film() + b"\xfc\xff\xfc\xffOB\0\0\x0a\0\0\0" + FULL.encode()
    yield "behind the pixels", film(PixelData=DEEP.tobytes() + FULL.encode())
    for name, raw, vr in NUMBERS:
        yield f"bytes of {vr} in {name} {raw[:6]!r}", binary(name, raw, vr)
    entries = struct.pack("<9H", 0, 9, 99, 999, *NAME.encode())
    table = nested(1, "VOILUTSequence", LUTDescriptor=[4, 0, 16], LUTData=entries, LUTExplanation=NAME)
    yield "behind a table", film(**table)
    yield "behind a table of segments", film(**segmented(SEGMENTS + FULL.encode()))
    for keyword in ("StudyInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "ReferencedSOPInstanceUID"):
        yield f"{keyword} below the standard's root", film(**{keyword: "1.2.840.10008.90.69.66.82.65"})
    yield "UID with letters", film(StudyInstanceUID=f"1.2.840.10008.1.2.{NAME}")
    yield from digits()
    yield "high bits", native(in_high_bits)
    yield "high bits of signed values", native(in_high_bits, signed=True)


def digits() -> Iterator[tuple[str, bytes]]:
    """Yield places for a patient's number."""
    for name, raw, vr in DIGITS:
        yield f"digits of {vr} in {name}", binary(name, raw, vr)
    yield "context group", film(StudyInstanceUID="1.2.840.10008.6.1.4711")
    yield "whole number", film(SeriesNumber="47110815")
    yield "exponent", binary("SliceThickness", b"4711E0815 ", "DS")
    yield "numbers of a product", film(ManufacturerModelName="CT 471 108 15")


@pytest.fixture(scope="module")
def planted() -> dict[str, bytes]:
    return dict(places())


def traces(data: bytes) -> list[str]:
    """Return where a file still has the name: in its bytes as they are or in words, its values, its unused bits."""
    swapped = bytearray(data[: len(data) // 2 * 2])
    swapped[::2], swapped[1::2] = swapped[1::2], swapped[::2]
    wanted = [NAME, "90.69.66.82.65", "1.2.840.10008.90", "Z\0E\0B\0R\0A", "Z\0\0\0E\0\0\0B", "ZEBR", *NUMBERS_LEFT]
    left = [text for text in wanted for form in (data, bytes(swapped)) if text.encode() in form]
    dataset = dcmread(io.BytesIO(data))
    left += [str(element.tag) for element in dataset.iterall() if NAME in str(element.value).upper()]
    high = set(np.unique(np.frombuffer(dataset.PixelData, "<u2") >> 12).tolist())
    if not high <= ({0, 15} if dataset.PixelRepresentation else {0}):
        left.append("high bits")
    return left


def test_places_are_sixty_and_more_and_each_has_the_name(planted: dict[str, bytes]) -> None:
    assert len(planted) >= 60
    without = [name for name, data in planted.items() if not traces(data)]
    assert without == []


def test_copy_has_no_trace_of_a_name_planted_anywhere(planted: dict[str, bytes]) -> None:
    left = {name: traces(deidentify(data, KEY).data) for name, data in planted.items()}
    assert {name: found for name, found in left.items() if found} == {}


def test_copy_of_a_planted_file_shows_what_the_file_does(planted: dict[str, bytes]) -> None:
    for name, data in planted.items():
        before, copy = decode(data), deidentify(data, KEY)
        assert np.array_equal(decode(copy.data).pixels, before.pixels), name
        assert copy.warnings == ("BURNED_IN_TEXT_NOT_REMOVED",), name


@pytest.mark.parametrize("syntax", [IMPLICIT, BIG_ENDIAN])
def test_other_byte_orders_are_cleaned_alike(syntax: Any) -> None:
    values = DEEP.copy()
    in_high_bits(values)
    data = dicom(values, syntax, None, BitsStored=12, HighBit=11, Manufacturer=FULL, ImageType=["ORIGINAL", NAME])
    copy = dcmread(io.BytesIO(deidentify(data, KEY).data))
    assert np.array_equal(copy.pixel_array, DEEP)
    assert (copy.Manufacturer, copy.ImageType) == ("ANONYMOUS", ["ORIGINAL", "SECONDARY"])


def test_what_describes_the_picture_stays() -> None:
    described: dict[str, Any] = {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"], "Manufacturer": "GE MEDICAL SYSTEMS",
        "ManufacturerModelName": "SOMATOM Definition AS+", "ConvolutionKernel": "B30f",
        "ScanOptions": ["FS", "SP"], "InstanceNumber": "17",
        "SliceThickness": "1.25", "PatientOrientation": ["L", "F"],
        "ImagePositionPatient": [1, -2.5, 3],
        "RescaleType": "HU", "DiffusionBValue": 0.1 + 0.2, "SpiralPitchFactor": 0.7,
        "FrameOfReferenceUID": "1.2.840.10008.1.4.1.1",
        "BodyPartExamined": "CHEST", "RescaleSlope": "1", "RescaleIntercept": "0",
    }  # fmt: skip
    copy = dcmread(io.BytesIO(deidentify(film(**described), KEY).data))
    assert {keyword: copy.get(keyword) for keyword in described} == described


def test_numbers_that_may_not_stay_are_emptied_where_some_kinds_of_file_need_them() -> None:
    copy = dcmread(io.BytesIO(deidentify(film(SeriesNumber="47110815", SliceThickness="1.5"), KEY).data))
    assert ("SeriesNumber" in copy, copy.SeriesNumber, copy.SliceThickness) == (True, None, 1.5)


def test_labels_that_have_to_be_there_give_way_to_others() -> None:
    segments = nested(1, "SegmentSequence", SegmentLabel=FULL, SegmentAlgorithmName=FULL, SegmentNumber=1)
    copy = dcmread(io.BytesIO(deidentify(film(ContentLabel=NAME, ContentDescription=FULL, **segments), KEY).data))
    [segment] = copy.SegmentSequence
    assert (copy.ContentLabel, copy.ContentDescription) == ("OTHER", "ANONYMOUS")
    assert (segment.SegmentLabel, segment.SegmentAlgorithmName) == ("ANONYMOUS", "ANONYMOUS")


def test_unknown_code_gives_way_to_one_that_says_so() -> None:
    copy = dcmread(io.BytesIO(deidentify(film(**code("19571231", "SCT", FULL)), KEY).data))
    [item] = copy.AnatomicRegionSequence
    assert (item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning) == ("261665006", "SCT", "Unknown")


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG_ENDIAN])
def test_segments_of_a_table_stay(syntax: Any) -> None:
    segments = np.frombuffer(SEGMENTS, "<u2").astype("<u2" if syntax == EXPLICIT else ">u2").tobytes()
    data = dicom(DEEP, syntax, None, BitsStored=12, HighBit=11, **segmented(segments + FULL.encode()))
    copy = dcmread(io.BytesIO(deidentify(data, KEY).data))
    assert copy.SegmentedRedPaletteColorLookupTableData == segments


def test_segment_longer_than_its_table_has_no_copy() -> None:
    letters = struct.pack("<258H", 0, 261, *range(256)) + FULL.encode()
    with pytest.raises(ImageError):
        deidentify(film(**segmented(letters)), KEY)


def test_items_of_which_nothing_is_left_are_left_out() -> None:
    name = "PatientOrientationCodeSequence"
    copy = dcmread(io.BytesIO(deidentify(film(**nested(1, name, TextValue=FULL)), KEY).data))
    assert name not in copy


def test_groups_of_frames_keep_their_places() -> None:
    dataset = dcmread(io.BytesIO(dicom(np.stack([DEEP] * 2), EXPLICIT, None)))
    lost, own = Dataset(), Dataset()
    lost.TextValue = FULL
    own.FrameVOILUTSequence = nested(1, "FrameVOILUTSequence", WindowCenter="40")["FrameVOILUTSequence"]
    dataset.PerFrameFunctionalGroupsSequence = [lost, own]
    file = io.BytesIO()
    dataset.save_as(file)
    copy = dcmread(io.BytesIO(deidentify(file.getvalue(), KEY).data))
    assert [len(item) for item in copy.PerFrameFunctionalGroupsSequence] == [0, 1]
