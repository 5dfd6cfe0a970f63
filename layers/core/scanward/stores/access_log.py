"""Reading the access log, in pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from scanward.domain.care import AccessEntry
from scanward.stores import keys
from scanward.stores.care_items import AccessItem, access_of
from scanward.stores.dynamo import bind, translated

_CHANCE_BITS = 48


@dataclass(frozen=True, slots=True)
class Entries:
    """Part of a log. `last`: the place after which the next part begins; None when this is the last."""

    entries: Sequence[AccessEntry]
    last: int | None


class AccessLog:
    """Raises Unavailable when DynamoDB does not answer."""

    def __init__(self, table: str) -> None:
        bind(AccessItem, table)

    def page(self, patient_id: int, limit: int, before: int | None = None) -> Entries:
        """Up to `limit` entries about a patient, the newest first, or those before a place; one query."""
        older = AccessItem.sk < _spelled(before) if before is not None else None
        with translated():
            found = AccessItem.query(keys.access(patient_id), older, scan_index_forward=False, limit=limit + 1)
            items = list(found)
        last = _place(items[limit - 1].sk) if len(items) > limit else None
        return Entries([access_of(item) for item in items[:limit]], last)


def _place(key: str) -> int:
    """A sort key as a number that a cursor can carry."""
    ms, _, chance = key.partition("#")
    return int(ms) << _CHANCE_BITS | int(chance, 16)


def _spelled(place: int) -> str:
    return f"{place >> _CHANCE_BITS:013d}#{place & (1 << _CHANCE_BITS) - 1:012x}"
