"""JPEG segments: each is found where it stands, and a broken file is refused for what is wrong with it."""

from itertools import islice

import pytest

from segments import StructureError, TooManyPartsError, TruncationError
from segments.jpeg import EOI, SOI, SOS, Segment, find_segment_end, read_segments

COMMENT = b"\xff\xfe\x00\x05abc"
SCAN_HEADER = b"\xff\xda\x00\x03x"
END = b"\xff\xd9"


def test_segments_are_yielded_up_to_the_end_of_the_image() -> None:
    data = SOI + COMMENT + SCAN_HEADER + b"pixels" + END + b"more"
    assert list(read_segments(data)) == [Segment(0xFE, 4), Segment(SOS, 11), Segment(EOI, 22)]
    assert find_segment_end(data, 4) == 9
    assert data[6:9] == b"abc"


def test_fill_bytes_before_a_marker_are_skipped() -> None:
    data = SOI + b"\xff\xff" + COMMENT + b"\xff" + END
    comment, end = read_segments(data)
    assert (comment.marker, comment.offset, comment.start) == (0xFE, 4, 6)
    assert (end.marker, end.offset) == (EOI, len(data) - 2)


def test_stuffed_zeros_and_restart_markers_are_part_of_a_scan() -> None:
    data = SOI + SCAN_HEADER + b"a\xff\x00b\xff\xd0c\xff\xff\xd7d\xff\xff" + END
    assert [(segment.marker, segment.offset) for segment in read_segments(data)] == [(SOS, 2), (EOI, len(data) - 2)]


@pytest.mark.parametrize("marker", [0x01, 0xD0, 0xD7, 0xD8])
def test_markers_that_stand_alone_have_no_length(marker: int) -> None:
    data = SOI + bytes([0xFF, marker]) + END
    assert [segment.marker for segment in read_segments(data)] == [marker, EOI]


@pytest.mark.parametrize(
    "data",
    [
        SOI,
        SOI + b"\xff",
        SOI + b"\xff" * 1000,
        SOI + b"x",
        SOI + COMMENT,
        SOI + COMMENT[:-1],
        SOI + COMMENT[:2],
        SOI + COMMENT[:3],
        SOI + b"\xff\xfe\xff\xff" + END,
        SOI + SCAN_HEADER,
        SOI + SCAN_HEADER + b"pixels",
        SOI + SCAN_HEADER + b"pixels\xff",
        SOI + SCAN_HEADER[:-1],
    ],
)
def test_a_file_that_is_cut_short_is_truncated(data: bytes) -> None:
    with pytest.raises(TruncationError):
        list(read_segments(data))


@pytest.mark.parametrize("stray", [b"x", bytes(1000), b"\xff\x00x", b"\xff\xff\x00\xff"])
def test_other_bytes_before_a_marker_are_passed_over(stray: bytes) -> None:
    data = SOI + COMMENT + stray + END
    assert list(read_segments(data)) == [Segment(0xFE, 4), Segment(EOI, len(data))]


@pytest.mark.parametrize("rest", [b"\xff\xfe\x00\x01" + END, b"\xff\xda\x00\x00"])
def test_what_is_no_length_is_damage(rest: bytes) -> None:
    with pytest.raises(StructureError) as refusal:
        list(read_segments(SOI + rest))
    assert refusal.type is StructureError


def test_a_segment_is_yielded_before_its_length_is_read() -> None:
    segments = read_segments(SOI + b"\xff\xc9\x00\x00")
    assert next(segments).marker == 0xC9
    with pytest.raises(StructureError):
        next(segments)


def test_no_more_segments_are_read_than_the_caller_allows() -> None:
    data = SOI + COMMENT * 3 + END
    assert len(list(read_segments(data, limit=4))) == 4
    segments = read_segments(data, limit=3)
    assert [segment.marker for segment in islice(segments, 3)] == [0xFE] * 3
    with pytest.raises(TooManyPartsError):
        next(segments)
