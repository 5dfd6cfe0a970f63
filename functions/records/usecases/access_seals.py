"""Seals what is new in access logs."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from scanward.domain.access_seals import SealedRow
from scanward.errors import ScanwardError
from scanward.stores.access_log import SealStore

NewEntry = tuple[int, SealedRow]


def seal_entries(seals: SealStore, entries: Sequence[NewEntry], now: datetime) -> int | None:
    """Seal entries, one seal for each log; the position of the first that could not be sealed, None when all were.

    What comes behind that one may have been sealed, and is sealed once more when it comes again: that does no harm.
    """
    first_failure = None
    for owner_id in dict.fromkeys(owner_id for owner_id, _ in entries):
        try:
            seals.append(owner_id, _rows_of(owner_id, entries), now)
        except ScanwardError:
            position = next(place for place, (owner, _) in enumerate(entries) if owner == owner_id)
            first_failure = position if first_failure is None else min(position, first_failure)
    return first_failure


def _rows_of(owner_id: int, entries: Iterable[NewEntry]) -> list[SealedRow]:
    """Return what is new in one log. Of a place that was written twice the first counts, as it does to who checks."""
    rows: dict[str, SealedRow] = {}
    for owner, row in entries:
        if owner == owner_id:
            rows.setdefault(row.place, row)
    return list(rows.values())
