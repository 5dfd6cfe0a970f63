"""Checks of a log are the same however few of its entries lie in memory at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scanward.domain.access_seals import (
    Gap,
    Head,
    Image,
    Seal,
    SealedRow,
    check_chain,
    check_entries,
    digest_of,
    hash_reason,
    make_seal,
)

BEGAN = datetime(2026, 11, 28, 15, tzinfo=UTC)
NOW = BEGAN + timedelta(days=1)
SECOND = int(BEGAN.timestamp())


def image(number: int) -> Image:
    return {"sk": {"S": f"{(SECOND + number) * 1000:013d}#0123456789ab"}, "actor_id": {"N": str(number)}}


def row(entry: Image) -> SealedRow:
    return SealedRow(entry["sk"]["S"], int(entry["sk"]["S"][:10]), digest_of(entry))


def chain(*batches: list[int]) -> list[Seal]:
    seals: list[Seal] = []
    for batch in batches:
        seal = make_seal(seals[-1] if seals else None, 7, [row(image(number)) for number in batch], 0)
        assert seal
        seals.append(seal)
    return seals


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_gaps_are_the_same_whatever_lies_in_memory_at_a_time(size: int) -> None:
    seals = chain([2, 0], [1, 4, 3], [9, 6, 5])
    images = [image(0), image(2), {**image(3), "actor_id": {"N": "0"}}, image(4), image(5), image(7)]
    gaps = list(check_entries(iter(images), lambda: seals, NOW, BEGAN, size=size))
    assert gaps == [
        Gap(image(1)["sk"]["S"], "missing entry"),
        Gap(image(3)["sk"]["S"], "changed entry"),
        Gap(image(6)["sk"]["S"], "missing entry"),
        Gap(image(7)["sk"]["S"], "extra entry: it was never sealed"),
        Gap(image(9)["sk"]["S"], "missing entry"),
    ]


def test_entry_that_was_sealed_twice_with_other_content_is_a_gap() -> None:
    changed = {**image(1), "actor_id": {"N": "0"}}
    [first] = chain([1])
    second = make_seal(first, 7, [row(changed)], 0)
    assert second
    told = [gap.what for gap in check_entries(iter([changed]), lambda: [first, second], NOW, BEGAN)]
    assert told == ["changed entry: it was sealed with other content before", "changed entry"]


def test_seal_over_what_the_last_one_holds_is_not_made() -> None:
    [first] = chain([1, 2])
    assert make_seal(first, 7, first.rows, 0) is None


def test_seal_of_another_log_is_broken() -> None:
    assert [gap.what for gap in check_chain(8, chain([1]))] == ["broken seal: its content was changed"]
    assert list(check_chain(7, chain([1], [2], [3]))) == []


def test_seal_that_was_made_anew_over_fewer_entries_is_told_by_the_next() -> None:
    first, second = chain([1, 2], [3])
    [forged] = chain([1])
    assert list(check_chain(7, [first, second])) == []
    assert list(check_chain(7, [forged, second])) == [
        Gap("seal 2", "broken seal: it does not follow the one before it")
    ]


ONE, TWO = (row(image(number)) for number in (1, 2))


@pytest.mark.parametrize(
    "change",
    [
        {"owner_id": 8},
        {"number": 1},
        {"at_ms": 1},
        {"previous": "another"},
        {"rows": (TWO, ONE)},
        {"rows": (replace(ONE, digest=TWO.digest), replace(TWO, digest=ONE.digest))},
        {"rows": (ONE, replace(TWO, written_at=ONE.written_at))},
    ],
)
def test_seal_is_broken_whatever_of_it_was_changed(change: dict[str, Any]) -> None:
    _, whole = chain([0], [1, 2])
    assert whole.rows == (ONE, TWO)
    changed = replace(whole, **change)
    gaps = list(check_chain(changed.owner_id, [changed]))
    assert Gap(f"seal {changed.number}", "broken seal: its content was changed") in gaps


@pytest.mark.parametrize("later", [[], [[4]]])
def test_chain_that_was_made_anew_is_told_by_its_seal_of_the_last_check(later: list[list[int]]) -> None:
    last = chain([1], [2])[-1]
    head = Head(last.number, last.hash)
    assert list(check_chain(7, chain([1], [2], *later), head)) == []
    assert list(check_chain(7, chain([1], [3], *later), head)) == [
        Gap("seal 2", "broken seal: it is another than when this log was checked before")
    ]


def test_reason_that_an_erasure_took_away_is_no_gap_and_one_that_was_written_over_is() -> None:
    spoken = {"reason": {"S": "Unconscious at the door"}, "reason_salt": {"S": "aa"}}
    stays = {**image(1), "reason_hash": {"S": hash_reason("aa", "Unconscious at the door")}}
    whole = {**stays, **spoken}
    seal = make_seal(None, 7, [row(whole)], 0)
    assert seal
    for entry, gaps in (
        (whole, []),
        (stays, []),
        ({**whole, "reason": {"S": "She asked me to"}}, ["changed entry"]),
        ({**whole, "reason_salt": {"S": "bb"}}, ["changed entry"]),
        ({**stays, "reason": {"S": "She asked me to"}}, ["changed entry"]),
        (image(1), ["changed entry"]),
    ):
        assert [gap.what for gap in check_entries(iter([entry]), lambda: [seal], NOW, BEGAN)] == gaps
