"""Keys of objects: made of our own ids, and read back from events that anybody may forge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.domain.ids import MAX_ID
from scanward.domain.object_keys import parse_upload_key, upload_key
from scanward.domain.orders import Priority

IDS = st.integers(0, MAX_ID)


@given(st.sampled_from(Priority), IDS, IDS)
def test_a_key_is_read_back(lane: Priority, scan_id: int, task_id: int) -> None:
    assert parse_upload_key(upload_key(lane, scan_id, task_id)) == (lane, scan_id, task_id)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "uploads/",
        "uploads/high/1",
        "uploads/other/1/2",
        "derived/1/2/3",
        "uploads/high/1/2/3",
        "uploads/high/../2",
        "uploads/high/1/x",
        "uploads/high/１/2",
        "uploads/high/1/" + "9" * 17,
        "/uploads/high/1/2",
    ],
)
def test_no_other_object_key_is_taken_for_an_upload_key(key: str) -> None:
    assert parse_upload_key(key) is None
