"""Enhanced images, whose frames have a header each; and what the facts say of any image."""

from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from imaging.decode import decode
from tests.support.images import EXPLICIT, dicom, ramp
from tests.support.tables import table

DEEP = ramp(top=4095)
FRAMES = np.stack([DEEP] * 3)


def group(centre: int, slope: str, spacing: list[float]) -> Dataset:
    window, values, measures, anatomy, whole = (Dataset() for _ in range(5))
    window.WindowCenter, window.WindowWidth = str(centre), "1000"
    values.RescaleSlope, values.RescaleIntercept, values.RescaleType = slope, "-1000", "HU"
    measures.PixelSpacing = spacing
    anatomy.FrameLaterality = "L"
    whole.FrameVOILUTSequence, whole.PixelValueTransformationSequence = [window], [values]
    whole.PixelMeasuresSequence, whole.FrameAnatomySequence = [measures], [anatomy]
    return whole


def test_the_middle_frames_own_header_counts() -> None:
    groups = [group(100 * i, str(i + 1), [0.1 * (i + 1), 0.2]) for i in range(3)]
    picture = decode(dicom(FRAMES, PerFrameFunctionalGroupsSequence=groups, WindowCenter="9", WindowWidth="9"))
    assert (picture.slope, picture.intercept) == (2, -1000)
    facts = picture.facts
    assert (facts.window, facts.pixel_spacing, facts.laterality) == ((100, 1000), (0.2, 0.2), "L")


def test_what_all_frames_share_counts_unless_a_frame_says_otherwise() -> None:
    own = Dataset()
    own.FrameVOILUTSequence = group(7, "1", [1, 1]).FrameVOILUTSequence
    shared = group(500, "3", [0.5, 0.5])
    data = dicom(FRAMES, SharedFunctionalGroupsSequence=[shared], PerFrameFunctionalGroupsSequence=[own] * 3)
    picture = decode(data)
    assert (picture.slope, picture.facts.window) == (3, (7, 1000))


def test_a_frames_own_table_and_spacing_at_the_detector_count() -> None:
    voi, properties, own = Dataset(), Dataset(), Dataset()
    curve = (np.linspace(0, 1, 4096) ** 2 * 65535).astype(np.uint16)
    voi.VOILUTSequence, properties.ImagerPixelSpacing = [table(0, curve)], [0.2, 0.1]
    own.FrameVOILUTSequence, own.FramePixelDataPropertiesSequence = [voi], [properties]
    picture = decode(dicom(FRAMES, PerFrameFunctionalGroupsSequence=[own] * 3))
    assert (picture.facts.window_function, picture.facts.spacing_source) == ("TABLE", "ImagerPixelSpacing")
    assert picture.to_grey().shape == (2 * DEEP.shape[0], DEEP.shape[1])
    assert np.abs(picture.to_grey()[0] - curve[DEEP[0]] / 257.0).max() <= 1


@pytest.mark.parametrize("name", ["ModalityLUTSequence", "VOILUTSequence"])
def test_a_frames_own_slope_and_window_come_before_a_table_of_all_frames(name: str) -> None:
    groups = [group(500, "1", [1, 1])] * 3
    plain = decode(dicom(FRAMES, PerFrameFunctionalGroupsSequence=groups))
    falling = {name: [table(0, np.arange(4096, dtype=np.uint16)[::-1] * 16)]}
    picture = decode(dicom(FRAMES, EXPLICIT, None, offsets=True, PerFrameFunctionalGroupsSequence=groups, **falling))
    assert np.array_equal(picture.to_grey(), plain.to_grey())
    assert picture.facts == plain.facts


def test_each_side_of_a_frame_counts_beside_the_images_own() -> None:
    groups = [group(500, "1", [1, 1])] * 3
    facts = decode(dicom(FRAMES, ImageLaterality="R", PerFrameFunctionalGroupsSequence=groups)).facts
    assert (facts.laterality, facts.unclear) == ("L", ("laterality",))
    right = Dataset()
    right.FrameLaterality = "R"
    groups[1].FrameAnatomySequence.append(right)
    study = decode(dicom(FRAMES, PerFrameFunctionalGroupsSequence=groups)).study
    assert [side.code for side in study.sides] == ["L", "R"]


def test_fewer_headers_than_frames_are_no_error() -> None:
    groups = [group(1, "2", [1, 1])]
    assert decode(dicom(FRAMES, PerFrameFunctionalGroupsSequence=groups)).slope == 1


@pytest.mark.parametrize(
    ("elements", "source"),
    [
        ({"PixelSpacing": [0.5, 0.5], "ImagerPixelSpacing": [0.6, 0.6]}, "PixelSpacing"),
        ({"ImagerPixelSpacing": [0.5, 0.5]}, "ImagerPixelSpacing"),
        ({"NominalScannedPixelSpacing": [0.5, 0.5]}, "NominalScannedPixelSpacing"),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.5, 0.5]}, "ImagerPixelSpacing"),
    ],
)
def test_the_facts_say_where_a_spacing_comes_from(elements: dict[str, Any], source: str) -> None:
    facts = decode(dicom(DEEP, **elements)).facts
    assert (facts.spacing_source, facts.pixel_spacing) == (source, (0.5, 0.5))


def test_the_facts_of_a_plain_image_claim_nothing() -> None:
    facts = decode(dicom(DEEP)).facts
    assert (facts.spacing_source, facts.pixel_spacing, facts.laterality) == (None, None, None)
    assert (facts.window, facts.window_function, facts.lossy, facts.signed) == (None, None, False, False)
    assert facts.transfer_syntax == "1.2.840.10008.1.2.1"


def test_the_facts_say_what_was_lost_before() -> None:
    assert decode(dicom(DEEP, LossyImageCompression="01")).facts.lossy


def test_a_laterality_that_is_none_is_not_repeated() -> None:
    assert decode(dicom(DEEP, ImageLaterality="R")).facts.laterality == "R"
    assert decode(dicom(DEEP, ImageLaterality="JANE")).facts.laterality is None
