"""One identity, two spellings."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.domain.ids import EPOCH_MS, MAX_ID, new_id, parse_id, to_uuid
from scanward.errors import NotFound

IDS = st.integers(0, MAX_ID)


@given(IDS)
def test_either_spelling_leads_to_the_other(number: int) -> None:
    assert parse_id(str(number)) == parse_id(str(to_uuid(number))) == parse_id(str(to_uuid(number)).upper()) == number


@given(IDS, IDS)
def test_both_spellings_sort_alike(one: int, other: int) -> None:
    assert (one < other) == (to_uuid(one).int < to_uuid(other).int)


@given(IDS)
def test_the_uuid_is_a_valid_one_of_version_8(number: int) -> None:
    uuid = to_uuid(number)
    assert (uuid.version, uuid.variant) == (8, "specified in RFC 4122")


@given(st.uuids())
def test_other_uuids_mean_nothing(uuid: UUID) -> None:
    with pytest.raises(NotFound):
        parse_id(str(uuid))


@given(st.text(max_size=40))
def test_any_text_is_an_id_or_not_found(text: str) -> None:
    try:
        assert 0 <= parse_id(text) <= MAX_ID
    except NotFound:
        return


@given(st.integers(EPOCH_MS, EPOCH_MS + 2**41 - 1), st.integers(0, 4095))
def test_ids_grow_with_time_and_are_safe_in_javascript(ms: int, bits: int) -> None:
    assert new_id(ms, bits) <= MAX_ID
    if ms + 1 < EPOCH_MS + 2**41:
        assert new_id(ms, bits) < new_id(ms + 1, 0)


@pytest.mark.parametrize("ms", [EPOCH_MS - 1, EPOCH_MS + 2**41])
def test_a_clock_outside_the_range_makes_no_id(ms: int) -> None:
    with pytest.raises(ValueError, match="clock"):
        new_id(ms, 0)
